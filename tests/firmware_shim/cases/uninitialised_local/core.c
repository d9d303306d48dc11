/* A result that depends on an uninitialised local and on the heap. --twice must see it. */
#include <stdlib.h>

#include "board.h"
volatile uint32_t result;
__attribute__((noinline)) static uint32_t stale(void) {
  uint32_t x[8];
  __asm volatile("" : "=m"(x));
  return x[3];
}
int main(void) {
  for (;;) {
    result = stale() & 0xFFFFFF;
    board_motor((int)(result & 0x3FFF));
    board_sleep();
  }
}
