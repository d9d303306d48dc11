#include "board.h"

static volatile uint8_t tick;

void firmware_tick(void) { tick = 1; }

int main(void) {
  board_text(BOARD_REVISION == 3 ? "outside, revision 3\r\n" : "outside, unknown revision\r\n");
  for (;;) {
    while (!tick) {
    }
    tick = 0;
    board_pwm((int16_t)(filter(board_adc()) * 8));
  }
}
