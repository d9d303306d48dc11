// image.h - the image of a core with 4-byte pointers (ELF32 for x86-64, "x32") in this 64-bit process.
//
// The dynamic loader takes no such file. What pensim_add_core links is a static, position-independent program without
// an interpreter: its only dynamic relocations add the distance to the place for which it was linked. It is laid out at
// that place, or, when something lies there, at the first free one of [copies_begin, copies_end), so that several
// copies fit into one process. The entry point is no code but the core's table of functions (pen_runtime.h).
//
// Nothing of the file is believed: a file that is truncated, that contradicts itself or that wants memory which is not
// its to have is refused with a sentence. The core's tables are read through at(), which stays inside the image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firmware_shim/native/debugger.h"

namespace pensim {

class CoreImage {
 public:
  struct Segment {
    std::uintptr_t begin = 0, end = 0;  // in memory; [filled, end) is zero
    std::uintptr_t filled = 0;
    bool writable = false, executable = false;
  };

  // True for an ELF file of 32 bits; false for any other file, also one that cannot be read.
  static bool is_one(const std::string& path);

  // Maps and relocates; everything is writable until protect(). Throws std::runtime_error, whose text begins with
  // the path.
  explicit CoreImage(const std::string& path);
  ~CoreImage();
  CoreImage(const CoreImage&) = delete;
  CoreImage& operator=(const CoreImage&) = delete;

  // The rights that the file asks for. Then a debugger is told of the image.
  void protect();

  std::uintptr_t bias() const { return bias_; }                       // where it lies minus where it is linked
  std::uint32_t entry() const { return entry_; }                      // in memory
  const std::vector<Segment>& segments() const { return segments_; }  // ascending, disjoint
  // [read_only_begin, read_only_end) is part of a writable segment, but constant after relocation.
  std::uintptr_t read_only_begin() const { return read_only_begin_; }
  std::uintptr_t read_only_end() const { return read_only_end_; }

  // [address, address + bytes) as memory, or nullptr when it is not inside one segment.
  void* at(std::uint32_t address, std::size_t bytes) const;
  // The text that begins at the address, at most `limit` characters; empty outside of the image.
  std::string text(std::uint32_t address, std::size_t limit) const;

 private:
  void read_file();
  void read_header();
  void read_segments();
  void find_place();
  void fill();
  void relocate();
  [[noreturn]] void refuse(const std::string& why) const;
  template <class T>
  T from_file(std::uint64_t offset, const char* what) const;

  std::string path_;
  std::vector<std::uint8_t> file_;
  struct Load {
    std::uint32_t offset, address, file_bytes, memory_bytes, flags;
  };
  std::vector<Load> loads_;
  std::uint32_t dynamic_address_ = 0, dynamic_bytes_ = 0;
  bool movable_ = false;
  std::uintptr_t mapping_begin_ = 0, mapping_bytes_ = 0, bias_ = 0;
  std::uint32_t entry_ = 0;
  std::uintptr_t read_only_begin_ = 0, read_only_end_ = 0;
  std::vector<Segment> segments_;
  DebuggerEntry debugger_;
};

}  // namespace pensim
