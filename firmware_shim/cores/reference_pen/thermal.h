/* thermal.h - grip and winding temperature, derating. */
#ifndef THERMAL_H
#define THERMAL_H

#include <stdbool.h>
#include <stdint.h>

struct thermal {
  float motor_C;          /* NTC at the motor */
  float grip_C;           /* NTC at the grip */
  float winding_C;        /* estimate */
  float winding_rise_K;   /* above the motor's NTC */
  float derating;         /* 1: none, DERATE_FLOOR: least */
  bool motor_ntc_ok, grip_ntc_ok;
  bool warm, hot;         /* grip: warned, stopped */
  bool winding_hot;
  uint8_t settled;        /* the first readings are taken as they are */
};
extern struct thermal thermal;

float ntc_C(float counts);
void thermal_sample(void); /* 100 Hz */
void thermal_update(void); /* 10 Hz */

#endif
