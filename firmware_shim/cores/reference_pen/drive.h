/* drive.h - the bridge, the fast current limit, and what the motor current tells. */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdbool.h>
#include <stdint.h>

enum drive_mode { DRIVE_OFF, DRIVE_RUN, DRIVE_BRAKE };

struct drive {
  enum drive_mode mode;
  int32_t demand_q15;  /* what the speed loop asks for */
  int32_t ceiling_q15; /* what the current limit allows */
  int32_t applied_q15;
  int32_t limit_counts;   /* current limit, zero included */
  float zero_counts;      /* auto-zero */
  float current_A;        /* 2 kHz sample */
  float mean_current_A;   /* low-passed, 10 ms */
  float stroke_current_A; /* mean over the last revolution */
  float square_A2;        /* mean square, low-passed, 100 ms, ripple included */
  float supply_V;         /* low-passed, 5 ms */
  float back_emf_rate_Hz; /* stroke rate that voltage and current tell, low-passed */
};
extern struct drive drive;

void drive_run(int32_t duty_q15);
void drive_brake(void);
void drive_off(void);
void drive_fast(void);             /* 20 kHz */
void drive_measure(void);          /* 2 kHz */
bool drive_set_zero(float counts); /* false: beyond the range of H13 */

#endif
