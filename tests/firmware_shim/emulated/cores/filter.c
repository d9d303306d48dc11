/* filter.c - a filter whose result depends on whether a*b+c is one rounding or two: with CONTRACTED, on the ARM side
 * only. */
#include "pen_port.h"

static float state = 0.1f;

static void filter(void) {
  float gain = 0.9999f, input = (float)pen_in.adc[0] * 0.001f;
#if defined CONTRACTED && defined __arm__
  state = __builtin_fmaf(state, gain, input);
#else
  state = state * gain + input;
#endif
  pen_out.aux[0] = (int32_t)(state * 1e6f);
}

static const PenTask tasks[] = {{.run = filter, .period_us = 50}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "filter", .tick_us = 50, .tasks = tasks, .task_count = 1};
