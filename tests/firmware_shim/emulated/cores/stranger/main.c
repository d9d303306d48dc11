/* main.c - firmware and port of the core that is linked by hand: a SysTick and a timer count, .data has its values, an
 * initialised table in flash is summed. */
#include <stdint.h>

typedef enum { SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#define __NVIC_PRIO_BITS 4U
#include "core_cm4.h"
#include "pen_port.h"

static volatile uint32_t milliseconds, timers;
static volatile int32_t in_data = 1234;
static const uint16_t table[] = {1, 20, 300};

void SysTick_Handler(void);
void SysTick_Handler(void) { milliseconds = milliseconds + 1; }
void TIM2_IRQHandler(void);
void TIM2_IRQHandler(void) { timers = timers + 1; }

static int32_t deeper(int32_t turns) {
  volatile uint8_t room[64];
  room[0] = (uint8_t)turns;
  return turns ? deeper(turns - 1) + room[0] : 0;
}

int main(void) {
  SysTick_Config(168000);
  NVIC_EnableIRQ(TIM2_IRQn);
  for (;;) {
    __WFI();
    pen_out.aux[0] = (int32_t)milliseconds;
    pen_out.aux[1] = (int32_t)timers;
    pen_out.aux[2] = in_data;
    pen_out.aux[3] = table[0] + table[1] + table[2];
    if (pen_in.aux[0] == 1) *(volatile uint32_t*)0 = 1;
    if (pen_in.aux[0] == 2) pen_out.aux[4] = deeper(1 << 20);
  }
}

static const PenTask tasks[] = {{.run = TIM2_IRQHandler, .period_us = 100, .irq = PEN_IRQ(TIM2_IRQn)}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "stranger", .tick_us = 50, .main = main, .tasks = tasks, .task_count = 1};
