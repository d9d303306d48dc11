/* pen_fault.c - a core on a Cortex-M that crashes, ends itself or does not come back: registers and fault status for
 * the simulator. C11 with GNU assembler.
 *
 * Everything runs in thread mode on one stack, so the handlers find the core in the exception frame on it. They go on
 * on a stack of their own, which leaves the core's as it was: the simulator reads it for the calls that led there.
 * Faults are not enabled one by one: each arrives as HardFault, also where the core has masked interrupts. The slow
 * timer does not get through such a mask: a core that masks interrupts and loops is a link that is lost.
 *
 * Sources: Armv7-M Architecture Reference Manual, DDI 0403E: B1.5 (exceptions), B3.2 (SCB), B3.5 (MPU), ACTLR of the
 * Cortex-M4 TRM.
 */
#include <string.h>

#include "pen_board.h"
#include "runtime/pen_runtime.h"

#define REGISTER(address) (*(volatile uint32_t*)(address))
#define ACTLR REGISTER(0xE000E008u)
#define CCR REGISTER(0xE000ED14u)
#define CFSR REGISTER(0xE000ED28u)
#define HFSR REGISTER(0xE000ED2Cu)
#define MMFAR REGISTER(0xE000ED34u)
#define BFAR REGISTER(0xE000ED38u)
#define MPU_TYPE REGISTER(0xE000ED90u)
#define MPU_CTRL REGISTER(0xE000ED94u)
#define MPU_RBAR REGISTER(0xE000ED9Cu)
#define MPU_RASR REGISTER(0xE000EDA0u)
#define FPCCR REGISTER(0xE000EF34u)
#define NO_BUFFERED_WRITES 2u
#define DIV_0_TRP 0x10u
#define READ_ONLY (6u << 24)
#define NORMAL_MEMORY (1u << 19 | 1u << 17) /* not shared, write back */
#define NO_EXECUTION (1u << 28)
#define FRAME_WORDS 8u
#define FPU_WORDS 18u
#define STACK_WORDS 768u
#define GUARD_MOST 0x4000000u /* below the stack: also for large frames */

extern uint8_t pen_stack_begin[], pen_stack_end[];
extern const PenRuntime pen_runtime;

uint32_t pen_fault_saved[8]; /* r4..r11 */
uint64_t pen_fault_stack[STACK_WORDS / 2u];
static PenLinkRegisters registers;
static uint32_t ended_by; /* PEN_CRASH_EXIT or PEN_CRASH_ABORT, while it goes down */

static void protect(uint32_t number, uint32_t begin, uint32_t bytes, uint32_t rights) {
  uint32_t power = 0;
  while (bytes >> power > 1u) ++power;
  MPU_RBAR = begin | 0x10u | number;
  MPU_RASR = rights | (power - 1u) << 1 | 1u;
}

void pen_fault_begin(uint32_t flash, uint32_t flash_bytes) {
  ACTLR |= NO_BUFFERED_WRITES;
  if (pen_runtime.port->divide_by_zero_traps) CCR |= DIV_0_TRP;
  if ((MPU_TYPE >> 8 & 0xFFu) < 3u) return;
  if (flash_bytes) protect(0, flash, flash_bytes, READ_ONLY | NORMAL_MEMORY);
  protect(1, 0, 256, NO_EXECUTION);
  const uint32_t stack = (uint32_t)(uintptr_t)pen_stack_begin, aligned = stack & (0u - stack);
  const uint32_t guard = aligned < GUARD_MOST ? aligned : GUARD_MOST;
  if (guard >= 32u) protect(2, stack - guard, guard, NO_EXECUTION);
  MPU_CTRL = 5u; /* elsewhere memory is as without it */
  __asm volatile("dsb\n isb" ::: "memory");
}

/* In the handler, on the stack of faults. `frame` as the processor left it, if it could: the stack may be used up. */
__attribute__((used)) uint32_t* pen_fault_taken(const uint32_t* frame, uint32_t exception_return, uint32_t crash);
uint32_t* pen_fault_taken(const uint32_t* frame, uint32_t exception_return, uint32_t crash) {
  const uint32_t at = (uint32_t)(uintptr_t)frame;
  registers.stack_begin = (uint32_t)(uintptr_t)pen_stack_begin;
  registers.stack_end = (uint32_t)(uintptr_t)pen_stack_end;
  memcpy(&registers.r[4], pen_fault_saved, sizeof pen_fault_saved);
  const uint32_t words = exception_return & 0x10u ? FRAME_WORDS : FRAME_WORDS + FPU_WORDS;
  registers.r[13] = at + 4u * words;
  if (at >= registers.stack_begin && registers.r[13] <= registers.stack_end) {
    memcpy(&registers.r[0], frame, 16);
    registers.r[12] = frame[4];
    registers.r[14] = frame[5];
    registers.r[15] = frame[6];
    registers.xpsr = frame[7];
    if (registers.xpsr & 0x200u) registers.r[13] += 4u;
  } else {
    registers.r[14] = registers.r[15] = registers.xpsr = 0;
  }
  registers.cfsr = registers.hfsr = registers.mmfar = registers.bfar = 0;
  if (crash == PEN_CRASH_FAULT) {
    if (ended_by) crash = ended_by;
    registers.cfsr = CFSR;
    registers.hfsr = HFSR;
    registers.mmfar = MMFAR;
    registers.bfar = BFAR;
    CFSR = registers.cfsr; /* a one clears it */
    HFSR = registers.hfsr;
  }
  ended_by = 0;
  FPCCR &= ~1u; /* no late saving of the FPU into the stack that was left */
  /* The frame by which the handler returns: into pen_board_crashed, in thread mode. */
  uint32_t* back = (uint32_t*)pen_fault_stack + STACK_WORDS - FRAME_WORDS;
  back[0] = crash;
  back[1] = (uint32_t)(uintptr_t)&registers;
  back[5] = 0xFFFFFFFFu;
  back[6] = (uint32_t)(uintptr_t)pen_board_crashed & ~1u;
  back[7] = 0x01000000u;
  return back;
}

#define TAKE(crash)                        \
  "ldr r3, =pen_fault_saved\n"             \
  "stmia r3, {r4-r11}\n"                   \
  "mrs r0, msp\n"                          \
  "mov r1, lr\n"                           \
  "movs r2, #" crash                       \
  "\n"                                     \
  "ldr r3, =pen_fault_stack + 3072 - 32\n" \
  "msr msp, r3\n"                          \
  "bl pen_fault_taken\n"                   \
  "msr msp, r0\n"                          \
  "ldr lr, =0xFFFFFFF9\n"                  \
  "bx lr\n"

_Static_assert(STACK_WORDS * 4u == 3072u && PEN_CRASH_FAULT == 1 && PEN_CRASH_NO_RETURN == 2, "as TAKE has them");

__attribute__((naked)) void pen_fault(void) { __asm volatile(TAKE("1")); }

__attribute__((naked)) void pen_fault_slow(void) {
  __asm volatile(
      "push {r4, lr}\n"
      "bl pen_board_hangs\n"
      "pop {r4, lr}\n"
      "cbnz r0, 1f\n"
      "bx lr\n"
      "1:\n" TAKE("2"));
}

__attribute__((naked)) void pen_fault_here(PenLinkRegisters* registers_of_caller) {
  (void)registers_of_caller;
  __asm volatile(
      "add r1, r0, #16\n"
      "stmia r1, {r4-r11}\n"
      "bic r1, lr, #1\n"
      "strd lr, r1, [r0, #56]\n"
      "str sp, [r0, #52]\n"
      "bx lr\n");
}

/* ---- of the C library: a core that ends itself ---- */

static __attribute__((noreturn)) void go_down(uint32_t crash, uint32_t code) {
  ended_by = crash;
  registers.exit_code = code;
  __builtin_trap();
}

void _exit(int code);
void _exit(int code) { go_down(PEN_CRASH_EXIT, (uint32_t)code); }
int _getpid(void);
int _getpid(void) { return 1; }
int _kill(int process, int signal);
int _kill(int process, int signal) {
  (void)process;
  go_down(PEN_CRASH_ABORT, (uint32_t)signal);
}
void _fini(void); /* of exit() */
void _fini(void) {}
