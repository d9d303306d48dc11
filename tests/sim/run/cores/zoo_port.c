/* zoo_port.c - runs the variables of symbols_zoo: every tick its functions count on. */
#include "pen_port.h"

unsigned zoo_run(void);
int zoo_cpp(void);

static void tick(void) {
  pen_out.aux[0] = (int32_t)zoo_run();
  pen_out.aux[1] = zoo_cpp();
}

static const PenTask tasks[] = {{.run = tick, .period_us = 50}};

const PenPort pen_port = {.version = PEN_PORT_VERSION, .name = "zoo", .tick_us = 50, .tasks = tasks, .task_count = 1};
