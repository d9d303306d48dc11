/* pen_free.c - newlib's free(), watched (linked with --wrap=_free_r): what is no block, or no longer one, is an
 * abort; in the
 * image for --twice, freed memory is filled, so that a read of it shows. Linked where the core frees memory.
 */
#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

extern uint8_t pen_heap_begin[];
extern uint8_t* pen_heap_break;
void* pen_sbrk(ptrdiff_t bytes);    /* pen_newlib.c */
void* _sbrk(ptrdiff_t bytes);       /* the same, or the firmware's */
extern const uint8_t pen_heap_fill; /* 0: freed memory is left as it is */

/* newlib's allocator keeps the size of a block in the word before it, and in its lowest bit whether the block before
 * that
 * is in use. */
static size_t size_word(const uint8_t* block) { return *(const size_t*)(const void*)(block - sizeof(size_t)); }

static int is_block(const uint8_t* block) {
  if ((uintptr_t)block % 8u || block < pen_heap_begin + 8 || block >= pen_heap_break) return 0;
  size_t bytes = size_word(block) & ~(size_t)3;
  return bytes >= 16u && bytes < (size_t)(pen_heap_break - block) && (size_word(block + bytes) & 1u);
}

void __real__free_r(struct _reent* reent, void* block);
void __wrap__free_r(struct _reent* reent, void* block);
void __wrap__free_r(struct _reent* reent, void* block) {
  const int watched = block && _sbrk == pen_sbrk;
  if (watched && !is_block(block)) abort();
  if (watched && pen_heap_fill) memset(block, pen_heap_fill, (size_word(block) & ~(size_t)3) - sizeof(size_t));
  __real__free_r(reent, block);
}

#endif
