/* HAL_Delay in a handler above the tick: the counter stands. */
#include "board.h"
volatile uint32_t result;
static volatile uint32_t uwTick;
void tick_isr(void) { ++uwTick; }
static void HAL_Delay(uint32_t n) {
  uint32_t t = uwTick;
  while (uwTick - t < n) {
  }
}
void hall_isr(uint32_t s) {
  (void)s;
  HAL_Delay(2);
  ++result;
}
int main(void) {
  for (;;) {
    board_motor(board_start() ? 12000 : 0);
    board_sleep();
  }
}
