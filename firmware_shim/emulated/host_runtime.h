/* host_runtime.h - the runtime of a core (firmware_shim/runtime) on the host's side of an emulated one. C11 and C++.
 *
 * host_runtime.c compiles the same scheduler that is linked into native cores, once for each shape, with the core's
 * functions and memory on the other side of the functions below. So virtual time, edges, priorities, pacing of the UART
 * and the hang rule are the same code, and a run has the same hash.
 */
#ifndef PENSIM_HOST_RUNTIME_H
#define PENSIM_HOST_RUNTIME_H

#include "firmware_shim/runtime/pen_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PenHostedCore { /* what the runtime has to know of the core; addresses as numbers where functions are */
  const PenPort* port;
  volatile PenIn* in;
  PenOut* out;
  uint64_t in_address;
  const uint32_t *init_begin, *init_end;
  uint32_t svc, pendsv, systick;
  uint32_t poll_ns, clock_ns; /* what a read of a volatile and of the clock take; 0 where instructions take time */
} PenHostedCore;

typedef struct PenHostedRuntime {
  void (*start)(const PenHostedCore*, const PenHost*);         /* after each reset, on cleared state */
  void (*run)(void);                                           /* on the core's stack; never returns */
  uint64_t (*call)(uint32_t index, const uint32_t* arguments); /* calls.inl */
  int (*quick_read)(uint32_t address, uint32_t size); /* 1: a read of a volatile that needs no more than time */
  int (*quick_write)(uint32_t address); /* 1: a write that nobody needs to look at further */
  int (*supervisor_call)(void);                       /* 0: nobody answers; -1: masked */
  void (*announced)(uint32_t address, int write);     /* a register access that the compiler did not announce */
  void (*time_passes)(void);                          /* now_ns has come to deadline_ns */
  void (*settle)(void);
  const PenStatus* status;
  uint16_t* measures;             /* PenStatus.measures */
  uint64_t *now_ns, *deadline_ns; /* NULL in shape (a) */
  uint32_t* frozen;
  const uint64_t* register_written; /* not 0: a store was announced that nobody has looked at yet */
  uint32_t (*running)(void);        /* the handler's function, 0 in main() */
  void (*fault)(uint32_t function, uint32_t number); /* runs this exception, above all priorities */
  int (*watched)(void);                              /* a watchdog was started */
  void (*go_round)(void);                            /* time passes for a loop that waits by plain memory */
  void (*stay)(void);                                /* time passes, nothing runs, until a reset: never returns */
  char *state_begin, *state_end;    /* cleared by a reset */
} PenHostedRuntime;

extern const PenHostedRuntime pen_hosted_rates, pen_hosted_main, pen_hosted_registers;

/* The other side: the emulated core that is running. */
void pen_guest_call(uint32_t function, uint32_t argument);
void pen_guest_interrupt(uint32_t function, uint32_t number, uint32_t handler_index);
void* pen_guest_memory(uint32_t address);
const void* pen_guest_bytes(uint32_t address, uint32_t count); /* that the core has given */
const char* pen_guest_text(uint32_t address);
uint32_t pen_guest_edge(const PenEdge* edge); /* the address of a copy */
void pen_guest_masks(uint32_t* primask, uint32_t* faultmask, uint32_t* basepri);

#ifdef __cplusplus
}
#endif
#endif
