#include "speed.h"

#include <stdint.h>

#include "config.h"
#include "drive.h"
#include "hall.h"
#include "numeric.h"

#define RAMPING_HZ 0.01f /* in one step: the set rate is under way */
#define STEP_S (1.0f / (float)CONTROL_HZ)

struct speed_loop speed_loop = {.kp_V_per_Hz = SPEED_KP_V_PER_HZ, .ki_V_per_Hz_s = SPEED_KI_V_PER_HZ_S};

void speed_start(float set_Hz) {
  speed_loop.running = true;
  speed_loop.set_Hz = set_Hz;
  speed_loop.ramp_Hz = 0.0f;
  speed_loop.load_V = FRICTION_V;
  speed_loop.integral = 0.0f;
  hall_start();
  drive_run(0);
}

void speed_stop(void) {
  speed_loop.running = false;
  speed_loop.ramp_Hz = 0.0f;
  speed_loop.rate_Hz = 0.0f;
  speed_loop.duty = 0.0f;
}

/* The highest duty that the supply stands: full until it sags, none before the supervisor would reset the
 * controller. */
static float duty_limit(void) {
  const float share =
      (drive.supply_V - SUPPLY_FOLDBACK_END_V) * (1.0f / (SUPPLY_FOLDBACK_START_V - SUPPLY_FOLDBACK_END_V));
  return SPEED_DUTY_MAX * clamp_f(share, 0.0f, 1.0f);
}

void speed_update(void) {
  if (!speed_loop.running) return;
  hall_plausible(drive.back_emf_rate_Hz);

  const float way_Hz = speed_loop.set_Hz - speed_loop.ramp_Hz;
  const float step_Hz = clamp_f(way_Hz, -SPEED_RAMP_DOWN_HZ_PER_S * STEP_S, SPEED_RAMP_UP_HZ_PER_S * STEP_S);
  speed_loop.ramp_Hz += step_Hz;
  if (abs_f(step_Hz) > RAMPING_HZ) speed_loop.steady_strokes = hall.strokes + 2u;
  const bool steady = hall.locked && (int32_t)(hall.strokes - speed_loop.steady_strokes) >= 0;
  if (steady)
    speed_loop.load_V = SPEED_IR_SHARE * MOTOR_OHM * min_f(drive.mean_current_A, SPEED_IR_LIMIT_A) +
                        (1.0f - SPEED_IR_SHARE) * FRICTION_V;
  const float feed_forward_V =
      speed_loop.load_V + BACK_EMF_V_PER_HZ * speed_loop.ramp_Hz + INERTIA_V_S_PER_HZ * step_Hz * (float)CONTROL_HZ;

  float correction_V = 0.0f;
  speed_loop.rate_Hz = hall_rate_Hz();
  if (hall.period_us != 0) { /* closed loop from the first whole revolution on */
    speed_loop.error_Hz = speed_loop.ramp_Hz - speed_loop.rate_Hz;
    correction_V = speed_loop.kp_V_per_Hz * speed_loop.error_Hz + speed_loop.integral;
  }
  const float wanted_V = feed_forward_V + correction_V;
  const float limit_V = duty_limit() * drive.supply_V;
  speed_loop.output_V = clamp_f(wanted_V, 0.0f, limit_V);

  if (steady) {
    const float excess_V = wanted_V - speed_loop.output_V;
    speed_loop.integral += STEP_S * speed_loop.ki_V_per_Hz_s * speed_loop.error_Hz;
    speed_loop.integral -= STEP_S * SPEED_ANTI_WINDUP_PER_S * excess_V;
    speed_loop.integral = clamp_f(speed_loop.integral, -SPEED_INTEGRAL_LIMIT_V, SPEED_INTEGRAL_LIMIT_V);
  }
  speed_loop.duty = drive.supply_V > 1.0f ? speed_loop.output_V / drive.supply_V : 0.0f;
  drive_run((int32_t)(clamp_f(speed_loop.duty, 0.0f, SPEED_DUTY_MAX) * 32767.0f));
}
