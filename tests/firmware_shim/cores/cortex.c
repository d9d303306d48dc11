/* cortex.c - shape (c): the processor's own registers; PenIn.aux[0] at the start says which part. Results go to aux. */
#include <stdint.h>

typedef enum { PendSV_IRQn = -2, SysTick_IRQn = -1, A_IRQn = 3, B_IRQn = 40 } IRQn_Type;
#define __NVIC_PRIO_BITS 4U
#include "core_cm4.h"
#include "pen_port.h"

#define STATUS (*(volatile uint32_t*)0x40000000UL)  /* fed by nobody */
#define INPUT (*(volatile uint32_t*)0x40000004UL)   /* fed by sync_in */
#define COMMAND (*(volatile uint32_t*)0x40000008UL) /* writes are counted by after_write */

static volatile uint32_t ticks, a_count, b_count, sv_count, shared;
static uint32_t at_a, sv_at, interrupted, commands, last_command, seen_priority;

void SysTick_Handler(void);
void PendSV_Handler(void);
void SysTick_Handler(void) { ticks = ticks + 1; }
void PendSV_Handler(void) {
  sv_count = sv_count + 1;
  sv_at = a_count;
}
static void a_handler(void) {
  a_count = a_count + 1;
  at_a = DWT->CYCCNT;
  seen_priority = __get_IPSR();
  shared = shared + 1;
}
static void b_handler(void) {
  b_count = b_count + 1;
  SCB->ICSR = SCB_ICSR_PENDSVSET_Msk; /* less urgent: runs when this one is through */
  interrupted = sv_count;
}

int main(void) {
  uint32_t mode = (uint32_t)pen_in.aux[0];
  NVIC_SetPriority(PendSV_IRQn, 15);
  switch (mode) {
    case 1: /* cycle counter and SysTick, by registers */
      CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
      DWT->CYCCNT = 0;
      DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
      {
        uint32_t from = DWT->CYCCNT;
        pen_delay_us(1000);
        pen_out.aux[0] = (int32_t)(DWT->CYCCNT - from);
      }
      SysTick->LOAD = 99999; /* 1 ms of 100 MHz */
      SysTick->VAL = 0;
      SysTick->CTRL = 7;
      pen_delay_us(10500);
      pen_out.aux[1] = (int32_t)ticks;
      pen_out.aux[2] = (int32_t)SysTick->VAL;
      pen_out.aux[3] = (SysTick->CTRL & SysTick_CTRL_COUNTFLAG_Msk) != 0;
      pen_out.aux[4] = (SysTick->CTRL & SysTick_CTRL_COUNTFLAG_Msk) != 0;
      SysTick->CTRL = 0;
      pen_delay_us(5000);
      pen_out.aux[5] = (int32_t)ticks;
      break;
    case 2: /* pending and priority by registers and by functions */
      NVIC_SetPriority(A_IRQn, 3);
      NVIC_SetPriority(B_IRQn, 2);
      NVIC_SetPendingIRQ(A_IRQn);
      pen_out.aux[0] = (int32_t)a_count; /* not enabled yet */
      NVIC_EnableIRQ(A_IRQn);
      pen_out.aux[1] = (int32_t)a_count;
      NVIC->ISER[1] = 1UL << (B_IRQn - 32);
      NVIC->ISPR[1] = 1UL << (B_IRQn - 32);
      __DSB();
      pen_out.aux[2] = (int32_t)(b_count * 100 + sv_count * 10 + interrupted);
      pen_out.aux[3] = (int32_t)seen_priority;
      pen_out.aux[4] = (int32_t)(NVIC->ISER[1] >> (B_IRQn - 32));
      NVIC->ICER[1] = 1UL << (B_IRQn - 32);
      NVIC->STIR = B_IRQn;
      __DSB();
      pen_out.aux[5] = (int32_t)(b_count * 10 + NVIC_GetPendingIRQ(B_IRQn));
      break;
    case 3: /* masks */
      NVIC_EnableIRQ(A_IRQn);
      NVIC_SetPriority(A_IRQn, 5);
      __disable_irq();
      NVIC_SetPendingIRQ(A_IRQn);
      pen_out.aux[0] = (int32_t)(a_count * 10 + __get_PRIMASK());
      __enable_irq();
      pen_out.aux[1] = (int32_t)a_count;
      __set_BASEPRI(5u << (8u - __NVIC_PRIO_BITS));
      NVIC_SetPendingIRQ(A_IRQn);
      pen_out.aux[2] = (int32_t)a_count;
      __set_BASEPRI(6u << (8u - __NVIC_PRIO_BITS));
      pen_out.aux[3] = (int32_t)a_count;
      pen_out.aux[4] = (int32_t)__get_BASEPRI();
      break;
    case 4: /* exclusive access: a handler in between makes the store fail once */
      NVIC_EnableIRQ(A_IRQn);
      {
        uint32_t tries = 0, old;
        do {
          old = __LDREXW(&shared);
          if (tries++ == 0) NVIC_SetPendingIRQ(A_IRQn);
        } while (__STREXW(old + 10u, &shared));
        pen_out.aux[0] = (int32_t)tries;
        pen_out.aux[1] = (int32_t)shared;
      }
      break;
    case 5: /* every write to a register is seen, in order */
      for (uint32_t i = 1; i <= 5; ++i) COMMAND = i * 11u;
      (void)STATUS;
      pen_out.aux[0] = (int32_t)commands;
      pen_out.aux[1] = (int32_t)last_command;
      break;
    case 6: /* waits for a bit that nobody sets */
      while (!(STATUS & 1u)) {
      }
      break;
    case 7: /* waits for an input */
      while (!(INPUT & 1u)) {
      }
      pen_out.aux[0] = 1;
      break;
    case 8: /* reset by the register */
      __DSB();
      SCB->AIRCR = 0x05FA0004UL;
      __DSB();
      for (;;) __NOP();
    case 9: /* idles in NOPs */
      pen_out.aux[0] = 1;
      for (;;) __NOP();
    case 10: /* wait for event: a set event does not sleep */
      __SEV();
      __WFE();
      pen_out.aux[0] = (int32_t)pen_clock_us();
      NVIC_EnableIRQ(A_IRQn);
      __WFE();
      pen_out.aux[1] = (int32_t)a_count;
      break;
    case 11: /* arithmetic intrinsics */
      pen_out.aux[0] = __CLZ(0x00010000u) + __CLZ(0) * 100;
      pen_out.aux[1] = (int32_t)__RBIT(0x80000001u);
      pen_out.aux[2] = (int32_t)__REV(0x11223344u);
      pen_out.aux[3] = __SSAT(40000, 16) + (int32_t)__USAT(-5, 8);
      pen_out.aux[4] = __QADD(0x7FFFFFFF, 1) == 0x7FFFFFFF;
      pen_out.aux[5] = (int32_t)__SMLAD(0x00030002u, 0x00050004u, 1u); /* 3*5 + 2*4 + 1 */
      pen_out.aux[6] = (int32_t)__ROR(0x00000001u, 4);
      pen_out.aux[7] = (int32_t)__REV16(0x11223344u);
      break;
    default:
      break;
  }
  for (;;) __WFI();
}

static void sync_in(void) { INPUT = pen_in.pins & 1u; }
static void after_write(uint32_t address) {
  if (address != 0x40000008UL) return;
  ++commands;
  last_command = last_command * 100u + COMMAND;
}

static const PenTask tasks[] = {
    {.run = a_handler, .period_us = 10000, .phase_us = 10000, .priority = 9, .irq = PEN_IRQ(A_IRQn)},
    {.run = b_handler, .priority = 9, .irq = PEN_IRQ(B_IRQn)},
};
static const PenRegisters registers[] = {{0x40000000, 0x100}};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "cortex",
    .tick_us = 50,
    .main = main,
    .tasks = tasks,
    .task_count = 2,
    .registers = registers,
    .register_count = 1,
    .sync_in = sync_in,
    .after_write = after_write,
    .core_clock_Hz = 100000000,
};
