/* pen_runtime.h - what a core's own runtime and the host that runs it know of each other. C11.
 *
 * The runtime is linked into every core; the host finds the one exported symbol, pen_runtime (the entry point of an
 * image
 * with pointers of 4 bytes), and calls through it. The host hands the runtime a table of its own functions, so that
 * neither looks up symbols of the other by name: a core
 * can never call a host function that happens to carry the name of one of its own.
 *
 * Order for the host: load; for each reset { restore the writable memory, start(); step by step { write *in, tick() or
 * one switch to the core's stack, where run() goes on; read *out and *status } }.
 */
#ifndef PENSIM_PEN_RUNTIME_H
#define PENSIM_PEN_RUNTIME_H

#include "pen_port.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PEN_RUNTIME_MAGIC 0x45524F43u /* "CORE" */
#define PEN_RUNTIME_VERSION 3u
#define PEN_HANDLERS 64u /* tasks, interrupts and the system handlers of a Cortex-M */

enum { PEN_SHAPE_RATES, PEN_SHAPE_MAIN, PEN_SHAPE_REGISTERS };

enum {
  PEN_FINDING_UNANSWERED,     /* text: name of the call */
  PEN_FINDING_UART_OVERFLOW,  /* number: bytes lost; once per reset */
  PEN_FINDING_DELAY_TOO_LONG, /* number: microseconds asked for in a tick of shape (a); once per reset */
  PEN_FINDING_MAIN_RETURNED,  /* once per reset */
  PEN_FINDING_PLAIN_WAIT,     /* number: low half of the place in the code; waits_for[0]: what is read there */
  PEN_FINDING_THREAD_ROOM,    /* number: KiB of the stack that found no room */
  PEN_FINDING_THREAD_STACK,   /* number: low half of the entry of a thread that overran its stack */
  PEN_FINDING_HANDLER_STAYS,  /* number: low half of the handler that has not returned for 1 s; once per reset */
  PEN_FINDING_KICKED, /* the watchdog is, by handlers, while waits_for is waited for; number: milliseconds; once per
                         reset */
  PEN_FINDING_NO_HANDLER,     /* number: of the interrupt that was enabled; each once per reset */
  PEN_FINDING_HEAP_EXHAUSTED, /* number: bytes of the heap; once per reset */
  PEN_FINDING_TERMINATED,     /* text: why C++ ends the core, or "exception ", mangled type, line break, what() */
  PEN_FINDING_OVERRUN         /* number: handler as of cost_ns, + 64 * microseconds that its call took */
};

typedef struct PenHost {
  void* target;
  void (*yield)(void* target); /* to the host; returns at the next tick (shapes b and c) */
  void (*finding)(void* target, uint32_t kind, const char* text, uint32_t number);
  uint64_t stack_begin, stack_end; /* of the core (shapes b and c) */
  /* what the next call of this handler takes (pen_costed.c): interrupts of the port, then its tasks; NULL: no time */
  uint32_t (*cost_ns)(void* target, uint32_t handler);
} PenHost;

/* The host's functions lie beyond the pointers of a core whose pointers have 4 bytes. Its loader writes their 64-bit
 * addresses into this table, which is read-only from then on; the core's PenHost holds stubs that jump through it
 * (pen_import.c). */
typedef struct PenImports {
  uint64_t target;
  uint64_t yield, finding; /* as in PenHost; texts by their address */
  uint64_t leave;          /* void (uint64_t target, uint32_t exit_code): ends the process; PEN_LEAVE_ABORT: abort() */
  uint64_t stack_begin, stack_end;
  uint64_t cost_ns; /* 0: none */
} PenImports;

#define PEN_LEAVE_ABORT 0x100u

typedef struct PenStatus {  /* read by the host after each tick */
  uint64_t interrupts_lost; /* since reset */
  uint64_t polls;           /* since reset: volatile reads that took time, for figures */
  uint32_t slept_ns;        /* in this tick */
  uint8_t reset_requested;
  uint8_t hang;
  uint16_t measures;      /* written by the host after a reset: act_delay_ns is wanted */
  uint64_t waits_for[2];  /* addresses that the innermost wait reads; 0: none, or asleep */
  uint64_t wait_since_ns; /* virtual time since reset at which that wait began */
  uint64_t now_ns;        /* virtual time since reset */
  uint32_t stack_fill;    /* written by the host after a reset: dead stack is filled with this byte; 0: left alone */
  /* of the newest handler that changed pen_out: from the sampling of the inputs that made it due (the tick, or the
   * stamp of an edge) to its end; a tick where main() changed it */
  uint32_t act_delay_ns;
} PenStatus;

typedef void (*PenFunction)(void);

typedef struct PenRuntime {
  uint32_t magic, version, shim_version, port_version;
  uint32_t in_bytes, out_bytes;
  uint32_t shape; /* PEN_SHAPE_*, as built */
  uint32_t lp64_chosen; /* 1: DATA_MODEL lp64 is what its author asked for */
  const PenPort* port;
  volatile PenIn* in;
  PenOut* out;
  PenStatus* status;
  const PenFunction *init_begin, *init_end; /* constructors; the dynamic loader does not know them */
  uint8_t *noinit_begin, *noinit_end;
  /* after each reset, on fresh memory; calls nothing of the core; NULL where there are imports */
  void (*start)(const PenHost* host);
  void (*tick)(void);  /* shape (a): one tick */
  void (*run)(void);   /* shapes (b), (c): entry of the core's stack, inside its first tick; never returns */
  PenImports* imports; /* NULL in a core with pointers of 8 bytes */
} PenRuntime;

/* Between the files of the runtime. */
#if defined(__x86_64__) && defined(__ILP32__)
#define PEN_CORE_IMPORTS 1 /* pointers of 4 bytes in a process of 8 */
extern PenImports pen_imports;
const PenHost* pen_imported_host(void);
#endif

/* How the runtime reaches the core. Where they run on different processors (firmware_shim/emulated), that side defines
 * these before. Addresses of the core are 64-bit numbers; PEN_MEMORY makes a pointer of one. */
#ifndef PEN_ELSEWHERE
#define PEN_CALL(function) (function)()                /* as a function */
#define PEN_CALL_WITH(function, word) (function)(word) /* with one argument */
#define PEN_CALL_HANDLER(handler) ((handler)->run())   /* as an interrupt */
#define PEN_SYSTEM_HANDLER(name) name                  /* by its name in the vendor's vector table; NULL: none */
#define PEN_MEMORY(address) ((void*)(uintptr_t)(address))
#define PEN_IN_ADDRESS ((uint64_t)(uintptr_t)&pen_in)
#define PEN_READ_MASKS() ((void)0) /* PRIMASK and its kind may have been changed by instructions of the core */
#endif

extern const PenHost* pen_host;
extern PenStatus pen_status;
/* A second run (--twice) finds another pattern in the stack where nothing was written: called where control goes
 * back to
 * the core, and before a handler. 4 KiB below the caller's frame. */
static inline void pen_smear_stack(void) {
#if defined(__x86_64__) && !defined(PEN_ELSEWHERE)
  if (__builtin_expect(pen_status.stack_fill == 0u, 1)) return;
  enum { BYTES = 4096 };
  uint64_t to = 0, count = BYTES;
  __asm__ volatile(
      "leaq -4096(%%rsp), %0\n"
      "rep stosb\n"
      : "=&D"(to), "+c"(count)
      : "a"(pen_status.stack_fill)
      : "memory");
#endif
}

void pen_outputs_begin_tick(void); /* zeroes what is consumed once */
void pen_uart_end_tick(void);      /* moves due bytes of the queue to pen_out */
void pen_construct(void);          /* constructors and boot */

#ifdef __cplusplus
}
#endif
#endif
