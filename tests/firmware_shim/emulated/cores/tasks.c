/* tasks.c - a kernel in fifty lines, for the emulated processor only: two tasks on process stacks of their own, started
 * by an SVC, switched by a naked PendSV that SysTick pends, with floating point registers in both. Results go to aux:
 *   0, 1  how often each task ran          2  PSP was in use in tasks (CONTROL)      3  wrong sums of the tasks' floats
 *   4     number of the active exception seen in SysTick     5  switches     6  a switch inside a BASEPRI section
 *   7     SVC number seen by the handler */
#include <stdint.h>

typedef enum { SVCall_IRQn = -5, PendSV_IRQn = -2, SysTick_IRQn = -1 } IRQn_Type;
#define __NVIC_PRIO_BITS 4U
#include "core_cm4.h"
#include "pen_port.h"

#define STACK_WORDS 256

static uint32_t stacks[2][STACK_WORDS] __attribute__((aligned(8)));
uint32_t* task_top[2];
uint32_t task_current;
static volatile uint32_t turns[2], wrong, switches, inside, torn, svc_number, control_seen, ipsr_seen;

void SVC_Handler(void);
void PendSV_Handler(void);
void SysTick_Handler(void);
void svc_answer(uint32_t* frame);
uint32_t* next_task(uint32_t* top);

void svc_answer(uint32_t* frame) { svc_number = ((uint8_t*)frame[6])[-2]; }

/* Starts the first task: the frame that was prepared for it is left by an exception return. */
__attribute__((naked)) void SVC_Handler(void) {
  __asm volatile(
      "mrs r0, msp\n"
      "push {r3, lr}\n"
      "bl svc_answer\n"
      "pop {r3, lr}\n"
      "ldr r1, =task_top\n"
      "ldr r0, [r1]\n"
      "ldmia r0!, {r4-r11, lr}\n"
      "msr psp, r0\n"
      "mov r0, #0\n"
      "msr basepri, r0\n"
      "bx lr\n");
}

uint32_t* next_task(uint32_t* top) {
  task_top[task_current] = top;
  switches = switches + 1;
  if (inside) torn = torn + 1;
  task_current ^= 1u;
  return task_top[task_current];
}

__attribute__((naked)) void PendSV_Handler(void) {
  __asm volatile(
      "mrs r0, psp\n"
      "tst lr, #0x10\n"
      "it eq\n"
      "vstmdbeq r0!, {s16-s31}\n"
      "stmdb r0!, {r4-r11, lr}\n"
      "bl next_task\n"
      "ldmia r0!, {r4-r11, lr}\n"
      "tst lr, #0x10\n"
      "it eq\n"
      "vldmiaeq r0!, {s16-s31}\n"
      "msr psp, r0\n"
      "isb\n"
      "bx lr\n");
}

void SysTick_Handler(void) {
  uint32_t number;
  __asm volatile("mrs %0, ipsr" : "=r"(number));
  ipsr_seen = number;
  SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
}

static void task(uint32_t own) {
  float sum = 0.0f, step = own ? 0.5f : 0.25f;
  for (;;) {
    uint32_t control;
    __asm volatile("mrs %0, control" : "=r"(control));
    control_seen = control;
    for (uint32_t i = 0; i < 100; ++i) sum = sum + step;
    if (sum != 100.0f * step) wrong = wrong + 1;
    sum = 0.0f;
    __asm volatile("msr basepri, %0" ::"r"(0x10u) : "memory");
    inside = 1;
    for (volatile uint32_t* t = turns; t < turns + 2; ++t) (void)*t;
    inside = 0;
    __asm volatile("msr basepri, %0" ::"r"(0u) : "memory");
    turns[own] = turns[own] + 1;
    pen_out.aux[0] = (int32_t)turns[0];
    pen_out.aux[1] = (int32_t)turns[1];
    pen_out.aux[2] = (int32_t)(control_seen & 2u);
    pen_out.aux[3] = (int32_t)wrong;
    pen_out.aux[4] = (int32_t)ipsr_seen;
    pen_out.aux[5] = (int32_t)switches;
    pen_out.aux[6] = (int32_t)torn;
    pen_out.aux[7] = (int32_t)svc_number;
  }
}
static void task_a(void) { task(0); }
static void task_b(void) { task(1); }

static void prepare(uint32_t number, void (*entry)(void)) {
  uint32_t* top = stacks[number] + STACK_WORDS;
  *--top = 0x01000000u;                      /* xPSR */
  *--top = (uint32_t)(uintptr_t)entry & ~1u; /* PC */
  for (int i = 0; i < 6; ++i) *--top = 0;    /* LR, r12, r3..r0 */
  *--top = 0xFFFFFFFDu;                      /* EXC_RETURN: thread, process stack, no floats */
  for (int i = 0; i < 8; ++i) *--top = 0;    /* r11..r4 */
  task_top[number] = top;
}

int main(void) {
  prepare(0, task_a);
  prepare(1, task_b);
  NVIC_SetPriority(PendSV_IRQn, 15);
  SysTick_Config(100000); /* 1 ms */
  __asm volatile("cpsie i\n svc 7\n" ::: "memory");
  for (;;) {
  }
}

const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "tasks", .tick_us = 50, .main = main, .core_clock_Hz = 100000000};
