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

constexpr std::string_view run_mark = "\npensim run, xxh3-64 ", log_mark = "\npensim log, xxh3-64 ";
static_assert(run_mark.size() == log_mark.size());
constexpr std::size_t line_bytes = run_mark.size() + 16 + 1;  // sixteen digits, a line end

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

long size_of(int file) {
  struct stat status {};
  if (fstat(file, &status) != 0) fail("cannot read");
  return status.st_size;
}

std::string sum_of(int file, long size) {
  std::vector<unsigned char> piece(std::min<std::size_t>(1 << 20, static_cast<std::size_t>(size)));
  std::uint64_t sum = 0;
  for (long at = 0; at < size; at += static_cast<long>(piece.size())) {
    const auto n = std::min(piece.size(), static_cast<std::size_t>(size - at));
    read_all_at(file, piece.data(), n, at);
    sum = long_hash(piece.data(), n, sum);
  }
  return fmt::format("{:016x}\n", sum);
}

struct Opened {
  int file;
  explicit Opened(const std::string& path) : file(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file < 0) fail("cannot read " + path);
  }
  ~Opened() { close(file); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
};

// The last bytes of a file, as long as the line is.
std::string last_line(int file) {
  const long size = size_of(file);
  std::string line(std::min(line_bytes, static_cast<std::size_t>(size)), ' ');
  read_all_at(file, line.data(), line.size(), size - static_cast<long>(line.size()));
  return line;
}

FileMark mark_of(const std::string& line) {
  if (line.size() != line_bytes || line.back() != '\n') return FileMark::none;
  return line.starts_with(run_mark) ? FileMark::run : line.starts_with(log_mark) ? FileMark::log : FileMark::none;
}

}  // namespace

void append_file_sum(int file, FileMark mark) {
  const long size = size_of(file);
  write_all_at(file, std::string(mark == FileMark::log ? log_mark : run_mark) + sum_of(file, size), size);
}

FileMark file_mark(const std::string& path) { return mark_of(last_line(Opened(path).file)); }

FileSum check_file_sum(const std::string& path) {
  const Opened opened(path);
  const std::string line = last_line(opened.file);
  if (mark_of(line) == FileMark::none) return FileSum::absent;
  const long size = size_of(opened.file) - static_cast<long>(line_bytes);
  return line.substr(run_mark.size()) == sum_of(opened.file, size) ? FileSum::right : FileSum::wrong;
}

}  // namespace pensim
