/* A handler of faults without prologue, as the vendors' examples have it: assembler of a Cortex-M. */
#include "board.h"
volatile uint32_t result;
__attribute__((naked)) void HardFault_Handler(void) {
  __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n b hard_fault_c");
}
void hard_fault_c(uint32_t* frame) {
  (void)frame;
  for (;;) {
  }
}
int main(void) {
  for (;;) {
    ++result;
    board_sleep();
  }
}
