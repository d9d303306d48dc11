/* pen_port.h - what a port says about its firmware core, and what it may call. C11.
 *
 * A port is the only new file an engineer writes: it answers the firmware's hardware calls from pen_in and pen_out, and
 * tells the shim how the firmware is shaped. The runtime (linked into every core by pensim_add_core) defines pen_in,
 * pen_out and the functions below; the port defines pen_port.
 *
 *   shape (a)  functions called at rates            tasks, interrupts
 *   shape (b)  main() that never returns, handlers  main, interrupts (and tasks for timer interrupts)
 *   shape (c)  registers and CMSIS                  main, interrupts, tasks, registers, sync_in, sync_out
 *
 * Time. Native code takes no virtual time except where it can wait: a clock read in main() or a handler of shapes (b)
 * and (c) 1 us, every read of a volatile (pen_in is one there) and every atomic read 50 ns, __NOP 50 ns, a delay its
 * length, a wait for interrupt until the interrupt. Handlers of shapes (b) and (c) run at these points, nested on the
 * core's own stack, by priority.
 *
 * Not modelled: execution time of ordinary code; interrupt entry and exit time beyond the 2 us of an edge; nested edges
 * within the pulse of one tick of a masked line (the newest edge is kept and one is counted as lost).
 */
#ifndef PENSIM_PEN_PORT_H
#define PENSIM_PEN_PORT_H

#include "pen_shim.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PEN_PORT_VERSION 1u

#ifdef __cplusplus
#define PEN_NORETURN [[noreturn]]
#else
#define PEN_NORETURN _Noreturn
#endif

/* A handler's line at the interrupt controller: PEN_IRQ(TIM2_IRQn), PEN_IRQ(SysTick_IRQn); it is the exception number
 * of the Cortex-M, 1..255. 0: no line, the handler is always enabled. A handler with a line starts disabled after each
 * reset and runs once pen_irq_enable() or NVIC_EnableIRQ() has been called; what happens on a disabled line is
 * forgotten. */
#define PEN_IRQ(number) ((uint8_t)((number) + 16))

typedef struct PenTask { /* a function (or timer interrupt) called periodically */
  void (*run)(void);
  /* a whole number of firmware ticks; 0: runs only when made pending (pen_irq_set_pending) */
  uint32_t period_us;
  uint32_t phase_us; /* first call, after boot; a whole number of firmware ticks */
  uint8_t priority;  /* 0 is the most urgent; runs first, and preempts main() and less urgent handlers where they wait;
                               * equal priorities run in the order of the table and do not preempt each other */
  uint8_t irq;       /* PEN_IRQ(n) or 0 */
} PenTask;

/* called for each edge of a line, in time order, with the clock at its stamp + 2 us latency */
typedef struct PenInterrupt {
  void (*run)(void);       /* pen_edge() is the edge */
  uint8_t line;            /* PEN_LINE_* */
  uint8_t rising, falling; /* which edges */
  uint8_t priority;
  uint8_t irq; /* PEN_IRQ(n) or 0 */
} PenInterrupt;

/* an address range that the firmware accesses directly: plain memory there, zero after each reset */
typedef struct PenRegisters {
  /* widened to whole 4 KiB pages; outside 0x20000000..0x3FFFFFFF: cores and stacks lie there, and the page at
   * 0x20000000,
   * where a table of vectors may be copied to, is there without being listed */
  uint32_t address, size;
} PenRegisters;

typedef struct PenPort {
  uint32_t version; /* PEN_PORT_VERSION */
  const char* name;
  uint32_t tick_us;   /* firmware tick, 50 */
  uint32_t uart_baud; /* 0: 115200; at most 8 bytes a tick */
  /* once after each reset, before anything else; may be NULL; takes no time and may not wait */
  void (*boot)(void);
  int (*main)(void); /* NULL for shape (a); if it returns, the core sleeps and its handlers go on */
  const PenTask* tasks;
  uint32_t task_count; /* tasks and interrupts together: at most 60 */
  const PenInterrupt* interrupts;
  uint32_t interrupt_count;
  const PenRegisters* registers;
  uint32_t register_count;
  /* copies pen_in to registers: before main() starts, at every tick and before every handler */
  void (*sync_in)(void);
  void (*sync_out)(
      void); /* copies registers to pen_out: after every handler, at the end of a tick, and before a register is
                               * written or read when one was written since. Both take no time. */
  /* The rest may be left out (zero). */
  /* shape (c): a register is about to be read; for those whose reading acts (UART data) */
  void (*before_read)(uint32_t address);
  void (*after_write)(uint32_t address); /* shape (c): a register was written; called before anything else happens */
  uint32_t core_clock_Hz;                /* counts SysTick and DWT->CYCCNT; 0: 168 MHz */
  uint32_t
      unanswered_ms; /* 0: the careful hang rule of native_target.h, else the strict one: a wait that stays without an
                               * answer for so long is a hang, whatever could still answer */
  uint32_t stack_bytes; /* of main() and handlers; 0: 256 KiB (a PC needs more stack than the target) */
  /* 0: an integer division by zero gives 0, as on a Cortex-M after reset, with a finding for each place; 1: it is a
   * crash
   * (CCR.DIV_0_TRP is set). The smallest number by -1 gives the smallest number. */
  uint32_t divide_by_zero_traps;
} PenPort;

extern const PenPort pen_port; /* defined by the port */

/* Defined by the runtime. pen_in is refreshed before each tick; pen_out is read after it. In shapes (b) and (c) pen_in
 * changes under the running code and is volatile, so that a loop that waits for a pin takes time. */
#ifdef PEN_CORE_WAITS
extern volatile PenIn pen_in;
#else
extern PenIn pen_in;
#endif
extern PenOut pen_out;

/* The core's clock. Inside an edge handler it stands at the stamp of the edge plus latency, also where main() was
 * already later by up to a tick; what runs after the handler never sees a clock before the handler's. Each read takes 1
 * us of virtual time in shapes (b) and (c), none in a task of shape (a). */
uint32_t pen_clock_us(void);
const PenEdge* pen_edge(void);            /* the edge that the running interrupt handler answers; NULL elsewhere */
void pen_wait_for_interrupt(void);        /* __WFI: sleeps until a handler has run, or is pending behind a mask */
void pen_delay_us(uint32_t microseconds); /* busy wait in virtual time; in shape (a) at most the rest of the tick */
void pen_disable_interrupts(void);
void pen_enable_interrupts(void); /* what is pending runs here */
/* PEN_IRQ(n); what HAL_NVIC_EnableIRQ or HAL_TIM_Base_Start_IT comes down to */
void pen_irq_enable(uint8_t irq);
void pen_irq_disable(uint8_t irq);
void pen_irq_set_pending(uint8_t irq); /* runs the handler as soon as priority and masks let it */
/* queued (1024 bytes), sent at the baud rate; overflow is a finding */
void pen_uart_write(const void* bytes, uint32_t count);
uint32_t pen_uart_free(void);      /* room in the transmit queue, bytes */
PEN_NORETURN void pen_reset(void); /* NVIC_SystemReset: software reset */
/* a hardware call that the port does not answer: a loud finding, once per call name */
void pen_unanswered(const char* call);

#ifdef __cplusplus
}
#endif
#endif
