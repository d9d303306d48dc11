/* The core sets rounding and traps of the floating-point unit, as a test build does: the models of the bench must not
 * notice. */
#include <fenv.h>

#include "board.h"
int feenableexcept(int excepts); /* newlib has it, and declares it for its own sources */
volatile uint32_t result;
int main(void) {
#ifndef MODE_IS_LEFT_ALONE
  fesetround(FE_TOWARDZERO);
  feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);
#endif
  for (;;) {
    board_motor(board_start() ? 12000 : 0);
    result = fegetround() == FE_TOWARDZERO;
    board_sleep();
  }
}
