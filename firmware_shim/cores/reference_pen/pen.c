#include "pen.h"

#include "battery.h"
#include "brake.h"
#include "buttons.h"
#include "cartridge.h"
#include "config.h"
#include "console.h"
#include "depth.h"
#include "dials.h"
#include "drive.h"
#include "events.h"
#include "hal.h"
#include "hall.h"
#include "indicator.h"
#include "nose.h"
#include "numeric.h"
#include "nvm.h"
#include "safety.h"
#include "settings.h"
#include "speed.h"
#include "thermal.h"

#define SETTLE_MS 10u    /* self-test: the analogue inputs settle */
#define ZERO_SAMPLES 32u /* self-test: auto-zero of the current */
#define SELF_TEST_TIMEOUT_MS 500u
#define ACKNOWLEDGE_MS 1000u
#define ALIVE_LIMIT_MS 150u

struct pen pen;

/* H19: each task leaves its mark; supervision kicks the watchdog only when all of them have run. */
static struct {
  bool fast, control, state;
  uint32_t slow_ms; /* since the slow task last ran */
} alive;

static struct {
  float sum_counts;
  uint32_t samples;
} zero;

static uint32_t stall_began_us;

bool pen_running(void) { return pen.state == PEN_SPIN_UP || pen.state == PEN_RUNNING; }

static void enter(enum pen_state state) {
  pen.state = state;
  pen.state_ms = 0;
}

void pen_boot(void) {
  drive_off();
  events_boot();
  settings_boot();
  events_log(EVENT_BOOT, (int16_t)hal_reset_cause());
  enter(PEN_SELF_TEST);
}

/* ---- limits on what the user sets ---- */

static int32_t capped_protrusion_um(void) {
  int32_t cap_um = DEPTH_DEFAULT_CAP_UM;                          /* H5 */
  if (treatment.mode == MODE_EYE_AREA) cap_um = DEPTH_EYE_CAP_UM; /* H4 */
  if (treatment.mode == MODE_UNLOCKED) cap_um = DEPTH_MAX_UM;
  int32_t set_um = dials.protrusion_um.set;
  if (set_um < DEPTH_MIN_UM) set_um = DEPTH_MIN_UM;
  return set_um < cap_um ? set_um : cap_um;
}

static float capped_rate_Hz(void) {
  float set_Hz = (float)(dials.rate_Hz.set + treatment.rate_trim_Hz);
  set_Hz = min_f(set_Hz, cartridge_rate_limit_Hz()); /* H2 */
  set_Hz = min_f(set_Hz, settings.rate_limit_Hz);
  if (treatment.mode == MODE_EYE_AREA) set_Hz = min_f(set_Hz, RATE_EYE_MAX_HZ); /* H4 */
  set_Hz *= thermal.derating;                                                   /* H9, H10, H14 */
  return max_f(set_Hz, RATE_MIN_HZ);
}

/* ---- stopping ---- */

/* The motor turns at its rate: there is time to choose where it stops. */
static bool motor_is_sound(enum stop_reason reason) {
  return reason != STOP_STALL && reason != STOP_SPIN_UP && reason != STOP_UNDER_RATE && reason != STOP_OVER_RATE;
}

/* Removes the drive, brakes and retracts the needles at once; what follows depends on the reason. */
static void stop(enum stop_reason reason) {
  speed_stop();
  if (motor_is_sound(reason))
    brake_at_good_angle(reason == STOP_RELEASED && start_button.open ? start_button.open_us : hal_time_us());
  else
    brake_soon();
  depth_retract();
  hall.idle_edges = 0;
  pen.stop_reason = (uint8_t)reason;
  start_button.request = false;
  if (reason == STOP_STALL || reason == STOP_SPIN_UP) safety_stalled((hal_time_us() - stall_began_us) / 1000u);
  events_log(EVENT_STOP, (int16_t)reason);
  enter(PEN_STOPPING);
}

static void fault(enum stop_reason reason) {
  pen.stop_reason = (uint8_t)reason;
  indicator_beep(5);
  enter(PEN_FAULT);
}

static void lock(enum stop_reason reason) {
  pen.stop_reason = (uint8_t)reason;
  indicator_beep(5);
  enter(PEN_LOCKED);
}

/* The pen stands, the needles are retracted (or the screw has failed): where to from here. */
static void after_parking(void) {
  switch ((enum stop_reason)pen.stop_reason) {
    case STOP_STALL:
    case STOP_SPIN_UP:
      if (!safety_stall_latched()) {
        indicator_beep(3);
        enter(PEN_STALLED);
        return;
      }
      events_log(EVENT_STALL_LATCH, (int16_t)safety.stalls);
      lock(STOP_STALL);
      return;
    case STOP_HALL:
    case STOP_CURRENT_SENSOR:
    case STOP_OVER_RATE:
    case STOP_NOSE_SENSOR:
    case STOP_SCREW:
    case STOP_TEMPERATURE:
    case STOP_UNCOMMANDED:
      fault((enum stop_reason)pen.stop_reason);
      return;
    case STOP_UNDERVOLTAGE:
    case STOP_SESSION:
      lock((enum stop_reason)pen.stop_reason);
      return;
    case STOP_CARTRIDGE:
    case STOP_PRESS:
    case STOP_UNDER_RATE:
      indicator_beep(3);
      enter(PEN_READY);
      return;
    case STOP_NONE:
    case STOP_RELEASED:
    case STOP_CHARGER:
      enter(PEN_READY);
      return;
  }
}

static void log_screw(void) {
  switch (depth_screw.fault) {
    case DEPTH_LOST_STEPS:
      events_log(EVENT_LOST_STEPS, (int16_t)depth_screw.home_error);
      break;
    case DEPTH_JAM:
      events_log(EVENT_SCREW_JAM, (int16_t)depth_screw.position);
      break;
    case DEPTH_OK:
    case DEPTH_HOME_NOT_FOUND:
    case DEPTH_HOME_STUCK:
      events_log(EVENT_HOMING_FAILED, (int16_t)depth_screw.fault);
      break;
  }
}

/* H1, H6: a screw that lost steps is homed anew once; a second time in a row, or a jam, is a fault. */
static void screw_failed(void) {
  log_screw();
  if (depth_screw.fault == DEPTH_LOST_STEPS && pen.rehomed++ == 0) {
    depth_home();
    enter(PEN_HOMING);
  } else {
    fault(STOP_SCREW);
  }
}

/* ---- states ---- */

/* Inputs in range, current sensor zeroed (H13), memory read. The motor stands and the bridge is off. */
static void self_test(void) {
  if (pen.state_ms < SETTLE_MS) {
    zero.sum_counts = 0.0f;
    zero.samples = 0;
    return;
  }
  if (zero.samples < ZERO_SAMPLES) {
    zero.sum_counts += (float)hal_adc(HAL_ADC_MOTOR_CURRENT);
    zero.samples++;
    return;
  }
  int16_t failure = 0;
  if (zero.samples == ZERO_SAMPLES) {
    zero.samples++;
    if (!drive_set_zero(zero.sum_counts / (float)ZERO_SAMPLES)) failure = SELF_TEST_CURRENT_ZERO;
    drive.mean_current_A = 0.0f;
    if (drive.supply_V < 1.0f || battery.cell_V < 1.0f) failure = SELF_TEST_BATTERY;
    if (!nose.sensor_ok) failure = SELF_TEST_NOSE;
  }
  if (!event_log.ready || !settings.loaded) {
    if (pen.state_ms > SELF_TEST_TIMEOUT_MS)
      failure = SELF_TEST_MEMORY;
    else if (failure == 0)
      return;
  }
  if (!pen.watchdog_running) {
    hal_watchdog_start(WATCHDOG_MS);
    pen.watchdog_running = true;
  }
  if (failure != 0) {
    events_log(EVENT_SELF_TEST_FAILED, failure);
    fault(failure == SELF_TEST_CURRENT_ZERO ? STOP_CURRENT_SENSOR : STOP_NONE);
    return;
  }
  depth_home();
  enter(PEN_HOMING);
}

static void homing(void) {
  if (depth_screw.phase == DEPTH_FAILED) {
    screw_failed();
  } else if (depth_parked()) {
    events_log(EVENT_HOMED, (int16_t)pen.state_ms);
    indicator_beep(1);
    enter(PEN_READY);
  }
}

static void start_motor(void) {
  safety_run_begins();
  pen.set_Hz = capped_rate_Hz();
  stall_began_us = hal_time_us();
  speed_start(pen.set_Hz);
  enter(PEN_SPIN_UP);
}

static void ready(void) {
  const enum stop_reason rest = safety_check_rest();
  if (rest != STOP_NONE) {
    fault(rest);
    return;
  }
  if (battery.undervoltage) {
    lock(STOP_UNDERVOLTAGE);
    return;
  }
  if (!start_button.request) return;
  /* not known yet: the press waits while it is held */
  if (cartridge.state == CARTRIDGE_READING || !battery.known) return;
  start_button.request = false;
  pen.refused = safety_inhibits();
  if (pen.refused != 0) {
    events_log(EVENT_START_REFUSED, (int16_t)pen.refused);
    indicator_beep(2);
    return;
  }
  cartridge_mark_used();
  events_log(EVENT_START, (int16_t)capped_rate_Hz());
  start_motor();
}

static void running(void) {
  pen.set_Hz = capped_rate_Hz();
  pen.set_um = capped_protrusion_um();
  speed_loop.set_Hz = pen.set_Hz;
  if (hall_silence_us() < 1000u) stall_began_us = hal_time_us();
  const enum stop_reason reason = safety_check_run(pen.state == PEN_SPIN_UP);
  if (reason != STOP_NONE) {
    stop(reason);
    return;
  }
  if (pen.state == PEN_SPIN_UP) { /* H6: needles leave the nose only at speed */
    if (hall.locked && hall_rate_Hz() > RATE_IN_SKIN_MIN_HZ)
      enter(PEN_RUNNING);
    else if (pen.state_ms > SPIN_UP_TIMEOUT_MS)
      stop(STOP_SPIN_UP);
    return;
  }
  depth_set_um(pen.set_um);
}

static void stopping(void) {
  if (pen.state_ms < BRAKE_MS) return;
  drive_off(); /* the return spring turns the cam towards its retracted end */
  hall.idle_edges = 0;
  enter(PEN_PARKING);
}

static void parking(void) {
  if (depth_screw.phase == DEPTH_FAILED) {
    if (pen.stop_reason == STOP_RELEASED || pen.stop_reason == STOP_SCREW) {
      screw_failed();
    } else { /* the first reason stays */
      log_screw();
      fault((enum stop_reason)pen.stop_reason);
    }
  } else if (depth_parked()) {
    if (pen.stop_reason == STOP_RELEASED) pen.rehomed = 0;
    after_parking();
  } else if (pen.state_ms > PARK_TIMEOUT_MS) {
    fault(STOP_SCREW);
  }
}

/* H8: restarts by itself while the button is still held and the nose is free; else the next press counts as the
 * restart. */
static void stalled(void) {
  if (!buttons[BUTTON_START].down) {
    enter(PEN_READY);
  } else if (pen.state_ms >= STALL_PAUSE_MS && safety_inhibits() == 0) {
    start_motor();
  }
}

/* What led here is gone when the inputs are back in range; homing and self-test then decide again. */
static void faulted(void) {
  depth_retract();
  const struct button_state* confirm = &buttons[BUTTON_CONFIRM];
  if (buttons[BUTTON_START].down || !confirm->down || confirm->held_ms < ACKNOWLEDGE_MS) return;
  if (thermal.hot || thermal.winding_hot || pen.state_ms < ACKNOWLEDGE_MS) return;
  events_log(EVENT_RECOVERED, (int16_t)pen.stop_reason);
  pen.rehomed = 0;
  hall.idle_edges = 0;
  enter(PEN_SELF_TEST);
}

static void locked(void) { depth_retract(); }

/* ---- tasks ---- */

void pen_hall_edge(uint32_t time_us) { hall_edge(time_us); }
void pen_start_opened(uint32_t time_us) { start_button_opened(time_us); }

void pen_fast(void) {
  alive.fast = true;
  drive_fast();
}

void pen_control(void) {
  alive.control = true;
  brake_update();
  drive_measure();
  speed_update();
  depth_update();
}

void pen_state_task(void) {
  alive.state = true;
  pen.time_ms++;
  pen.state_ms++;
  alive.slow_ms++;

  nvm_update();
  buttons_update();
  dials_update();
  if (buttons[BUTTON_CHARGER].pressed || buttons[BUTTON_CHARGER].released)
    events_log(EVENT_CHARGER, buttons[BUTTON_CHARGER].down);
  treatment_update(pen_running());
  cartridge_update();
  safety_update();
  nose_update(pen.state == PEN_RUNNING && depth_arrived());

  switch (pen.state) {
    case PEN_SELF_TEST:
      self_test();
      break;
    case PEN_HOMING:
      homing();
      break;
    case PEN_READY:
      ready();
      break;
    case PEN_SPIN_UP:
    case PEN_RUNNING:
      running();
      break;
    case PEN_STOPPING:
      stopping();
      break;
    case PEN_PARKING:
      parking();
      break;
    case PEN_STALLED:
      stalled();
      break;
    case PEN_FAULT:
      faulted();
      break;
    case PEN_LOCKED:
      locked();
      break;
  }
  if ((pen.state == PEN_FAULT || pen.state == PEN_LOCKED) && pen.state_ms >= BRAKE_MS && drive.mode != DRIVE_OFF)
    drive_off();

  settings_update();
  events_update();
  console_update();
}

void pen_supervision(void) {
  battery_update();
  thermal_sample();
  indicator_update();
  if (hal_edges_lost()) events_log(EVENT_EDGES_LOST, 0);
  if (!alive.fast || !alive.control || !alive.state || alive.slow_ms > ALIVE_LIMIT_MS) return;
  alive.fast = false;
  alive.control = false;
  alive.state = false;
  if (pen.watchdog_running) hal_watchdog_kick();
}

void pen_slow(void) {
  alive.slow_ms = 0;
  thermal_update();
}
