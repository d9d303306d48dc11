/* board.h - the hardware calls of this firmware. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint16_t board_adc(void);
void board_pwm(int16_t duty);
void board_text(const char* text);

uint16_t filter(uint16_t sample); /* mean of the last four, in C++ */
void firmware_tick(void);         /* timer interrupt, 1 kHz */
int main(void);

#ifdef __cplusplus
}
#endif
#endif
