// pen_cxx.cpp - what libstdc++ asks of the system below it, in a C++ core with 4-byte pointers. Linked into cores with
// C++ sources only.
//
//   unwinding   the frames of the core, found in its .eh_frame_hdr. Those of the runtime and of the C library are not
//               among them: an exception that leaves main(), a handler, a constructor or boot(), or that would pass
//               qsort(), ends the search there, and the run with a verdict, as on the target, where these have no
//               entries either
//   files       whoever includes <iostream> links files: opening one fails with a finding. std::cout goes where printf
//               goes
//   ends        a call of a pure virtual function: abort(), with the reason; std::terminate(): pen_terminate.cpp
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

extern "C" {

[[noreturn]] void abort();
void* __dso_handle __attribute__((visibility("hidden"))) = nullptr;

/* ---- unwinding ---- */

struct Bases {  // struct dwarf_eh_bases of libgcc
  const void *text, *data, *function;
};
const void* _Unwind_Find_FDE(const void* pc, Bases* bases);

extern const std::uint8_t pen_eh_frame_hdr[], pen_closed_text_begin[], pen_closed_text_end[];

namespace {

struct Entry {
  std::int32_t function, frame;  // from the begin of .eh_frame_hdr
};
struct Header {
  std::uint8_t version, frame_encoding, count_encoding, table_encoding;
  std::int32_t frames;
  std::uint32_t count;
  Entry table[1];  // ascending
};
struct Frame {
  std::uint32_t bytes, common;
  std::int32_t function;  // relative to itself
  std::uint32_t function_bytes;
};

// The compilers' encodings where pointers have 4 bytes: 4 bytes, signed, relative to the header.
constexpr std::uint8_t absolute_4 = 0x03, header_relative_4 = 0x3b;

}  // namespace

const void* _Unwind_Find_FDE(const void* pc, Bases* bases) {
  const auto* at = static_cast<const std::uint8_t*>(pc);
  const auto* header = reinterpret_cast<const Header*>(pen_eh_frame_hdr);
  if (at >= pen_closed_text_begin && at < pen_closed_text_end) return nullptr;
  if (header->count_encoding != absolute_4 || header->table_encoding != header_relative_4) abort();
  std::uint32_t begin = 0, end = header->count;
  while (begin < end) {
    const std::uint32_t middle = begin + (end - begin) / 2;
    if (pen_eh_frame_hdr + header->table[middle].function <= at)
      begin = middle + 1;
    else
      end = middle;
  }
  if (begin == 0) return nullptr;
  const Entry& entry = header->table[begin - 1];
  const std::uint8_t* function = pen_eh_frame_hdr + entry.function;
  const auto* frame = reinterpret_cast<const Frame*>(pen_eh_frame_hdr + entry.frame);
  if (at >= function + frame->function_bytes) return nullptr;
  *bases = {nullptr, nullptr, function};
  return frame;
}

/* ---- files ---- */

int _open(const char* path, int flags, int mode) __attribute__((weak));
int _open(const char* path, int flags, int mode) {
  (void)path, (void)flags, (void)mode;
  pen_unanswered("_open");
  errno = ENOENT;
  return -1;
}

/* ---- ends ---- */

void __cxa_pure_virtual() __attribute__((weak));
void __cxa_pure_virtual() {
  pen_host->finding(pen_host->target, PEN_FINDING_TERMINATED, "a pure virtual function is called", 0);
  abort();
}
void __cxa_deleted_virtual() __attribute__((weak));
void __cxa_deleted_virtual() {
  pen_host->finding(pen_host->target, PEN_FINDING_TERMINATED, "a deleted virtual function is called", 0);
  abort();
}
}

#endif
