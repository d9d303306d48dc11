// Where the program looks for what belongs to it.
#include "sim/platform/program.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/sim/program.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

TEST(Program, KnowsItself) {
  EXPECT_EQ(fs::path(program_path()).filename(), "test_sim_platform_program");
  EXPECT_EQ(program_folder(), fs::path(program_path()).parent_path());
  EXPECT_EQ(program_beside("test_sim_platform_program"), program_path());
  EXPECT_EQ(program_beside("no_such_program"), "");
  EXPECT_EQ(program_beside("CMakeCache.txt"), "");  // above this one, but no program
}

TEST(Program, ShareOfTheEnvironmentComesFirst) {
  const test::Folder f;
  test::write_file(f / "catalog/x", "");
  setenv("PENSIM_SHARE", f.path().c_str(), 1);
  EXPECT_EQ(share_path("catalog"), f / "catalog");
  EXPECT_EQ(share_path("no_such_file"), "");
  unsetenv("PENSIM_SHARE");
  EXPECT_TRUE(fs::is_directory(share_path("catalog")));  // of the build tree, above its tests
  EXPECT_NE(share_path("catalog"), f / "catalog");
}

TEST(Program, CoresOfTheEnvironmentComeFirst) {
  unsetenv("PENSIM_CORES");
  const std::vector<std::string> own = core_folders();
  ASSERT_EQ(own.size(), 2u);
  EXPECT_EQ(own[0], program_folder() + "/cores");
  EXPECT_EQ(own[1], (fs::path(program_folder()).parent_path() / "lib/pensim/cores").string());
  setenv("PENSIM_CORES", "/a::/b:", 1);
  EXPECT_EQ(core_folders(), (std::vector<std::string>{"/a", "/b", own[0], own[1]}));
  unsetenv("PENSIM_CORES");
}

}  // namespace
}  // namespace pensim
