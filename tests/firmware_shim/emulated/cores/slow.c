/* slow.c - functions at rates of which one does not finish in its tick: aux[0] counts its calls; aux[1] repeats aux[0]
 * of the input, after so many turns of a loop as aux[1] of the input says. */
#include "pen_port.h"

static int32_t calls;

static void control(void) {
  int32_t input = pen_in.aux[0], turns = pen_in.aux[1];
  for (int32_t i = 0; i < turns; ++i) __asm volatile("" ::: "memory");
  pen_out.aux[0] = ++calls;
  pen_out.aux[1] = input;
}

static const PenTask tasks[] = {{.run = control, .period_us = 50, .priority = 1}};
const PenPort pen_port = {.version = PEN_PORT_VERSION,
                          .name = "slow",
                          .tick_us = 50,
                          .tasks = tasks,
                          .task_count = 1,
                          .core_clock_Hz = 100000000};
