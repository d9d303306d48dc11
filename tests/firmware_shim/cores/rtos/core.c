/* core.c - two tasks over a stand-in for FreeRTOS. Results go to aux:
 *   0  handlers that ran before the scheduler, behind a critical section: none, as on the target
 *   1  rounds of the task that waits two ticks    2  whether the other one ran    3  handlers in all
 *   4  only_native() */
#include "FreeRTOS.h"
#include "pen_port.h"
#include "task.h"

typedef struct Task {
  portSTACK_TYPE* top; /* first, as the port expects */
  portTickType wake;
} Task;

void* volatile pxCurrentTCB;
static Task tasks_of_kernel[2]; /* the first is the more urgent one */
static portSTACK_TYPE stacks[2][64];
static volatile portTickType now;
static volatile uint32_t rounds[2], beats;

int only_native(void);

void vTaskSwitchContext(void) { pxCurrentTCB = &tasks_of_kernel[tasks_of_kernel[0].wake > now]; }

#ifdef OLD_KERNEL
void vTaskIncrementTick(void) { now = now + 1; }
#else
BaseType_t xTaskIncrementTick(void) {
  now = now + 1;
  return tasks_of_kernel[0].wake <= now && pxCurrentTCB != &tasks_of_kernel[0];
}
#endif

static void urgent(void* unused) {
  (void)unused;
  for (;;) {
    rounds[0] = rounds[0] + 1;
    tasks_of_kernel[0].wake = now + 2 * portTICK_RATE_MS;
    portYIELD();
  }
}

static void other(void* unused) {
  (void)unused;
  for (;;) rounds[1] = rounds[1] + 1;
}

static void beat(void) {
  beats = beats + 1;
  pen_out.aux[1] = (int32_t)rounds[0];
  pen_out.aux[2] = rounds[1] > 0;
  pen_out.aux[3] = (int32_t)beats;
}

static int run(void) {
  void (*const code[2])(void*) = {urgent, other};
  pen_out.aux[4] = only_native();
  portENTER_CRITICAL();
  for (int i = 0; i < 2; ++i) tasks_of_kernel[i].top = pxPortInitialiseStack(&stacks[i][63], code[i], 0);
  portEXIT_CRITICAL();
  pen_delay_us(2000);
  pen_out.aux[0] = (int32_t)beats;
  pxCurrentTCB = &tasks_of_kernel[0];
  xPortStartScheduler();
  return 0;
}

static const PenTask tasks[] = {
    {.run = xPortSysTickHandler, .period_us = 1000, .phase_us = 1000, .priority = 15, .irq = PEN_IRQ(-1)},
    {.run = beat, .period_us = 100, .phase_us = 100, .priority = 1}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "rtos", .tick_us = 50, .main = run, .tasks = tasks, .task_count = 2};
