/* plain_waits.c - main loops over plain memory, none of it volatile; PenIn.aux[0] at the start says which. A handler
 * answers every millisecond; every answer goes to the hash with the clock at which main() saw it. Compiles as C and as
 * C++; builds at several levels of optimisation have to agree. */
#include <string.h>

#include "pen_port.h"

#define NOINLINE __attribute__((noinline))
#define BARRIER __asm volatile("" ::: "memory")

static uint32_t mode, answers, milliseconds;
/* Not static: a compiler that knows all accesses of a variable need not read it again behind a barrier. */
uint8_t flag, second_flag, urgent_flag;
uint32_t idle;
uint8_t* flag_at;
char dma[16];
const char nothing[16] = {0};
struct {
  uint8_t unused, ready;
  uint16_t count;
} state;

static void saw(void) {
  ++answers;
  pen_out.aux[0] = (int32_t)answers;
  pen_out.aux[1] = (int32_t)pen_clock_us();
}

static void tick_1ms(void) {
  ++milliseconds;
  flag = 1;
  if (milliseconds % 3 == 0) second_flag = 1;
  state.ready = 1;
  dma[3] = 1;
}

/* Less urgent than urgent_2ms, for which it waits. */
static void slow_10ms(void) {
  if (mode != 8) return;
  urgent_flag = 0;
  while (!urgent_flag) BARRIER;
  saw();
}
static void urgent_2ms(void) { urgent_flag = 1; }

NOINLINE static void step(void) {
  if (flag) {
    flag = 0;
    saw();
  }
}

NOINLINE static void step_with_counter(void) {
  ++idle;
  BARRIER;
  step();
}

/* ---- work that takes long and is no wait ---- */

static uint32_t crc_table[256];
static const uint8_t flash[4096] = {1, 2, 3};
static int32_t numbers[100];
static float matrix[3][8][8];

static uint32_t crc(void) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1u ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    crc_table[i] = c;
    BARRIER;
  }
  uint32_t c = ~0u;
  for (uint32_t i = 0; i < sizeof flash; ++i) {
    c = crc_table[(c ^ flash[i]) & 0xFFu] ^ (c >> 8);
    BARRIER;
  }
  return ~c;
}

static void sort(void) {
  for (int32_t i = 0; i < 100; ++i) numbers[i] = (i * 37) % 101;
  for (int32_t i = 0; i < 100; ++i)
    for (int32_t k = 0; k + 1 < 100 - i; ++k)
      if (numbers[k] > numbers[k + 1]) {
        int32_t t = numbers[k];
        numbers[k] = numbers[k + 1];
        numbers[k + 1] = t;
      }
}

static void multiply(void) {
  for (int n = 0; n < 20; ++n)
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 8; ++j) {
        float sum = 0.0f;
        for (int k = 0; k < 8; ++k) sum += matrix[0][i][k] * matrix[1][k][j];
        matrix[2][i][j] = sum;
        BARRIER;
      }
}

static void work(void) {
  uint32_t from_us = pen_clock_us(), sum = 0;
  for (int i = 0; i < 50; ++i) sum += crc();
  sort();
  multiply();
  pen_out.aux[2] = (int32_t)sum;
  pen_out.aux[3] = (int32_t)(pen_clock_us() - from_us);
}

int main(void) {
  mode = (uint32_t)pen_in.aux[0];
  flag_at = &flag;
  switch (mode) {
    case 0: /* through a function */
      for (;;) step();
    case 1: /* through a pointer */
      for (;;) {
        if (*flag_at) {
          *flag_at = 0;
          saw();
        }
        BARRIER;
      }
    case 2: /* behind a barrier */
      for (;;) {
        while (!flag) BARRIER;
        flag = 0;
        saw();
      }
    case 3: /* a member of a struct */
      for (;;) {
        if (state.ready) {
          state.ready = 0;
          ++state.count;
          saw();
        }
        BARRIER;
      }
    case 4: /* with a counter of idle rounds */
      for (;;) step_with_counter();
    case 5: /* two flags */
      for (;;) {
        step();
        if (second_flag) {
          second_flag = 0;
          pen_out.aux[4] = (int32_t)pen_clock_us();
        }
        BARRIER;
      }
    case 6: /* a function of the C library reads it */
      for (;;) {
        if (memcmp(dma, nothing, sizeof dma) != 0) {
          dma[3] = 0;
          saw();
        }
        BARRIER;
      }
    case 7: /* two places, in turn */
      for (;;) {
        while (!flag) BARRIER;
        flag = 0;
        saw();
        while (!second_flag) BARRIER;
        second_flag = 0;
        saw();
      }
    case 8: /* in a handler; main() sleeps */
      for (;;) pen_wait_for_interrupt();
    case 9: /* work, then a wait */
      for (;;) {
        work();
        while (!flag) BARRIER;
        flag = 0;
        saw();
      }
    case 10: /* nothing but the counter; the handlers do it all */
      for (;;) {
        ++idle;
        BARRIER;
      }
    case 11: /* nobody answers */
      while (!state.unused) BARRIER;
      break;
    case 12: /* work only: long enough to be looked at, many times */
      for (;;) {
        work();
        pen_wait_for_interrupt();
      }
    default:
      break;
  }
  return 0;
}

static const PenTask tasks[] = {
    {tick_1ms, 1000, 1000, 3, 0},
    {slow_10ms, 10000, 10000, 2, 0},
    {urgent_2ms, 2000, 1000, 1, 0},
};

#ifdef __cplusplus
extern "C"
#endif
    const PenPort pen_port = {
        PEN_PORT_VERSION, "plain_waits", 50, 0, 0, main, tasks, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
