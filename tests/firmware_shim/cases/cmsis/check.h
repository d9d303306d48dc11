/* Each file is for another processor; a check that fails counts. */
#pragma once
#include <stddef.h>
#include <stdint.h>
typedef enum { PendSV_IRQn = -2, SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
extern volatile uint32_t failed, checks;
#define CHECK(condition) (++checks, failed += !(condition))
