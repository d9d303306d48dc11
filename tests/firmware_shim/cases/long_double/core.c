#include <stdio.h>
#include <string.h>

#include "board.h"
volatile uint32_t result;
char text[40];
int main(void) {
  snprintf(text, sizeof text, "%.3f %.2Lf", 1.5, (long double)2.25);
  result = sizeof(long double) * 10 + (strcmp(text, "1.500 2.25") == 0);
  for (;;) board_sleep();
}
