/* kernel.c - a little preemptive kernel as an RTOS port would have it: three tasks by priority, a tick, a semaphore
 * that a
 * handler gives. What each task did goes to aux. */
#include "pen_port.h"
#include "pen_threads.h"

enum { URGENT, MIDDLE, IDLE, TASKS };
typedef struct {
  PenThread* thread;
  volatile uint32_t wake_tick; /* 0: ready; UINT32_MAX: waits for the semaphore */
} Task;

static Task tasks[TASKS];
static volatile uint32_t ticks, semaphore, counts[TASKS], current, preempted;

static PenThread* choose(void) {
  for (uint32_t i = 0; i < TASKS; ++i)
    if (tasks[i].wake_tick == 0) {
      if (current == IDLE && i < IDLE) ++preempted;
      current = i;
      return tasks[i].thread;
    }
  return 0;
}

static void sleep_until(uint32_t task, uint32_t tick) {
  uint32_t before = pen_mask_interrupts();
  tasks[task].wake_tick = tick;
  pen_thread_request_switch();
  pen_unmask_interrupts(before);
}

static void urgent(void* argument) { /* every second tick */
  for (;;) {
    sleep_until(URGENT, ticks + 2u);
    pen_out.aux[0] = (int32_t)++counts[URGENT];
    uint32_t from = ticks;
    if (counts[URGENT] % 50 == 0)
      while (ticks - from < 1) { /* ticks go on while a task that the tick woke runs */
      }
    (void)argument;
  }
}

static void middle(void* argument) { /* whenever the handler gives the semaphore */
  for (;;) {
    while (!semaphore) sleep_until(MIDDLE, UINT32_MAX);
    semaphore = 0;
    pen_out.aux[1] = (int32_t)++counts[MIDDLE];
    pen_out.aux[4] = *(const int32_t*)argument;
  }
}

static void idle(void* argument) {
  (void)argument;
  for (;;) {
    ++counts[IDLE];
    pen_out.aux[2] = counts[IDLE] > 100;
    pen_out.aux[3] = (int32_t)preempted;
    __asm volatile("" ::: "memory");
  }
}

static void tick_1ms(void) {
  ++ticks;
  for (uint32_t i = 0; i < IDLE; ++i)
    if (tasks[i].wake_tick == ticks) {
      tasks[i].wake_tick = 0;
      pen_thread_request_switch();
    }
}

static void give_5ms(void) {
  semaphore = 1;
  if (tasks[MIDDLE].wake_tick == UINT32_MAX) tasks[MIDDLE].wake_tick = 0;
  pen_thread_request_switch();
}

int main(void) {
  static const int32_t given = 77;
  void (*const entry[TASKS])(void*) = {urgent, middle, idle};
  for (uint32_t i = 0; i < TASKS; ++i) tasks[i].thread = pen_thread_create(entry[i], (void*)(uintptr_t)&given, 0);
  pen_out.aux[5] = pen_thread_create(idle, 0, 1u << 20) == 0; /* no room for that */
  current = IDLE;
  pen_threads_start(choose);
  return 0;
}

static const PenTask interrupts[] = {
    {.run = tick_1ms, .period_us = 1000, .phase_us = 1000, .priority = 15},
    {.run = give_5ms, .period_us = 5000, .phase_us = 5000, .priority = 5},
};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "kernel", .tick_us = 50, .main = main, .tasks = interrupts, .task_count = 2};
