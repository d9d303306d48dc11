#include "flags.h"
void tick_isr(void) {
  if (board_start()) key_pressed = 1;
}
