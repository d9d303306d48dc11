/* DWT->CYCCNT without CoreDebug->DEMCR TRCENA and CYCCNTENA: stands still on the target. */
#include <stdint.h>
typedef enum { PendSV_IRQn = -2, SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#define __NVIC_PRIO_BITS 4
#include "core_cm4.h"
volatile uint32_t result;
int main(void) {
  uint32_t t = DWT->CYCCNT;
  while (DWT->CYCCNT - t < 168000) {
  }
  result = 1;
  for (;;) __WFI();
}
