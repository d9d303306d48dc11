/* FreeRTOS.h - stands in for the kernel, which is the user's: as much of its inner interface as pensim's port needs,
 * with the names of V7 (OLD_KERNEL) or of later ones. */
#ifndef INC_FREERTOS_H
#define INC_FREERTOS_H
#include "FreeRTOSConfig.h"
#include "portmacro.h"
#define pdFALSE ((portBASE_TYPE)0)
#define pdTRUE ((portBASE_TYPE)1)
#ifdef OLD_KERNEL
typedef void (*pdTASK_CODE)(void*);
portSTACK_TYPE* pxPortInitialiseStack(portSTACK_TYPE* top, pdTASK_CODE code, void* parameters);
portBASE_TYPE xPortStartScheduler(void);
#else
#define portTickType TickType_t
#define portTICK_RATE_MS portTICK_PERIOD_MS
typedef void (*TaskFunction_t)(void*);
StackType_t* pxPortInitialiseStack(StackType_t* top, TaskFunction_t code, void* parameters);
BaseType_t xPortStartScheduler(void);
#endif
void vPortEndScheduler(void);
#endif
