#include "sim/platform/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace pensim {
namespace {

[[noreturn]] void fail(const std::string& what, int code = errno) {
  throw std::system_error(code, std::generic_category(), what);
}

// A descriptor, closed at the end.
class File {
 public:
  File(const std::string& path, int flags) : file_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  operator int() const { return file_; }
  bool close() { return ::close(std::exchange(file_, -1)) == 0; }

 private:
  int file_;
};

// Calls `step` with what is left until it has taken everything; it returns what it took, as write does.
template <class Step>
void in_pieces(std::size_t size, const char* what, int code_at_nothing, Step step) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t n = step(done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail(what, n < 0 ? errno : code_at_nothing);
    done += static_cast<std::size_t>(n);
  }
}

bool is_special(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

void write_file(const std::string& path, const std::string& named, std::string_view bytes, bool flush) {
  File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file < 0) fail("cannot write " + named);
  try {
    write_all(file, bytes);
  } catch (const std::system_error& error) {
    fail("cannot write " + named, error.code().value());
  }
  if (flush && ::fsync(file) != 0) fail("cannot write " + named);
  if (!file.close()) fail("cannot write " + named);
}

// Removes a file unless it was released, as when it has another name by now.
class Removed {
 public:
  explicit Removed(const std::string& path) : path_(path) {}
  ~Removed() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Removed(const Removed&) = delete;
  Removed& operator=(const Removed&) = delete;
  void release() { path_.clear(); }

 private:
  std::string path_;
};

std::string behind_links(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

void write_all(int file, std::string_view bytes) {
  in_pieces(bytes.size(), "cannot write", ENOSPC,
            [&](std::size_t done, std::size_t left) { return ::write(file, bytes.data() + done, left); });
}

void write_all_at(int file, std::string_view bytes, long offset) {
  in_pieces(bytes.size(), "cannot write", ENOSPC, [&](std::size_t done, std::size_t left) {
    return ::pwrite(file, bytes.data() + done, left, static_cast<off_t>(offset) + static_cast<off_t>(done));
  });
}

void read_all_at(int file, void* bytes, std::size_t size, long offset) {
  in_pieces(size, "cannot read", EIO, [&](std::size_t done, std::size_t left) {
    return ::pread(file, static_cast<char*>(bytes) + done, left, static_cast<off_t>(offset) + static_cast<off_t>(done));
  });
}

void replace_file(const std::string& path, std::string_view bytes) {
  if (is_special(path)) return write_file(path, path, bytes, false);
  const std::string target = behind_links(path), part = target + ".part";
  Removed removed(part);
  write_file(part, path, bytes, true);
  if (::rename(part.c_str(), target.c_str()) != 0) fail("cannot write " + path);
  removed.release();
}

void put_in_place(const std::string& part, const std::string& path) {
  Removed removed(part);
  File file(part, O_RDONLY);
  if (file < 0 || ::fsync(file) != 0) fail("cannot write " + path);
  const std::string previous = path + ".prev";
  const bool had = ::access(path.c_str(), F_OK) == 0;
  if (had && ::rename(path.c_str(), previous.c_str()) != 0) fail("cannot write " + path);
  if (::rename(part.c_str(), path.c_str()) != 0) {
    const int why = errno;
    if (had) ::rename(previous.c_str(), path.c_str());
    fail("cannot write " + path, why);
  }
  removed.release();
}

}  // namespace pensim
