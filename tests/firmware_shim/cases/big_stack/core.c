/* 300 KiB on the stack: more than the 256 KiB of main(). */
#include <string.h>

#include "board.h"
volatile uint32_t result;
static uint32_t work(void) {
  volatile uint8_t big[300 * 1024];
  memset((void*)big, 1, sizeof big);
  return big[7];
}
int main(void) {
  board_delay_us(1000);
  for (;;) {
    result += work();
    board_sleep();
  }
}
