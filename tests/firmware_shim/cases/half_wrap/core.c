/* micros() in a signed long, over the place where it turns negative (2147.48 s). */
#include "board.h"
volatile uint32_t result;
int main(void) {
  long last = micros();
  for (;;) {
    long now = micros();
    if (now > last + 1000) {
      last = now;
      ++result;
      board_motor(board_start() ? 12000 : 0);
    }
  }
}
