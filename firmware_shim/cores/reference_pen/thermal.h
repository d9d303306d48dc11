/* thermal.h - grip and winding temperature, derating. */
#ifndef THERMAL_H
#define THERMAL_H

#include <stdbool.h>
#include <stdint.h>

struct ntc {
  float counts; /* low-passed, 200 ms */
  bool settled; /* a good reading was seen */
  bool ok;
  uint16_t bad; /* samples out of range in a row */
};

struct thermal {
  float motor_C;        /* NTC at the motor */
  float grip_C;         /* NTC at the grip */
  float winding_C;      /* estimate */
  float winding_rise_K; /* above the motor's NTC */
  float derating;       /* 1: none, DERATE_FLOOR: least */
  struct ntc motor_ntc, grip_ntc;
  bool warm, hot; /* grip: warned, stopped */
  bool winding_hot;
};
extern struct thermal thermal;

float ntc_C(float counts);
void thermal_sample(void); /* 100 Hz */
void thermal_update(void); /* 10 Hz */

#endif
