// Files are replaced whole or not at all: full disks, missing folders and interrupted writes leave what was there.
#include "sim/platform/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

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
  EXPECT_FALSE(fs::exists(f / "a.part"));
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
  EXPECT_FALSE(fs::exists(f / "a.part"));
  fs::create_symlink("/dev/full", f / "b.part");
  EXPECT_EQ(sentence([&] { replace_file(f / "b", "x"); }), "cannot write " + (f / "b") + ": No space left on device");
  EXPECT_FALSE(fs::exists(f / "b"));
  EXPECT_FALSE(fs::is_symlink(f / "b.part"));
}

TEST(ReplaceFile, WhatCannotBeReplacedIsNamed) {
  const test::Folder f;
  EXPECT_EQ(sentence([&] { replace_file(f / "none/a", "x"); }),
            "cannot write " + (f / "none/a") + ": No such file or directory");
  fs::create_directories(f / "folder/inside");
  EXPECT_EQ(sentence([&] { replace_file(f / "folder", "x"); }), "cannot write " + (f / "folder") + ": Is a directory");
  EXPECT_TRUE(fs::exists(f / "folder/inside"));
  EXPECT_FALSE(fs::exists(f / "folder.part"));
}

TEST(ReplaceFile, FollowsALinkAndWritesToADevice) {
  const test::Folder f;
  replace_file(f / "a", "before");
  fs::create_symlink(f / "a", f / "link");
  replace_file(f / "link", "after");
  EXPECT_TRUE(fs::is_symlink(f / "link"));
  EXPECT_EQ(read_file(f / "a"), "after");
  replace_file("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(sentence([&] { replace_file("/dev/full", "x"); }), "cannot write /dev/full: No space left on device");
}

TEST(ReplaceFile, AWriterThatIsKilledLeavesTheOldFile) {
  const test::Folder f;
  replace_file(f / "a", "before");
  ASSERT_EQ(mkfifo((f / "a.part").c_str(), 0600), 0);  // opening it waits for a reader that never comes
  const pid_t pid = fork_child();
  if (pid == 0) {
    replace_file(f / "a", "after");
    _exit(0);
  }
  usleep(20'000);
  kill(pid, SIGKILL);
  const int status = wait_for(pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_file(f / "a"), "before");
}

TEST(PutInPlace, KeepsThePreviousFile) {
  const test::Folder f;
  replace_file(f / "a.part", "one");
  put_in_place(f / "a.part", f / "a");
  EXPECT_FALSE(fs::exists(f / "a.prev"));
  for (const char* next : {"two", "three"}) {
    replace_file(f / "a.part", next);
    put_in_place(f / "a.part", f / "a");
  }
  EXPECT_EQ(read_file(f / "a"), "three");
  EXPECT_EQ(read_file(f / "a.prev"), "two");
  EXPECT_FALSE(fs::exists(f / "a.part"));
}

TEST(PutInPlace, LeavesEverythingAsItWasWhenItFails) {
  const test::Folder f;
  replace_file(f / "a", "one");
  EXPECT_EQ(sentence([&] { put_in_place(f / "none.part", f / "a"); }),
            "cannot write " + (f / "a") + ": No such file or directory");
  EXPECT_EQ(read_file(f / "a"), "one");
  fs::create_directories(f / "a.prev/inside");  // no room for the previous one
  replace_file(f / "a.part", "two");
  EXPECT_EQ(sentence([&] { put_in_place(f / "a.part", f / "a"); }), "cannot write " + (f / "a") + ": Is a directory");
  EXPECT_EQ(read_file(f / "a"), "one");
  EXPECT_FALSE(fs::exists(f / "a.part"));
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
