/* pen_libc.c - what a core gets from this side of the C library instead of the PC's. All of it is weak: the firmware's
 * own goes first.
 *
 *   rand, srand   newlib's generator, so that native and ARM agree, and a reset starts it again
 *   printf, puts, putchar   text goes to the firmware's own _write(1, ...) as with newlib, or __io_putchar() as in
 * vendors' projects; a firmware with neither gets a finding. At most 512 bytes a call.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "pen_runtime.h"

#define WEAK __attribute__((weak))

static uint64_t random_state = 1;

WEAK void srand(unsigned seed) { random_state = seed; }
WEAK int rand(void) {
  random_state = random_state * 6364136223846793005ull + 1;
  return (int)((random_state >> 32) & 0x7FFFFFFFu);
}

__attribute__((weak, visibility("hidden"))) int _write(int file, char* bytes, int count);
__attribute__((weak, visibility("hidden"))) int __io_putchar(int character);

static void text_out(char* bytes, int count) {
  if (_write) {
    _write(1, bytes, count);
  } else if (__io_putchar) {
    for (int i = 0; i < count; ++i) __io_putchar(bytes[i]);
  } else {
    pen_unanswered("_write");
  }
}

WEAK int vprintf(const char* format, va_list arguments) {
  char text[512];
  int length = vsnprintf(text, sizeof text, format, arguments);
  if (length > 0) text_out(text, length < (int)sizeof text ? length : (int)sizeof text - 1);
  return length;
}

WEAK int printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vprintf(format, arguments);
  va_end(arguments);
  return length;
}

WEAK int putchar(int character) {
  char byte = (char)character;
  text_out(&byte, 1);
  return (unsigned char)byte;
}

WEAK int puts(const char* text) {
  while (*text) putchar(*text++);
  return putchar('\n');
}
