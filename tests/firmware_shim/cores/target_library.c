/* What the target's data model, C library and divider make of the same source. pen_in.aux[0] asks, pen_out.aux
 * answers. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pen_port.h"

#define HIDE(value) __asm__ volatile("" : "+r"(value))
#define KIND(value) _Generic((value), int : 1, long : 2, unsigned : 3, unsigned long : 4, default : 0)

extern char _sbss, _ebss, _sdata, _edata, _end, end, _estack;
int __io_putchar(int character);

static char text[96];
static uint32_t at;
int __io_putchar(int character) {
  if (at < sizeof text - 1u) text[at++] = (char)character;
  return character;
}

struct Linked {
  struct Linked* next;
  long value;
};

static void sizes(void) {
  pen_out.aux[0] = sizeof(long) + 10 * sizeof(void*) + 100 * sizeof(size_t) + 1000 * sizeof(struct Linked);
  pen_out.aux[1] = sizeof(long double);
  pen_out.aux[2] = LONG_MAX == 2147483647L && (long)0xFFFFFFF0u < 0 && strtol("4294967295", NULL, 10) == LONG_MAX;
  pen_out.aux[3] = KIND((int32_t)0) * 1000 + KIND((uint32_t)0) * 100 + KIND((size_t)0) * 10 + KIND((intptr_t)0);
  volatile uint32_t micros = 20, next = 0xFFFFFFF0u;
  pen_out.aux[4] = (long)(micros - next) >= 0; /* over the wrap */
}

static void library(void) {
  at = 0;
  printf("%ld %" PRId32 " %.3f %zu\n", (long)-5, (int32_t)-7, 2.5, sizeof text);
  text[at] = 0;
  pen_out.aux[0] = strcmp(text, "-5 -7 2.500 96\n") == 0;
  volatile float x = 0.7f;
  float bits = sinf(x) + expf(x);
  memcpy((void*)&pen_out.aux[1], &bits, 4);
  char copy[4];
  pen_out.aux[2] = (int32_t)strlcpy(copy, "seven", sizeof copy) * 10 + (copy[3] == 0);
  char number[16];
  pen_out.aux[3] = strcmp(itoa(-255, number, 16), "ffffff01") == 0;
}

static void heap(void) {
  static uint32_t blocks;
  while (malloc(1000)) ++blocks;
  pen_out.aux[0] = (int32_t)blocks;
  pen_out.aux[1] = malloc(1u << 30) == NULL;
}

static void freed(void) {
  volatile uint32_t* block = malloc(64);
  block[4] = 7;
  volatile uint32_t* after = block;
  HIDE(after);
  free((void*)block);
  __asm__ volatile("" ::: "memory");
  pen_out.aux[0] = (int32_t)after[4];
}

static void divisions(void) {
  int32_t a = 7, zero = 0, smallest = INT32_MIN, minus_one = -1;
  int64_t wide = -9, wide_zero = 0;
  uint16_t half = 5, half_zero = 0;
  HIDE(a);
  HIDE(zero);
  HIDE(smallest);
  HIDE(minus_one);
  HIDE(wide);
  HIDE(wide_zero);
  HIDE(half);
  HIDE(half_zero);
  pen_out.aux[0] = a / zero;
  pen_out.aux[1] = a % zero;
  pen_out.aux[2] = smallest / minus_one;
  pen_out.aux[3] = wide / wide_zero == INT64_MIN;
  pen_out.aux[4] = (int32_t)((uint32_t)a / (uint32_t)zero);
  pen_out.aux[5] = half / half_zero;
  volatile int32_t in_memory[3] = {0, 0, 4};
  pen_out.aux[6] = a / in_memory[pen_in.aux[1]];
}

static void symbols(void) {
  static int in_bss, in_data = 3;
  char *bss = (char*)&in_bss, *data = (char*)&in_data;
  HIDE(bss);
  HIDE(data);
  pen_out.aux[0] = bss >= &_sbss && bss < &_ebss;
  pen_out.aux[1] = data >= &_sdata && data < &_edata;
  pen_out.aux[2] = &_end == &end && &_end >= &_ebss && &_estack - &_end == 65536;
}

static void tick(void) {
  switch (pen_in.aux[0]) {
    case 1:
      sizes();
      break;
    case 2:
      library();
      break;
    case 3:
      heap();
      break;
    case 4:
      freed();
      break;
    case 5:
      divisions();
      break;
    case 6:
      symbols();
      break;
    default:
      break;
  }
}

static const PenTask tasks[] = {{.run = tick, .period_us = 50}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "target_library", .tick_us = 50, .tasks = tasks, .task_count = 1};
