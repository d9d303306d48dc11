// divide.h - an integer division that x86 traps, given the result that it has on a Cortex-M.
//
//   by zero, up to 32 bits   0, and the remainder is the dividend (SDIV, UDIV with DIV_0_TRP clear; a - 0*b)
//   by zero, 64 bits         what libgcc makes there: 0 for 0, else the largest number, or, for a negative dividend,
// the
//                            smallest; the remainder is 0
//   smallest number by -1    the smallest number, remainder 0
// Not as on every Cortex-M: one without a divider (M0, M0+) gives the largest number at 32 bits too.
#pragma once

#include <ucontext.h>

namespace pensim {

enum class Divided { no_division, by_zero, overflow };

// Looks at the instruction at RIP; writes its result into the registers and steps over it, unless it is no division, or
// one by zero with `by_zero_traps`: then nothing is changed. Called by a signal handler: touches nothing but `context`,
// the instruction and its operand.
Divided step_over_division(ucontext_t& context, bool by_zero_traps);

}  // namespace pensim
