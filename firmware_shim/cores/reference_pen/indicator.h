/* indicator.h - lamps and buzzer. */
#ifndef INDICATOR_H
#define INDICATOR_H

#include <stdint.h>

struct indicator {
  uint8_t beeps_left;
  uint16_t beep_ms; /* running beep or pause */
  uint32_t blink_ms;
};
extern struct indicator indicator;

void indicator_beep(uint8_t count);
void indicator_update(void); /* 100 Hz */

#endif
