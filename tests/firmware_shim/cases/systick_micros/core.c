/* micros() from SysTick->VAL and a counter, with the usual re-read; and without it (the race of many libraries). */
#include <stdint.h>
typedef enum { PendSV_IRQn = -2, SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#define __NVIC_PRIO_BITS 4
#include "core_cm4.h"
volatile uint32_t ms, result, back;
void SysTick_Handler(void) { ++ms; }
static uint32_t us_good(void) {
  uint32_t m, v;
  do {
    m = ms;
    v = SysTick->VAL;
  } while (m != ms);
  return m * 1000 + (SysTick->LOAD - v) / 168;
}
static uint32_t us_racy(void) {
  __disable_irq();
  uint32_t v = SysTick->VAL;
  uint32_t m = ms;
  __enable_irq();
  return m * 1000 + (SysTick->LOAD - v) / 168;
}
int main(void) {
  SysTick_Config(168000);
  uint32_t a = 0, b = 0;
  for (;;) {
    uint32_t x = us_good();
    if (x < a) ++back;
    a = x;
    x = us_racy();
    if (x < b) ++result;
    b = x;
  }
}
