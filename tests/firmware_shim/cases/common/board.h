/* Hardware layer of the little cores of this folder. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
void board_motor(int duty_q15);
bool board_start(void);
uint32_t board_micros(void);
unsigned long micros(void); /* as Arduino declares it */
void board_delay_us(uint32_t us);
void board_print(const char* text);
uint16_t board_adc(int channel);
void board_watchdog_start(uint16_t ms);
void board_watchdog_kick(void);
void board_sleep(void);
void board_lock(void);
void board_unlock(void);
void tick_isr(void); /* every 1 ms */
void hall_isr(uint32_t stamp_us);
#ifdef __cplusplus
}
#endif
