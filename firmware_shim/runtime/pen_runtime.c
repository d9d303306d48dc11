/* pen_runtime.c - linked into every core: pen_in, pen_out, the transmit queue, findings, and the tick of shape (a).
 *
 * A tick of shape (a):
 *   1. ONCE fields of pen_out become zero; in the first tick after a reset, constructors and boot() run
 *   2. each edge's handlers in time order, the clock at the stamp + 2 us
 *   3. the tasks that are due, by priority; the clock at the tick (or at the last edge's handler, if that was later)
 *   4. bytes of the transmit queue whose time has come go to pen_out
 * Everything runs on the caller's stack. No division and, in a tick in which only the every-tick tasks are due, no look
 * at the others.
 */
#include "pen_runtime.h"

#include <string.h>

#include "pen_costed.h"

#define EDGE_LATENCY_US 2u
#define UART_QUEUE 1024u /* a power of two */

#ifdef PEN_CORE_WAITS
volatile PenIn pen_in;
#else
PenIn pen_in;
#endif
PenOut pen_out;
const PenHost* pen_host;
PenStatus pen_status;

#ifndef PEN_ELSEWHERE
extern const PenFunction pen_init_begin[], pen_init_end[];
extern uint8_t pen_noinit_begin[], pen_noinit_end[];
#endif

/* ---- transmit queue: a byte is 10 bits; it is handed over when its last bit has left ---- */

static struct {
  uint8_t bytes[UART_QUEUE];
  uint32_t head, tail; /* free-running; tail - head bytes are queued */
  uint32_t credit;     /* bit-microseconds: baud * time since the byte at the head began */
  uint32_t credit_per_tick;
  uint32_t credit_per_byte; /* 10 bits of a million microseconds */
  uint32_t lost;
} uart;

static void uart_start(void) {
  uint32_t baud = pen_port.uart_baud ? pen_port.uart_baud : 115200u;
  uart.credit_per_byte = 10u * 1000000u;
  uart.credit_per_tick = baud * pen_port.tick_us;
}

void pen_uart_write(const void* bytes, uint32_t count) {
  const uint8_t* from = (const uint8_t*)bytes;
  for (uint32_t i = 0; i < count; ++i) {
    if (uart.tail - uart.head == UART_QUEUE) {
      if (uart.lost == 0) pen_host->finding(pen_host->target, PEN_FINDING_UART_OVERFLOW, "", count - i);
      uart.lost += count - i;
      return;
    }
    uart.bytes[uart.tail++ & (UART_QUEUE - 1u)] = from[i];
  }
}

uint32_t pen_uart_free(void) { return UART_QUEUE - (uart.tail - uart.head); }

void pen_uart_end_tick(void) {
  if (uart.head == uart.tail) return;
  uart.credit += uart.credit_per_tick;
  while (uart.credit >= uart.credit_per_byte && uart.head != uart.tail && pen_out.uart_count < PEN_UART_BYTES) {
    uart.credit -= uart.credit_per_byte;
    pen_out.uart[pen_out.uart_count++] = uart.bytes[uart.head++ & (UART_QUEUE - 1u)];
  }
  if (uart.head == uart.tail) uart.credit = 0;
}

/* ---- what both kinds of tick share ---- */

void pen_outputs_begin_tick(void) {
  pen_out.watchdog = 0;
  pen_out.stepper_steps = 0;
  memset((uint8_t*)&pen_out + offsetof(PenOut, watchdog_timeout_ms), 0,
         offsetof(PenOut, aux) - offsetof(PenOut, watchdog_timeout_ms));
}

#ifndef PEN_ELSEWHERE
void pen_construct(void) {
  for (const PenFunction* f = pen_init_begin; f < pen_init_end; ++f)
    if (*f) (*f)();
  if (pen_port.boot) pen_port.boot();
}
#endif

void pen_unanswered(const char* call) {
  static const char* seen[16]; /* the host knows all names; this only keeps a frequent call cheap */
  static uint32_t next;
  for (uint32_t i = 0; i < 16u; ++i)
    if (seen[i] == call) return;
  seen[next++ & 15u] = call;
  pen_host->finding(pen_host->target, PEN_FINDING_UNANSWERED, call, 0);
}

/* Static objects of a core are never destroyed: there is no exit, and a reset constructs them again in place. */
int __cxa_atexit(void (*function)(void*), void* object, void* library);
int __cxa_atexit(void (*function)(void*), void* object, void* library) {
  (void)function, (void)object, (void)library;
  return 0;
}
int atexit(void (*function)(void));
int atexit(void (*function)(void)) {
  (void)function;
  return 0;
}

/* ---- shape (a) ---- */

#ifndef PEN_CORE_WAITS

typedef struct {
  void (*run)(void);
  uint32_t period_ticks;
  uint32_t due_tick; /* 32 bits of the tick count; compared as differences */
  uint8_t irq;
  uint8_t every_tick; /* its phase is over and its period one tick: due_tick is not kept up */
} Task;

static struct {
  Task task[PEN_HANDLERS];          /* by priority, then order of the table */
  void (*each[PEN_HANDLERS])(void); /* those due every tick, in the same order */
  uint32_t task_count, each_count;
  uint32_t tick, next_due; /* next_due: first tick at which a task beyond `each` is due */
  uint32_t clock_us;
  const PenEdge* edge;
  uint32_t masked;
  uint64_t held; /* interrupts that wait for pen_enable_interrupts */
  PenEdge held_edge[PEN_HANDLERS];
  uint8_t line_enabled[256]; /* by irq; [0] is always 1 */
  uint8_t started, delayed_too_long;
  uint32_t delayed_us;
  void* escape[5];
} rates;

static void rates_start(void) {
  rates.line_enabled[0] = 1;
  uint8_t priority = 0;
  do {
    for (uint32_t i = 0; i < pen_port.task_count; ++i) {
      const PenTask* from = &pen_port.tasks[i];
      if (from->priority != priority || from->period_us == 0) continue;
      Task* to = &rates.task[rates.task_count++];
      to->run = from->run;
      to->period_ticks = from->period_us / pen_port.tick_us;
      to->due_tick = from->phase_us / pen_port.tick_us;
      to->irq = from->irq;
    }
  } while (priority++ != 255);
}

static void rates_tasks(void) {
  if ((int32_t)(rates.tick - rates.next_due) < 0) {
    for (uint32_t i = 0; i < rates.each_count; ++i) PEN_CALL(rates.each[i]);
    return;
  }
  uint32_t soonest = 1u << 30; /* ticks from now */
  rates.each_count = 0;
  for (uint32_t i = 0; i < rates.task_count; ++i) {
    Task* task = &rates.task[i];
    if (task->every_tick || task->due_tick == rates.tick) {
      task->due_tick = rates.tick + task->period_ticks;
      task->every_tick = task->period_ticks == 1 && task->irq == 0;
      if (rates.line_enabled[task->irq]) PEN_CALL(task->run);
    }
    if (task->every_tick)
      rates.each[rates.each_count++] = task->run;
    else if (task->due_tick - rates.tick < soonest)
      soonest = task->due_tick - rates.tick;
  }
  rates.next_due = rates.tick + soonest;
}

static void rates_edge(const PenInterrupt* interrupt, const PenEdge* edge) {
  rates.edge = edge;
  PEN_CALL(interrupt->run);
  rates.edge = NULL;
}

static void rates_edges(void) {
  for (uint32_t e = 0; e < pen_in.edge_count; ++e) {
    const PenEdge* edge = &pen_in.edges[e];
    rates.clock_us = edge->time_us + EDGE_LATENCY_US;
    for (uint32_t i = 0; i < pen_port.interrupt_count; ++i) {
      const PenInterrupt* interrupt = &pen_port.interrupts[i];
      if (interrupt->line != edge->line || !(edge->level ? interrupt->rising : interrupt->falling)) continue;
      if (!rates.line_enabled[interrupt->irq]) continue;
      if (rates.masked) {
        if (rates.held & (1ull << i)) ++pen_status.interrupts_lost;
        rates.held |= 1ull << i;
        rates.held_edge[i] = *edge;
      } else {
        rates_edge(interrupt, edge);
      }
    }
  }
  if ((int32_t)(rates.clock_us - pen_in.time_us) < 0) rates.clock_us = pen_in.time_us;
}

static __attribute__((noinline)) void rates_tick(void) {
  pen_outputs_begin_tick();
  rates.clock_us = pen_in.time_us;
  rates.delayed_us = 0;
  if (!rates.started) {
    rates.started = 1;
    pen_construct();
  }
  pen_smear_stack();
#ifndef PEN_ELSEWHERE
  if (__builtin_expect(pen_host->cost_ns != NULL, 0)) {
    pen_costed_tick();
    pen_uart_end_tick();
    return;
  }
#endif
  if (pen_in.edge_count) rates_edges();
  rates_tasks();
  ++rates.tick;
  pen_uart_end_tick();
}

#ifndef PEN_ELSEWHERE
uint32_t pen_rates_call(void (*run)(void), uint32_t clock_us, const PenEdge* edge) {
  rates.clock_us = clock_us;
  rates.delayed_us = 0;
  rates.edge = edge;
  run();
  rates.edge = NULL;
  return rates.delayed_us;
}

int pen_rates_enabled(uint8_t irq) { return rates.line_enabled[irq]; }
int pen_rates_masked(void) { return rates.masked != 0; }
#endif

/* pen_reset() leaves the core from any depth; nothing of it is unwound. */
static void tick(void) {
  if (pen_status.reset_requested) return;
  if (__builtin_setjmp(rates.escape) == 0) rates_tick();
}

void pen_reset(void) {
  pen_status.reset_requested = 1;
  __builtin_longjmp(rates.escape, 1);
}

uint32_t pen_clock_us(void) { return rates.clock_us; }
const PenEdge* pen_edge(void) { return rates.edge; }
void pen_wait_for_interrupt(void) {
} /* a task of shape (a) has nothing to sleep for: the next handler comes when it returns */

void pen_delay_us(uint32_t microseconds) {
  uint32_t left = pen_port.tick_us - rates.delayed_us;
  if (microseconds > left) {
    if (!rates.delayed_too_long) pen_host->finding(pen_host->target, PEN_FINDING_DELAY_TOO_LONG, "", microseconds);
    rates.delayed_too_long = 1;
    microseconds = left;
  }
  rates.delayed_us += microseconds;
  rates.clock_us += microseconds;
}

void pen_disable_interrupts(void) { rates.masked = 1; }

void pen_enable_interrupts(void) {
  rates.masked = 0;
  for (uint32_t i = 0; rates.held && i < pen_port.interrupt_count; ++i) {
    if (!(rates.held & (1ull << i))) continue;
    rates.held &= ~(1ull << i);
    PenEdge edge = rates.held_edge[i];
    const PenEdge* outer = rates.edge;
    rates.edge = &edge;
    PEN_CALL(pen_port.interrupts[i].run);
    rates.edge = outer;
  }
}

void pen_irq_enable(uint8_t irq) { rates.line_enabled[irq] = 1; }
void pen_irq_disable(uint8_t irq) {
  if (irq) rates.line_enabled[irq] = 0;
}
void pen_irq_set_pending(uint8_t irq) {
#ifndef PEN_ELSEWHERE
  if (pen_host->cost_ns) {
    pen_costed_pend(irq);
    return;
  }
#endif
  for (uint32_t i = 0; i < pen_port.task_count; ++i)
    if (irq && pen_port.tasks[i].irq == irq && rates.line_enabled[irq]) PEN_CALL(pen_port.tasks[i].run);
}

static void start(const PenHost* host) {
#ifdef PEN_CORE_IMPORTS
  host = pen_imported_host();
#endif
  pen_host = host;
  uart_start();
  rates_start();
}

static void run(void) {}

#else

void pen_waiting_start(void);
void pen_waiting_run(void);

static void start(const PenHost* host) {
#ifdef PEN_CORE_IMPORTS
  host = pen_imported_host();
#endif
  pen_host = host;
  uart_start();
  pen_waiting_start();
}

static void tick(void) {}
static void run(void) { pen_waiting_run(); }

#endif

#ifndef PEN_ELSEWHERE
__attribute__((visibility("default"))) extern const PenRuntime pen_runtime;
const PenRuntime pen_runtime = {
    .magic = PEN_RUNTIME_MAGIC,
    .version = PEN_RUNTIME_VERSION,
    .shim_version = PEN_SHIM_VERSION,
    .port_version = PEN_PORT_VERSION,
    .in_bytes = sizeof(PenIn),
    .out_bytes = sizeof(PenOut),
    .shape = PEN_CORE_SHAPE,
#ifdef PEN_LP64_CHOSEN
    .lp64_chosen = 1,
#endif
    .port = &pen_port,
    .in = &pen_in,
    .out = &pen_out,
    .status = &pen_status,
    .init_begin = pen_init_begin,
    .init_end = pen_init_end,
    .noinit_begin = pen_noinit_begin,
    .noinit_end = pen_noinit_end,
    .start = start,
    .tick = tick,
    .run = run,
#ifdef PEN_CORE_IMPORTS
    .imports = &pen_imports,
#endif
};
#endif
