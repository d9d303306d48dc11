/* Port of misbehave: called every tick; with MISBEHAVE_MAIN, from a main() that never returns. */
#include "misbehave.h"
#include "pen_port.h"

#ifdef MISBEHAVE_MAIN
static int firmware_main(void) {
  for (;;) {
    control();
    pen_wait_for_interrupt();
  }
  return 0;
}
static void system_tick(void) {}
static const PenTask tasks[] = {{.run = system_tick, .period_us = 50}};
#else
static const PenTask tasks[] = {{.run = control, .period_us = 50}};
#endif

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "misbehave",
    .tick_us = 50,
#ifdef MISBEHAVE_MAIN
    .main = firmware_main,
#endif
    .tasks = tasks,
    .task_count = 1,
    .divide_by_zero_traps = 1,
};
