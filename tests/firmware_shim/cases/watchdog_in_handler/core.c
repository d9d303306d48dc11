/* The watchdog is kicked in the timer interrupt while main() is stuck in a loop without volatiles. */
#include "board.h"
volatile uint32_t result;
static uint32_t ready;
uint32_t* where = &ready;
void tick_isr(void) {
  board_watchdog_kick();
  ++result;
}
__attribute__((noinline)) static uint32_t get(uint32_t* p) {
  __asm volatile("" ::: "memory");
  return *p;
}
int main(void) {
  board_watchdog_start(100);
  board_delay_us(100000);
  board_motor(8000);
  while (!get(where)) {
  }
}
