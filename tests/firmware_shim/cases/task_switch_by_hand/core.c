/* The same scheduler where pointers have 4 bytes: its own switch, in assembler of the PC. */
#include "board.h"
static char stack[65536] __attribute__((aligned(16)));
static uintptr_t idle, task;
static volatile uint32_t ticks;
volatile uint32_t result;
static int in_task;
void switch_stacks(uintptr_t* from, uintptr_t to);
__asm__(
    ".text\n.globl switch_stacks\n.type switch_stacks, @function\n"
    "switch_stacks:\n"
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  movl %esp, (%edi)\n"
    "  movl %esi, %esp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
    "  ret\n"
    ".size switch_stacks, . - switch_stacks\n");
static void work(void) {
  for (;;) {
    uint32_t t = ticks;
    while (ticks - t < 2) {
    }
    ++result;
    in_task = 0;
    switch_stacks(&task, idle);
  }
}
void tick_isr(void) {
  ++ticks;
  if (ticks % 10 == 0 && !in_task) {
    in_task = 1;
    switch_stacks(&idle, task);
  }
}
int main(void) {
  uint64_t* top = (uint64_t*)(stack + sizeof stack) - 1; /* a function begins 8 bytes off a multiple of 16 */
  *--top = (uintptr_t)work;
  task = (uintptr_t)(top - 6);
  for (;;) board_sleep();
}
