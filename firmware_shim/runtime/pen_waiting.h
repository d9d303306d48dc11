/* pen_waiting.h - virtual time inside a core that waits, between the files of the runtime (shapes b and c). C11. */
#ifndef PENSIM_PEN_WAITING_H
#define PENSIM_PEN_WAITING_H

#include "pen_runtime.h"

#ifndef PEN_POLL_NS
#define PEN_POLL_NS 50u
#define PEN_CLOCK_NS 1000u
#endif
#define PEN_THREAD_LEVEL 256u /* priority of main() */
#define PEN_IRQ_PENDSV 14u    /* exception numbers */
#define PEN_IRQ_SYSTICK 15u

typedef struct PenWait { /* what the running context does while time passes */
  uint64_t address[2];   /* volatiles read in this tick; 0: none */
  uint8_t size[2];
  uint8_t moved; /* it did something else in this tick than read these */
  uint8_t asleep;
  uint64_t before[2], value[2]; /* the same of the last tick, and what was there */
  uint64_t since_ns;            /* end of the last tick in which it moved or a value changed */
} PenWait;

typedef struct PenPlain { /* what the running context does with plain memory (pen_plain.c) */
  uint64_t since_ns;      /* moment of the accesses below, +1 */
  uint32_t accesses;      /* in that moment */
  uint8_t known;          /* loops in which it waits; bit per loop */
  uint8_t inside;         /* of these: nothing else was touched since the last round */
} PenPlain;

typedef struct PenHandler {
  void (*run)(void);
  uint32_t period_ticks; /* 0: not periodic */
  uint32_t due_tick;
  uint8_t irq, priority;
  uint8_t on_edge, line, rising, falling;
  uint8_t loops;       /* over plain memory in which it has waited (PenPlain.known) */
  uint8_t fresh;       /* its edge is being answered at once: the clock goes to the stamp */
  PenEdge edge;        /* newest that made it pending */
  PenEdge answering;   /* of the running call */
  uint64_t ran_ns;     /* last start, +1; 0: never */
  uint64_t outside_ns; /* last look at the outside (pen_in, registers, clock), +1 */
  uint64_t sensed_ns;  /* when the inputs were sampled that made it pending */
} PenHandler;

typedef struct PenTime {
  uint64_t now_ns;      /* virtual time since reset; only grows */
  uint64_t deadline_ns; /* pen_time_passes() is due: end of tick, SysTick; 0: at once; UINT64_MAX: frozen */
  uint64_t stack_low;   /* of main()'s part of the stack; threads have what is below */
  uint64_t tick_begin_ns, tick_end_ns;
  uint64_t systick_ns;     /* next expiry; UINT64_MAX: off */
  int64_t clock_offset_ns; /* of a handler that answers an edge of the past tick */
  PenWait wait;
  PenPlain plain;
  uint64_t pending, enabled; /* bit per handler */
  PenHandler handler[PEN_HANDLERS];
  uint32_t handler_count;
  PenHandler* running;                  /* NULL in main() */
  uint32_t level;                       /* of what runs: a handler's priority (group), or PEN_THREAD_LEVEL */
  uint32_t primask, faultmask, basepri; /* basepri in units of priority, 0: off */
  uint32_t subpriority_bits;
  uint64_t handler_frame;    /* where the running handler's stack begins */
  uint32_t wakes;            /* handlers that became pending on enabled lines */
  uint32_t runs;             /* handlers that ran */
  uint32_t frozen;           /* in boot(), sync_in() and the like: no time, no handlers */
  uint32_t feeding;          /* in sync_in() */
  uint64_t register_written; /* address of a register store that nobody has looked at yet; 0: none */
} PenTime;

extern PenTime pen_time;

void pen_time_passes(void);                            /* now_ns has reached deadline_ns */
void pen_settle(void);                                 /* runs what is pending and may run */
void pen_new_address(uint64_t address, uint32_t size); /* the running context reads something else than before */
void pen_pend(PenHandler* handler);
void pen_call_frozen(void (*function)(void));
void pen_new_deadline(void);
void pen_sync_out(void);   /* the port's, if it has one */
void pen_clock_wait(void); /* the two halves of pen_clock_us() */
uint32_t pen_clock_read(void);
uint64_t pen_delay_end(uint32_t microseconds); /* pen_delay_us() is: steps, until now_ns has reached the end */
void pen_delay_step(uint64_t end_ns);
uint64_t pen_clock_ns(void); /* the core's clock in ns since reset, with the offset of an edge handler */

/* pen_plain.c: at each plain access pen_plain_left counts down; at zero the access is told. */
enum { PEN_PLAIN_SIZE = 0x1F, PEN_PLAIN_READ = 0x20, PEN_PLAIN_WRITE = 0x40 };
#ifndef PEN_ELSEWHERE
extern uint32_t pen_plain_left;
void pen_plain_access(const volatile void* at, uint32_t how, const void* pc);
void pen_plain_begin(PenPlain* plain, uint8_t known); /* a context starts, which knows these loops */
#else                                                 /* where instructions take time, so does every loop */
static __attribute__((unused)) uint32_t pen_plain_left;
static inline void pen_plain_begin(PenPlain* plain, uint8_t known) { plain->known = known; }
#endif

#ifndef PEN_ELSEWHERE         /* pen_threads.c */
int pen_threads_switch(void); /* switches if it was requested and may be; returns when this thread goes on */
int pen_threads_exist(void);
#else
static inline int pen_threads_switch(void) { return 0; }
static inline int pen_threads_exist(void) { return 0; }
#endif

/* pen_cortex.c; called in shape (c) only */
void pen_cortex_start(void);
void pen_cortex_systick(void);             /* SysTick has expired */
void pen_flush_register(void);             /* looks at the last register store */
void pen_register_read(uint64_t address);  /* about to be read */
void pen_register_write(uint64_t address); /* about to be written by the core */
void pen_register_fed(uint64_t address);   /* written by sync_in() */
void pen_cortex_handler_edge(void);        /* at entry and exit of a handler */
int pen_register_known(
    uint64_t address); /* 0: no register; 1: nobody outside answers here; 2: fed by sync_in or before_read */

static inline void pen_progress(void) {
  pen_time.wait.moved = 1;
} /* the running context does something else than read */

/* The first 8 bytes of what lies there. No function of the C library: the core's calls of these are looked at. */
static inline uint64_t pen_value_at(uint64_t address, uint32_t size) {
  uint64_t value = 0;
  uint8_t* to = (uint8_t*)&value;
  const volatile uint8_t* from = (const volatile uint8_t*)PEN_MEMORY(address);
  for (uint32_t i = 0; i < size && i < 8u; ++i) to[i] = from[i];
  return value;
}

static inline void pen_smear_own_stack(void) { /* where main() and its handlers run */
  uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  if (here - pen_time.stack_low > 16384u && here < pen_host->stack_end) pen_smear_stack();
}

static inline void pen_spend(uint64_t ns) {
  pen_time.now_ns += ns;
  if (__builtin_expect(pen_time.now_ns >= pen_time.deadline_ns, 0)) {
    pen_time_passes();
    pen_smear_own_stack();
  }
}

#endif
