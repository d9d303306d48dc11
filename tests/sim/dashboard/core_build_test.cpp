// A core of a real build tree is built again, with a good source and with a broken one.
#include "sim/dashboard/core_build.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/input/input_error.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

CoreBuild::State wait(CoreBuild& build) {
  for (int i = 0; i < 60000 && build.poll() == CoreBuild::State::running; ++i) usleep(1000);
  return build.poll();
}

TEST(CoreBuild, BuildsTheTargetOfACoreAndTellsWhatTheCompilerSaid) {
  const Folder folder;
  write_file(folder / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.25)\nproject(pen C)\nadd_library(pen SHARED pen.c)\n"
             "set_target_properties(pen PROPERTIES PREFIX \"\" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/cores)\n"
             "add_library(other SHARED other.c)\n");
  write_file(folder / "pen.c", "int pen(void) { return 1; }\n");
  write_file(folder / "other.c", "this is not the target\n");
  const Ran configured = run_program("/usr/bin/cmake", {"-G", "Ninja", "-S", folder.path(), "-B", folder / "build"});
  ASSERT_EQ(configured.code, 0) << configured.err;
  const std::string core = folder / "build/cores/pen.so";
  {
    CoreBuild build(core);
    EXPECT_EQ(build.command(), "cmake --build " + (folder / "build") + " --target pen");
    EXPECT_EQ(wait(build), CoreBuild::State::succeeded) << build.output();
    EXPECT_TRUE(build.messages().empty());
    EXPECT_TRUE(std::filesystem::exists(core));
  }
  write_file(folder / "pen.c", "int pen(void) {\n  return dial;\n}\n");
  CoreBuild build(core);
  EXPECT_EQ(wait(build), CoreBuild::State::failed);
  ASSERT_FALSE(build.messages().empty()) << build.output();
  const CompilerMessage first = build.messages().front();
  EXPECT_TRUE(first.is_error);
  EXPECT_EQ(std::filesystem::path(first.file).filename(), "pen.c");
  EXPECT_EQ(first.line, 2);
  EXPECT_EQ(first.column, 10);
  EXPECT_NE(first.text.find("dial"), std::string::npos) << first.text;
  CoreBuild left(core);  // ended in the middle
}

TEST(CoreBuild, SaysWhatToDoOutsideOfABuildTree) {
  const Folder folder;
  write_file(folder / "pen.so", "");
  try {
    CoreBuild build(folder / "pen.so");
    FAIL() << build.command();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("is not in a build tree"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace pensim::test
