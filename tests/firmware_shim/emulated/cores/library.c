/* library.c - the C library and libm, each tick anew: bits of floats and doubles into aux, text to the UART. Native and
 * ARM have to agree to the bit. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pen_port.h"

int __io_putchar(int character);
int __io_putchar(int character) {
  const char byte = (char)character;
  pen_uart_write(&byte, 1);
  return character;
}

typedef struct Node {
  struct Node* next;
  uint32_t value, size;
} Node;
static Node* list;
static uint32_t digest = 2166136261u;

static void mix(const void* bytes, uint32_t count) {
  const uint8_t* byte = bytes;
  while (count--) digest = (digest ^ *byte++) * 16777619u;
}
static void mix_float(float value) { mix(&value, sizeof value); }
static void mix_double(double value) { mix(&value, sizeof value); }

static void floats(float x) {
  mix_float(sinf(x * 3.0f));
  mix_float(cosf(x * 40.0f));
  mix_float(tanf(x));
  mix_float(expf(x * 0.7f));
  mix_float(logf(fabsf(x) + 0.01f));
  mix_float(powf(fabsf(x) + 0.1f, 1.7f));
  mix_float(atan2f(x, 0.3f));
  mix_float(sqrtf(fabsf(x)));
  mix_float(fmodf(x * 17.0f, 0.37f));
  mix_float(tanhf(x));
  mix_float(hypotf(x, 1.3f));
}

static void doubles(double x) {
  mix_double(sin(x));
  mix_double(exp(x * 0.3));
  mix_double(log(fabs(x) + 0.01));
  mix_double(pow(fabs(x) + 0.1, 0.37));
  mix_double(atan(x));
  mix_double(sqrt(fabs(x)));
}

static void text(float x, int32_t number) {
  char line[96], *end;
  int length = snprintf(line, sizeof line, "%f %.3e %g %ld %" PRIu32 " %08lx %5.1f%% %s", (double)x, (double)x * 1e-9,
                        (double)x * 1e6, (long)number, (uint32_t)number, (unsigned long)number, (double)x, "end");
  mix(line, (uint32_t)length);
  mix_double(strtod(line, &end));
  mix_float(strtof(end, NULL));
}

/* Blocks of random sizes, kept in a list; some are freed, in the middle of it. No address is an output. */
static void heap(void) {
  const uint32_t size = sizeof(Node) + (uint32_t)rand() % 700u;
  Node* node = malloc(size);
  if (node) {
    *node = (Node){list, (uint32_t)rand(), size};
    list = node;
  } else {
    ++pen_out.aux[4];
  }
  for (Node** at = &list; *at; at = &(*at)->next) {
    if (((*at)->value + (uint32_t)pen_in.adc[1]) % 61u == 0 || (!node && rand() % 2)) {
      Node* gone = *at;
      *at = gone->next;
      mix(&gone->value, sizeof gone->value);
      free(gone);
      if (!*at) break;
    }
  }
}

static int compare(const void* a, const void* b) { return *(const int16_t*)a - *(const int16_t*)b; }

static void tick(void) {
  static uint32_t ticks;
  ++ticks;
  const float x = ((float)pen_in.adc[0] - 1900.0f) * 0.00371f;
  floats(x);
  doubles((double)x * 1.0000001);
  text(x, (int32_t)(pen_in.adc[0] * 100003u) - 190000000);
  heap();
  int16_t values[8];
  for (int i = 0; i < 8; ++i) values[i] = (int16_t)rand();
  qsort(values, 8, sizeof values[0], compare);
  mix(values, sizeof values);
  const float sine = sinf(x), exponential = expf(x);
  memcpy((void*)&pen_out.aux[0], &digest, 4);
  memcpy((void*)&pen_out.aux[1], &sine, 4);
  memcpy((void*)&pen_out.aux[2], &exponential, 4);
  pen_out.aux[3] = rand();
  if (ticks % 50 == 0) printf("%.3f ", (double)sine); /* newlib keeps it until the line is complete */
  if (ticks % 150 == 0) printf("%ld\n", (long)(int32_t)digest);
}

static const PenTask tasks[] = {{.run = tick, .period_us = 50}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "library", .tick_us = 50, .tasks = tasks, .task_count = 1};
