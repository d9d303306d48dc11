// backtrace.h - functions and lines from registers and a copied piece of stack (elfutils libdwfl), after the process is
// gone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pensim {

struct Frame {
  std::uint64_t pc = 0;
  std::string function;  // "" if unknown; an inlined function has a frame of its own
  std::string file;      // as short as the compiler had it, relative to its directory where possible
  int line = 0;          // 0: unknown
  std::string module;    // file name of the object, without directories
  bool in_core = false;
};

// x86-64, DWARF numbering: rax rdx rcx rbx rsi rdi rbp rsp r8..r15 rip.
using Registers = std::array<std::uint64_t, 17>;
inline constexpr std::size_t reg_rbp = 6, reg_rsp = 7, reg_rip = 16;

// The C++ name of a function or type as it is written; what is no such name as it is.
std::string demangled(const char* name);

struct StackCopy {
  std::uint64_t address = 0;  // of the first byte
  std::vector<unsigned char> bytes;
};

// `maps` is the text of /proc/PID/maps of the dead process. A line of it whose addresses overlap `core_ranges` is taken
// to be the core, whose names come from `core_file`. At most `limit` frames. A pc that lies in no object (a call of
// rubbish) is one frame without a name, and the walk goes on at the return address on top of the stack. Never throws
// for rubbish in registers, stack or maps.
std::vector<Frame> backtrace(const Registers&, const StackCopy&, const std::string& maps, const std::string& core_file,
                             std::uint64_t core_begin, std::uint64_t core_end, std::size_t limit = 64);

// The same for a Cortex-M whose memory can still be read: r0..r15 (pc is the instruction itself), through frames of
// exceptions on either stack. `read` gives a word of memory, false where there is none.
using ArmWords = std::array<std::uint32_t, 16>;
std::vector<Frame> arm_backtrace(const ArmWords& registers, std::uint32_t process_stack,
                                 const std::function<bool(std::uint32_t address, std::uint32_t& word)>& read,
                                 const std::string& core_file, std::size_t limit = 64);

}  // namespace pensim
