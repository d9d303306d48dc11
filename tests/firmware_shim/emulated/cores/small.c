/* small.c - integers of all widths, divisions, shifts, floats and doubles in software, and a handler that shares a
 * counter with main(): what every Cortex-M has to make the same of. */
#include <stdint.h>
#include <string.h>

#include "pen_port.h"

static volatile uint32_t samples;
static volatile uint16_t last;
static uint32_t digest = 1;
static float low_pass = 0.1f;
static double integral;

static void mix(uint32_t value) { digest = (digest << 5 | digest >> 27) ^ (value * 2654435761u); }

static void sample(void) {
  last = pen_in.adc[0];
  ++samples;
}

static void integers(int32_t a, int32_t b) {
  mix((uint32_t)(a / b));
  mix((uint32_t)(a % b));
  mix((uint32_t)a / (uint32_t)b);
  mix((uint32_t)(((int64_t)a * b) >> 7));
  mix((uint32_t)(((int64_t)a * 1000003 + b) / (b + 3)));
  mix((uint32_t)(((uint64_t)(uint32_t)a << 29) % (uint32_t)(b + 11)));
  mix((uint32_t)(a >> (b & 15)) + ((uint32_t)a << (b & 31)));
  mix((uint32_t)__builtin_clz((uint32_t)a | 1u) * 64u + (uint32_t)__builtin_popcount((uint32_t)a));
  mix((uint32_t)(int8_t)a + (uint16_t)b);
  uint8_t bytes[8];
  memcpy(bytes + 1, &a, sizeof a);
  memcpy(&a, bytes + 1, sizeof a);
  mix((uint32_t)a);
}

static void reals(float x) {
  low_pass = low_pass * 0.97f + x * 0.03f;
  integral += (double)x / 3.0 - integral * 0.001;
  uint32_t bits;
  uint64_t wide;
  memcpy(&bits, &low_pass, sizeof bits);
  memcpy(&wide, &integral, sizeof wide);
  mix(bits);
  mix((uint32_t)wide ^ (uint32_t)(wide >> 32));
  mix((uint32_t)(int32_t)(low_pass * 1000.0f) + (uint32_t)(int64_t)(integral * 1e6));
  mix((uint32_t)(low_pass < x) + 2u * (integral >= (double)x));
}

int main(void) {
  uint32_t seen = 0;
  for (;;) {
    while (samples == seen) {
    }
    seen = samples;
    const int32_t value = last;
    integers((int32_t)((uint32_t)value * 1103515245u + seen), value % 97 + 1);
    reals((float)value * 0.001f - 1.9f);
    pen_out.aux[0] = (int32_t)digest;
    pen_out.aux[1] = (int32_t)seen;
    pen_out.aux[2] = (int32_t)(integral * 1e6);
    const char text = (char)('a' + digest % 26u);
    if (seen % 100 == 0) pen_uart_write(&text, 1);
  }
}

static const PenTask tasks[] = {{.run = sample, .period_us = 100, .priority = 1}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "small", .tick_us = 50, .main = main, .tasks = tasks, .task_count = 1};
