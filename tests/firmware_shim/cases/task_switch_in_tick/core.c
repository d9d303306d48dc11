/* A little preemptive scheduler, as a port of an RTOS to a PC has it: the tick handler switches from the idle task to a
 * task that waits for two more ticks. */
#include <ucontext.h>

#include "board.h"
static ucontext_t idle, task;
static char stack[65536];
static volatile uint32_t ticks;
volatile uint32_t result;
static int in_task;
static void work(void) {
  for (;;) {
    uint32_t t = ticks;
    while (ticks - t < 2) {
    }
    ++result;
    in_task = 0;
    swapcontext(&task, &idle);
  }
}
void tick_isr(void) {
  ++ticks;
  if (ticks % 10 == 0 && !in_task) {
    in_task = 1;
    swapcontext(&idle, &task);
  }
}
int main(void) {
  getcontext(&task);
  task.uc_stack.ss_sp = stack;
  task.uc_stack.ss_size = sizeof stack;
  makecontext(&task, work, 0);
  for (;;) board_sleep();
}
