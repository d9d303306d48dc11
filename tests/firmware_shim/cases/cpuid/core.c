/* Constants of CMSIS that ST's LL headers use in inline functions of every project. */
#include <stdint.h>
typedef enum { PendSV_IRQn = -2, SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#define __NVIC_PRIO_BITS 4
#include "core_cm4.h"
volatile uint32_t result;
int main(void) {
  result = (SCB->CPUID & SCB_CPUID_PARTNO_Msk) >> SCB_CPUID_PARTNO_Pos;
  SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
  for (;;) __WFI();
}
