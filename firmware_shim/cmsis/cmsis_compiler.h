/* cmsis_compiler.h - found before the vendor's: the compiler's words, and the processor's intrinsics as calls into the
 * core's runtime. */
#ifndef PENSIM_CMSIS_COMPILER_H
#define PENSIM_CMSIS_COMPILER_H

#include <stdint.h>

#include "cmsis_version.h"

#ifndef __ASM
#define __ASM __asm
#endif
#define __INLINE inline
#define __STATIC_INLINE static inline
#define __STATIC_FORCEINLINE __attribute__((always_inline)) static inline
#define __FORCEINLINE __attribute__((always_inline)) inline
#define __NO_RETURN __attribute__((__noreturn__))
#define __USED __attribute__((used))
#ifndef __WEAK
#define __WEAK __attribute__((weak))
#endif
#ifndef __PACKED
#define __PACKED __attribute__((packed, aligned(1)))
#endif
#define __PACKED_STRUCT struct __attribute__((packed, aligned(1)))
#define __PACKED_UNION union __attribute__((packed, aligned(1)))
#define __ALIGNED(x) __attribute__((aligned(x)))
#define __RESTRICT __restrict
#define __COMPILER_BARRIER() __asm volatile("" ::: "memory")
#define __NO_INIT __attribute__((section(".noinit")))
#define __ALIAS(x) __attribute__((alias(x)))
#define __VECTOR_TABLE_ATTRIBUTE __attribute__((used, section(".vectors")))

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

/* Unaligned access: through memory that may lie anywhere. */
__PACKED_STRUCT PenUnaligned16 { uint16_t v; };
__PACKED_STRUCT PenUnaligned32 { uint32_t v; };
#define __UNALIGNED_UINT16_READ(address) (((const struct PenUnaligned16*)(const void*)(address))->v)
#define __UNALIGNED_UINT16_WRITE(address, value) ((void)(((struct PenUnaligned16*)(void*)(address))->v = (value)))
#define __UNALIGNED_UINT32_READ(address) (((const struct PenUnaligned32*)(const void*)(address))->v)
#define __UNALIGNED_UINT32_WRITE(address, value) ((void)(((struct PenUnaligned32*)(void*)(address))->v = (value)))
#define __UNALIGNED_UINT32(address) (((struct PenUnaligned32*)(void*)(address))->v)

#include "cmsis_gcc.h"

#endif
