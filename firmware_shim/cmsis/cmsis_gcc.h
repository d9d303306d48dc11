/* cmsis_gcc.h - intrinsics of a Cortex-M in C, for a core that runs natively. What waits or touches interrupts calls
 * the runtime. The DSP instructions stand in pen_simd.h. */
#ifndef PENSIM_CMSIS_GCC_H
#define PENSIM_CMSIS_GCC_H

#include <stdint.h>

#include "pen_cortex.h"

#ifndef __NVIC_PRIO_BITS
#define PEN_NVIC_PRIO_BITS 4u
#else
#define PEN_NVIC_PRIO_BITS ((uint32_t)(__NVIC_PRIO_BITS))
#endif

/* ---- interrupts, sleep, barriers ---- */
#define __WFI() pen_wait_for_interrupt()
#define __WFE() pen_wait_for_event()
#define __SEV() pen_send_event()
#define __NOP() pen_nop()
#define __DSB() pen_barrier()
#define __DMB() pen_barrier()
#define __ISB() pen_barrier()
#define __BKPT(value) __builtin_trap()

static inline void __enable_irq(void) { pen_set_primask(0); }
static inline void __disable_irq(void) { pen_set_primask(1); }
static inline uint32_t __get_PRIMASK(void) { return pen_primask(); }
static inline void __set_PRIMASK(uint32_t value) { pen_set_primask(value); }
static inline void __enable_fault_irq(void) { pen_set_faultmask(0); }
static inline void __disable_fault_irq(void) { pen_set_faultmask(1); }
static inline uint32_t __get_FAULTMASK(void) { return pen_faultmask(); }
static inline void __set_FAULTMASK(uint32_t value) { pen_set_faultmask(value); }
static inline uint32_t __get_BASEPRI(void) { return pen_basepri() << (8u - PEN_NVIC_PRIO_BITS); }
static inline void __set_BASEPRI(uint32_t value) { pen_set_basepri((value & 0xFFu) >> (8u - PEN_NVIC_PRIO_BITS)); }
static inline void __set_BASEPRI_MAX(uint32_t value) {
  uint32_t priority = (value & 0xFFu) >> (8u - PEN_NVIC_PRIO_BITS);
  if (priority && (pen_basepri() == 0 || priority < pen_basepri())) pen_set_basepri(priority);
}
static inline uint32_t __get_IPSR(void) { return pen_ipsr(); }
static inline uint32_t __get_xPSR(void) { return 0x01000000u | pen_ipsr(); }
static inline uint32_t __get_APSR(void) { return 0; }
/* A native core has one stack and runs privileged; what is written to these registers is dropped. */
#ifdef __arm__
#define PEN_SPECIAL(name)                           \
  static inline uint32_t __get_##name(void) {       \
    uint32_t value;                                 \
    __asm volatile("mrs %0, " #name : "=r"(value)); \
    return value;                                   \
  }                                                 \
  static inline void __set_##name(uint32_t value) { __asm volatile("msr " #name ", %0" ::"r"(value) : "memory"); }
PEN_SPECIAL(MSP)
PEN_SPECIAL(PSP)
PEN_SPECIAL(CONTROL)
#undef PEN_SPECIAL
#else
static inline uint32_t __get_MSP(void) { return (uint32_t)(uintptr_t)__builtin_frame_address(0); }
static inline void __set_MSP(uint32_t value) { (void)value; }
static inline uint32_t __get_PSP(void) { return 0; }
static inline void __set_PSP(uint32_t value) { (void)value; }
static inline uint32_t __get_CONTROL(void) { return 0; }
static inline void __set_CONTROL(uint32_t value) { (void)value; }
#endif
static inline uint32_t __get_MSPLIM(void) { return 0; }
static inline void __set_MSPLIM(uint32_t value) { (void)value; }
static inline uint32_t __get_PSPLIM(void) { return 0; }
static inline void __set_PSPLIM(uint32_t value) { (void)value; }
static inline uint32_t __get_FPSCR(void) { return 0; }
static inline void __set_FPSCR(uint32_t value) { (void)value; }

/* ---- exclusive access ---- */
static inline uint8_t __LDREXB(volatile uint8_t* p) { return (uint8_t)pen_exclusive_load(p, 1); }
static inline uint16_t __LDREXH(volatile uint16_t* p) { return (uint16_t)pen_exclusive_load(p, 2); }
static inline uint32_t __LDREXW(volatile uint32_t* p) { return pen_exclusive_load(p, 4); }
static inline uint32_t __STREXB(uint8_t value, volatile uint8_t* p) { return pen_exclusive_store(value, p, 1); }
static inline uint32_t __STREXH(uint16_t value, volatile uint16_t* p) { return pen_exclusive_store(value, p, 2); }
static inline uint32_t __STREXW(uint32_t value, volatile uint32_t* p) { return pen_exclusive_store(value, p, 4); }
static inline void __CLREX(void) { pen_exclusive_clear(); }

static inline uint8_t __LDRBT(volatile uint8_t* p) { return *p; }
static inline uint16_t __LDRHT(volatile uint16_t* p) { return *p; }
static inline uint32_t __LDRT(volatile uint32_t* p) { return *p; }
static inline void __STRBT(uint8_t value, volatile uint8_t* p) { *p = value; }
static inline void __STRHT(uint16_t value, volatile uint16_t* p) { *p = value; }
static inline void __STRT(uint32_t value, volatile uint32_t* p) { *p = value; }
static inline uint8_t __LDAB(volatile uint8_t* p) { return *p; }
static inline uint16_t __LDAH(volatile uint16_t* p) { return *p; }
static inline uint32_t __LDA(volatile uint32_t* p) { return *p; }
static inline void __STLB(uint8_t value, volatile uint8_t* p) { *p = value; }
static inline void __STLH(uint16_t value, volatile uint16_t* p) { *p = value; }
static inline void __STL(uint32_t value, volatile uint32_t* p) { *p = value; }
#define __LDAEXB __LDREXB
#define __LDAEXH __LDREXH
#define __LDAEX __LDREXW
#define __STLEXB __STREXB
#define __STLEXH __STREXH
#define __STLEX __STREXW

/* ---- bits and saturation ---- */
static inline uint8_t __CLZ(uint32_t value) { return (uint8_t)(value ? __builtin_clz(value) : 32); }
static inline uint32_t __REV(uint32_t value) { return __builtin_bswap32(value); }
static inline uint32_t __REV16(uint32_t value) { return ((value & 0xFF00FF00u) >> 8) | ((value & 0x00FF00FFu) << 8); }
static inline int16_t __REVSH(int16_t value) { return (int16_t)__builtin_bswap16((uint16_t)value); }
static inline uint32_t __ROR(uint32_t value, uint32_t by) {
  by &= 31u;
  return by ? (value >> by) | (value << (32u - by)) : value;
}
static inline uint32_t __RBIT(uint32_t value) {
  uint32_t result = 0;
  for (int i = 0; i < 32; ++i) result |= ((value >> i) & 1u) << (31 - i);
  return result;
}
static inline int32_t pen_saturate(int64_t value, int64_t low, int64_t high) {
  return (int32_t)(value < low ? low : value > high ? high : value);
}
static inline int32_t __SSAT(int32_t value, uint32_t bits) {
  return pen_saturate(value, -((int64_t)1 << (bits - 1u)), ((int64_t)1 << (bits - 1u)) - 1);
}
static inline uint32_t __USAT(int32_t value, uint32_t bits) {
  return (uint32_t)pen_saturate(value, 0, ((int64_t)1 << bits) - 1);
}
static inline uint32_t __RRX(uint32_t value) { return value >> 1; /* the carry is not known here: 0 */ }

#include "pen_simd.h"

#endif
