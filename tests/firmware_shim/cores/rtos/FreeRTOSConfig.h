/* Of the stand-in kernel of this folder. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H
#define configTICK_RATE_HZ ((portTickType)1000)
#define configCPU_CLOCK_HZ 16000000
#define configUSE_PREEMPTION 1
#define configUSE_16_BIT_TICKS 0
#define configASSERT(x) ((void)(x))
#endif
