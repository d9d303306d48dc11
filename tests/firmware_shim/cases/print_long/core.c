/* newlib's int32_t is a long, so firmware prints it with %ld. */
#include <stdio.h>
#include <string.h>

#include "board.h"
volatile uint32_t result;
char text[32];
static int32_t speed(void) { return board_start() ? -5 : -5; }
int main(void) {
  snprintf(text, sizeof text, "%ld", speed());
  result = strcmp(text, "-5") == 0 ? 1 : 2;
  printf("v=%ld t=%lu\n", speed(), (uint32_t)4000000000u);
  for (;;) board_sleep();
}
