/* hal.h - the hardware layer of this firmware; its own header, as it stands in its own repository. */
#ifndef HAL_H
#define HAL_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_IRQ_HALL 6u
#define HAL_IRQ_ADC 18u
#define HAL_IRQ_TICK 28u

uint16_t hal_adc_battery(void);
uint16_t hal_adc_depth_dial(void);
bool hal_pin_start(void);
bool hal_pin_home(void);
void hal_irq_on(uint8_t number);
void hal_critical_enter(void);
void hal_critical_leave(void);
void hal_sleep(void);
uint32_t hal_time_us(void);
void hal_delay_us(uint32_t microseconds);
void hal_screw(int16_t half_steps); /* positive extends */
void hal_motor(int16_t duty_q15);
void hal_led(bool ready, bool alarm);
void hal_print(const char* text);

#endif
