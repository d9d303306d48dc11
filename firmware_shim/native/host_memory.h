// host_memory.h - finding a core that writes where it must not: guard words around what has to be shared, and the
// bench's own memory read-only while the core runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pensim {

// Memory shared with a child, with inaccessible pages on both sides and 64 bytes of guard words at both ends of the
// payload.
// Throws std::system_error.
class GuardedBlock {
 public:
  explicit GuardedBlock(std::size_t bytes);
  ~GuardedBlock();
  GuardedBlock(const GuardedBlock&) = delete;
  GuardedBlock& operator=(const GuardedBlock&) = delete;
  std::byte* data() const { return data_; }  // 64-byte aligned, zeros
  std::size_t size() const { return bytes_; }
  bool intact() const { return damage().empty(); }
  std::string damage() const;  // "" or which guard word holds what: "the guard word 8 bytes before the
                               // block holds 0x..."

 private:
  void* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0, bytes_ = 0;
  std::byte* data_ = nullptr;
};

// Inaccessible pages directly below and above the core's image, as far as the space is free (at most `bytes` each,
// default 1 MB): a loop that runs off the end of .bss faults at the first byte beyond instead of walking on through
// whatever lies there.
class ImageFence {
 public:
  ImageFence(std::uintptr_t image_begin, std::uintptr_t image_end, std::size_t bytes = 1u << 20);
  ~ImageFence();
  ImageFence(const ImageFence&) = delete;
  ImageFence& operator=(const ImageFence&) = delete;
  bool below() const { return below_ != nullptr; }
  bool above() const { return above_ != nullptr; }

 private:
  void *below_ = nullptr, *above_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pensim
