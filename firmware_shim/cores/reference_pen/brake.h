/* brake.h - stops the motor so that the cam comes to rest near its retracted dead centre.
 *
 * Where the cam stops follows from its rate and from its angle when the brake closes: the way is 0.5 to 2 revolutions,
 * and does not depend on the battery. Past the middle of the stroke a braked cam creeps back under the return spring
 * for up to 100 ms, and one that stops at the far dead centre leaves the needles out. So the bridge coasts until the
 * angle is good, as long as H18 allows. */
#ifndef BRAKE_H
#define BRAKE_H

#include <stdbool.h>
#include <stdint.h>

struct brake {
  bool waiting;
  uint32_t since_us;
  uint32_t wait_us;
  float angle; /* at the stop, turns past the retracted dead centre */
};
extern struct brake brake;

/* drive off now, brake after half a millisecond: the gap resets a bridge that has tripped */
void brake_soon(void);
/* Drive off now, brake at the latest BRAKE_WITHIN_US after the cause. */
void brake_at_good_angle(uint32_t cause_us);
void brake_update(void); /* 2 kHz */

#endif
