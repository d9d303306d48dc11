/* for (volatile i...) as a delay: 16000 rounds, some 1 ms at 64 MHz. */
#include "board.h"
volatile uint32_t result;
static void delay(void) {
  for (volatile uint32_t i = 0; i < 16000; ++i) {
  }
}
int main(void) {
  for (;;) {
    uint32_t t = board_micros();
    delay();
    result = board_micros() - t;
  }
}
