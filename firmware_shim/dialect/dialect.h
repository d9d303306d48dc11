/* dialect.h - words that Keil's armcc and IAR's iccarm have and gcc has not; included before all else where
 * pensim_add_core is told DIALECT keil or DIALECT iar. `__packed` is no macro: compile.pl moves it behind `struct`. */
#ifndef PENSIM_DIALECT_H
#define PENSIM_DIALECT_H

/* both */
#define __weak __attribute__((weak))
#define __irq
#define __noreturn __attribute__((noreturn))

/* Keil */
#define __align(n) __attribute__((aligned(n)))
#define __forceinline __attribute__((always_inline)) inline
#define __pure __attribute__((const))
#define __value_in_regs
#define __softfp
#define __unaligned
#define __int64 long long
#define __declspec(attribute) __attribute__((attribute))

/* IAR */
#define __no_init __attribute__((section(".noinit")))
#define __root __attribute__((used))
#define __ramfunc __attribute__((noinline))
#define __interrupt
#define __nested
#define __task
#define __intrinsic
#define __arm
#define __thumb

#ifdef __cplusplus
extern "C" {
#endif

void pen_enable_interrupts(void);
void pen_disable_interrupts(void);
void pen_wait_for_interrupt(void);

static const volatile unsigned char pen_word_of_nop __attribute__((unused)) = 0; /* reading it takes 50 ns */
#define __nop() ((void)pen_word_of_nop)
#define __no_operation() __nop()

#define __wfi() pen_wait_for_interrupt()
#define __schedule_barrier() __asm volatile("" ::: "memory")
#define __force_stores() __asm volatile("" ::: "memory")
#define __memory_changed() __asm volatile("" ::: "memory")
#define __dsb(domain) __asm volatile("" ::: "memory")
#define __dmb(domain) __asm volatile("" ::: "memory")
#define __isb(domain) __asm volatile("" ::: "memory")
#define __breakpoint(value) __builtin_trap()
#define __enable_interrupt() pen_enable_interrupts()
#define __disable_interrupt() pen_disable_interrupts()
/* CMSIS has these as functions. */
#if PEN_CORE_SHAPE != 2
#define __enable_irq() pen_enable_interrupts()
#define __disable_irq() (pen_disable_interrupts(), 0)
#endif

static inline unsigned char __clz(unsigned value) { return (unsigned char)(value ? __builtin_clz(value) : 32); }
static inline unsigned __rev(unsigned value) { return __builtin_bswap32(value); }
static inline unsigned __ror(unsigned value, unsigned by) {
  by &= 31u;
  return by ? (value >> by) | (value << (32u - by)) : value;
}

#ifdef __cplusplus
}
#endif
#endif
