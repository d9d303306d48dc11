#include "sim/platform/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
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

// What lies under /dev or /proc stands for something else, also where that is a file: /dev/stdout is written to, not
// replaced.
bool is_special(const std::string& path) {
  struct stat status {};
  for (const char* folder : {"/dev/", "/proc/"})
    if (std::filesystem::path(path).lexically_normal().string().starts_with(folder)) return true;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

void write_special(const std::string& path, std::string_view bytes) {
  File file(path, O_WRONLY | O_APPEND);
  if (file < 0) fail("cannot write " + path);
  try {
    write_all(file, bytes);
  } catch (const std::system_error& error) {
    fail("cannot write " + path, error.code().value());
  }
  if (!file.close()) fail("cannot write " + path);
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// No other process has this name in mind, and this one uses it once.
std::string unused_name(const std::string& folder) {
  static int count = 0;
  return folder + "/.pensim-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".part";
}

std::string link_to(int file) { return "/proc/self/fd/" + std::to_string(file); }

// One process at a time, as far as the file system can lock.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder) : file_(folder, O_RDONLY | O_DIRECTORY) {
    if (file_ < 0) return;
    while (::flock(file_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }

 private:
  File file_;
};

// `name` becomes `path`, what was there PATH.prev. An error number, 0 for none.
int put_before(const std::string& name, const std::string& path) {
  const std::string previous = path + ".prev";
  if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
    if (::rename(name.c_str(), previous.c_str()) == 0) return 0;
    const int why = errno;
    ::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE);
    return why;
  }
  // A file system that cannot exchange names.
  if (::rename(path.c_str(), previous.c_str()) != 0) return errno;
  if (::rename(name.c_str(), path.c_str()) == 0) return 0;
  const int why = errno;
  ::rename(previous.c_str(), path.c_str());
  return why;
}

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

NewFile::NewFile(const std::string& path) : path_(path), folder_(folder_of(path)) {
  constexpr int how = O_RDWR | O_CLOEXEC;
  const bool can_be_named = ::access("/proc/self/fd", X_OK) == 0;
  if (can_be_named) file_ = ::open(folder_.c_str(), how | O_TMPFILE, 0666);
  if (file_ < 0 && (!can_be_named || errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    named_ = unused_name(folder_);
    file_ = ::open(named_.c_str(), how | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  }
  if (file_ < 0) {
    named_.clear();
    fail("cannot write " + path);
  }
}

NewFile::~NewFile() {
  ::close(file_);
  if (!named_.empty()) ::unlink(named_.c_str());
}

void NewFile::give_a_name() {
  if (!named_.empty()) return;
  std::string name;
  do {
    name = unused_name(folder_);
    if (::linkat(AT_FDCWD, link_to(file_).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) named_ = name;
  } while (named_.empty() && errno == EEXIST);  // left by a process that had this number once
  if (named_.empty()) fail("cannot write " + path_);
}

void NewFile::put(Old old) {
  if (::fsync(file_) != 0) fail("cannot write " + path_);
  const FolderLock lock(folder_);
  struct stat there {};
  const bool had = ::lstat(path_.c_str(), &there) == 0;
  if (had && S_ISDIR(there.st_mode)) fail("cannot write " + path_, EISDIR);
  give_a_name();
  const int why = had && old == Old::kept                        ? put_before(named_, path_)
                  : ::rename(named_.c_str(), path_.c_str()) == 0 ? 0
                                                                 : errno;
  if (why != 0) fail("cannot write " + path_, why);
  named_.clear();
}

void replace_file(const std::string& path, std::string_view bytes) {
  if (is_special(path)) return write_special(path, bytes);
  try {
    NewFile file(behind_links(path));
    write_all(file.descriptor(), bytes);
    file.put(NewFile::Old::replaced);
  } catch (const std::system_error& error) {
    fail("cannot write " + path, error.code().value());
  }
}

std::string place_refusal(const std::string& path, const std::vector<std::string>& own, bool force) {
  struct stat there {};
  if (path.empty()) return "it has no name";
  if (::stat(path.c_str(), &there) != 0) {
    if (errno != ENOENT) return std::strerror(errno);
    const std::string folder = folder_of(path);
    if (::stat(folder.c_str(), &there) != 0) return "its folder " + folder + ": " + std::strerror(errno);
    if (!S_ISDIR(there.st_mode)) return folder + " is no folder";
    if (::access(folder.c_str(), W_OK | X_OK) != 0) return "its folder " + folder + ": " + std::strerror(errno);
    return "";
  }
  if (S_ISDIR(there.st_mode)) return "it is a folder";
  if (is_special(path)) return ::access(path.c_str(), W_OK) == 0 ? "" : std::strerror(errno);
  const std::string folder = folder_of(behind_links(path));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return "its folder " + folder + ": " + std::strerror(errno);
  if (force || there.st_size == 0) return "";
  const File file(path, O_RDONLY);
  if (file < 0) return std::strerror(errno);
  for (const std::string& text : own) {
    std::string beginning(std::min(text.size(), static_cast<std::size_t>(there.st_size)), '\0');
    read_all_at(file, beginning.data(), beginning.size(), 0);
    if (beginning == text) return "";
  }
  return "there is a file already that pensim did not write";
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat x {
  }, y{};
  return ::stat(a.c_str(), &x) == 0 && ::stat(b.c_str(), &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

}  // namespace pensim
