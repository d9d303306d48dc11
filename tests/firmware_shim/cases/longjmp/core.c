/* try/catch of C: longjmp out of nested calls, 1000 times, with handlers between. */
#include <setjmp.h>

#include "board.h"
volatile uint32_t result;
static jmp_buf here;
uint32_t ticks;
void tick_isr(void) { ++ticks; }
static void deep(int n) {
  if (n == 0) longjmp(here, 1);
  board_delay_us(10);
  deep(n - 1);
}
int main(void) {
  for (;;) {
    if (setjmp(here)) ++result;
    if (result < 1000)
      deep(5);
    else
      board_sleep();
  }
}
