#include "depth.h"

#include "config.h"
#include "hal.h"

#define HOME_FILTER 3u /* samples at 2 kHz */
#define HOME_HALF_STEPS ((int32_t)(SCREW_HOME_UM / SCREW_UM_PER_HALF_STEP))

struct depth_screw depth_screw;

static struct {
  uint32_t phase; /* accumulates half steps per second; a pulse is due at CONTROL_HZ */
  uint32_t home_samples;
} pulse;

static void enter(enum depth_phase phase) {
  depth_screw.phase = phase;
  depth_screw.travelled = 0;
  pulse.phase = 0;
}

static void fail(enum depth_fault fault) {
  depth_screw.fault = fault;
  enter(DEPTH_FAILED);
}

void depth_home(void) {
  depth_screw.fault = DEPTH_OK;
  depth_screw.target = 0;
  enter(DEPTH_SEEK_HOME);
}

bool depth_homed(void) { return depth_screw.phase >= DEPTH_POSITIONING && depth_screw.phase <= DEPTH_PARKED; }
bool depth_parked(void) { return depth_screw.phase == DEPTH_PARKED; }
bool depth_arrived(void) {
  return depth_screw.phase == DEPTH_POSITIONING && depth_screw.position == depth_screw.target &&
         depth_screw.extended == SCREW_APPROACH_HALF_STEPS;
}
bool depth_protruding(void) { return !depth_homed() || depth_screw.position > HOME_HALF_STEPS; }
int32_t depth_um(void) { return (int32_t)((float)depth_screw.position * SCREW_UM_PER_HALF_STEP); }

void depth_set_um(int32_t protrusion_um) {
  if (!depth_homed()) return;
  const int32_t target = (int32_t)((float)protrusion_um / SCREW_UM_PER_HALF_STEP + 0.5f);
  if (depth_screw.phase == DEPTH_PARKED) depth_screw.zero_unchecked = true;
  if (depth_screw.phase != DEPTH_POSITIONING) enter(DEPTH_POSITIONING);
  depth_screw.target = target;
}

void depth_retract(void) {
  if (depth_screw.phase == DEPTH_POSITIONING) enter(DEPTH_RETRACTING);
}

/* True when a half step is due at this rate. */
static bool pulse_due(uint32_t half_steps_per_s) {
  pulse.phase += half_steps_per_s;
  if (pulse.phase < CONTROL_HZ) return false;
  pulse.phase -= CONTROL_HZ;
  return true;
}

static void step(int32_t direction) {
  hal_stepper((int16_t)direction);
  depth_screw.position += direction;
  depth_screw.travelled++;
  if (direction < 0)
    depth_screw.extended = 0;
  else if (depth_screw.extended < SCREW_APPROACH_HALF_STEPS)
    depth_screw.extended++;
}

static void seek_home(void) {
  if (depth_screw.home) {
    enter(DEPTH_CLEAR_HOME);
  } else if (depth_screw.travelled > SCREW_TRAVEL_HALF_STEPS) {
    fail(DEPTH_HOME_NOT_FOUND);
  } else if (pulse_due(SCREW_HALF_STEPS_PER_S)) {
    step(-1);
  }
}

static void clear_home(void) {
  if (depth_screw.travelled == SCREW_CLEAR_HALF_STEPS)
    enter(DEPTH_SEEK_RELEASE);
  else if (pulse_due(SCREW_HALF_STEPS_PER_S))
    step(-1);
}

static void seek_release(void) {
  if (!depth_screw.home) {
    depth_screw.position = HOME_HALF_STEPS;
    depth_screw.home_error = 0;
    depth_screw.zero_unchecked = false;
    enter(DEPTH_RETRACTING);
  } else if (depth_screw.travelled > SCREW_RELEASE_HALF_STEPS) {
    fail(DEPTH_HOME_STUCK);
  } else if (pulse_due(SCREW_SEEK_HALF_STEPS_PER_S)) {
    step(+1);
  }
}

/* The switch opens where zero is, unless steps were lost on the way in or out. */
static void check_zero(void) {
  if (!depth_screw.zero_unchecked || depth_screw.position < HOME_HALF_STEPS - SCREW_APPROACH_HALF_STEPS) return;
  if (!depth_screw.home) {
    depth_screw.zero_unchecked = false;
    depth_screw.home_error = depth_screw.position - HOME_HALF_STEPS;
    if (depth_screw.home_error > SCREW_TOLERANCE_HALF_STEPS || depth_screw.home_error < -SCREW_APPROACH_HALF_STEPS)
      fail(DEPTH_LOST_STEPS);
  } else if (depth_screw.position > HOME_HALF_STEPS + SCREW_APPROACH_HALF_STEPS) {
    fail(DEPTH_JAM);
  }
}

static void positioning(void) {
  check_zero();
  if (depth_screw.phase != DEPTH_POSITIONING) return;
  if (!depth_screw.zero_unchecked && depth_screw.home &&
      depth_screw.position > HOME_HALF_STEPS + SCREW_TOLERANCE_HALF_STEPS) {
    fail(DEPTH_LOST_STEPS); /* at home where the count says that the needles protrude */
    return;
  }
  /* Every target is reached by extending, far enough for backlash to be taken up; what comes from above retracts past
   * it first. */
  const int32_t way = depth_screw.target - depth_screw.position;
  if (depth_arrived() || !pulse_due(SCREW_HALF_STEPS_PER_S)) return;
  step(way > 0 && way + depth_screw.extended >= SCREW_APPROACH_HALF_STEPS ? +1 : -1);
}

static void retracting(void) {
  if (depth_screw.home) {
    depth_screw.home_error = depth_screw.position - HOME_HALF_STEPS;
    if (depth_screw.home_error > SCREW_TOLERANCE_HALF_STEPS || depth_screw.home_error < -SCREW_BACKLASH_HALF_STEPS)
      fail(DEPTH_LOST_STEPS); /* home came too early: lost on the way out; too late: on the way in */
    else
      enter(DEPTH_PARKED);
  } else if (depth_screw.position < HOME_HALF_STEPS - 2 * SCREW_APPROACH_HALF_STEPS) {
    fail(DEPTH_JAM);
  } else if (pulse_due(SCREW_HALF_STEPS_PER_S)) {
    step(-1);
  }
}

void depth_update(void) {
  if (hal_pin(HAL_PIN_HOME) == depth_screw.home)
    pulse.home_samples = 0;
  else if (++pulse.home_samples >= HOME_FILTER)
    depth_screw.home = !depth_screw.home, pulse.home_samples = 0;

  switch (depth_screw.phase) {
    case DEPTH_SEEK_HOME:
      seek_home();
      break;
    case DEPTH_CLEAR_HOME:
      clear_home();
      break;
    case DEPTH_SEEK_RELEASE:
      seek_release();
      break;
    case DEPTH_POSITIONING:
      positioning();
      break;
    case DEPTH_RETRACTING:
      retracting();
      break;
    case DEPTH_UNKNOWN:
    case DEPTH_PARKED:
    case DEPTH_FAILED:
      break;
  }
}
