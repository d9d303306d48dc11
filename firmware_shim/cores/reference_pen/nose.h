/* nose.h - force on the nose ring: contact with the skin, press too high; and what the current tells when the force
 * does not. */
#ifndef NOSE_H
#define NOSE_H

#include <stdbool.h>
#include <stdint.h>

struct nose {
  float force_N;           /* low-passed, 5 ms */
  bool contact;            /* by force */
  bool contact_by_current; /* the current rose over its value in air, but no force shows: sensor suspect */
  bool press_high;         /* H3: warn */
  bool press_stop;         /* H3: stop */
  bool sensor_ok;
  float air_current_A; /* mean over a stroke while nothing is touched, 0: not learned */
  uint16_t contact_ms, free_ms, high_ms, stop_ms, bad_ms, current_ms, learning_ms;
};
extern struct nose nose;

void nose_update(bool at_speed); /* 1 kHz */

#endif
