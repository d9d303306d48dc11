#include "sim/platform/walk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "tests/sim/program.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

TEST(Walk, SaysWhatEverythingIsAndEntersWhatItMay) {
  const test::Folder f, elsewhere;
  test::write_file(f / "b/file", "");
  test::write_file(f / "a/deep/file", "");
  test::write_file(f / "shut/file", "");
  test::write_file(elsewhere / "file", "");
  ASSERT_EQ(mkfifo((f / "pipe").c_str(), 0600), 0);
  fs::create_symlink(elsewhere.path(), f / "link");
  fs::create_symlink(f / "b/file", f / "link_to_file");
  fs::create_symlink(f / "none", f / "dangling");
  fs::create_symlink("/dev/null", f / "device");
  fs::create_symlink(f.path(), f / "a/round");
  std::vector<std::string> order;
  std::map<std::string, Found> found;
  walk(f.path(), [&](const std::string& path, Found what) {
    order.push_back(path.substr(f.path().size() + 1));
    found[order.back()] = what;
    return order.back() != "shut";
  });
  const std::map<std::string, Found> expected = {{"a", Found::folder},
                                                 {"a/deep", Found::folder},
                                                 {"a/deep/file", Found::file},
                                                 {"a/round", Found::link_to_folder},
                                                 {"b", Found::folder},
                                                 {"b/file", Found::file},
                                                 {"dangling", Found::dangling_link},
                                                 {"device", Found::special},
                                                 {"link", Found::link_to_folder},
                                                 {"link_to_file", Found::file},
                                                 {"pipe", Found::special},
                                                 {"shut", Found::folder}};
  EXPECT_EQ(found, expected);
  EXPECT_LT(std::find(order.begin(), order.end(), "a/deep/file"), std::find(order.begin(), order.end(), "b/file"));
}

TEST(Walk, DoesNotEnterOtherFileSystems) {
  int entered = 0;
  std::map<std::string, Found> found;
  walk("/", [&](const std::string& path, Found what) {
    found[path] = what;
    entered += what == Found::folder;
    return false;
  });
  EXPECT_EQ(found.at("/proc"), Found::other_system);
  EXPECT_GT(entered, 0);
}

TEST(Walk, KindsOfFiles) {
  const test::Folder f;
  ASSERT_EQ(mkfifo((f / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(special_file(f / "pipe"), "a pipe");
  EXPECT_EQ(special_file("/dev/null"), "a device");
  EXPECT_EQ(special_file(f.path()), "");
  EXPECT_EQ(special_file(f / "none"), "");
  EXPECT_TRUE(shows_the_kernel("/proc"));
  EXPECT_FALSE(shows_the_kernel(f.path()));
}

}  // namespace
}  // namespace pensim
