/* Bit-band alias of SRAM/peripherals on a Cortex-M3/M4. */
#include "board.h"
volatile uint32_t word;
volatile uint32_t result;
int main(void) {
  volatile uint32_t* alias = (volatile uint32_t*)(uintptr_t)(0x42000000u + (0x40000000u & 0xFFFFFu) * 32 + 3 * 4);
  *alias = 1;
  result = 1;
  for (;;) board_sleep();
}
