/* portmacro.h - FreeRTOS (V7 to V11, one core) on a native core of pensim; see docs/rtos.md. It is included in front of
 * each file, so that a portmacro.h of the target that lies beside portable.h is left out by its guard. */
#ifndef PORTMACRO_H
#define PORTMACRO_H

#include <stdint.h>

#include "FreeRTOSConfig.h"

#ifdef __cplusplus
extern "C" {
#endif

#define portCHAR char
#define portFLOAT float
#define portDOUBLE double
#define portLONG long
#define portSHORT short
#define portSTACK_TYPE uint32_t
#define portBASE_TYPE long
#define portPOINTER_SIZE_TYPE uintptr_t

typedef portSTACK_TYPE StackType_t;
typedef long BaseType_t;
typedef unsigned long UBaseType_t;

#if (defined(configUSE_16_BIT_TICKS) && configUSE_16_BIT_TICKS == 1) ||            \
    (defined(configTICK_TYPE_WIDTH_IN_BITS) && defined(TICK_TYPE_WIDTH_16_BITS) && \
     configTICK_TYPE_WIDTH_IN_BITS == TICK_TYPE_WIDTH_16_BITS)
typedef uint16_t TickType_t;
#define portMAX_DELAY ((TickType_t)0xFFFFu)
#else
typedef uint32_t TickType_t;
#define portMAX_DELAY ((TickType_t)0xFFFFFFFFu)
#define portTICK_TYPE_IS_ATOMIC 1
#endif

#ifndef portTickType /* V7; later ones make a macro of it */
typedef TickType_t portTickType;
#endif

#define portSTACK_GROWTH (-1)
#define portTICK_PERIOD_MS ((TickType_t)(1000 / configTICK_RATE_HZ))
#define portTICK_RATE_MS portTICK_PERIOD_MS
#define portBYTE_ALIGNMENT 8
#define portARCH_NAME "pensim"

void vPortYield(void);
void vPortYieldFromISR(void);
void vPortEnterCritical(void);
void vPortExitCritical(void);
uint32_t ulPortMask(void);
void vPortUnmask(uint32_t before);
void vPortCleanUpTCB(void* tcb);
BaseType_t xPortIsInsideInterrupt(void);
void xPortSysTickHandler(void);

#define portYIELD() vPortYield()
#define portEND_SWITCHING_ISR(wanted) \
  do {                                \
    if (wanted) vPortYieldFromISR();  \
  } while (0)
#define portYIELD_FROM_ISR(wanted) portEND_SWITCHING_ISR(wanted)

#define portDISABLE_INTERRUPTS() ((void)ulPortMask())
#define portENABLE_INTERRUPTS() vPortUnmask(0)
#define portSET_INTERRUPT_MASK_FROM_ISR() ulPortMask()
#define portCLEAR_INTERRUPT_MASK_FROM_ISR(before) vPortUnmask(before)
#define portENTER_CRITICAL() vPortEnterCritical()
#define portEXIT_CRITICAL() vPortExitCritical()

#define portCLEAN_UP_TCB(tcb) vPortCleanUpTCB(tcb)
#define portTASK_FUNCTION_PROTO(function, parameters) void function(void* parameters)
#define portTASK_FUNCTION(function, parameters) void function(void* parameters)
#define portNOP() ((void)0)
#define portMEMORY_BARRIER() __asm volatile("" ::: "memory")
#define portINLINE __inline
#define portFORCE_INLINE inline __attribute__((always_inline))
#define portDONT_DISCARD __attribute__((used))

#ifndef configUSE_PORT_OPTIMISED_TASK_SELECTION
#define configUSE_PORT_OPTIMISED_TASK_SELECTION 1
#endif
#if configUSE_PORT_OPTIMISED_TASK_SELECTION == 1
#define portRECORD_READY_PRIORITY(priority, ready) ((ready) |= (1UL << (priority)))
#define portRESET_READY_PRIORITY(priority, ready) ((ready) &= ~(1UL << (priority)))
#define portGET_HIGHEST_PRIORITY(top, ready) ((top) = (UBaseType_t)(31 - __builtin_clz((uint32_t)(ready))))
#endif

#ifdef __cplusplus
}
#endif
#endif
