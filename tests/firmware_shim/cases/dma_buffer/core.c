/* A circular DMA buffer that main() polls without volatile, behind a compiler barrier. */
#include "board.h"
volatile uint32_t result;
static uint16_t dma[2];
static uint32_t seen;
void tick_isr(void) {
  dma[0] = board_adc(1);
  ++dma[1];
}
int main(void) {
  for (;;) {
    uint16_t n = dma[1];
    __asm volatile("" ::: "memory");
    if (n != seen) {
      seen = n;
      ++result;
    }
  }
}
