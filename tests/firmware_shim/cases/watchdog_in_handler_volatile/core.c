/* The same with a volatile: virtual time runs, the watchdog is fed for ever; is it a hang? */
#include "board.h"
volatile uint32_t result;
static volatile uint32_t ready;
void tick_isr(void) {
  board_watchdog_kick();
  ++result;
}
int main(void) {
  board_watchdog_start(100);
  board_delay_us(100000);
  board_motor(8000);
  while (!ready) {
  }
}
