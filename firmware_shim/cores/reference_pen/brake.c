#include "brake.h"

#include "config.h"
#include "drive.h"
#include "hal.h"
#include "hall.h"
#include "nose.h"
#include "numeric.h"
#include "thermal.h"

struct brake brake;

static float fraction(float turns) {
  while (turns < 0.0f) turns += 1.0f;
  while (turns >= 1.0f) turns -= 1.0f;
  return turns;
}

/* In turns. Good are the angles that lie before the last one from which the cam still reaches the dead centre by its
 * own speed. */
static float first_good_angle(float rate_Hz) {
  /* The way goes with rate times resistance of the shorted winding. */
  const float warm = 1.0f + (0.0039f * WINDING_OHM / MOTOR_OHM) * (thermal.winding_C - 25.0f);
  const float x = (rate_Hz * warm - 100.0f) * (1.0f / 50.0f);
  const float contact = nose.contact ? BRAKE_CONTACT_ANGLE : 0.0f;
  const float last = contact + BRAKE_LAST_ANGLE + x * (BRAKE_LAST_ANGLE_SLOPE + x * BRAKE_LAST_ANGLE_CURVE);
  return last - BRAKE_ANGLE_MARGIN - BRAKE_ANGLE_WINDOW;
}

static void brake_after(uint32_t wait_us) {
  drive_off();
  brake.waiting = true;
  brake.since_us = hal_time_us();
  brake.wait_us = wait_us;
}

void brake_soon(void) { brake_after(BRAKE_RESET_US); }

void brake_at_good_angle(uint32_t cause_us) {
  uint32_t wait_us = 0;
  if (hall.locked) {
    brake.angle = fraction((float)hall_silence_us() * 1.0e-6f * hall.rate_Hz);
    const float past = fraction(brake.angle - first_good_angle(hall.rate_Hz));
    if (past > BRAKE_ANGLE_WINDOW) {
      /* The coasting motor slows down, which moves the good angles: once more, for the rate at the end of the wait. */
      const float wait_s = (1.0f - past) / hall.rate_Hz;
      const float rate_Hz = hall.rate_Hz - BRAKE_COAST_HZ_PER_S * wait_s;
      const float way = fraction(first_good_angle(rate_Hz) - brake.angle);
      wait_us = (uint32_t)(1.0e6f * way / (0.5f * (hall.rate_Hz + rate_Hz)));
    }
    /* Nearly there is good as well; what is out of reach is braked at once. */
    const uint32_t spent_us = hal_time_us() - cause_us;
    const uint32_t left_us = spent_us < BRAKE_WITHIN_US ? BRAKE_WITHIN_US - spent_us : 0u;
    const float near = BRAKE_ANGLE_NEAR + BRAKE_ANGLE_NEAR_SLOW * max_f(100.0f - hall.rate_Hz, 0.0f);
    if (((float)wait_us - (float)left_us) * 1.0e-6f * hall.rate_Hz > near) wait_us = 0;
    if (wait_us > left_us) wait_us = left_us;
  }
  if (wait_us == 0)
    drive_brake();
  else
    brake_after(wait_us);
}

void brake_update(void) {
  if (!brake.waiting || hal_time_us() - brake.since_us < brake.wait_us) return;
  brake.waiting = false;
  drive_brake();
}
