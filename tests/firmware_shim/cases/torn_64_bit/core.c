/* A 64 bit counter that main() reads while the handler carries from the low into the high word: torn on a Cortex-M. */
#include "board.h"
volatile uint64_t ticks = 0xFFFFFF00u;
volatile uint32_t result;
void tick_isr(void) { ticks += 1; }
int main(void) {
  uint64_t last = 0;
  for (;;) {
    uint64_t t = ticks;
    if (t < last) ++result;
    last = t;
  }
}
