/* watched.c - a main() that starts a watchdog and kicks it every tick. At PenIn.aux[0] == 1 it waits for what never
 * comes, but not again after a reset by the watchdog; at 2 after every reset. */
#include "pen_port.h"

static volatile unsigned never;

static void wait_for_never(void) {
  while (!never) {
  }
}

static int firmware_main(void) {
  pen_out.watchdog |= PEN_WATCHDOG_START;
  pen_out.watchdog_timeout_ms = 20;
  for (;;) {
    pen_out.watchdog |= PEN_WATCHDOG_KICK;
    ++pen_out.aux[0];
    if (pen_in.aux[0] == 2 || (pen_in.aux[0] == 1 && pen_in.reset_cause != PEN_RESET_WATCHDOG)) wait_for_never();
    pen_wait_for_interrupt();
  }
  return 0;
}

static void system_tick(void) {}
static const PenTask tasks[] = {{.run = system_tick, .period_us = 50}};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "watched",
    .tick_us = 50,
    .main = firmware_main,
    .tasks = tasks,
    .task_count = 1,
};
