/* port.c - FreeRTOS (V7 to V11, one core) on a native core of pensim; see docs/rtos.md.
 *
 * A task is a thread of pen_threads.h; its stack is the runtime's, not the one that the kernel allocates, which only
 * holds the thread's address. The tick is SysTick (shape registers) or xPortSysTickHandler in the port's table of tasks
 * (shape main). Critical sections mask all interrupts.
 */
#include "FreeRTOS.h"
#include "pen_port.h"
#include "pen_threads.h"
#include "task.h"

#ifndef configPEN_STACK_BYTES
#define configPEN_STACK_BYTES PEN_THREAD_STACK_BYTES
#endif

typedef void (*Code)(void*); /* TaskFunction_t, which V7 calls otherwise */

typedef struct Start {
  Code code;
  void* parameters;
  PenThread* thread;
} Start;

/* What the kernel keeps in the first member of a task's control block. */
extern void* volatile pxCurrentTCB;
static Start* start_of(void* tcb) { return *(Start**)tcb; }

/* As in the kernel's own ports: what masks interrupts before the scheduler starts masks them until then. */
static uint32_t critical_nesting = 0xAAAAAAAAu;

static void run_task(void* argument) {
  const Start* start = (const Start*)argument;
  start->code(start->parameters);
  configASSERT(0); /* a task must not return */
}

StackType_t* pxPortInitialiseStack(StackType_t* top, Code code, void* parameters) {
  Start* start = (Start*)(((uintptr_t)top - sizeof(Start)) & ~(uintptr_t)7);
  start->code = code;
  start->parameters = parameters;
  start->thread = pen_thread_create(run_task, start, configPEN_STACK_BYTES);
  return (StackType_t*)start;
}

void vPortCleanUpTCB(void* tcb) { pen_thread_delete(start_of(tcb)->thread); }

static PenThread* choose(void) {
  vTaskSwitchContext();
  return start_of(pxCurrentTCB)->thread;
}

#if PEN_CORE_SHAPE == 2
void pen_systick_config(uint32_t ticks, uint32_t priority);
#ifndef xPortSysTickHandler /* FreeRTOSConfig.h may name it SysTick_Handler itself */
void SysTick_Handler(void);
void SysTick_Handler(void) { xPortSysTickHandler(); }
#endif
#endif

BaseType_t xPortStartScheduler(void) {
  critical_nesting = 0;
#if PEN_CORE_SHAPE == 2
  pen_systick_config(configCPU_CLOCK_HZ / configTICK_RATE_HZ, 15);
#else
  pen_irq_enable(PEN_IRQ(-1));
#endif
  pen_enable_interrupts();
  pen_threads_start(choose);
  return pdFALSE; /* vTaskEndScheduler() */
}

void vPortEndScheduler(void) {}

/* The kernel has one of the two: before V7.5 that which leaves it to the port whether to switch. */
__attribute__((weak)) void vTaskIncrementTick(void);
__attribute__((weak)) BaseType_t xTaskIncrementTick(void);

static BaseType_t next_tick(void) {
  if (xTaskIncrementTick) return xTaskIncrementTick();
  vTaskIncrementTick();
  return configUSE_PREEMPTION;
}

void xPortSysTickHandler(void) {
  uint32_t before = ulPortMask();
  BaseType_t wanted = next_tick();
  vPortUnmask(before);
  if (wanted != pdFALSE) vPortYieldFromISR();
}

void vPortYield(void) { pen_thread_request_switch(); }
void vPortYieldFromISR(void) { pen_thread_request_switch(); }

void vPortEnterCritical(void) {
  pen_mask_interrupts();
  ++critical_nesting;
}

void vPortExitCritical(void) {
  if (--critical_nesting == 0) pen_unmask_interrupts(0);
}

uint32_t ulPortMask(void) { return pen_mask_interrupts(); }
void vPortUnmask(uint32_t before) { pen_unmask_interrupts(before); }
BaseType_t xPortIsInsideInterrupt(void) { return pen_in_handler() ? pdTRUE : pdFALSE; }
