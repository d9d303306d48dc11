// Files are replaced whole or not at all: full disks, missing folders and interrupted writes leave what was there.
#include "sim/platform/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "sim/platform/process.h"
#include "tests/sim/program.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;
using test::read_file;

// What a call throws: the sentence, or "".
template <class F>
std::string sentence(F f) {
  try {
    f();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> names_in(const test::Folder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// No file may grow beyond `bytes` while this lives: the same error path as a full disk, without one.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : old_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, old_);
  }

 private:
  rlimit before_{};
  sighandler_t old_;
};

TEST(ReplaceFile, WritesAndReplaces) {
  const test::Folder f;
  const std::string bytes("a\0b\n", 4);
  replace_file(f / "a", bytes);
  EXPECT_EQ(read_file(f / "a"), bytes);
  replace_file(f / "a", "");
  EXPECT_EQ(read_file(f / "a"), "");
  const std::string large(3u << 20, 'x');
  replace_file(f / "a", large);
  EXPECT_EQ(read_file(f / "a"), large);
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a"}));
}

TEST(ReplaceFile, AFullDiskLeavesWhatWasThere) {
  const test::Folder f;
  replace_file(f / "a", "before");
  std::string why;
  {
    const SmallDisk disk(1000);
    why = sentence([&] { replace_file(f / "a", std::string(2000, 'x')); });
  }
  EXPECT_EQ(why, "cannot write " + (f / "a") + ": File too large");
  EXPECT_EQ(read_file(f / "a"), "before");
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a"}));
}

// Whatever name a file has while it is written: nothing that waits there is written to or removed.
TEST(ReplaceFile, NoLinkThatWaitsIsFollowed) {
  const test::Folder f;
  replace_file(f / "other", "other");
  fs::create_symlink(f / "other", f / "a.part");
  for (const char* text : {"one", "two"}) {
    replace_file(f / "a", text);
    NewFile kept(f / "b");
    write_all(kept.descriptor(), text);
    kept.put(NewFile::Old::kept);
  }
  EXPECT_EQ(read_file(f / "other"), "other");
  EXPECT_EQ(read_file(f / "a") + read_file(f / "b") + read_file(f / "b.prev"), "twotwoone");
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a", "a.part", "b", "b.prev", "other"}));
}

TEST(ReplaceFile, WhatCannotBeReplacedIsNamed) {
  const test::Folder f;
  EXPECT_EQ(sentence([&] { replace_file(f / "none/a", "x"); }),
            "cannot write " + (f / "none/a") + ": No such file or directory");
  fs::create_directories(f / "folder/inside");
  EXPECT_EQ(sentence([&] { replace_file(f / "folder", "x"); }), "cannot write " + (f / "folder") + ": Is a directory");
  EXPECT_TRUE(fs::exists(f / "folder/inside"));
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"folder"}));
}

TEST(ReplaceFile, FollowsALinkAndWritesToADevice) {
  const test::Folder f;
  replace_file(f / "a", "before");
  fs::create_symlink(f / "a", f / "link");
  replace_file(f / "link", "after");
  EXPECT_TRUE(fs::is_symlink(f / "link"));
  EXPECT_EQ(read_file(f / "a"), "after");
  replace_file("/dev/null", "x");
  const int opened = open((f / "a").c_str(), O_RDWR | O_CLOEXEC);
  replace_file("/proc/self/fd/" + std::to_string(opened), "wards");
  close(opened);
  EXPECT_EQ(read_file(f / "a"), "afterwards");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(sentence([&] { replace_file("/dev/full", "x"); }), "cannot write /dev/full: No space left on device");
}

TEST(ReplaceFile, AWriterThatIsKilledLeavesTheOldFileAndNothingElse) {
  const test::Folder f;
  replace_file(f / "a", "before");
  const Pipe ready = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    NewFile file(f / "a");
    write_all(file.descriptor(), "after");
    write_all(ready.write_end, "x");
    for (;;) pause();
  }
  char one = 0;
  EXPECT_EQ(read_some(ready.read_end, &one, 1), 1u);
  kill(pid, SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(wait_for(pid)));
  EXPECT_EQ(read_file(f / "a"), "before");
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a"}));
  close(ready.read_end);
  close(ready.write_end);
}

void put(const std::string& path, const std::string& text) {
  NewFile file(path);
  write_all(file.descriptor(), text);
  file.put(NewFile::Old::kept);
}

TEST(NewFile, KeepsThePreviousFile) {
  const test::Folder f;
  put(f / "a", "one");
  EXPECT_FALSE(fs::exists(f / "a.prev"));
  for (const char* next : {"two", "three"}) put(f / "a", next);
  EXPECT_EQ(read_file(f / "a"), "three");
  EXPECT_EQ(read_file(f / "a.prev"), "two");
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a", "a.prev"}));
}

TEST(NewFile, LeavesEverythingAsItWasWhenItFails) {
  const test::Folder f;
  put(f / "a", "one");
  fs::create_directories(f / "a.prev/inside");  // no room for the previous one
  EXPECT_EQ(sentence([&] { put(f / "a", "two"); }), "cannot write " + (f / "a") + ": Is a directory");
  EXPECT_EQ(read_file(f / "a"), "one");
  fs::create_directories(f / "b/inside");
  EXPECT_EQ(sentence([&] { put(f / "b", "two"); }), "cannot write " + (f / "b") + ": Is a directory");
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a", "a.prev", "b"}));
}

// Writers of one name take turns: whoever was last is there, whoever was before is PATH.prev, and none fails.
TEST(NewFile, WritersOfOneNameTakeTurns) {
  const test::Folder f;
  std::vector<pid_t> writers;
  for (int i = 0; i < 4; ++i) {
    const pid_t pid = fork_child();
    if (pid == 0) {
      int failed = 0;
      for (int k = 0; k < 50; ++k)
        failed += !sentence([&] {
                     put(f / "a", std::to_string(i) + ":" + std::to_string(k) + std::string(5000, 'x'));
                   }).empty();
      _exit(failed);
    }
    writers.push_back(pid);
  }
  for (const pid_t pid : writers) EXPECT_EQ(wait_for(pid), 0);
  EXPECT_EQ(names_in(f), (std::vector<std::string>{"a", "a.prev"}));
  EXPECT_GT(read_file(f / "a").size(), 5000u);
  EXPECT_GT(read_file(f / "a.prev").size(), 5000u);
}

TEST(PlaceRefusal, SaysWhatStandsInTheWay) {
  const test::Folder f;
  const std::vector<std::string> own = {"[]\n", "mine "};
  fs::create_directories(f / "folder");
  EXPECT_EQ(place_refusal(f / "new", own, false), "");
  EXPECT_EQ(place_refusal(f / "none/new", own, false), "its folder " + (f / "none") + ": No such file or directory");
  EXPECT_EQ(place_refusal(f / "folder", own, true), "it is a folder");
  EXPECT_EQ(place_refusal(f / std::string(300, 'a'), own, true), "File name too long");
  EXPECT_EQ(place_refusal("/dev/null", own, false), "");
  const auto refused = [&](const std::string& text) {
    replace_file(f / "a", text);
    EXPECT_EQ(place_refusal(f / "a", own, true), "");
    return !place_refusal(f / "a", own, false).empty();
  };
  EXPECT_FALSE(refused(""));
  EXPECT_FALSE(refused("mine and more"));
  EXPECT_FALSE(refused("[]\n"));
  EXPECT_TRUE(refused("min"));
  EXPECT_TRUE(refused("somebody's"));
}

TEST(WriteAll, AtAnOffset) {
  const test::Folder f;
  const int file = open((f / "a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  write_all(file, "0123456789");
  write_all_at(file, "ab", 4);
  std::string text(4, ' ');
  read_all_at(file, text.data(), text.size(), 3);
  EXPECT_EQ(text, "3ab6");
  EXPECT_EQ(sentence([&] { read_all_at(file, text.data(), 4, 8); }), "cannot read: Input/output error");
  const SmallDisk disk(10);
  EXPECT_EQ(sentence([&] { write_all_at(file, "cd", 9); }), "cannot write: File too large");
  close(file);
}

}  // namespace
}  // namespace pensim
