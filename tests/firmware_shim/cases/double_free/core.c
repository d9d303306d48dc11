#include <stdlib.h>

#include "board.h"
volatile uint32_t result;
int main(void) {
  board_delay_us(50000);
  char* volatile p = malloc(100);
  free(p);
  free(p);
  result = 1;
  for (;;) board_sleep();
}
