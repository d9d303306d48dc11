// file.h - files that appear whole or not at all, so that a name never stands for half of what was to be written.
//
// Errors are std::system_error with a sentence ("cannot write runs/a.json: No space left on device"); its code() is the
// system's alone, for callers that say where and how to fix it in their own words. A file that may not grow any further
// (ulimit -f) is such an error, too, in a program that ignores SIGXFSZ.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pensim {

// A file in the making, in the folder of the path that it is to have. It has no name before put(), so a process that
// is killed leaves nothing behind, two that write to one path do not meet, and no link that waits there is followed.
// (On a file system without nameless files it is called .pensim-PID-N.part.)
class NewFile {
 public:
  enum class Old { replaced, kept };  // what was there before: gone, or PATH.prev in place of an older one

  explicit NewFile(const std::string& path);
  ~NewFile();  // without put(): the file is gone
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int descriptor() const { return file_; }
  // Flushes it to the disk and gives it its name in one step; at every instant the old file or the new one is there. If
  // that fails, `path` is what it was. Callers in any process take turns.
  void put(Old old);

 private:
  void give_a_name();

  std::string path_, folder_, named_;  // named_: what it is called meanwhile, "" for nothing
  int file_ = -1;
};

// A NewFile with these bytes, put in place of what was there. A link is followed. What is no regular file (a pipe), or
// lies under /dev or /proc (/dev/null, /dev/stdout), is written to as it stands, behind what it holds.
void replace_file(const std::string& path, std::string_view bytes);

// Why a program should not write a file there, "" if it may: a folder, a folder that is not there or not to be written,
// a name that is too long, or a file that somebody else made: it is not empty and begins with none of `own`. With
// `force` the last is no reason. Pipes and devices may be written.
std::string place_refusal(const std::string& path, const std::vector<std::string>& own, bool force);

// Whether both names stand for one file.
bool same_file(const std::string& a, const std::string& b);

// All bytes, however often a signal or a full pipe interrupts; at `offset` of the file in the second form.
void write_all(int file, std::string_view bytes);
void write_all_at(int file, std::string_view bytes, long offset);
// Exactly `size` bytes at `offset`.
void read_all_at(int file, void* bytes, std::size_t size, long offset);

}  // namespace pensim
