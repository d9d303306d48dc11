/* pen_mcu.h - device header in the manner of a vendor: interrupt numbers, register blocks, the CMSIS core. */
#ifndef PEN_MCU_H
#define PEN_MCU_H

#include <stdint.h>

typedef enum {
  NonMaskableInt_IRQn = -14,
  SVCall_IRQn = -5,
  PendSV_IRQn = -2,
  SysTick_IRQn = -1,
  EXTI_HALL_IRQn = 6,
  TIM2_IRQn = 28,
} IRQn_Type;

#define __CM4_REV 0x0001U
#define __NVIC_PRIO_BITS 4U
#define __FPU_PRESENT 1U
#include "core_cm4.h"

typedef struct {
  __IO uint32_t CR1, DIER, SR, CNT, ARR, CCR1, CCR2, BDTR;
} TIM_TypeDef;
typedef struct {
  __IO uint32_t SR, CR, CHSEL, DR;
} ADC_TypeDef;
typedef struct {
  __IO uint32_t IDR, ODR, BSRR;
} GPIO_TypeDef;
typedef struct {
  __IO uint32_t SR, DR;
} USART_TypeDef;

#define TIM1 ((TIM_TypeDef*)0x40010000UL)
#define TIM2 ((TIM_TypeDef*)0x40000000UL)
#define USART1 ((USART_TypeDef*)0x40011000UL)
#define ADC1 ((ADC_TypeDef*)0x40012000UL)
#define GPIOA ((GPIO_TypeDef*)0x40020000UL)

#define ADC_SR_EOC (1UL << 1)
#define ADC_CR_START (1UL << 30)
#define TIM_CR1_CEN (1UL << 0)
#define TIM_DIER_UIE (1UL << 0)
#define TIM_SR_UIF (1UL << 0)
#define TIM_BDTR_MOE (1UL << 15)
#define USART_SR_TXE (1UL << 7)
#define USART_SR_RXNE (1UL << 5)

#define PIN_START (1UL << 0) /* of GPIOA */
#define PIN_READY (1UL << 4)
#define PIN_ALARM (1UL << 5)

#endif
