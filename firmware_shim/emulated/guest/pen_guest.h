/* pen_guest.h - what the ELF file of a core and the emulator know of each other. C11, shared by both.
 *
 * The file holds one PenGuest under the symbol pen_guest. Where the runtime of a native core would do something, that
 * of the guest calls a stub of four bytes; the emulator knows their addresses and acts there (calls.inl).
 */
#ifndef PENSIM_PEN_GUEST_H
#define PENSIM_PEN_GUEST_H

#include <stdint.h>

#define PEN_GUEST_MAGIC 0x54534547u /* "GEST" */
#define PEN_GUEST_VERSION 2u

enum { PEN_GUEST_V6M, PEN_GUEST_V7M, PEN_GUEST_V7EM, PEN_GUEST_V8M };

typedef struct PenGuest { /* all addresses are the guest's; functions with bit 0 set */
  uint32_t magic, version, shim_version, port_version;
  uint32_t in_bytes, out_bytes, port_bytes;
  uint32_t shape;        /* PEN_SHAPE_* */
  uint32_t architecture; /* PEN_GUEST_V7EM */
  uint32_t announced;    /* 1: the compiler announces reads of volatiles, so that the core takes time where it waits */
  uint32_t port, in, out, edges; /* PenPort; PenIn; PenOut; an array of PEN_HANDLERS PenEdge */
  uint32_t init_begin, init_end; /* constructors */
  uint32_t noinit_begin, noinit_end;
  uint32_t vectors;                /* its first word is the initial stack pointer */
  uint32_t stack_begin, stack_end; /* of main() and of handlers */
  uint32_t heap_begin, ram_end;    /* ram_end: memory goes on up to here, whatever the segments say */
  uint32_t entry;                  /* calls what `next` says, again and again */
  uint32_t calls_begin, calls_end; /* the stubs */
  uint32_t nested;                 /* where a stub returns to when the host wants functions called in its midst */
  uint32_t svc, pendsv, systick;   /* handlers by the names of CMSIS; 0: none */
} PenGuest;

/* The index of each call. */
enum {
#define PEN_GUEST_CALL(name, results) PEN_CALL_##name,
#include "calls.inl"
#undef PEN_GUEST_CALL
  PEN_CALLS
};

#endif
