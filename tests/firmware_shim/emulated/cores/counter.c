/* counter.c - a 64-bit counter that a handler carries over from its low into its high word while main() reads both by
 * plain accesses: the reading is torn if the handler comes in between. aux[0]: how often the time went backwards;
 * aux[1]: how often it was read; aux[2]: 0. */
#include "pen_port.h"

static struct { uint32_t low, high; } ticks;
static int32_t backwards, readings;

static void tick(void) {
  ticks.low += 0x40000001u;
  if (ticks.low < 0x40000001u) ++ticks.high;
}

static uint64_t now(void) {
  uint32_t high = ticks.high;
  __asm volatile("" ::: "memory"); /* as across a call: two loads */
  uint32_t low = ticks.low;
  return (uint64_t)high << 32 | low;
}

/* What stands under a condition that does not hold is left out, also when the handler comes in between. */
static uint32_t left_out(uint32_t count) {
#ifdef __arm__
  __asm volatile(
      "cmp %0, %0\n"
      "itttt ne\n"
      "addne %0, #1\n"
      "addne %0, #1\n"
      "addne %0, #1\n"
      "addne %0, #1\n"
      : "+r"(count)::"cc");
  __asm volatile(/* the flags of a float comparison survive the handler */
                 "vmov.f32 s0, #1.0\n"
                 "vcmp.f32 s0, s0\n"
                 "nop\n"
                 "nop\n"
                 "nop\n"
                 "nop\n"
                 "vmrs APSR_nzcv, fpscr\n"
                 "it ne\n"
                 "addne %0, #16\n"
                 : "+r"(count)::"s0", "cc");
#endif
  return count;
}

int main(void) {
  uint64_t last = 0;
  for (;;) {
    uint64_t read = now();
    if (read < last) ++backwards;
    last = read;
    ++readings;
    pen_out.aux[2] = (int32_t)left_out((uint32_t)pen_out.aux[2]);
    for (int32_t i = readings % 13; i; --i) __asm volatile("" ::: "memory"); /* the handler comes everywhere */
    pen_out.aux[0] = backwards;
    pen_out.aux[1] = readings;
    (void)pen_in.pins; /* it waits here: ideal time passes */
  }
}

static const PenTask tasks[] = {{.run = tick, .period_us = 50, .priority = 1}};
const PenPort pen_port = {.version = PEN_PORT_VERSION,
                          .name = "counter",
                          .tick_us = 50,
                          .main = main,
                          .tasks = tasks,
                          .task_count = 1,
                          .core_clock_Hz = 48000000};
