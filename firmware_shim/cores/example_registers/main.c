/* main.c - a pen on bare registers: no hardware layer, CMSIS only. Soft start of the motor while the start button is
 * held, stroke counting, overcurrent trip, a console that answers '?' with the number of strokes. */
#include "pen_mcu.h"

#define CORE_CLOCK_HZ 84000000UL
#define FULL_SCALE 2100UL /* 40 kHz from 84 MHz */
#define CURRENT_CHANNEL 0UL
#define TRIP_COUNTS 3100UL

static volatile uint32_t uptime_ms, strokes, tripped, loop_cycles;
static uint32_t duty;

void SysTick_Handler(void);
void TIM2_IRQHandler(void);
void EXTI_HALL_IRQHandler(void);

void SysTick_Handler(void) { uptime_ms = uptime_ms + 1; }
void EXTI_HALL_IRQHandler(void) { strokes = strokes + 1; }

static uint32_t adc_read(uint32_t channel) {
  ADC1->CHSEL = channel;
  ADC1->CR |= ADC_CR_START;
  while (!(ADC1->SR & ADC_SR_EOC)) {
  }
  ADC1->SR &= ~ADC_SR_EOC;
  return ADC1->DR;
}

void TIM2_IRQHandler(void) { /* 10 kHz */
  TIM2->SR &= ~TIM_SR_UIF;
  if (adc_read(CURRENT_CHANNEL) > TRIP_COUNTS) {
    TIM1->CCR1 = 0;
    TIM1->BDTR &= ~TIM_BDTR_MOE;
    GPIOA->BSRR = PIN_ALARM;
    tripped = 1;
  }
}

static void print(const char* text) {
  for (; *text; ++text) {
    while (!(USART1->SR & USART_SR_TXE)) {
    }
    USART1->DR = (uint8_t)*text;
  }
}

static void print_number(uint32_t number) {
  char digits[11], *p = digits + sizeof digits;
  *--p = '\0';
  do *--p = (char)('0' + number % 10);
  while (number /= 10);
  print(p);
}

int main(void) {
  SysTick_Config(CORE_CLOCK_HZ / 1000);
  CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
  TIM1->ARR = FULL_SCALE;
  TIM2->DIER |= TIM_DIER_UIE;
  TIM2->CR1 |= TIM_CR1_CEN;
  NVIC_SetPriority(TIM2_IRQn, 1);
  NVIC_SetPriority(EXTI_HALL_IRQn, 0);
  NVIC_EnableIRQ(TIM2_IRQn);
  NVIC_EnableIRQ(EXTI_HALL_IRQn);
  __enable_irq();
  print("registers\r\n");

  uint32_t next_ms = 5;
  for (;;) {
    uint32_t from = DWT->CYCCNT;
    while (uptime_ms < next_ms) __WFI();
    next_ms += 5;
    if ((GPIOA->IDR & PIN_START) && !tripped) {
      TIM1->BDTR |= TIM_BDTR_MOE;
      GPIOA->BSRR = PIN_READY << 16; /* off */
      if (duty < FULL_SCALE * 6 / 10) duty += FULL_SCALE / 50;
    } else {
      duty = 0;
      GPIOA->BSRR = PIN_READY;
    }
    TIM1->CCR1 = duty;
    if (USART1->SR & USART_SR_RXNE) {
      if (USART1->DR == '?') {
        print_number(strokes);
        print("\r\n");
      }
    }
    loop_cycles = DWT->CYCCNT - from;
  }
}
