/* board.h - the hardware calls of this firmware; its own header, as it stands in its own repository. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

uint16_t board_adc_current(void);   /* counts, 0.806 mA each */
uint16_t board_adc_rate_dial(void); /* counts, 0..4095 */
bool board_button_start(void);
uint32_t board_time_us(void);       /* wraps */
uint32_t board_hall_stamp_us(void); /* of the hall edge whose interrupt runs */
void board_motor(int16_t duty_q15, bool on);
void board_led_ready(bool on);
void board_log(const char* text);
void board_watchdog_start(uint16_t timeout_ms);
void board_watchdog_kick(void);

#endif
