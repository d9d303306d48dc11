/* faults.c - firmware with fault handlers of its own, for the emulated processor only. aux[0] of the input: what to do
 * wrong, aux[1]: what the handler does about it. Results in aux: 0 faults answered; 1 exception number seen by the
 * handler; 2 CFSR seen; 3 BFAR seen; 4 turns of main(); 5 what it found. */
#include <stdint.h>

typedef enum { SVCall_IRQn = -5, PendSV_IRQn = -2, SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#define __NVIC_PRIO_BITS 4U
#include "core_cm4.h"
#include "faults.h"
#include "pen_port.h"

#define CFSR (*(volatile uint32_t*)0xE000ED28)
#define BFAR (*(volatile uint32_t*)0xE000ED38)
#define SHCSR (*(volatile uint32_t*)0xE000ED24)

static uint32_t answered, spin_in, turns;
static int32_t found;

static __attribute__((noinline, used)) void answer(uint32_t* frame) {
  pen_out.aux[0] = (int32_t)++answered;
  pen_out.aux[1] = (int32_t)(__get_IPSR() & 0x1FF);
  pen_out.aux[2] = (int32_t)CFSR;
  pen_out.aux[3] = (int32_t)BFAR;
  CFSR = 0xFFFFFFFF;
  if (CFSR) pen_out.aux[5] = -1;
  switch (pen_in.aux[1]) {
    case SKIP:
      frame[6] += 4;
      return;
    case STAY:
      for (;;) {
      }
    case FAULT_AGAIN:
      __asm volatile("udf.w #0");
      return;
    case RESET_CORE:
      NVIC_SystemReset();
    default:
      return; /* to the same instruction */
  }
}
#define HANDLER(name)                                                                                                 \
  void name(void);                                                                                                    \
  __attribute__((naked)) void name(void) {                                                                            \
    __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n push {r4, lr}\n bl answer\n pop {r4, pc}"); \
  }
HANDLER(HardFault_Handler)
HANDLER(UsageFault_Handler)

static void spin(uint32_t where) {
  if (spin_in == where)
    for (;;) {
    }
}
void SysTick_Handler(void);
void SysTick_Handler(void) { spin(SPIN_SYSTICK); }
void PendSV_Handler(void);
void PendSV_Handler(void) { spin(SPIN_PENDSV); }
void SVC_Handler(void);
void SVC_Handler(void) { spin(SPIN_SVC); }
static uint32_t plain_flag;
static void timer(void) {
  spin(SPIN_TIMER);
  plain_flag = pen_in.aux[2] != 0;
}
static void edge(void) { spin(SPIN_EDGE); }

static void run_in_ram(void) {
  static uint16_t code[4] __attribute__((aligned(4)));
  for (uint16_t k = 0; k < 3; ++k) {
    code[0] = (uint16_t)(0x2000 | (40 + k)); /* movs r0, #40 + k */
    code[1] = 0x4770;                        /* bx lr */
    __DSB();
    __ISB();
    found = found * 100 + ((int32_t(*)(void))((uintptr_t)code | 1))();
  }
}

static void do_wrong(int32_t what) {
  static uint32_t words[4];
  uint32_t address = (uint32_t)(uintptr_t)words + 2, a = 1, b = 2;
  switch (what) {
    case BAD_WRITE:
      __asm volatile("str.w %0, [%1]" ::"r"(a), "r"(0x60000000) : "memory");
      break;
    case BAD_CODE:
      __asm volatile("udf.w #0");
      break;
    case USAGE_ENABLED:
      SHCSR |= 1u << 18;
      __asm volatile("udf.w #0");
      break;
    case UNALIGNED_LDRD:
      __asm volatile("ldrd %0, %1, [%2]" : "=&r"(a), "=&r"(b) : "r"(address));
      break;
    case UNALIGNED_WORD:
      __asm volatile("ldr.w %0, [%1]" : "=r"(a) : "r"(address));
      found = 7;
      break;
    case WRITE_FLASH:
      __asm volatile("str.w %0, [%1]" ::"r"(a), "r"(0x08000000) : "memory");
      break;
    case RUN_IN_RAM:
      run_in_ram();
      break;
    case SLEEP_FOR_EVER:
      NVIC_DisableIRQ(TIM2_IRQn);
      SysTick_Config(0);
      for (;;) __WFI();
    case SPIN_SVC:
      spin_in = SPIN_SVC;
      __asm volatile("svc 0" ::: "memory");
      break;
    case SPIN_PENDSV:
      spin_in = SPIN_PENDSV;
      SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
      break;
    case PLAIN_WAIT:
      while (!plain_flag) __asm volatile("" ::: "memory");
      found = 9;
      break;
    case WATCHED:
      pen_out.watchdog = PEN_WATCHDOG_START;
      pen_out.watchdog_timeout_ms = 1;
      break;
    default:
      spin_in = (uint32_t)what;
      break;
  }
}

int main(void) {
  SysTick_Config(168000);
  NVIC_EnableIRQ(TIM2_IRQn);
  for (int32_t done = 0;;) {
    const int32_t what = pen_in.aux[0];
    if (what != done) do_wrong(what);
    done = what;
    pen_out.aux[4] = (int32_t)++turns;
    if (found) pen_out.aux[5] = found;
    __WFI();
  }
}

static const PenTask tasks[] = {{.run = timer, .period_us = 50, .priority = 1, .irq = PEN_IRQ(TIM2_IRQn)}};
static const PenInterrupt interrupts[] = {{.run = edge, .line = PEN_LINE_START, .rising = 1}};
const PenPort pen_port = {.version = PEN_PORT_VERSION,
                          .name = "faults",
                          .tick_us = 50,
                          .main = main,
                          .tasks = tasks,
                          .task_count = 1,
                          .interrupts = interrupts,
                          .interrupt_count = 1};
