/* -Os -flto, as the target is built; the wait for a flag must still take time. */
#include "board.h"
volatile uint32_t result;
static volatile uint8_t flag;
void tick_isr(void) { flag = 1; }
int main(void) {
  for (;;) {
    while (!flag) {
    }
    flag = 0;
    ++result;
  }
}
