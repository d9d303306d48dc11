/* Error_Handler of ST's generator: interrupts off, empty loop. */
#include "board.h"
volatile uint32_t result;
void Error_Handler(void) {
  board_lock();
  while (1) {
  }
}
int main(void) {
  board_motor(8000);
  board_delay_us(300000);
  Error_Handler();
  for (;;) {
  }
}
