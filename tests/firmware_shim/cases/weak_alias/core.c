/* Startup file idiom: every handler is a weak alias of a default handler that loops for ever. */
#include "board.h"
volatile uint32_t result;
void Default_Handler(void) {
  for (;;) {
  }
}
void Spare_IRQHandler(void) __attribute__((weak, alias("Default_Handler")));
__attribute__((weak)) void user_callback(void) { result = 1; }
int main(void) {
  for (;;) {
    user_callback();
    board_sleep();
  }
}
