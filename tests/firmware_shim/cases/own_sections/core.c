#include "board.h"
__attribute__((section(".ccmram"))) static uint32_t fast_counter;
__attribute__((section(".ramfunc"), noinline)) uint32_t fast(uint32_t x) { return x + 1; }
__attribute__((section(".eeprom"), used)) const uint8_t defaults[4] = {1, 2, 3, 4};
__attribute__((section(".isr_vector"), used)) void (*const vectors[])(void) = {tick_isr};
volatile uint32_t result;
int main(void) {
  for (;;) {
    fast_counter = fast(fast_counter);
    result = fast_counter + defaults[3];
    board_sleep();
  }
}
