/* pen_newlib.c - what newlib asks of the system below it, in a core with 4-byte pointers. All of it is weak: the
 * firmware's
 * own goes first.
 *
 *   text     printf goes to the firmware's _write(1, ...), or to its __io_putchar(); with neither there is a
 * finding. newlib
 *            keeps a line until it is complete, as on the target
 *   heap     HEAP_BYTES of pensim_add_core behind the firmware's data. When they are used up, malloc gives NULL, with a
 *            finding (pen_free.c: what is freed)
 *   files, clock, processes of a PC   do not exist: a call of them does not link
 */
#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WEAK __attribute__((weak))

extern uint8_t pen_heap_begin[], pen_heap_end[];
extern uint8_t* pen_heap_break;

int _write(int file, char* bytes, int count);
int _read(int file, char* bytes, int count);
int _close(int file);
int _lseek(int file, int offset, int whence);
int _fstat(int file, struct stat* status);
int _isatty(int file);
int _kill(int process, int signal);
int _getpid(void);

/* ---- text ---- */

WEAK int __io_putchar(int character);

WEAK int _write(int file, char* bytes, int count) {
  (void)file;
  if (!__io_putchar) pen_unanswered("_write");
  for (int i = 0; __io_putchar && i < count; ++i) __io_putchar(bytes[i]);
  return count;
}

WEAK int _read(int file, char* bytes, int count) {
  (void)file, (void)bytes, (void)count;
  pen_unanswered("_read");
  return 0;
}
WEAK int _close(int file) {
  (void)file;
  return -1;
}
WEAK int _lseek(int file, int offset, int whence) {
  (void)file, (void)offset, (void)whence;
  return 0;
}
WEAK int _fstat(int file, struct stat* status) {
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}
WEAK int _isatty(int file) {
  (void)file;
  return 1;
}

/* ---- ends ---- */

WEAK int _kill(int process, int signal) {
  (void)process, (void)signal;
  abort();
}
WEAK int _getpid(void) { return 1; }

/* ---- heap ---- */

uint8_t* pen_heap_break; /* NULL: nothing was taken yet */

void* pen_sbrk(ptrdiff_t bytes);
void* pen_sbrk(ptrdiff_t bytes) {
  static uint8_t told;
  if (!pen_heap_break) pen_heap_break = pen_heap_begin;
  if (bytes > pen_heap_end - pen_heap_break || bytes < pen_heap_begin - pen_heap_break) {
    if (!told)
      pen_host->finding(pen_host->target, PEN_FINDING_HEAP_EXHAUSTED, "", (uint32_t)(pen_heap_end - pen_heap_begin));
    told = 1;
    errno = ENOMEM;
    return (void*)-1;
  }
  void* before = pen_heap_break;
  pen_heap_break += bytes;
  return before;
}
void* _sbrk(ptrdiff_t bytes) __attribute__((weak, alias("pen_sbrk")));

#endif
