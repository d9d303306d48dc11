// file_sum.h - whether a recording is what was written.
//
// Behind the end of the HDF5 file, where HDF5 readers do not look, stands a line that says whether it is of a run or
// of a field log, and XXH3-64 of all bytes before it (of pieces of 1 MiB, each the seed of the next). It finds damage,
// and what was edited by a program that does not know of it; it is no proof against one that does. The attribute
// `checksum` of the file says that there is such a line, so one that is gone is found, too.
#pragma once

#include <string>

namespace pensim {

inline constexpr const char* file_sum_kind = "xxh3-64 in a line behind the end of the HDF5 file";

enum class FileMark : unsigned char { none, run, log };

// Adds the line to an open file that can be read and written. Throws std::system_error.
void append_file_sum(int file, FileMark mark);
// What the line says, without reading the rest of the file.
FileMark file_mark(const std::string& path);

enum class FileSum : unsigned char { right, wrong, absent };
// Reads the whole file. Throws std::system_error if it cannot be read.
FileSum check_file_sum(const std::string& path);

}  // namespace pensim
