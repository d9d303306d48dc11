/* pen_assembler.c - behind pen_assembler.h: calls out of inline assembler, which knows nothing of them; every
 * register is
 * kept. */
#ifdef PEN_CORE_WAITS
#include "pen_waiting.h"
#else
#include "pen_runtime.h"
#endif

#if defined(__x86_64__)

void pen_asm_barrier_here(void);
void pen_asm_barrier_here(void) {
#ifdef PEN_CORE_WAITS
  pen_settle();
#endif
}

#define KEEP(name, function)                                                                                   \
  __asm__(                                                                                                     \
      ".pushsection .text.pen_asm, \"ax\", @progbits\n"                                                        \
      ".globl " name "\n .hidden " name "\n .type " name ", @function\n" name                                  \
      ":\n"                                                                                                    \
      "  pushfq\n  pushq %rax\n  pushq %rcx\n  pushq %rdx\n  pushq %rsi\n  pushq %rdi\n"                       \
      "  pushq %r8\n  pushq %r9\n  pushq %r10\n  pushq %r11\n  pushq %rbp\n"                                   \
      "  movq %rsp, %rbp\n  subq $512, %rsp\n  andq $-64, %rsp\n  fxsave64 (%rsp)\n  call " function           \
      "\n"                                                                                                     \
      "  fxrstor64 (%rsp)\n  movq %rbp, %rsp\n  popq %rbp\n  popq %r11\n  popq %r10\n  popq %r9\n  popq %r8\n" \
      "  popq %rdi\n  popq %rsi\n  popq %rdx\n  popq %rcx\n  popq %rax\n  popfq\n  ret\n"                      \
      ".size " name ", . - " name "\n.popsection\n")

KEEP("pen_asm_barrier", "pen_asm_barrier_here");
KEEP("pen_asm_sleep", "pen_wait_for_interrupt");
KEEP("pen_asm_mask", "pen_disable_interrupts");
KEEP("pen_asm_unmask", "pen_enable_interrupts");

#endif
