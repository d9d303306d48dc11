/* Volatile bit-fields polled in main(). */
#include "board.h"
volatile struct { uint8_t ready : 1, busy : 1; } flags;
volatile uint32_t result;
void tick_isr(void) { flags.ready = 1; }
int main(void) {
  for (;;) {
    while (!flags.ready) {
    }
    flags.ready = 0;
    ++result;
  }
}
