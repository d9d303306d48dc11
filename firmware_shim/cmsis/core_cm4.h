/* core_cm4.h - found before the vendor's: the Cortex-M4's own registers and the CMSIS functions over them, for a core
 * that runs natively. The device header defines IRQn_Type and __NVIC_PRIO_BITS and then includes this, as with the
 * original. What is modelled stands in pen_cortex.h. */
#ifndef PENSIM_CORE_CM4_H
#define PENSIM_CORE_CM4_H

#include <stdint.h>

#ifndef __CORTEX_M
#define __CORTEX_M 4u
#endif
#ifndef __NVIC_PRIO_BITS
#define __NVIC_PRIO_BITS 4u
#endif
#ifndef __FPU_PRESENT
#define __FPU_PRESENT 1u
#endif
#define __FPU_USED __FPU_PRESENT

#include "cmsis_compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  __IOM uint32_t CTRL, LOAD, VAL;
  __IM uint32_t CALIB;
} SysTick_Type;

typedef struct {
  __IOM uint32_t ISER[8];
  uint32_t RESERVED0[24];
  __IOM uint32_t ICER[8];
  uint32_t RESERVED1[24];
  __IOM uint32_t ISPR[8];
  uint32_t RESERVED2[24];
  __IOM uint32_t ICPR[8];
  uint32_t RESERVED3[24];
  __IOM uint32_t IABR[8];
  uint32_t RESERVED4[56];
  __IOM uint8_t IP[240];
  uint32_t RESERVED5[644];
  __OM uint32_t STIR;
} NVIC_Type;

typedef struct {
  __IM uint32_t CPUID;
  __IOM uint32_t ICSR, VTOR, AIRCR, SCR, CCR;
  __IOM uint8_t SHP[12];
  __IOM uint32_t SHCSR, CFSR, HFSR, DFSR, MMFAR, BFAR, AFSR;
  __IM uint32_t PFR[2], DFR, ADR, MMFR[4], ISAR[5];
  uint32_t RESERVED0[5];
  __IOM uint32_t CPACR;
} SCB_Type;

typedef struct {
  __IM uint32_t TYPE;
  __IOM uint32_t CTRL, RNR, RBAR, RASR, RBAR_A1, RASR_A1, RBAR_A2, RASR_A2, RBAR_A3, RASR_A3;
} MPU_Type;

typedef struct {
  uint32_t RESERVED0[1];
  __IOM uint32_t FPCCR, FPCAR, FPDSCR;
  __IM uint32_t MVFR0, MVFR1, MVFR2;
} FPU_Type;

typedef struct {
  __IOM uint32_t DHCSR;
  __OM uint32_t DCRSR;
  __IOM uint32_t DCRDR, DEMCR;
} CoreDebug_Type;

typedef struct {
  __IOM uint32_t CTRL, CYCCNT, CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT;
  __IM uint32_t PCSR;
} DWT_Type;

typedef struct {
  __OM union {
    __OM uint8_t u8;
    __OM uint16_t u16;
    __OM uint32_t u32;
  } PORT[32];
  uint32_t RESERVED0[864];
  __IOM uint32_t TER;
  uint32_t RESERVED1[15];
  __IOM uint32_t TPR;
  uint32_t RESERVED2[15];
  __IOM uint32_t TCR;
} ITM_Type;

#define SCS_BASE 0xE000E000UL
#define ITM_BASE 0xE0000000UL
#define DWT_BASE 0xE0001000UL
#define CoreDebug_BASE 0xE000EDF0UL
#define SysTick_BASE (SCS_BASE + 0x0010UL)
#define NVIC_BASE (SCS_BASE + 0x0100UL)
#define SCB_BASE (SCS_BASE + 0x0D00UL)
#define MPU_BASE (SCS_BASE + 0x0D90UL)
#define FPU_BASE (SCS_BASE + 0x0F30UL)
#define SCB ((SCB_Type*)SCB_BASE)
#define SysTick ((SysTick_Type*)SysTick_BASE)
#define NVIC ((NVIC_Type*)NVIC_BASE)
#define ITM ((ITM_Type*)ITM_BASE)
#define DWT ((DWT_Type*)DWT_BASE)
#define CoreDebug ((CoreDebug_Type*)CoreDebug_BASE)
#define MPU ((MPU_Type*)MPU_BASE)
#define FPU ((FPU_Type*)FPU_BASE)

#define SysTick_CTRL_COUNTFLAG_Pos 16u
#define SysTick_CTRL_COUNTFLAG_Msk (1UL << 16)
#define SysTick_CTRL_CLKSOURCE_Pos 2u
#define SysTick_CTRL_CLKSOURCE_Msk (1UL << 2)
#define SysTick_CTRL_TICKINT_Pos 1u
#define SysTick_CTRL_TICKINT_Msk (1UL << 1)
#define SysTick_CTRL_ENABLE_Pos 0u
#define SysTick_CTRL_ENABLE_Msk 1UL
#define SysTick_LOAD_RELOAD_Pos 0u
#define SysTick_LOAD_RELOAD_Msk 0xFFFFFFUL
#define SysTick_VAL_CURRENT_Msk 0xFFFFFFUL
#define SCB_ICSR_PENDSVSET_Pos 28u
#define SCB_ICSR_PENDSVSET_Msk (1UL << 28)
#define SCB_ICSR_PENDSVCLR_Msk (1UL << 27)
#define SCB_ICSR_PENDSTSET_Msk (1UL << 26)
#define SCB_ICSR_PENDSTCLR_Msk (1UL << 25)
#define SCB_ICSR_VECTACTIVE_Msk 0x1FFUL
#define SCB_AIRCR_VECTKEY_Pos 16u
#define SCB_AIRCR_VECTKEY_Msk (0xFFFFUL << 16)
#define SCB_AIRCR_PRIGROUP_Pos 8u
#define SCB_AIRCR_PRIGROUP_Msk (7UL << 8)
#define SCB_AIRCR_SYSRESETREQ_Pos 2u
#define SCB_AIRCR_SYSRESETREQ_Msk (1UL << 2)
#define SCB_SCR_SEVONPEND_Msk (1UL << 4)
#define SCB_SCR_SLEEPDEEP_Pos 2u
#define SCB_SCR_SLEEPDEEP_Msk (1UL << 2)
#define SCB_SCR_SLEEPONEXIT_Pos 1u
#define SCB_SCR_SLEEPONEXIT_Msk (1UL << 1)
#define SCB_CCR_DIV_0_TRP_Pos 4u
#define SCB_CCR_DIV_0_TRP_Msk (1UL << 4)
#define SCB_CCR_UNALIGN_TRP_Msk (1UL << 3)
#define SCB_SHCSR_USGFAULTENA_Msk (1UL << 18)
#define SCB_SHCSR_BUSFAULTENA_Msk (1UL << 17)
#define SCB_SHCSR_MEMFAULTENA_Msk (1UL << 16)
#define CoreDebug_DHCSR_C_DEBUGEN_Msk 1UL
#define CoreDebug_DEMCR_TRCENA_Pos 24u
#define CoreDebug_DEMCR_TRCENA_Msk (1UL << 24)
#define DWT_CTRL_CYCCNTENA_Pos 0u
#define DWT_CTRL_CYCCNTENA_Msk 1UL
#define ITM_TCR_ITMENA_Msk 1UL

#define NVIC_USER_IRQ_OFFSET 16

#define PEN_EXCEPTION(irqn) ((uint8_t)((int32_t)(irqn) + 16))
static inline void NVIC_EnableIRQ(IRQn_Type irqn) { pen_irq_enable(PEN_EXCEPTION(irqn)); }
static inline void NVIC_DisableIRQ(IRQn_Type irqn) { pen_irq_disable(PEN_EXCEPTION(irqn)); }
static inline uint32_t NVIC_GetEnableIRQ(IRQn_Type irqn) { return pen_irq_is_enabled(PEN_EXCEPTION(irqn)); }
static inline void NVIC_SetPendingIRQ(IRQn_Type irqn) { pen_irq_set_pending(PEN_EXCEPTION(irqn)); }
static inline void NVIC_ClearPendingIRQ(IRQn_Type irqn) { pen_irq_clear_pending(PEN_EXCEPTION(irqn)); }
static inline uint32_t NVIC_GetPendingIRQ(IRQn_Type irqn) { return pen_irq_is_pending(PEN_EXCEPTION(irqn)); }
static inline uint32_t NVIC_GetActive(IRQn_Type irqn) { return pen_irq_is_active(PEN_EXCEPTION(irqn)); }
static inline void NVIC_SetPriority(IRQn_Type irqn, uint32_t priority) {
  pen_irq_set_priority(PEN_EXCEPTION(irqn), priority);
}
static inline uint32_t NVIC_GetPriority(IRQn_Type irqn) { return pen_irq_priority(PEN_EXCEPTION(irqn)); }
static inline void NVIC_SetPriorityGrouping(uint32_t group) { pen_set_priority_grouping(group, __NVIC_PRIO_BITS); }
static inline uint32_t NVIC_GetPriorityGrouping(void) { return pen_priority_grouping(); }
static inline uint32_t NVIC_EncodePriority(uint32_t group, uint32_t preempt, uint32_t sub) {
  uint32_t preempt_bits = 7u - (group & 7u) > __NVIC_PRIO_BITS ? __NVIC_PRIO_BITS : 7u - (group & 7u);
  uint32_t sub_bits = (group & 7u) + __NVIC_PRIO_BITS < 7u ? 0u : (group & 7u) - 7u + __NVIC_PRIO_BITS;
  return ((preempt & ((1u << preempt_bits) - 1u)) << sub_bits) | (sub & ((1u << sub_bits) - 1u));
}
__NO_RETURN static inline void NVIC_SystemReset(void) { pen_reset(); }
#define __NVIC_EnableIRQ NVIC_EnableIRQ
#define __NVIC_DisableIRQ NVIC_DisableIRQ
#define __NVIC_GetEnableIRQ NVIC_GetEnableIRQ
#define __NVIC_SetPendingIRQ NVIC_SetPendingIRQ
#define __NVIC_ClearPendingIRQ NVIC_ClearPendingIRQ
#define __NVIC_SetPriority NVIC_SetPriority
#define __NVIC_GetPriority NVIC_GetPriority
#define __NVIC_SetPriorityGrouping NVIC_SetPriorityGrouping
#define __NVIC_GetPriorityGrouping NVIC_GetPriorityGrouping
#define __NVIC_SystemReset NVIC_SystemReset

static inline uint32_t SysTick_Config(uint32_t ticks) {
  if (ticks - 1u > SysTick_LOAD_RELOAD_Msk) return 1u;
  pen_systick_config(ticks, (1u << __NVIC_PRIO_BITS) - 1u);
  return 0u;
}

/* Nobody listens on the trace port; the processor's own reset value says so too. */
static inline uint32_t ITM_SendChar(uint32_t character) { return character; }

/* Caches do not exist here. */
static inline void SCB_EnableICache(void) {}
static inline void SCB_DisableICache(void) {}
static inline void SCB_InvalidateICache(void) {}
static inline void SCB_EnableDCache(void) {}
static inline void SCB_DisableDCache(void) {}
static inline void SCB_CleanDCache(void) {}
static inline void SCB_InvalidateDCache(void) {}
static inline void SCB_CleanDCache_by_Addr(volatile void* address, int32_t bytes) { (void)address, (void)bytes; }
static inline void SCB_InvalidateDCache_by_Addr(volatile void* address, int32_t bytes) { (void)address, (void)bytes; }

#ifdef __cplusplus
}
#endif
#endif
