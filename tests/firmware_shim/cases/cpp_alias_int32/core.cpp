// Overloads for int32_t and int, as newlib (int32_t is long) and vendors' print classes have them.
#include "board.h"
volatile uint32_t result;
static int kind(int) { return 1; }
static int kind(int32_t) { return 2; }
extern "C" int main(void) {
  for (;;) {
    result = (uint32_t)kind((int32_t)5);
    board_sleep();
  }
}
