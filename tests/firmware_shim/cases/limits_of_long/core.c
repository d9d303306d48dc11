/* abs() of a long, labs, strtoul of 0xFFFFFFFF, LONG_MAX: 32 bit on the target. */
#include <limits.h>
#include <stdlib.h>

#include "board.h"
volatile uint32_t result;
volatile uint32_t big = 0xFFFFFFF0u;
int main(void) {
  long v = (long)big;
  result = (v < 0) + 2 * (LONG_MAX == 2147483647L) + 4 * (strtol("4294967295", 0, 10) == 2147483647L);
  for (;;) board_sleep();
} /* 7 on the target */
