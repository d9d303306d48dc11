// `pensim debug` with the real gdb: the core's symbols are there, virtual time stands, and the run ends as ever.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/sim/program.h"

namespace pensim {
namespace {

constexpr const char* program = PENSIM_PROGRAM;
constexpr const char* scenario = "scenarios/treatment/cheek_1mm.yaml";

std::string hash_in(const std::string& text) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(" ([0-9a-f]{16})  closest")) ? found[1].str() : "";
}

TEST(Debug, BreakpointsWatchpointsAndTheSameHash) {
  const test::Folder f;
  const std::string undisturbed = hash_in(test::run_program(program, {"run", scenario, "--keep", "none"}).out);
  ASSERT_EQ(undisturbed.size(), 16u);
  test::write_file(f / "commands", R"(set pagination off
break speed_update if speed_loop.set_Hz > 50
continue
bt
next
printf "set rate %.1f\n", speed_loop.set_Hz
info locals
delete
watch speed_loop.integral
continue
delete
continue
)");
  const test::Ran ran = test::run_program(program, {"debug", scenario, "--", "-nx", "-batch", "-x", f / "commands"});
  for (const char* expected : {"The core is loaded; virtual time stands at 0", "speed.c:", "pensim::run_body",
                               "set rate 120.0", "step_Hz = ", "Hardware watchpoint", "New value = "})
    EXPECT_NE(ran.out.find(expected), std::string::npos) << expected << " in\n" << ran.out << ran.err;
  EXPECT_EQ(hash_in(ran.out), undisturbed) << ran.out;
}

#ifdef PENSIM_HAS_EMULATED
TEST(Debug, AnEmulatedCoreStandsForGdbAndHasTheSameHash) {
  const test::Folder f;
  const std::string undisturbed = hash_in(test::run_program(program, {"run", scenario, "--keep", "none"}).out);
  test::write_file(f / "commands", R"(set pagination off
break speed_update if speed_loop.set_Hz > 50
continue
bt
printf "set rate %d, long %d bytes\n", (int)speed_loop.set_Hz, (int)sizeof(long)
monitor time
delete
watch speed_loop.integral
continue
printf "integral %d nV\n", (int)(speed_loop.integral * 1e9)
stepi
info registers pc
delete
continue
)");
  const test::Ran ran =
      test::run_program(program, {"debug", scenario, "--firmware", "emulated:" PENSIM_CORES "/reference_pen.elf", "--",
                                  "-nx", "-batch", "-x", f / "commands"});
  for (const char* expected :
       {"waiting for a debugger", "speed.c:", "in pen_control () at", "set rate 120, long 4 bytes",
        "tick 4590 of 50 us", "Hardware watchpoint", "New value = ", "<speed_update+"})
    EXPECT_NE((ran.out + ran.err).find(expected), std::string::npos) << expected << " in\n" << ran.out << ran.err;
  EXPECT_EQ(hash_in(ran.out), undisturbed) << ran.out;
  EXPECT_EQ(ran.code, 0);
}

TEST(Debug, AGdbServerIsForOneEmulatedCore) {
  const auto refused = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"run", scenario});
    const test::Ran ran = test::run_program(program, words);
    EXPECT_EQ(ran.code, 2) << ran.out;
    return ran.err;
  };
  const std::string elf = "emulated:" PENSIM_CORES "/reference_pen.elf";
  EXPECT_NE(refused({"--gdb-server", "unix:/tmp/x"}).find("is not emulated"), std::string::npos);
  EXPECT_NE(refused({"scenarios/faults", "--firmware", elf, "--gdb-server", "tcp:1"}).find("name one scenario"),
            std::string::npos);
}
#endif

TEST(Debug, TheRunUnderTheDebuggerIsTheOneThatWasAskedFor) {
  std::vector<std::string> words = {"debug", scenario, "--firmware", "example_rates", "--no-always"};
  for (const char* set : {"duration=5.6 s", "watch=[]", "title=one 'quoted' \"title\""}) {
    words.emplace_back("--set");
    words.emplace_back(set);
  }
  for (const char* word : {"--", "-nx", "-batch"}) words.emplace_back(word);
  for (const char* command : {"show args", "break hall_interrupt", "continue", "delete", "continue"}) {
    words.emplace_back("-ex");
    words.emplace_back(command);
  }
  const test::Ran ran = test::run_program(program, words);
  EXPECT_NE(ran.out.find("--firmware example_rates"), std::string::npos) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("speed_control.c:2"), std::string::npos) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("5.60 s in"), std::string::npos) << ran.out << ran.err;
}

TEST(Debug, WhatCannotBeDebuggedIsRefusedBeforeGdbStarts) {
  const auto refused = [](const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"debug"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const test::Ran ran = test::run_program(program, words);
    EXPECT_EQ(ran.code, 2) << ran.out;
    return ran.err;
  };
  EXPECT_NE(refused({"no/such.yaml"}).find("no/such.yaml"), std::string::npos);
  EXPECT_NE(refused({"scenarios/treatment"}).find("name one scenario"), std::string::npos);
  EXPECT_NE(refused({"scenarios/rigs/base_plate_on.yaml"}).find("no firmware"), std::string::npos);
  EXPECT_NE(refused({scenario, "--firmware", "nobody"}).find("no core 'nobody'"), std::string::npos);
  EXPECT_NE(refused({scenario, "--gdb", "/no/such/gdb"}).find("/no/such/gdb cannot be started"), std::string::npos);
}

}  // namespace
}  // namespace pensim
