// file.h - files replaced in one step, so that a name never stands for half of what was to be written.
//
// Errors are std::system_error with a sentence ("cannot write runs/a.json: No space left on device"); its code() is the
// system's alone, for callers that say where and how to fix it in their own words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pensim {

// Writes PATH.part, flushes it to the disk and renames it to PATH. If any of that fails, PATH.part is removed and what
// stood under PATH before is untouched; a process that is killed leaves PATH.part at most. A link is followed. What is
// no regular file (a pipe, /dev/null) is written to as it stands.
void replace_file(const std::string& path, std::string_view bytes);

// The last step of that, for a writer of its own: flushes `part` to the disk and renames it to `path`; a file that was
// there becomes PATH.prev, in place of an older one. If it fails, `part` is removed and `path` is what it was.
void put_in_place(const std::string& part, const std::string& path);

// All bytes, however often a signal or a full pipe interrupts; at `offset` of the file in the second form.
void write_all(int file, std::string_view bytes);
void write_all_at(int file, std::string_view bytes, long offset);
// Exactly `size` bytes at `offset`.
void read_all_at(int file, void* bytes, std::size_t size, long offset);

}  // namespace pensim
