#ifndef INC_TASK_H
#define INC_TASK_H
void vTaskSwitchContext(void);
#ifdef OLD_KERNEL
void vTaskIncrementTick(void);
#else
#define tskKERNEL_VERSION_MAJOR 11
BaseType_t xTaskIncrementTick(void);
#endif
#endif
