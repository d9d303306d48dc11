/* Port of the probe: every tick, and every edge of every line. */
#include "pen_port.h"
#include "probe.h"

#define EDGES(which) \
  { .run = probe_edge, .line = which, .rising = 1, .falling = 1 }

static const PenTask tasks[] = {{.run = probe_tick, .period_us = 50}};
static const PenInterrupt interrupts[] = {
    EDGES(PEN_LINE_HALL),  EDGES(PEN_LINE_START),     EDGES(PEN_LINE_PLUS),
    EDGES(PEN_LINE_MINUS), EDGES(PEN_LINE_MODE),      EDGES(PEN_LINE_CONFIRM),
    EDGES(PEN_LINE_HOME),  EDGES(PEN_LINE_CARTRIDGE), EDGES(PEN_LINE_CHARGER),
};
_Static_assert(sizeof interrupts / sizeof *interrupts == PEN_LINE_COUNT, "the probe listens to every line");

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "probe",
    .tick_us = 50,
    .tasks = tasks,
    .task_count = 1,
    .interrupts = interrupts,
    .interrupt_count = PEN_LINE_COUNT,
};
