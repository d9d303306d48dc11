/* Stack painting and RAM check with symbols of the linker script. */
#include "board.h"
extern uint32_t _estack, _sdata, _edata, _sbss, _ebss, _sidata;
volatile uint32_t result;
int main(void) {
  result = (uint32_t)((uintptr_t)&_ebss - (uintptr_t)&_sbss);
  for (;;) board_sleep();
}
