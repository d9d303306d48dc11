/* core_common.h - found before the vendor's by way of core_cm4.h and its kin: the registers of a Cortex-M and the CMSIS
 * functions over them, for a core that runs natively. The device header defines IRQn_Type and __NVIC_PRIO_BITS and then
 * includes it, as with the original. What is modelled stands in pen_cortex.h. */
#ifndef PENSIM_CORE_COMMON_H
#define PENSIM_CORE_COMMON_H

#include <stdint.h>

#ifndef __NVIC_PRIO_BITS
#define __NVIC_PRIO_BITS 4u
#endif
#ifndef __FPU_PRESENT
#define __FPU_PRESENT PEN_HAS_FPU
#endif
#ifndef __FPU_USED
#define __FPU_USED __FPU_PRESENT
#endif
#ifndef __MPU_PRESENT
#define __MPU_PRESENT 1u
#endif
#ifndef __VTOR_PRESENT
#define __VTOR_PRESENT 1u
#endif
#ifndef __DSP_PRESENT
#define __DSP_PRESENT 1u
#endif
#ifndef __SAUREGION_PRESENT
#define __SAUREGION_PRESENT 0u
#endif

#include "cmsis_compiler.h"
#include "core_registers.h"

#ifdef __cplusplus
extern "C" {
#endif

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
static inline uint32_t pen_preempt_bits(uint32_t group) {
  return 7u - (group & 7u) > __NVIC_PRIO_BITS ? __NVIC_PRIO_BITS : 7u - (group & 7u);
}
static inline uint32_t pen_sub_bits(uint32_t group) {
  return (group & 7u) + __NVIC_PRIO_BITS < 7u ? 0u : (group & 7u) - 7u + __NVIC_PRIO_BITS;
}
static inline uint32_t NVIC_EncodePriority(uint32_t group, uint32_t preempt, uint32_t sub) {
  return ((preempt & ((1u << pen_preempt_bits(group)) - 1u)) << pen_sub_bits(group)) |
         (sub & ((1u << pen_sub_bits(group)) - 1u));
}
static inline void NVIC_DecodePriority(uint32_t priority, uint32_t group, uint32_t* preempt, uint32_t* sub) {
  *preempt = (priority >> pen_sub_bits(group)) & ((1u << pen_preempt_bits(group)) - 1u);
  *sub = priority & ((1u << pen_sub_bits(group)) - 1u);
}
/* The table of vectors is memory like any other; here the handlers are those of the port, whatever stands in it. */
static inline void NVIC_SetVector(IRQn_Type irqn, uintptr_t vector) {
  ((volatile uint32_t*)(uintptr_t)SCB->VTOR)[PEN_EXCEPTION(irqn)] = (uint32_t)vector;
}
static inline uint32_t NVIC_GetVector(IRQn_Type irqn) {
  return ((volatile uint32_t*)(uintptr_t)SCB->VTOR)[PEN_EXCEPTION(irqn)];
}
__NO_RETURN static inline void NVIC_SystemReset(void) { pen_reset(); }
#define __NVIC_EnableIRQ NVIC_EnableIRQ
#define __NVIC_DisableIRQ NVIC_DisableIRQ
#define __NVIC_GetEnableIRQ NVIC_GetEnableIRQ
#define __NVIC_SetPendingIRQ NVIC_SetPendingIRQ
#define __NVIC_ClearPendingIRQ NVIC_ClearPendingIRQ
#define __NVIC_GetPendingIRQ NVIC_GetPendingIRQ
#define __NVIC_GetActive NVIC_GetActive
#define __NVIC_SetPriority NVIC_SetPriority
#define __NVIC_GetPriority NVIC_GetPriority
#define __NVIC_SetPriorityGrouping NVIC_SetPriorityGrouping
#define __NVIC_GetPriorityGrouping NVIC_GetPriorityGrouping
#define __NVIC_SetVector NVIC_SetVector
#define __NVIC_GetVector NVIC_GetVector
#define __NVIC_SystemReset NVIC_SystemReset

static inline uint32_t SysTick_Config(uint32_t ticks) {
  if (ticks - 1u > SysTick_LOAD_RELOAD_Msk) return 1u;
  pen_systick_config(ticks, (1u << __NVIC_PRIO_BITS) - 1u);
  return 0u;
}

/* Double precision is there on a Cortex-M7 only. 0: none, 1: single, 2: single and double. */
static inline uint32_t SCB_GetFPUType(void) { return __FPU_PRESENT ? (__CORTEX_M == 7u ? 2u : 1u) : 0u; }

/* Nobody listens on the trace port; the processor's own reset value says so too. Nobody writes to it either. */
#define ITM_RXBUFFER_EMPTY ((int32_t)0x5AA55AA5)
static inline uint32_t ITM_SendChar(uint32_t character) { return character; }
static inline int32_t ITM_ReceiveChar(void) { return -1; }
static inline int32_t ITM_CheckChar(void) { return 0; }

/* Caches do not exist here. */
static inline void SCB_EnableICache(void) {}
static inline void SCB_DisableICache(void) {}
static inline void SCB_InvalidateICache(void) {}
static inline void SCB_InvalidateICache_by_Addr(volatile void* address, int32_t bytes) { (void)address, (void)bytes; }
static inline void SCB_EnableDCache(void) {}
static inline void SCB_DisableDCache(void) {}
static inline void SCB_CleanDCache(void) {}
static inline void SCB_InvalidateDCache(void) {}
static inline void SCB_CleanInvalidateDCache(void) {}
static inline void SCB_CleanDCache_by_Addr(volatile void* address, int32_t bytes) { (void)address, (void)bytes; }
static inline void SCB_InvalidateDCache_by_Addr(volatile void* address, int32_t bytes) { (void)address, (void)bytes; }
static inline void SCB_CleanInvalidateDCache_by_Addr(volatile void* address, int32_t bytes) {
  (void)address, (void)bytes;
}

#ifdef __cplusplus
}
#endif

#if PEN_ARMV8M
#include "mpu_armv8.h"
#else
#include "mpu_armv7.h"
#endif

#endif
