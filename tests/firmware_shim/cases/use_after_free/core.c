#include <stdlib.h>

#include "board.h"
volatile uint32_t result;
int main(void) {
  board_delay_us(50000);
  uint32_t* volatile p = malloc(100);
  p[20] = 7;
  free(p);
  for (;;) {
    result = p[20];
    board_sleep();
  }
}
