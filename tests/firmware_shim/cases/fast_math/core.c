/* The vendor's flags contain -ffast-math, at the link too: crtfastmath.o sets FTZ and DAZ for the thread. */
#include <fenv.h>

#include "board.h"
volatile uint32_t result;
volatile float tiny = 1e-39f;
int main(void) {
  for (;;) {
    board_motor(board_start() ? 12000 : 0);
    result = tiny * 0.5f > 0.0f ? 1 : 2;
    board_sleep();
  }
}
