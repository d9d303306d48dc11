/* A firmware variable that is called like one of the runtime's own (uart, core). */
#include "board.h"
static struct { volatile uint32_t head, tail; } uart;
static struct { volatile uint32_t due; } core;
volatile uint32_t result;
int main(void) {
  for (;;) {
    ++uart.head;
    ++core.due;
    result = uart.head;
    board_sleep();
  }
}
