/* pen_volatile.c - the functions that the compiler calls in front of memory accesses of the core (-fsanitize=thread,
 * never linked).
 *
 * A read of a volatile or an atomic spends PEN_POLL_NS: so a loop that waits takes virtual time, and since volatile
 * accesses are observable behaviour, their number is a property of the source and the same for every compiler and
 * optimisation level. Everything else returns at once. All of it is hidden in the core: nothing is looked up by name at
 * run time.
 *
 * Volatile locals, parameters and bit-fields count as well: clang announces them, for gcc a plugin of ours does
 * (firmware_shim/plugin). Without its headers gcc leaves out the locals and takes the bit-fields for plain reads.
 */
#ifndef PEN_GUEST /* an emulated core brings its own: the host knows the time */
#include "pen_waiting.h"
#endif

#define HOOK(name)          \
  void name(void* address); \
  void name(void* address)

#ifndef PEN_GUEST
/* Registers, and flash that a port lists, lie outside 0x20000000..0x3FFFFFFF; so does the heap of a core with 8-byte
 * pointers, which pen_register_read() tells apart. */
#if PEN_CORE_SHAPE == 2
static inline int maybe_register(uint64_t a) { return (uint32_t)a - 0x40000000u < 0xE0000000u; }
#endif

/* Not what it read last: in a sync function, or something new. */
static __attribute__((noinline)) void read_other(uint64_t a, uint32_t size) {
  if (pen_time.frozen) return;
  pen_new_address(a, size);
  ++pen_status.polls;
  pen_spend(PEN_POLL_NS);
}

static inline void volatile_read(void* address, uint32_t size) {
  uint64_t a = (uint64_t)(uintptr_t)address;
  if (__builtin_expect(a == pen_time.wait.address[0] || a == pen_time.wait.address[1], 1)) {
    ++pen_status.polls;
    pen_spend(PEN_POLL_NS);
  } else {
    read_other(a, size);
  }
#if PEN_CORE_SHAPE == 2
  if (maybe_register(a) && !pen_time.frozen) pen_register_read(a);
#endif
}

static inline void volatile_write(void* address) {
#if PEN_CORE_SHAPE == 2
  uint64_t a = (uint64_t)(uintptr_t)address;
  if (pen_time.frozen) {
    if (pen_time.feeding) pen_register_fed(a);
    return;
  }
  pen_progress();
  if (maybe_register(a)) pen_register_write(a);
#else
  (void)address;
  if (!pen_time.frozen) pen_progress();
#endif
}

#ifdef PEN_ELSEWHERE
static inline void plain_write(void* address) {
#if PEN_CORE_SHAPE == 2
  if (__builtin_expect(pen_time.feeding != 0, 0)) pen_register_fed((uint64_t)(uintptr_t)address);
#else
  (void)address;
#endif
}
#else
/* Counted; see pen_plain.c. */
static inline void plain(const volatile void* address, uint32_t how) {
  if (__builtin_expect(--pen_plain_left == 0u, 0)) pen_plain_access(address, how, __builtin_return_address(0));
}
#endif
#endif

#if defined(PEN_GUEST) || defined(PEN_ELSEWHERE)
#ifdef PEN_GUEST
enum { PEN_PLAIN_READ = 0x20, PEN_PLAIN_WRITE = 0x40 };
#endif
static inline void plain(const volatile void* address, uint32_t how) {
  if (how & PEN_PLAIN_WRITE) plain_write((void*)(uintptr_t)address);
}
#endif

#define SIZED(size)                                                                                    \
  HOOK(__tsan_read##size) { plain(address, size | PEN_PLAIN_READ); }                                   \
  HOOK(__tsan_write##size) { plain(address, size | PEN_PLAIN_WRITE); }                                 \
  HOOK(__tsan_read_write##size) { plain(address, size | PEN_PLAIN_READ | PEN_PLAIN_WRITE); }           \
  HOOK(__tsan_unaligned_read##size) { plain(address, size | PEN_PLAIN_READ); }                         \
  HOOK(__tsan_unaligned_write##size) { plain(address, size | PEN_PLAIN_WRITE); }                       \
  HOOK(__tsan_unaligned_read_write##size) { plain(address, size | PEN_PLAIN_READ | PEN_PLAIN_WRITE); } \
  HOOK(__tsan_volatile_read##size) { volatile_read(address, size); }                                   \
  HOOK(__tsan_volatile_write##size) { volatile_write(address); }                                       \
  HOOK(__tsan_unaligned_volatile_read##size) { volatile_read(address, size); }                         \
  HOOK(__tsan_unaligned_volatile_write##size) { volatile_write(address); }
SIZED(1)
SIZED(2)
SIZED(4)
SIZED(8)
SIZED(16)

void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void* caller);
void __tsan_func_entry(void* caller) { (void)caller; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}
void __tsan_vptr_read(void** vptr);
void __tsan_vptr_read(void** vptr) { plain(vptr, sizeof *vptr | PEN_PLAIN_READ); }
void __tsan_vptr_update(void** vptr, void* value);
void __tsan_vptr_update(void** vptr, void* value) {
  (void)value;
  plain(vptr, sizeof *vptr | PEN_PLAIN_WRITE);
}
void __tsan_read_range(void* address, unsigned long size);
void __tsan_read_range(void* address, unsigned long size) {
  (void)size;
  plain(address, 1u | PEN_PLAIN_READ);
}
void __tsan_write_range(void* address, unsigned long size);
void __tsan_write_range(void* address, unsigned long size) {
  (void)size;
  plain(address, 1u | PEN_PLAIN_WRITE);
}
void* __tsan_memcpy(void* to, const void* from, unsigned long size);
void* __tsan_memcpy(void* to, const void* from, unsigned long size) {
  plain(from, 1u | PEN_PLAIN_READ);
  return __builtin_memcpy(to, from, size);
}
void* __tsan_memmove(void* to, const void* from, unsigned long size);
void* __tsan_memmove(void* to, const void* from, unsigned long size) { return __builtin_memmove(to, from, size); }
void* __tsan_memset(void* to, int value, unsigned long size);
void* __tsan_memset(void* to, int value, unsigned long size) { return __builtin_memset(to, value, size); }

/* Atomics are done here: there is one thread, and handlers come at known places only. Each spends the time of a poll (a
 * loop may spin on any of them), and what changes memory is progress. */
static inline void atomic_write(const volatile void* address) { volatile_write((void*)(uintptr_t)address); }

#define FETCH(bits, T, name, expression)                          \
  T __tsan_atomic##bits##_##name(volatile T* p, T v, int order);  \
  T __tsan_atomic##bits##_##name(volatile T* p, T v, int order) { \
    (void)order;                                                  \
    volatile_read((void*)(uintptr_t)p, sizeof(T));                \
    T old = *p;                                                   \
    atomic_write(p);                                              \
    *p = (T)(expression);                                         \
    return old;                                                   \
  }
#define EXCHANGE(bits, T, name)                                                               \
  int __tsan_atomic##bits##_##name(volatile T* p, T* expected, T v, int order, int failure);  \
  int __tsan_atomic##bits##_##name(volatile T* p, T* expected, T v, int order, int failure) { \
    (void)order, (void)failure;                                                               \
    volatile_read((void*)(uintptr_t)p, sizeof(T));                                            \
    T old = *p;                                                                               \
    if (old == *expected) {                                                                   \
      atomic_write(p);                                                                        \
      *p = v;                                                                                 \
      return 1;                                                                               \
    }                                                                                         \
    *expected = old;                                                                          \
    return 0;                                                                                 \
  }
#define ATOMIC(bits, T)                                                                           \
  T __tsan_atomic##bits##_load(const volatile T* p, int order);                                   \
  T __tsan_atomic##bits##_load(const volatile T* p, int order) {                                  \
    (void)order;                                                                                  \
    volatile_read((void*)(uintptr_t)p, sizeof(T));                                                \
    return *p;                                                                                    \
  }                                                                                               \
  void __tsan_atomic##bits##_store(volatile T* p, T v, int order);                                \
  void __tsan_atomic##bits##_store(volatile T* p, T v, int order) {                               \
    (void)order;                                                                                  \
    atomic_write(p);                                                                              \
    *p = v;                                                                                       \
  }                                                                                               \
  FETCH(bits, T, exchange, v)                                                                     \
  FETCH(bits, T, fetch_add, old + v)                                                              \
  FETCH(bits, T, fetch_sub, old - v)                                                              \
  FETCH(bits, T, fetch_and, old& v)                                                               \
  FETCH(bits, T, fetch_or, old | v)                                                               \
  FETCH(bits, T, fetch_xor, old ^ v)                                                              \
  FETCH(bits, T, fetch_nand, ~(old & v))                                                          \
  EXCHANGE(bits, T, compare_exchange_strong)                                                      \
  EXCHANGE(bits, T, compare_exchange_weak)                                                        \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* p, T e, T v, int order, int failure);  \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* p, T e, T v, int order, int failure) { \
    __tsan_atomic##bits##_compare_exchange_strong(p, &e, v, order, failure);                      \
    return e;                                                                                     \
  }
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
#ifdef __SIZEOF_INT128__
ATOMIC(128, unsigned __int128)
#endif

#ifdef __SIZEOF_INT128__ /* without the instrumentation */
unsigned __int128 pen_atomic_load_16(const volatile void* from, int order) __asm__("__atomic_load_16");
unsigned __int128 pen_atomic_load_16(const volatile void* from, int order) {
  return __tsan_atomic128_load((const volatile unsigned __int128*)from, order);
}
void pen_atomic_store_16(volatile void* to, unsigned __int128 value, int order) __asm__("__atomic_store_16");
void pen_atomic_store_16(volatile void* to, unsigned __int128 value, int order) {
  __tsan_atomic128_store((volatile unsigned __int128*)to, value, order);
}
#endif

/* Of any other size the compiler calls what libatomic would give. */
typedef __SIZE_TYPE__ Size;
void pen_atomic_load(Size size, const volatile void* from, void* to, int order) __asm__("__atomic_load");
void pen_atomic_load(Size size, const volatile void* from, void* to, int order) {
  (void)order;
  volatile_read((void*)(uintptr_t)from, size < 8u ? (uint32_t)size : 8u);
  __builtin_memcpy(to, (const void*)(uintptr_t)from, size);
}
void pen_atomic_store(Size size, volatile void* to, const void* from, int order) __asm__("__atomic_store");
void pen_atomic_store(Size size, volatile void* to, const void* from, int order) {
  (void)order;
  atomic_write(to);
  __builtin_memcpy((void*)(uintptr_t)to, from, size);
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) { (void)order; }
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order) { (void)order; }
