// processor.h - the state of the processor that survives a return: a core has its own, and the simulator has its own.
//
// Rounding, flushing of small numbers to zero, masked exceptions (MXCSR, x87 control word) are a core's to set, as its
// FPSCR is on the target: they hold until it changes them or is reset, and are the simulator's never. The stack of the
// x87 is empty, and the flags DF, AC, NT are clear, wherever the simulator runs.
#pragma once

#include <cstdint>

namespace pensim {

struct FloatState {
  std::uint32_t mxcsr = 0x1F80;
  std::uint16_t x87 = 0x037F;
  bool operator==(const FloatState&) const = default;
};

// Sticky flags of the MXCSR are no state: nobody's results depend on them.
inline FloatState float_state() {
  constexpr std::uint32_t sticky = 0x3F;
  FloatState s;
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(s.mxcsr), "=m"(s.x87));
  s.mxcsr &= ~sticky;
  return s;
}

inline void set_float_state(const FloatState& s) {
  __asm__ volatile("ldmxcsr %0\n\tfnclex\n\tfldcw %1" : : "m"(s.mxcsr), "m"(s.x87));
}

// After the core: the simulator's state. The core's comes back; bits of the flags that it had left set.
inline constexpr std::uint64_t direction_flag = 0x400, nested_flag = 0x4000, alignment_flag = 0x40000;
inline std::uint64_t take_processor(FloatState& of_core) {
  constexpr std::uint64_t watched = direction_flag | nested_flag | alignment_flag;
  const std::uint64_t flags = __builtin_ia32_readeflags_u64(), left = flags & watched;
  if (left) __builtin_ia32_writeeflags_u64(flags & ~watched);
  of_core = float_state();
  if (of_core != FloatState{}) set_float_state({});
  __asm__ volatile("emms");
  return left;
}

// Before the core.
inline void give_processor(const FloatState& of_core) {
  if (of_core != FloatState{}) set_float_state(of_core);
}

}  // namespace pensim
