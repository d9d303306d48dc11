// Bad scenarios are refused with exactly the problems they have, each at its place, with what was expected and how to
// mend it.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/scenario/scenario.h"
#include "tests/sim/scenario/bad_cases.h"

namespace pensim {
namespace {

std::string refusal(const BadCase& bad) {
  LoadOptions options;
  options.overrides = bad.overrides;
  try {
    parse_scenario(bad.text, bad.name + ".yaml", ".", options);
  } catch (const InputError& error) {
    return compare_problems(bad, error.problems());
  }
  return "  it was accepted\n";
}

TEST(BadScenarios, WrittenCases) {
  const std::vector<BadCase> cases = written_bad_cases();
  ASSERT_GE(cases.size(), 200u);
  std::set<std::string> names;
  for (const BadCase& bad : cases) {
    EXPECT_TRUE(names.insert(bad.name).second) << bad.name << " is there twice";
    EXPECT_EQ(refusal(bad), "") << "=== " << bad.name << "\n" << bad.text;
  }
}

TEST(BadScenarios, GeneratedCases) {
  const std::vector<BadCase> cases = generated_bad_cases();
  ASSERT_GE(cases.size(), 350u);
  for (const BadCase& bad : cases) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(refusal(bad), "") << "=== " << bad.name << "\n" << bad.text.substr(0, 300);
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 20.0) << bad.name;
  }
}

TEST(BadScenarios, TheFileNameStandsInEveryMessage) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("pensim_bad_" + std::to_string(getpid()));
  const std::vector<BadCase> cases = written_bad_cases();
  write_bad_cases(folder.string(), cases);
  std::size_t read = 0;
  for (const BadCase& bad : cases) {
    const std::string path = (folder / (bad.name + ".yaml")).string();
    LoadOptions options;
    options.overrides = bad.overrides;
    options.always = false;
    try {
      load_scenario(path, options);
      ADD_FAILURE() << bad.name << " was accepted";
    } catch (const InputError& error) {
      ++read;
      for (const InputProblem& problem : error.problems()) {
        if (problem.at.file.rfind("--set ", 0) == 0) continue;
        EXPECT_EQ(problem.at.file, path);
        EXPECT_EQ(problem.text().rfind(
                      path + ":" + std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) + ": ", 0),
                  0u)
            << problem.text();
        EXPECT_NE(problem.text().find("\n  help: "), std::string::npos) << problem.text();
      }
    }
  }
  EXPECT_EQ(read, cases.size());
  std::filesystem::remove_all(folder);
}

TEST(BadScenarios, FilesThatCannotBeRead) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("pensim_unreadable_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto refused = [&](const std::string& path) {
    try {
      load_scenario(path);
    } catch (const InputError& error) {
      return error.problems().front().text();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refused((folder / "none.yaml").string()),
            (folder / "none.yaml").string() + ": there is no such file\n  help: check the path");
  EXPECT_NE(refused(folder.string()).find("found a folder, expected a file"), std::string::npos);
  EXPECT_NE(refused("/dev/zero").find("larger than 4 MB"), std::string::npos);
  EXPECT_NE(refused("").find("there is no such file"), std::string::npos);
  EXPECT_NE(refused(std::string(5000, 'x')).find("cannot be opened"), std::string::npos);
  std::ofstream(folder / "empty.yaml").flush();
  EXPECT_NE(refused((folder / "empty.yaml").string()).find(":1:1: the file is empty"), std::string::npos);
  // A device inside a scenario could keep a run waiting for ever.
  BadCase device{"device", "duration: 1 s\npen: {memory: /dev/zero}\n", {}, {{2, 15, false, "this is not a file", ""}}};
  EXPECT_EQ(refusal(device), "");
  std::filesystem::remove_all(folder);
}

// A problem far down a long file costs no more than one above.
TEST(BadScenarios, ManyProblemsAreCutAtAHundred) {
  std::string text = "duration: 1 s\ntimeline:\n";
  for (int k = 0; k < 3000; ++k) text += "  - {at: 0.1 s, set: nothing}\n";
  try {
    parse_scenario(text, "many.yaml");
    FAIL();
  } catch (const InputError& error) {
    ASSERT_EQ(error.problems().size(), 101u);
    EXPECT_EQ(error.problems().front().at.line, 3);
    EXPECT_NE(error.problems().back().message.find("and 2900 more problems"), std::string::npos)
        << error.problems().back().message;
  }
}

}  // namespace
}  // namespace pensim
