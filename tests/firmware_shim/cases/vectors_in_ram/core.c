/* Cortex-M0 behind a bootloader: the vector table is copied to the start of the RAM. */
#include <stdint.h>
typedef enum { PendSV_IRQn = -2, SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#include "core_cm0.h"
volatile uint32_t result;
int main(void) {
  volatile uint32_t* ram = (volatile uint32_t*)(uintptr_t)0x20000000u;
  for (int i = 0; i < 48; ++i) ram[i] = 0;
  result = 1;
  for (;;) __WFI();
}
