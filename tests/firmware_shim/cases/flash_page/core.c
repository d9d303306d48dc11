/* A settings page at the end of the flash, read in place. */
#include "board.h"
#define PAGE ((volatile uint32_t*)(uintptr_t)0x0800FC00u)
volatile uint32_t result;
int main(void) {
  result = PAGE[0] == 0xFFFFFFFFu ? 1 : 2;
  for (;;) board_sleep();
}
