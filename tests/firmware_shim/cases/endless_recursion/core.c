#include "board.h"
volatile uint32_t result;
__attribute__((noinline)) static int deep(int n) {
  volatile char pad[64];
  pad[0] = (char)n;
  return n == 0 ? pad[0] : deep(n + 1) + pad[0];
}
int main(void) {
  board_delay_us(50000);
  result = (uint32_t)deep(1);
  for (;;) board_sleep();
}
