/* switching.c - a tick handler that switches to a task by means of its own (swapcontext), which waits for the next two
 * ticks. */
#define _GNU_SOURCE
#include <ucontext.h>

#include "pen_port.h"

static ucontext_t idle, task;
static char stack[65536];
static volatile uint32_t ticks, in_task;

static void work(void) {
  for (;;) {
    uint32_t from = ticks;
    while (ticks - from < 2) {
    }
    ++pen_out.aux[0];
    in_task = 0;
    swapcontext(&task, &idle);
  }
}

static void tick_1ms(void) {
  ++ticks;
  pen_out.aux[1] = (int32_t)ticks;
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
  for (;;) pen_wait_for_interrupt();
}

static const PenTask tasks[] = {{.run = tick_1ms, .period_us = 1000, .phase_us = 1000, .priority = 4}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "switching", .tick_us = 50, .main = main, .tasks = tasks, .task_count = 1};
