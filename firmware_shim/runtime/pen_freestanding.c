/* pen_freestanding.c - what a compiler takes for granted, for a core with 4-byte pointers: it is linked against no
 * library
 * of the PC. All of it is weak: the firmware's own goes first.
 *
 *   memcpy, memmove, memset, memcmp, strlen   of this file also where newlib is linked: its x86-64 versions take
 * sizes of
 *                                             8 bytes
 *   abort, exit, _exit, assert        end the run with a verdict, as the PC's do in a core with 8-byte pointers
 *   128-bit division, counting of bits, stack protector   of libgcc
 */
#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

#include <stddef.h>

#define WEAK __attribute__((weak))

typedef uint64_t Word __attribute__((aligned(1), may_alias));
typedef uint32_t Half __attribute__((aligned(1), may_alias));
typedef unsigned char Byte;

/* ---- memory ---- */

WEAK void* memcpy(void* restrict to, const void* restrict from, size_t bytes) {
  Byte* t = (Byte*)to;
  const Byte* f = (const Byte*)from;
  if (bytes >= 8u) {
    uint64_t last = *(const Word*)(f + bytes - 8u);
    size_t i = 0;
    for (; i + 8u < bytes; i += 8u) *(Word*)(t + i) = *(const Word*)(f + i);
    *(Word*)(t + bytes - 8u) = last;
  } else if (bytes >= 4u) {
    uint32_t last = *(const Half*)(f + bytes - 4u);
    *(Half*)t = *(const Half*)f;
    *(Half*)(t + bytes - 4u) = last;
  } else {
    for (size_t i = 0; i < bytes; ++i) t[i] = f[i];
  }
  return to;
}

WEAK void* memmove(void* to, const void* from, size_t bytes) {
  Byte* t = (Byte*)to;
  const Byte* f = (const Byte*)from;
  if ((size_t)t - (size_t)f >= bytes) {
    size_t i = 0;
    for (; i + 8u <= bytes; i += 8u) {
      uint64_t word = *(const Word*)(f + i);
      *(Word*)(t + i) = word;
    }
    for (; i < bytes; ++i) t[i] = f[i];
  } else {
    while (bytes >= 8u) {
      bytes -= 8u;
      uint64_t word = *(const Word*)(f + bytes);
      *(Word*)(t + bytes) = word;
    }
    while (bytes--) t[bytes] = f[bytes];
  }
  return to;
}

WEAK void* memset(void* to, int value, size_t bytes) {
  Byte* t = (Byte*)to;
  uint64_t word = 0x0101010101010101u * (Byte)value;
  if (bytes >= 8u) {
    for (size_t i = 0; i + 8u < bytes; i += 8u) *(Word*)(t + i) = word;
    *(Word*)(t + bytes - 8u) = word;
  } else if (bytes >= 4u) {
    *(Half*)t = (uint32_t)word;
    *(Half*)(t + bytes - 4u) = (uint32_t)word;
  } else {
    for (size_t i = 0; i < bytes; ++i) t[i] = (Byte)value;
  }
  return to;
}

WEAK int memcmp(const void* left, const void* right, size_t bytes) {
  const Byte* l = (const Byte*)left;
  const Byte* r = (const Byte*)right;
  for (size_t i = 0; i < bytes; ++i)
    if (l[i] != r[i]) return l[i] - r[i];
  return 0;
}

WEAK size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length]) ++length;
  return length;
}

/* ---- ends ---- */

PEN_NORETURN void pen_import_leave(uint32_t exit_code);
PEN_NORETURN void abort(void);
PEN_NORETURN void exit(int code);
PEN_NORETURN void _exit(int code);
PEN_NORETURN void _Exit(int code);
PEN_NORETURN void __assert_func(const char* file, int line, const char* function, const char* text);
PEN_NORETURN void __stack_chk_fail(void);

/* The call is not the last thing to do: it would become a jump, and leave no frame. */
#define LEAVE(code)       \
  pen_import_leave(code); \
  __builtin_unreachable()

WEAK void abort(void) { LEAVE(PEN_LEAVE_ABORT); }
WEAK void exit(int code) { LEAVE((uint8_t)code); }
WEAK void _exit(int code) { LEAVE((uint8_t)code); }
WEAK void _Exit(int code) { LEAVE((uint8_t)code); }
WEAK void __assert_func(const char* file, int line, const char* function, const char* text) {
  (void)file, (void)line, (void)function, (void)text;
  LEAVE(PEN_LEAVE_ABORT);
}
WEAK uintptr_t __stack_chk_guard = 0x5ca1ab1eu;
WEAK void __stack_chk_fail(void) { LEAVE(PEN_LEAVE_ABORT); }

/* ---- libgcc ---- */

typedef unsigned __int128 Wide;
Wide __udivti3(Wide a, Wide b);
Wide __umodti3(Wide a, Wide b);
int __popcountdi2(uint64_t value);

static uint64_t divide_by_word(uint64_t high, uint64_t low, uint64_t by, uint64_t* rest) { /* high < by */
  uint64_t quotient;
  __asm__("divq %4" : "=a"(quotient), "=d"(*rest) : "a"(low), "d"(high), "r"(by) : "cc");
  return quotient;
}

static Wide divide(Wide a, Wide b, Wide* rest) {
  if (b >> 64 == 0) {
    uint64_t by = (uint64_t)b, high_rest, low_rest;
    uint64_t high = divide_by_word(0, (uint64_t)(a >> 64), by, &high_rest);
    uint64_t low = divide_by_word(high_rest, (uint64_t)a, by, &low_rest);
    *rest = low_rest;
    return (Wide)high << 64 | low;
  }
  Wide quotient = 0, r = 0;
  for (int bit = 127; bit >= 0; --bit) {
    r = r << 1 | (a >> bit & 1u);
    if (r < b) continue;
    r -= b;
    quotient |= (Wide)1 << bit;
  }
  *rest = r;
  return quotient;
}

WEAK Wide __udivti3(Wide a, Wide b) {
  Wide rest;
  return divide(a, b, &rest);
}
WEAK Wide __umodti3(Wide a, Wide b) {
  Wide rest;
  divide(a, b, &rest);
  return rest;
}
WEAK int __popcountdi2(uint64_t value) {
  int count = 0;
  for (; value; value &= value - 1u) ++count;
  return count;
}

#endif
