/* guest_volatile.c - the functions that the compiler calls in front of memory accesses, in a guest: what such an access
 * does is the host's. */
#include "pen_guest.h"

void pen_call_volatile_read(uint32_t address, uint32_t size);
void pen_call_volatile_write(uint32_t address);
void pen_call_plain_write(uint32_t address);

static inline void volatile_read(void* address, uint32_t size) {
  pen_call_volatile_read((uint32_t)(uintptr_t)address, size);
}
static inline void volatile_write(void* address) { pen_call_volatile_write((uint32_t)(uintptr_t)address); }
static inline void plain_write(void* address) {
#if PEN_CORE_SHAPE == 2
  pen_call_plain_write((uint32_t)(uintptr_t)address); /* sync_in() feeds a register */
#else
  (void)address;
#endif
}

#include "../../runtime/pen_volatile.c"
