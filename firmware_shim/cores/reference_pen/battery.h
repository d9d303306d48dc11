/* battery.h - state of charge, low battery, undervoltage latch. */
#ifndef BATTERY_H
#define BATTERY_H

#include <stdbool.h>
#include <stdint.h>

struct battery {
  float cell_V;          /* low-passed, 30 ms */
  float state_of_charge; /* 0..1 */
  bool known;            /* the first resting voltage was taken */
  bool low;              /* H22: warn */
  bool empty;            /* H22: refuse start */
  bool undervoltage;     /* H11: latched until power-off or charging */
  bool mismatch;         /* cell and supply readings disagree at rest */
  uint16_t undervoltage_ms;
  uint16_t resting_ms;
};
extern struct battery battery;

float battery_charge_at_rest(float open_circuit_V);
void battery_update(void); /* 100 Hz */

#endif
