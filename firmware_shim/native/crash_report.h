// crash_report.h - what the crash handler writes and explain_crash reads: the layout of the file in memory. Internal to
// crash*.cpp.
//
//   0                      CrashRecord, sealed by a sum
//   crash_stack_offset     up to crash_stack_bytes of the stack
//   crash_maps_offset      /proc/self/maps of the child at its end
#pragma once

#include <cstddef>
#include <cstdint>

#include "firmware_shim/native/backtrace.h"
#include "firmware_shim/native/crash.h"

namespace pensim {

inline constexpr std::uint64_t crash_magic = 0x48534152'434e4550ull;
inline constexpr std::int64_t crash_stack_offset = 4096;
inline constexpr std::size_t crash_stack_bytes = 65536;
inline constexpr std::int64_t crash_maps_offset = crash_stack_offset + static_cast<std::int64_t>(crash_stack_bytes);
inline constexpr std::size_t crash_ranges = 16;

enum class CrashEnd : std::uint32_t {
  installed = 1,  // nothing happened yet
  completed,
  signal,        // signal, code, fault_address, error_code
  exit,          // of the core: exit_code
  refused_call,  // code: its number; architecture: whose
  exit_outside,  // of the simulator, not completed: exit_code
  hang_cpu,      // the CPU-time guard
  hang_blocked,  // inside one system call
  hang_waiting,  // StepReport.hang
  target,        // a TargetFault, as text where the maps would be
};

struct CrashRecord {
  std::uint64_t magic;
  CrashEnd end;
  std::uint32_t filter;       // 1: the exit filter is in place
  std::int32_t signal, code;  // siginfo
  std::int32_t exit_code;
  std::uint32_t own_stack;  // 1: the core runs on a stack of its own
  std::uint32_t architecture;  // of a system call, AUDIT_ARCH_*
  std::uint32_t unused;
  std::uint64_t fault_address;
  std::uint64_t error_code;     // of a page fault: bit 1 write, bit 4 instruction fetch
  std::uint64_t trap;           // 14: page fault, 13: general protection
  std::uint64_t registers[17];  // DWARF order
  std::int64_t tick;
  std::uint64_t tick_check, inside;
  std::uint64_t stack_address;  // of the first byte copied
  std::uint32_t stack_bytes, maps_bytes;
  std::uint32_t core_count, locked;
  CrashRange stack, guard_below, guard_above;
  CrashRange core[crash_ranges];
  std::uint64_t wait_addresses[2];  // hang_waiting
  char note[256];                   // crash_note
  std::uint64_t sum;                // of all before
};
static_assert(sizeof(CrashRecord) < 4096);

// FNV-1a over words; the handler cannot call anybody's library.
inline std::uint64_t crash_sum(const CrashRecord& record) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  const auto* p = reinterpret_cast<const unsigned char*>(&record);
  for (std::size_t i = 0; i < offsetof(CrashRecord, sum); ++i) h = (h ^ p[i]) * 0x100000001b3ull;
  return h;
}

}  // namespace pensim
