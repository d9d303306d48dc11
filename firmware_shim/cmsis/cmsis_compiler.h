/* cmsis_compiler.h - found before the vendor's: the compiler's words, and the processor's intrinsics as calls into the
 * core's runtime. */
#ifndef PENSIM_CMSIS_COMPILER_H
#define PENSIM_CMSIS_COMPILER_H

#include <stdint.h>

#include "cmsis_version.h"

#define __ASM __asm
#define __INLINE inline
#define __STATIC_INLINE static inline
#define __STATIC_FORCEINLINE __attribute__((always_inline)) static inline
#define __NO_RETURN __attribute__((__noreturn__))
#define __USED __attribute__((used))
#define __WEAK __attribute__((weak))
#define __PACKED __attribute__((packed, aligned(1)))
#define __PACKED_STRUCT struct __attribute__((packed, aligned(1)))
#define __PACKED_UNION union __attribute__((packed, aligned(1)))
#define __ALIGNED(x) __attribute__((aligned(x)))
#define __RESTRICT __restrict
#define __COMPILER_BARRIER() __asm volatile("" ::: "memory")
#define __NO_INIT __attribute__((section(".noinit")))
#define __ALIAS(x) __attribute__((alias(x)))

#ifdef __cplusplus
#define __I volatile
#else
#define __I volatile const
#endif
#define __O volatile
#define __IO volatile
#define __IM volatile const
#define __OM volatile
#define __IOM volatile

#include "cmsis_gcc.h"

#endif
