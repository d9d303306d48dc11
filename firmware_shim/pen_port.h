/* pen_port.h - what a port says about its firmware core, and what it may call. C11.
 *
 * A port is the only new file an engineer writes: it answers the firmware's hardware calls from pen_in and pen_out, and tells the
 * shim how the firmware is shaped. The runtime (linked into every core by pensim_add_core) defines pen_in, pen_out and the
 * functions below; the port defines pen_port.
 *
 *   shape (a)  functions called at rates            tasks, interrupts
 *   shape (b)  main() that never returns, handlers  main, interrupts (and tasks for timer interrupts)
 *   shape (c)  registers and CMSIS                  main, interrupts, tasks, registers, sync_in, sync_out
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

typedef struct PenTask {      /* a function (or timer interrupt) called periodically */
  void (*run)(void);
  uint32_t period_us;         /* a whole number of firmware ticks */
  uint32_t phase_us;          /* first call, after boot */
  uint8_t priority;           /* 0 is the most urgent; runs first, and preempts main() and less urgent handlers where they wait */
} PenTask;

typedef struct PenInterrupt { /* called for each edge of a line, in time order, with the clock at its stamp + 2 us latency */
  void (*run)(void);          /* pen_edge() is the edge */
  uint8_t line;               /* PEN_LINE_* */
  uint8_t rising, falling;    /* which edges */
  uint8_t priority;
} PenInterrupt;

typedef struct PenRegisters { /* an address range that the firmware accesses directly: plain memory there */
  uint32_t address, size;
} PenRegisters;

typedef struct PenPort {
  uint32_t version;           /* PEN_PORT_VERSION */
  const char *name;
  uint32_t tick_us;           /* firmware tick, 50 */
  uint32_t uart_baud;         /* 0: 115200 */
  void (*boot)(void);         /* once after each reset, before anything else; may be NULL; may not wait */
  int (*main)(void);          /* NULL for shape (a) */
  const PenTask *tasks;
  uint32_t task_count;
  const PenInterrupt *interrupts;
  uint32_t interrupt_count;
  const PenRegisters *registers;
  uint32_t register_count;
  void (*sync_in)(void);      /* copies pen_in to registers, before every event */
  void (*sync_out)(void);     /* copies registers to pen_out, after every event */
} PenPort;

extern const PenPort pen_port; /* defined by the port */

/* Defined by the runtime. pen_in is refreshed before each tick; pen_out is read after it. */
extern PenIn pen_in;
extern PenOut pen_out;

/* The core's clock. Inside an edge handler it stands at the stamp of the edge plus latency. Each read takes 1 us of virtual time
 * in main() (shapes b and c), none in a task of shape (a). */
uint32_t pen_clock_us(void);
const PenEdge *pen_edge(void);              /* the edge that the running interrupt handler answers; NULL elsewhere */
void pen_wait_for_interrupt(void);          /* __WFI: until the next handler has run, at the latest the next tick */
void pen_delay_us(uint32_t microseconds);   /* busy wait in virtual time */
void pen_disable_interrupts(void);
void pen_enable_interrupts(void);
void pen_uart_write(const void *bytes, uint32_t count); /* queued (1024 bytes), sent at the baud rate; overflow is a finding */
uint32_t pen_uart_free(void);               /* room in the transmit queue, bytes */
PEN_NORETURN void pen_reset(void);            /* NVIC_SystemReset: software reset */
void pen_unanswered(const char *call);      /* a hardware call that the port does not answer: a loud finding, once per call name */

#ifdef __cplusplus
}
#endif
#endif
