/* speed.h - the stroke rate loop: feed-forward on the supply voltage, PI with back-calculation against wind-up. */
#ifndef SPEED_H
#define SPEED_H

#include <stdbool.h>
#include <stdint.h>

struct speed_loop {
  bool running;
  uint32_t steady_strokes; /* integral and load rest until this stroke: two after a ramp */
  float load_V;            /* drop by the load's current, fed forward */
  float set_Hz;            /* asked for, after all caps */
  float ramp_Hz;           /* what the loop follows now */
  float rate_Hz;           /* measured */
  float error_Hz;
  float integral; /* V */
  float output_V; /* after saturation */
  float duty;     /* 0..1 */
  float kp_V_per_Hz;
  float ki_V_per_Hz_s;
};
extern struct speed_loop speed_loop;

void speed_start(float set_Hz);
void speed_stop(void);
void speed_update(void); /* 2 kHz */

#endif
