/* pen_costed.h - functions called at rates that take time, between the files of the runtime. C11. */
#ifndef PENSIM_PEN_COSTED_H
#define PENSIM_PEN_COSTED_H

#include "pen_runtime.h"

void pen_costed_tick(void);        /* edges and tasks of a tick, where the host knows what they cost */
void pen_costed_pend(uint8_t irq); /* pen_irq_set_pending() */

/* Of pen_runtime.c: calls a handler with the clock at clock_us; the microseconds that it delayed. */
uint32_t pen_rates_call(void (*run)(void), uint32_t clock_us, const PenEdge* edge);
int pen_rates_enabled(uint8_t irq); /* its line */
int pen_rates_masked(void);

#endif
