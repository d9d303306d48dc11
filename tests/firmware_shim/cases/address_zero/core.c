/* Reading address 0 is harmless on a Cortex-M (vector table) and firmware does it unknowingly. */
#include "board.h"
volatile uint32_t result;
const char* volatile name;
int main(void) {
  board_delay_us(1000);
  result = name[0] ? 1 : 2;
  for (;;) board_sleep();
}
