/* misbehave.h - firmware that does what firmware should not: PenIn.aux[0] says what, from the tick on in which it is
 * not 0.
 * In misbehave.c a comment `at: NAME` marks the line that a verdict has to name. */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

enum {
  BEHAVE,
  NULL_WRITE, /* in an inlined function */
  NULL_READ,
  RECURSE,
  HUGE_FRAME, /* 2 MB of locals: steps over any guard page */
  ABORT,
  ASSERT,
  FREE_RUBBISH,
  EXIT_0,
  EXIT_NOW_3,    /* _Exit(3) */
  EXIT_SYSTEM_5, /* the bare system call */
  DIVIDE,
  TRAP,
  SPIN,          /* for (;;) {} */
  BLOCK,         /* inside a system call, for good */
  SCRIBBLE_UP,   /* through .bss and on */
  SCRIBBLE_DOWN, /* from .data to below the image */
  WILD_WRITE,
  WRITE_AT,  /* 0xA5, 8 bytes, at the address aux[1] + 2^32 * aux[2]; nothing else happens */
  MEMSET_AT, /* the same by memset, aux[3] bytes */
  CALL_1234,
  CALL_DATA,        /* runs what lies in .data */
  SMASH,            /* overruns a local variable over the return address */
  SMASH_TO_TOP,     /* overruns a local variable to the top of the stack */
  BUS,              /* behind the end of a mapped file */
  LIBRARY_NULL,     /* strlen(NULL) */
  BAD_UART,         /* hands a null pointer to the shim */
  WAIT_FOREVER,     /* reads a volatile that nobody writes (SHAPE main) */
  ALLOCATE,         /* keeps memory of the C library (built with KEEPS_HEAP) */
  MEMSET_AND_CRASH, /* MEMSET_AT, then NULL_WRITE */
  MASKED_SPIN,      /* the same with interrupts masked (on a board) */
  BOARD_WATCHDOG    /* lets the watchdog of an MPS2 board reset it */
};

void control(void);
extern volatile unsigned flag;
extern unsigned char last_of_bss[64];

#endif
