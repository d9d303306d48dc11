#include "sim/recording/file_sum.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <vector>

#include "sim/platform/file.h"
#include "sim/recording/long_hash.h"

namespace pensim {
namespace {

constexpr std::string_view begin_mark = "\npensim xxh3-64 ";
constexpr std::size_t line_bytes = begin_mark.size() + 16 + 1;  // sixteen digits, a line end

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

long size_of(int file) {
  struct stat status {};
  if (fstat(file, &status) != 0) fail("cannot read");
  return status.st_size;
}

std::string line_of(int file, long size) {
  std::vector<unsigned char> piece(std::min<std::size_t>(1 << 20, static_cast<std::size_t>(size)));
  std::uint64_t sum = 0;
  for (long at = 0; at < size; at += static_cast<long>(piece.size())) {
    const auto n = std::min(piece.size(), static_cast<std::size_t>(size - at));
    read_all_at(file, piece.data(), n, at);
    sum = long_hash(piece.data(), n, sum);
  }
  return fmt::format("{}{:016x}\n", begin_mark, sum);
}

}  // namespace

void append_file_sum(int file) {
  const long size = size_of(file);
  write_all_at(file, line_of(file, size), size);
}

FileSum check_file_sum(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("cannot read " + path);
  const struct Closed {
    int file;
    ~Closed() { close(file); }
  } closed{file};
  const long size = size_of(file) - static_cast<long>(line_bytes);
  if (size < 0) return FileSum::absent;
  std::string line(line_bytes, ' ');
  read_all_at(file, line.data(), line.size(), size);
  if (!line.starts_with(begin_mark) || line.back() != '\n') return FileSum::absent;
  return line == line_of(file, size) ? FileSum::right : FileSum::wrong;
}

}  // namespace pensim
