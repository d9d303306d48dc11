#include "sim/recording/block_store.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>

#include "sim/recording/block_format.h"

namespace pensim {
namespace bf = block_format;

BlockStore::BlockStore(RecordingPlan plan, const std::string& directory, unsigned blocks_max) : plan_(std::move(plan)) {
  if (plan_.tick_ns <= 0 || plan_.ms_ticks <= 0 || plan_.slow_ticks <= 0 || plan_.needles < 0 ||
      plan_.needles > needles_max || plan_.stroke.size() > stroke_values_max)
    throw std::runtime_error("recording: a plan out of bounds");
  if (directory.empty()) {
    file_ = ::memfd_create("pensim-blocks", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file_ < 0) bf::fail("no memory for a run's blocks", errno);
    ::fcntl(file_, F_ADD_SEALS, F_SEAL_SHRINK);
  } else {
    file_ = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file_ < 0) {  // a file system without nameless files
      std::string name = directory + "/.pensim-blocks-XXXXXX";
      file_ = ::mkostemp(name.data(), O_CLOEXEC);
      if (file_ < 0) bf::fail(("cannot keep a run's blocks in " + directory).c_str(), errno);
      ::unlink(name.c_str());
    }
  }
  tail_file_ = ::memfd_create("pensim-tail", MFD_CLOEXEC);
  if (tail_file_ < 0 || ::ftruncate(tail_file_, static_cast<off_t>(bf::tail_layout(plan_).size)) != 0) {
    const int error = errno;
    if (tail_file_ >= 0) ::close(tail_file_);
    ::close(file_);
    bf::fail("no memory for the tail", error);
  }
  map_tail();
  if (blocks_max == 0) return;
  news_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  room_ = ::eventfd(blocks_max, EFD_CLOEXEC | EFD_SEMAPHORE);
  if (news_ < 0 || room_ < 0) bf::fail("no descriptors for a run's blocks", errno);
}

BlockStore::BlockStore(RecordingPlan plan, int file, int tail_file)
    : plan_(std::move(plan)), file_(file), tail_file_(tail_file) {
  map_tail();
}

void BlockStore::map_tail() {
  tail_size_ = bf::tail_layout(plan_).size;
  void* whole = ::mmap(nullptr, tail_size_ + 2 * bf::page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* inner = MAP_FAILED;
  if (whole != MAP_FAILED)
    inner = ::mmap(static_cast<unsigned char*>(whole) + bf::page, tail_size_, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED, tail_file_, 0);
  if (inner == MAP_FAILED) {
    const int error = errno;
    if (whole != MAP_FAILED) ::munmap(whole, tail_size_ + 2 * bf::page);
    ::close(file_);
    ::close(tail_file_);
    bf::fail("no memory for the tail", error);
  }
  tail_ = static_cast<unsigned char*>(inner);
}

std::vector<int> BlockStore::descriptors() const { return {file_, tail_file_, news_, room_}; }

void BlockStore::await_room() const {
  std::uint64_t one;
  while (room_ >= 0 && ::read(room_, &one, sizeof one) < 0)
    if (errno != EINTR) bf::fail("a block could not be written", errno);
}

void BlockStore::announce() const {
  const std::uint64_t one = 1;
  if (news_ >= 0 && ::write(news_, &one, sizeof one) < 0 && errno != EAGAIN) bf::fail("a block is not heard of", errno);
}

void BlockStore::quiet() const {
  std::uint64_t count;
  while (::read(news_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

void BlockStore::forget(std::size_t bytes, std::size_t blocks) const {
  const std::size_t whole_pages = bytes / bf::page * bf::page;
  ::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(whole_pages));
  if (room_ < 0) return;
  const std::uint64_t room = blocks;
  while (::write(room_, &room, sizeof room) < 0 && errno == EINTR) {
  }
}

void BlockStore::replace(int file, int tail_file) {
  if (::mmap(tail_, tail_size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, tail_file, 0) == MAP_FAILED)
    bf::fail("no memory for the tail", errno);
  ::close(file_);
  ::close(tail_file_);
  file_ = file;
  tail_file_ = tail_file;
}

BlockStore::~BlockStore() {
  ::munmap(tail_ - bf::page, tail_size_ + 2 * bf::page);
  for (const int file : {file_, tail_file_, news_, room_})
    if (file >= 0) ::close(file);
}

}  // namespace pensim
