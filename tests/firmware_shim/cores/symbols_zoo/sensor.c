/* sensor.c - names that motor.c has as well. */
#include <stdint.h>

#define KEPT __attribute__((used))

KEPT static uint8_t state = 77;
KEPT static uint16_t only_here = 4242;

unsigned sensor_calls(void) {
  static unsigned calls = 90;
  if (calls & 1) {
    static int16_t odd = -5;
    ++odd;
  }
  return ++calls;
}

unsigned motor_calls(void);
unsigned zoo_run(void);
unsigned zoo_run(void) { return motor_calls() + sensor_calls() + only_here; }
