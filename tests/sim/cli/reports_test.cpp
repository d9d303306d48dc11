// A call that fails says so everywhere, once, and how to see it again: terminal, JSON, JUnit, whatever ends the call.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "tests/sim/program.h"

namespace pensim::test {
namespace {

namespace fs = std::filesystem;

const std::string program = PENSIM_PROGRAM;

std::string scenario(const std::string& duration, const std::string& requirements) {
  return "title: A run\nseed: 3\nduration: " + duration + "\nrequire:\n" + requirements;
}
const std::string passes = "  - {id: V-1, text: the cell is not empty, that: \"always (battery.voltage > 3 V)\"}\n";
const std::string fails = "  - {id: V-2, text: the cell is full, that: \"always (battery.voltage > 4.3 V)\"}\n";

// What a CI server would see of a report.
struct Junit {
  int tests = 0, failures = 0, errors = 0, skipped = 0;
  std::string text;
};
std::optional<Junit> read_junit(const std::string& path) {
  Junit j;
  j.text = read_file(path);
  const std::size_t at = j.text.find("tests=\"");
  if (at == std::string::npos ||
      std::sscanf(j.text.c_str() + at, "tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"", &j.tests,
                  &j.failures, &j.errors, &j.skipped) != 4)
    return std::nullopt;
  return j;
}

// Every byte is a character that XML 1.0 has, and every reference is one of the five or a line end.
void expect_xml_characters(const std::string& text) {
  for (const char* bad : {"\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xED\xA0", "\xED\xBF"})
    EXPECT_EQ(text.find(bad), std::string::npos) << bad;
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << static_cast<int>(c);
}

std::string reproduce_of(const std::string& out) {
  const std::size_t at = out.find("reproduce: pensim ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + std::string("reproduce: pensim ").size();
  return out.substr(begin, out.find('\n', begin) - begin);
}

// Runs the line that was printed, in a shell.
Ran run_line(const std::string& line) { return run_program("/bin/bash", {"-c", program + " " + line}); }

// ---- red everywhere

TEST(Reports, WhateverIsRedIsInBothReportsAndInALineThatReproducesIt) {
  const Folder f;
  write_file(f / "s/a b.yaml", scenario("0.1 s", passes));
  const std::string charge = "pen.battery.state_of_charge=";
  ASSERT_EQ(run_program(program, {"run", f / "s", "--no-always", "--set", charge + "1", "--out", f / "before"}).code,
            0);
  const std::vector<std::vector<std::string>> red = {
      {"--set", "require=[{id: V-2, that: 'always (battery.voltage > 4.3 V)'}]"},
      {"--set", "require=[{id: V-3, that: 'always (battery.voltage / (user.start - user.start) > 1 V)'}]"},
      {"--set", charge + "0.3", "--baseline", f / "before", "--fail-on-drop", "1%"},
      {"--firmware", "misbehave", "--set", "timeline=[{at: 0.05 s, set: aux.0, to: 1}]"},
      {"--seed", "18446744073709551615", "--set", "require=[{id: V-2, that: 'always (battery.voltage > 4.3 V)'}]"},
      {"--watch", "speed_loop.integral", "--set",
       "require=[{id: W-1, that: 'always (fw.speed_loop.integral > 1e9)'}]"}};
  for (const auto& options : red) {
    std::vector<std::string> words = {f / "s", "--no-always", "--junit", f / "j.xml"};
    words.insert(words.end(), options.begin(), options.end());
    const Reported r = run_scenarios(program, words);
    ASSERT_NE(r.ran.code, 0) << options.back();
    ASSERT_EQ(r.runs.size(), 1u);
    EXPECT_NE(r.runs[0].at("verdict"), "pass");
    EXPECT_NE(r.runs[0].at("cause"), "") << r.runs[0];
    const auto junit = read_junit(f / "j.xml");
    ASSERT_TRUE(junit);
    // After a fault the requirement is invalid besides.
    EXPECT_EQ(junit->failures + junit->errors, r.ran.code == 3 ? 2 : 1) << junit->text;
    const std::string line = reproduce_of(r.ran.out);
    EXPECT_NE(junit->text.find("pensim run "), std::string::npos) << junit->text;
    const Ran again = run_line(line);
    EXPECT_EQ(again.code, r.ran.code) << line << "\n" << again.out << again.err;
    const std::string hash = r.runs[0].at("hash");
    EXPECT_NE(again.out.find(hash), std::string::npos) << line << "\n" << again.out;
  }
}

TEST(Reports, BadInputNamesTheScenarioAndIsInBothReports) {
  const Folder f;
  write_file(f / "s/a.yaml", scenario("0.1 s", passes));
  write_file(f / "s/b.yaml", "firmware: nope\n" + scenario("0.1 s", passes));
  write_file(f / "s/c.yaml", "firmware: native:/nowhere/core.so\n" + scenario("0.1 s", passes));
  const Reported r = run_scenarios(program, {f / "s", "--junit", f / "j.xml"});
  EXPECT_EQ(r.ran.code, 2);
  EXPECT_NE(r.ran.err.find("b.yaml: firmware nope: there is no core"), std::string::npos) << r.ran.err;
  EXPECT_NE(r.ran.err.find("c.yaml: firmware native:/nowhere/core.so: there is no file"), std::string::npos);
  ASSERT_EQ(r.runs.size(), 2u);
  for (const auto& problem : r.runs) {
    EXPECT_EQ(problem.at("verdict"), "error");
    EXPECT_TRUE(problem.at("bad_input"));
    EXPECT_EQ(problem.at("hash"), "");
  }
  EXPECT_EQ(read_junit(f / "j.xml")->errors, 2);
  // An option that is wrong is one problem, however many scenarios there are.
  const Reported option = run_scenarios(program, {f / "s", "--firmware", "nope"});
  EXPECT_EQ(option.runs.size(), 1u) << option.ran.err;
  EXPECT_NE(option.ran.err.find("--firmware: "), std::string::npos) << option.ran.err;
}

TEST(Reports, AnInvalidRequirementHasNoMargin) {
  const Folder f;
  write_file(
      f / "a.yaml",
      scenario("0.1 s", "  - {id: V-3, that: \"always (battery.voltage / (user.start - user.start) > 1 V)\"}\n"));
  const Reported r = run_scenarios(program, {f / "a.yaml", "--no-always"});
  EXPECT_TRUE(r.runs[0].at("requirements")[0].at("margin").is_null());
  EXPECT_NE(r.runs[0].at("cause").get<std::string>().find("V-3 is invalid: "), std::string::npos);
}

TEST(Reports, OptionsThatCannotBeMeantAreRefused) {
  const Folder f;
  write_file(f / "a.yaml", scenario("0.1 s", passes));
  const std::string a = f / "a.yaml";
  fs::create_directories(f / "folder");
  const std::vector<std::pair<std::vector<std::string>, std::string>> bad = {
      {{"--baseline", f / "none"}, "there is no folder"},
      {{"--baseline", f / "folder"}, "holds no recording"},
      {{"--fail-on-drop", "20%"}, "nothing to compare with"},
      {{"--shard", "2/5"}, "holds none of the 1 scenarios"},
      {{"--shard", "1/99999999999999999999999"}, "is no shard"},
      {{"--shard", "-1/2"}, "is no shard"},
      {{"--junit", f / "r", "--json", f / "r"}, "it is the file of --junit"},
      {{"--junit", f / "r", "--json", f / "./r"}, "it is the file of --junit"},
      {{"--junit", f / "none/j.xml"}, "its folder"},
      {{"--json", f / "folder"}, "it is a folder"},
      {{"--out", ""}, "it is empty"},
      {{"--out", a}, "is no folder"},
      {{"--seed", "18446744073709551616"}, "is no seed"}};
  for (const auto& [options, said] : bad) {
    std::vector<std::string> words = {"run", a};
    words.insert(words.end(), options.begin(), options.end());
    const Ran r = run_program(program, words);
    EXPECT_EQ(r.code, 2) << options.back() << r.out;
    EXPECT_NE(r.err.find(said), std::string::npos) << options.back() << "\n" << r.err;
  }
  EXPECT_FALSE(fs::exists(f / "runs"));
}

TEST(Reports, AReportThatCannotBeWrittenIsSaidBeforeTheRunsAndInTheOther) {
  const Folder f;
  write_file(f / "a.yaml", scenario("0.1 s", passes));
  const Reported r = run_scenarios(program, {f / "a.yaml", "--out", f / "runs", "--junit", f / "none/j.xml"});
  EXPECT_EQ(r.ran.code, 2);
  EXPECT_FALSE(fs::exists(f / "runs"));
  ASSERT_EQ(r.runs.size(), 1u);
  EXPECT_NE(r.runs[0].at("cause").get<std::string>().find("j.xml cannot be written"), std::string::npos);
  // Gone during the runs.
  const Reported late = run_scenarios(program, {f / "a.yaml", "--no-always", "--junit", "/dev/full"});
  EXPECT_EQ(late.ran.code, 4);
  EXPECT_NE(late.ran.err.find("No space left on device"), std::string::npos) << late.ran.err;
  ASSERT_EQ(late.runs.size(), 2u);
  EXPECT_EQ(late.runs[0].at("verdict"), "pass");
}

TEST(Reports, AReportMayLieInTheFolderOfTheRecordings) {
  const Folder f;
  write_file(f / "a.yaml", scenario("0.1 s", passes));
  write_file(f / "b.yaml", "colour: red\n");
  const auto run = [&](const std::string& name) {
    return run_program(program, {"run", f / name, "--no-always", "--out", f / "runs", "--json", f / "runs/r/r.json",
                                 "--junit", f / "runs/j.xml"});
  };
  EXPECT_EQ(run("a.yaml").code, 0);
  EXPECT_EQ(nlohmann::json::parse(read_file(f / "runs/r/r.json")).size(), 1u);
  fs::remove_all(f / "runs");
  EXPECT_EQ(run("b.yaml").code, 2);
  EXPECT_EQ(nlohmann::json::parse(read_file(f / "runs/r/r.json"))[0].at("bad_input"), true);
}

// ---- text from outside

TEST(Reports, NoTextOfAScenarioReachesTheTerminalAsAnEscapeOrBreaksTheReport) {
  const Folder f;
  const std::string nasty = R"(\e]0;pwn\a\e[2J\x9b31m\u202e\uFFFE\uFFFF]]><b>&\")";
  write_file(f / "s/a\x1b[2J\nb.yaml", "title: \"" + nasty + "\"\n" +
                                           scenario("0.1 s", "  - {id: V-2, text: \"" + nasty +
                                                                 "\", that: \"always (battery.voltage > 4.3 V)\"}\n")
                                               .substr(std::string("title: A run\n").size()));
  const Reported r = run_scenarios(program, {f / "s", "--no-always", "--junit", f / "j.xml"});
  EXPECT_EQ(r.ran.code, 1) << r.ran.err;
  const Ran listed = run_program(program, {"list", f / "s"});
  for (const std::string& text : {r.ran.out, r.ran.err, listed.out, listed.err}) {
    for (const char* bad : {"\x1b", "\x07", "\xc2\x9b", "\u202e"}) EXPECT_EQ(text.find(bad), std::string::npos) << text;
  }
  expect_xml_characters(read_file(f / "j.xml"));
  const Ran again = run_line(reproduce_of(r.ran.out));
  EXPECT_EQ(again.code, 1) << reproduce_of(r.ran.out) << again.err;
}

// ---- whatever ends the call

struct Started {
  pid_t pid = -1;
  int code = -1;  // as a shell gives it
  void wait() {
    int status = 0;
    waitpid(pid, &status, 0);
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

// `out`: its standard output.
Started start(const std::vector<std::string>& words, int out) {
  Started started{fork()};
  if (started.pid != 0) return started;
  dup2(out, 1);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

TEST(Reports, ASignalLeavesReportsOfWhatEndedAndWhatDidNot) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    const Folder f;
    write_file(f / "s/a.yaml", scenario("0.1 s", passes));
    write_file(f / "s/b.yaml", scenario("3000 s", passes));
    write_file(f / "s/c.yaml", scenario("0.1 s", passes));
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    Started call = start({"run", f / "s", "--no-always", "--jobs", "1", "--out", f / "runs", "--json", f / "r.json",
                          "--junit", f / "j.xml", "--force"},
                         ends[1]);
    close(ends[1]);
    char line[4096];
    ASSERT_GT(read(ends[0], line, sizeof line), 0);  // the first one has ended
    kill(call.pid, signal);
    while (read(ends[0], line, sizeof line) > 0) {
    }
    close(ends[0]);
    call.wait();
    EXPECT_EQ(call.code, 128 + signal);
    const auto runs = nlohmann::json::parse(read_file(f / "r.json"));
    ASSERT_EQ(runs.size(), 3u);
    EXPECT_EQ(runs[0].at("verdict"), "pass");
    for (const int i : {1, 2}) {
      EXPECT_EQ(runs[static_cast<std::size_t>(i)].at("verdict"), "error");
      EXPECT_NE(runs[static_cast<std::size_t>(i)].at("cause").get<std::string>().find("ended by SIG"),
                std::string::npos);
    }
    EXPECT_EQ(read_junit(f / "j.xml")->errors, 2);
    EXPECT_EQ(std::distance(fs::directory_iterator(f / "runs" + f.path() + "/s"), fs::directory_iterator()), 1);
  }
}

TEST(Reports, AReaderThatGoesLeavesWholeReports) {
  const Folder f;
  for (const char* name : {"s/a.yaml", "s/b.yaml", "s/c.yaml"}) write_file(f / name, scenario("0.1 s", passes));
  for (const bool with_report : {true, false}) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    std::vector<std::string> words = {"run", f / "s", "--no-always", "--jobs", "1", "--out", f / "runs"};
    if (with_report) words.insert(words.end(), {"--json", f / "r.json"});
    fs::remove_all(f / "runs");
    Started call = start(words, ends[1]);
    close(ends[1]);
    call.wait();
    EXPECT_EQ(call.code, 128 + SIGPIPE);
    const auto recorded = std::distance(fs::directory_iterator(f / "runs" + f.path() + "/s"), fs::directory_iterator());
    EXPECT_EQ(recorded, with_report ? 3 : 1);
  }
  const auto runs = nlohmann::json::parse(read_file(f / "r.json"));
  ASSERT_EQ(runs.size(), 3u);
  for (const auto& run : runs) EXPECT_EQ(run.at("verdict"), "pass");
}

TEST(Reports, AFullStandardOutputIsInTheReports) {
  const Folder f;
  write_file(f / "a.yaml", scenario("0.1 s", passes));
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  Started call = start(
      {"run", f / "a.yaml", "--no-always", "--keep", "none", "--json", f / "r.json", "--junit", f / "j.xml"}, full);
  close(full);
  call.wait();
  EXPECT_EQ(call.code, 4);
  const auto runs = nlohmann::json::parse(read_file(f / "r.json"));
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].at("verdict"), "pass");
  EXPECT_NE(runs[1].at("cause").get<std::string>().find("No space left on device"), std::string::npos);
  EXPECT_EQ(read_junit(f / "j.xml")->errors, 1);
}

// ---- what is searched

TEST(Reports, ASearchSaysWhatItSkipsAndWaitsForNothing) {
  const Folder f;
  write_file(f / "s/a.yaml", scenario("0.1 s", passes));
  write_file(f / "s/b.yml", scenario("0.1 s", passes));
  write_file(f / "s/UPPER.YAML", scenario("0.1 s", passes));
  write_file(f / "s/folder.yaml/c.yaml", scenario("0.1 s", passes));
  ASSERT_EQ(mkfifo((f / "s/pipe.yaml").c_str(), 0600), 0);
  fs::create_symlink(f / "none", f / "s/dangling.yaml");
  fs::create_symlink("/proc", f / "s/proc");
  const Ran r = run_program(program, {"check", f / "s"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_NE(r.out.find("2 scenarios"), std::string::npos) << r.out;
  for (const char* name : {"b.yml", "UPPER.YAML", "folder.yaml", "pipe.yaml", "dangling.yaml", "proc"})
    EXPECT_NE(r.err.find("skipped " + (f / "s/") + name + ": "), std::string::npos) << name << "\n" << r.err;
  const Ran pipe = run_program(program, {"run", f / "s/pipe.yaml"});
  EXPECT_EQ(pipe.code, 2);
  EXPECT_NE(pipe.err.find("is a pipe"), std::string::npos) << pipe.err;
  EXPECT_EQ(run_program(program, {"check", "/proc"}).code, 2);
}

// A core is not run, nor loaded, by who only reads.
TEST(Reports, ListingReadsNoCore) {
  const Folder f;
  write_file(f / "a.yaml", "firmware: nope\n" + scenario("0.1 s", passes));
  EXPECT_EQ(run_program(program, {"list", f / "a.yaml"}).code, 0);
  EXPECT_EQ(run_program(program, {"check", f / "a.yaml"}).code, 2);
}

TEST(Reports, AFilterThatNeverEndsIsRefused) {
  const Folder f;
  const std::string path = f / (std::string(50, 'a') + ".yaml");
  write_file(path, scenario("0.1 s", passes));
  const Ran r = run_program(program, {"list", path, "--filter", "(a+)+Z"});
  EXPECT_EQ(r.code, 2);
  EXPECT_NE(r.err.find("takes longer than"), std::string::npos) << r.err;
  EXPECT_EQ(run_program(program, {"list", path, "--filter", "^(?!.*b).*a"}).code, 0);
}

// ---- what is near

TEST(Reports, ClosestIsTheSmallestMarginOfItsScale) {
  const Folder f;
  write_file(f / "a.yaml", scenario("0.1 s",
                                    "  - {id: ZERO, that: \"always (core.pwm_duty >= 0)\"}\n"     // met to the last bit
                                    "  - {id: VOLT, that: \"always (battery.voltage > 1 V)\"}\n"  // by 3 of 5
                                    "  - {id: NEAR, that: \"always (motor.temperature < 30 degC)\"}\n"  // by 7 of 100
                                    "  - {id: FAR, that: \"always (needle.extension < 20 mm)\"}\n"));
  const Ran r = run_program(program, {"run", f / "a.yaml", "--no-always", "--keep", "none"});
  EXPECT_EQ(r.code, 0) << r.out;
  EXPECT_NE(r.out.find("closest NEAR by "), std::string::npos) << r.out;
}

}  // namespace
}  // namespace pensim::test
