/* stale.c - decides its duty by a local that it never wrote; with RIGHT it has written it. */
#include "pen_port.h"

static volatile uint32_t result;

__attribute__((noinline)) static uint32_t stale(void) {
  uint32_t x[8];
#ifdef RIGHT
  for (int i = 0; i < 8; ++i) x[i] = (uint32_t)i;
#endif
  __asm volatile("" : "+m"(x)); /* the compiler does not know that nobody wrote it */
  return x[3];
}

static void decide(void) {
  result = stale() & 0x3FFFu;
  pen_out.duty_q15 = (int16_t)result;
}

#ifdef PEN_CORE_WAITS
static __attribute__((noinline)) void board_sleep(void) { pen_wait_for_interrupt(); }

int run(void);
int run(void) {
  for (;;) {
    decide();
    board_sleep();
  }
  return 0;
}

#endif

static void tick(void) {
#ifndef PEN_CORE_WAITS
  decide();
#endif
}

static const PenTask tasks[] = {{.run = tick, .period_us = 1000, .priority = 1}};
const PenPort pen_port = {.version = PEN_PORT_VERSION,
                          .name = "stale",
                          .tick_us = 50,
#ifdef PEN_CORE_WAITS
                          .main = run,
#endif
                          .tasks = tasks,
                          .task_count = 1};
