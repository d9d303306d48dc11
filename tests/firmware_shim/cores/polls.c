/* polls.c - waits in every way there is; built by several compilers at several levels of optimisation, which have to
 * agree on every byte of PenOut. Compiles as C and as C++. */
#include "pen_port.h"

static volatile uint32_t milliseconds, edges;
static volatile uint8_t third, ready;
static volatile uint16_t table[4] = {1, 2, 3, 4};
static uint32_t lock, turns;
static uint32_t sum, handler_sum, edge_clock_us;
static struct {
  volatile uint32_t status;
  uint32_t plain;
} device;

static void tick_1ms(void) {
  milliseconds = milliseconds + 1;
  if (milliseconds % 3 == 0) third = 1;
  if (milliseconds % 7 == 0) device.status = device.status | 2u;
}

/* Less urgent than the millisecond: waits for it to come on top. */
static void slow_10ms(void) {
  uint32_t from = milliseconds;
  while (milliseconds - from < 2) handler_sum += table[handler_sum & 3u];
  __atomic_store_n(&lock, 0u, __ATOMIC_RELEASE);
  ready = 1;
}

static void hall(void) {
  edges = edges + 1;
  edge_clock_us = pen_clock_us();
  pen_out.aux[6] = (int32_t)(edge_clock_us - pen_edge()->time_us);
}

int main(void) {
  uint32_t stroke = 0;
  for (;;) {
    while (!third) {
    }
    third = 0;
    for (uint32_t i = 0; i < 20; ++i) sum = sum * 31u + table[i & 3u] + device.status;
    if (device.status & 2u) {
      device.status = device.status & ~2u;
      pen_delay_us(130);
    }
    if (ready) {
      ready = 0;
      while (__atomic_exchange_n(&lock, 1u, __ATOMIC_ACQUIRE) != 0u) ++turns;
    }
    if (edges != stroke) {
      stroke = edges;
      while (!(pen_in.pins & (1u << PEN_LINE_START))) sum += pen_in.adc[0];
    }
    volatile uint32_t local = 0; /* on the stack: clang announces it, for gcc the plugin does */
    for (int i = 0; i < 5; ++i) local = local + table[i & 3];
    if ((milliseconds & 31u) == 0) pen_wait_for_interrupt();
    pen_out.aux[0] = (int32_t)sum;
    pen_out.aux[1] = (int32_t)pen_clock_us();
    pen_out.aux[2] = (int32_t)local;
    pen_out.aux[3] = (int32_t)handler_sum;
    pen_out.aux[4] = (int32_t)stroke;
    pen_out.aux[5] = (int32_t)(turns + ++device.plain);
  }
}

static const PenTask tasks[] = {
    {tick_1ms, 1000, 1000, 1, 0},
    {slow_10ms, 10000, 0, 3, 0},
};
static const PenInterrupt interrupts[] = {{hall, PEN_LINE_HALL, 1, 0, 0, 0}};

#ifdef __cplusplus
extern "C"
#endif
    const PenPort pen_port = {
        PEN_PORT_VERSION, "polls", 50, 0, 0, main, tasks, 2, interrupts, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
