/* misbehave.c - see misbehave.h. */
#undef NDEBUG
#define _GNU_SOURCE
#include "misbehave.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "pen_port.h"

#define APART __attribute__((noinline))
#define HIDE(value) __asm__ volatile("" : "+r"(value)) /* the compiler knows nothing of it any more */

volatile unsigned flag;
unsigned good_data[16] = {1, 2, 3};
unsigned char last_of_bss[64];
static uint32_t sink;

static inline void put(uint32_t* where, uint32_t value) { *where = value; /* at: NULL_WRITE */ }

APART static void null_write(void) {
  uint32_t* nowhere = NULL;
  HIDE(nowhere);
  put(nowhere, 7);
  ++sink;
}

APART static void null_read(void) {
  const uint32_t* nowhere = (const uint32_t*)8;
  HIDE(nowhere);
  sink += *nowhere; /* at: NULL_READ */
}

APART static uint32_t recurse(uint32_t depth) {
  volatile uint32_t local[32];
  local[depth & 31] = depth; /* at: RECURSE */ /* or at the entry, or at the call */
  HIDE(depth);
  return depth == 0xffffffffu ? 0 : recurse(depth + 1) + local[depth & 31];
}

APART static void huge_frame(void) {
  unsigned char table[2 * 1024 * 1024];
  unsigned char* lowest = table;
  HIDE(lowest);
  *lowest = 1; /* at: HUGE_FRAME */
  HIDE(lowest);
  sink += *lowest;
}

APART static void divide(void) {
  int by = 0;
  HIDE(by);
  sink += (uint32_t)(7 / by); /* at: DIVIDE */
}

APART static void scribble(unsigned char* from, int step) {
  for (;;) {
    *from = 0xA5; /* at: SCRIBBLE */
    from += step;
    HIDE(from);
  }
}

APART static void wild_write(void) {
  volatile uint64_t* far = (volatile uint64_t*)(uintptr_t)0x123456789000;
  *far = 1; /* at: WILD_WRITE */
  ++sink;
}

static uintptr_t asked_address(void) {
  return (uintptr_t)((uint32_t)pen_in.aux[1] | (uint64_t)(uint32_t)pen_in.aux[2] << 32);
}

APART static void write_at(void) {
  volatile uint64_t* where = (volatile uint64_t*)asked_address();
  *where = 0xA5A5A5A5A5A5A5A5u; /* at: WRITE_AT */
  ++sink;
}

APART static void memset_at(void) {
  void* where = (void*)asked_address();
  memset(where, 0xA5, (size_t)pen_in.aux[3]); /* at: MEMSET_AT */
  ++sink;
}

APART static void call_address(uintptr_t address) {
  void (*f)(void) = (void (*)(void))address;
  HIDE(f);
  f(); /* at: CALL */
  ++sink;
}

APART static void fill(unsigned char* p, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    p[i] = 0x41; /* at: SMASH_TO_TOP */
    HIDE(p);
  }
}

APART static void smash(size_t bytes) {
  unsigned char buffer[16];
  unsigned char* p = buffer;
  HIDE(p);
  fill(p, bytes);
  sink += buffer[3];
} /* at: SMASH */

#ifdef __linux__
APART static void bus(void) {
  int file = memfd_create("empty", 0); /* at: BUS_FILE */
  volatile unsigned char* page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
  sink += page[0]; /* at: BUS */
}
#endif

APART static size_t library_null(void) {
  const char* text = NULL;
  HIDE(text);
  return strlen(text) + 1; /* at: LIBRARY_NULL */
}

APART static void spin(void) {
  int on = 1;
  HIDE(on);
  while (on) __asm__ volatile(""); /* at: SPIN */
}

APART static void wait_forever(void) {
  while (!flag) { /* at: WAIT_FOREVER */
  }
  ++sink;
}

#ifdef KEEPS_HEAP
APART static void allocate(void) {
  static char* kept;
  free(kept);
  kept = malloc(300);
  memset(kept, 1, 300);
  HIDE(kept);
  ++sink;
}
#endif

void control(void) {
  switch (pen_in.aux[0]) {
    case NULL_WRITE:
      null_write();
      break;
    case NULL_READ:
      null_read();
      break;
    case RECURSE:
      sink += recurse(0);
      break;
    case HUGE_FRAME:
      huge_frame();
      break;
    case ABORT:
      abort(); /* at: ABORT */
    case ASSERT:
      assert(pen_in.aux[0] == BEHAVE); /* at: ASSERT */
      break;
    case FREE_RUBBISH: {
      char* rubbish = (char*)&good_data[5];
      HIDE(rubbish);
      free(rubbish); /* at: FREE_RUBBISH */
      break;
    }
    case EXIT_0:
      exit(0); /* at: EXIT_0 */
    case EXIT_NOW_3:
      _Exit(3); /* at: EXIT_NOW_3 */
#ifdef __linux__
    case EXIT_SYSTEM_5:
      syscall(SYS_exit_group, 5); /* at: EXIT_SYSTEM_5 */
      break;
    case BLOCK:
      for (;;) pause(); /* at: BLOCK */
    case BUS:
      bus();
      break;
#endif
    case DIVIDE:
      divide();
      break;
    case TRAP:
      __builtin_trap(); /* at: TRAP */
    case SPIN:
      spin();
      break;
    case SCRIBBLE_UP:
      scribble(last_of_bss, 1);
      break;
    case SCRIBBLE_DOWN:
      scribble((unsigned char*)good_data, -1);
      break;
    case WILD_WRITE:
      wild_write();
      break;
    case WRITE_AT:
      write_at();
      break;
    case MEMSET_AT:
      memset_at();
      break;
    case MEMSET_AND_CRASH:
      memset_at();
      null_write();
      break;
    case CALL_1234:
      call_address(0x1234);
      break;
    case CALL_DATA:
      call_address((uintptr_t)good_data);
      break;
    case SMASH:
      smash(64);
      break;
    case SMASH_TO_TOP:
      smash((size_t)1 << 30);
      break;
    case LIBRARY_NULL:
      sink += (uint32_t)library_null();
      break;
    case BAD_UART:
      pen_uart_write(NULL, 4); /* at: BAD_UART */
      break;
    case WAIT_FOREVER:
      wait_forever();
      break;
#ifdef __ARM_ARCH
    case MASKED_SPIN:
      __asm__ volatile("cpsid i");
      spin();
      break;
    case BOARD_WATCHDOG: {
      volatile uint32_t* const watchdog = (volatile uint32_t*)0x40008000u; /* CMSDK APB: load, value, control */
      watchdog[0xC00 / 4] = 0x1ACCE551u;                                   /* lock */
      watchdog[0] = 25000u;                                                /* 1 ms, twice */
      watchdog[2] = 3u;
      spin();
      break;
    }
#endif
#ifdef KEEPS_HEAP
    case ALLOCATE:
      allocate();
      break;
#endif
    default:
      break;
  }
  ++sink; /* no call above is the last thing to do: it would become a jump, and leave no frame */
}
