/* pen_cortex.h - what the simulator's CMSIS headers call in the core's runtime (shape c). C11, C++.
 *
 * Modelled: enabling, pending, priorities with grouping, PRIMASK, FAULTMASK, BASEPRI; WFI and WFE; SysTick to the cycle
 * of the virtual clock; DWT->CYCCNT; software reset; exclusive access (a handler in between makes the store fail).
 * Functions and direct writes to the registers of NVIC, SCB and SysTick both work; a direct write counts from the next
 * wait, call or barrier on. Not modelled: faults and their handlers, MPU, SVC, process stack and privilege (their
 * registers are plain memory), sleep depth.
 */
#ifndef PENSIM_PEN_CORTEX_H
#define PENSIM_PEN_CORTEX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* irq is the exception number, IRQn + 16. */
void pen_irq_enable(uint8_t irq);
void pen_irq_disable(uint8_t irq);
void pen_irq_set_pending(uint8_t irq);
void pen_irq_clear_pending(uint8_t irq);
void pen_irq_set_priority(uint8_t irq, uint32_t priority);
uint32_t pen_irq_priority(uint8_t irq);
uint32_t pen_irq_is_enabled(uint8_t irq);
uint32_t pen_irq_is_pending(uint8_t irq);
uint32_t pen_irq_is_active(uint8_t irq);
void pen_set_priority_grouping(uint32_t group, uint32_t priority_bits);
uint32_t pen_priority_grouping(void);

uint32_t pen_primask(void);
void pen_set_primask(uint32_t value);
uint32_t pen_faultmask(void);
void pen_set_faultmask(uint32_t value);
uint32_t pen_basepri(void); /* in units of priority, not shifted; 0: off */
void pen_set_basepri(uint32_t priority);
uint32_t pen_ipsr(void); /* exception number of what runs; 0 in main() */

void pen_wait_for_interrupt(void);
void pen_wait_for_event(void);
void pen_send_event(void);
void pen_barrier(void);                                     /* register writes take effect, what is pending runs */
void pen_nop(void);                                         /* 50 ns */
void pen_systick_config(uint32_t ticks, uint32_t priority); /* 0: off */

uint32_t pen_exclusive_load(const volatile void* address, uint32_t size);
uint32_t pen_exclusive_store(uint32_t value, volatile void* address, uint32_t size); /* 0: stored */
void pen_exclusive_clear(void);

#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void pen_reset(void);

#ifdef __cplusplus
}
#endif
#endif
