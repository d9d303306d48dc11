#include "safety.h"

#include "battery.h"
#include "buttons.h"
#include "cartridge.h"
#include "config.h"
#include "depth.h"
#include "dials.h"
#include "drive.h"
#include "events.h"
#include "hal.h"
#include "hall.h"
#include "indicator.h"
#include "nose.h"
#include "numeric.h"
#include "pen.h"
#include "speed.h"
#include "thermal.h"

#define OFFSET_COUNTS (CURRENT_ZERO_A / CURRENT_A_PER_COUNT)
#define GOOD_RUN_MS 10000u

struct safety safety;

static bool session_over(void) {
  return safety.session_ms >= SESSION_LIMIT_MS || safety.punctures >= SESSION_PUNCTURES;
}

uint32_t safety_inhibits(void) {
  uint32_t mask = 0;
  if (!depth_parked()) mask |= INHIBIT_NOT_PARKED;
  if (cartridge.state == CARTRIDGE_USED)
    mask |= INHIBIT_USED;
  else if (!cartridge_usable())
    mask |= INHIBIT_CARTRIDGE;
  if (nose.contact) mask |= INHIBIT_CONTACT;
  if (!battery.known || battery.empty || battery.undervoltage) mask |= INHIBIT_BATTERY;
  if (buttons[BUTTON_CHARGER].down) mask |= INHIBIT_CHARGER;
  if (thermal.hot || thermal.winding_hot) mask |= INHIBIT_TEMPERATURE;
  if (!dials_ok()) mask |= INHIBIT_DIAL;
  if (session_over()) mask |= INHIBIT_SESSION;
  if (!nose.sensor_ok) mask |= INHIBIT_NOSE_SENSOR;
  if (battery.mismatch) mask |= INHIBIT_SENSE;
  return mask;
}

void safety_run_begins(void) {
  safety.stall_current_ms = 0;
  safety.current_stuck_ms = 0;
  safety.under_rate_ms = 0;
  safety.over_rate_ms = 0;
  safety.strokes_counted = hall.strokes;
  safety.rejected_logged = false;
}

/* The back-EMF tells of a motor that turns at about the rate that was asked for. */
static bool motor_turns(void) {
  return drive.applied_q15 > HALL_DUTY_Q15 && drive.mean_current_A > CURRENT_NONE_A &&
         drive.back_emf_rate_Hz > 0.6f * speed_loop.ramp_Hz;
}

/* H8, H12: a motor that turns without edges has a lost hall sensor; one that does not turn is stalled. */
static enum stop_reason check_rotation(bool spinning_up) {
  if (lasting(&safety.stall_current_ms, drive.mean_current_A > CURRENT_STALL_A, CURRENT_STALL_MS)) return STOP_STALL;
  if (hall_silence_us() < HALL_SILENCE_US || (spinning_up && pen.state_ms < SPIN_UP_GRACE_MS)) return STOP_NONE;
  if (motor_turns()) {
    events_log(EVENT_HALL_LOST, (int16_t)drive.back_emf_rate_Hz);
    return STOP_HALL;
  }
  return STOP_STALL;
}

/* H6: needles that dwell in the skin at a low rate tear it. H2: needles faster than set may leave the driver. */
static enum stop_reason check_rate(bool spinning_up) {
  const bool in_skin = nose.contact && depth_protruding() && !spinning_up;
  const bool late = in_skin && hall_silence_us() > SILENCE_IN_SKIN_US && !motor_turns();
  const bool slow = in_skin && hall_rate_Hz() < RATE_IN_SKIN_MIN_HZ;
  if (lasting(&safety.under_rate_ms, slow, UNDER_RATE_MS) || late) {
    events_log(EVENT_UNDER_RATE, (int16_t)(hall_rate_Hz() * 10.0f));
    return STOP_UNDER_RATE;
  }
  const bool fast = hall.locked && speed_loop.rate_Hz > OVER_RATE_RATIO * max_f(speed_loop.ramp_Hz, speed_loop.set_Hz);
  if (lasting(&safety.over_rate_ms, fast, OVER_RATE_MS)) {
    events_log(EVENT_OVER_RATE, (int16_t)(speed_loop.rate_Hz * 10.0f));
    return STOP_OVER_RATE;
  }
  return STOP_NONE;
}

/* H13: a running motor takes neither nothing nor more than the converter can show. None while the edges come in time is
 * a dead sensor, none while they do not is a bridge that has tripped on a blow. */
static enum stop_reason check_current(void) {
  const uint16_t counts = hal_adc(HAL_ADC_MOTOR_CURRENT);
  const float expected_A = (speed_loop.output_V - BACK_EMF_V_PER_HZ * speed_loop.rate_Hz) * (1.0f / MOTOR_OHM);
  const bool none = drive.current_A < CURRENT_NONE_A && expected_A > CURRENT_EXPECTED_A;
  if (!lasting(&safety.current_stuck_ms, none || counts == HAL_ADC_FULL_SCALE, CURRENT_STUCK_MS)) return STOP_NONE;
  if (none && hall_silence_us() > hall.period_us + hall.period_us / 8u) return STOP_STALL;
  events_log(EVENT_CURRENT_SENSOR, (int16_t)counts);
  return STOP_CURRENT_SENSOR;
}

/* H20. */
static void count_dose(void) {
  safety.session_ms++;
  const uint32_t strokes = hall.strokes - safety.strokes_counted;
  safety.strokes_counted = hall.strokes;
  if (!nose.contact) {
    safety.site_punctures = 0;
    safety.site_warned = false;
    return;
  }
  safety.punctures += strokes * cartridge_needles();
  safety.site_punctures += strokes * cartridge_needles();
  if (safety.site_punctures >= SITE_PUNCTURES && !safety.site_warned) {
    safety.site_warned = true;
    events_log(EVENT_SITE_DOSE, (int16_t)(safety.site_punctures / 1000u));
    indicator_beep(3);
  }
}

enum stop_reason safety_check_run(bool spinning_up) {
  if (!buttons[BUTTON_START].down) return STOP_RELEASED;
  if (!cartridge_usable()) return STOP_CARTRIDGE;
  const enum stop_reason current = check_current();
  if (current != STOP_NONE) return current;
  const enum stop_reason rotation = check_rotation(spinning_up);
  if (rotation != STOP_NONE) return rotation;
  const enum stop_reason rate = check_rate(spinning_up);
  if (rate != STOP_NONE) return rate;
  if (nose.press_stop) {
    events_log(EVENT_PRESS_STOP, (int16_t)(nose.force_N * 1000.0f));
    return STOP_PRESS;
  }
  if (!nose.sensor_ok) return STOP_NOSE_SENSOR;
  if (battery.undervoltage) return STOP_UNDERVOLTAGE;
  if (thermal.hot || thermal.winding_hot) return STOP_TEMPERATURE;
  if (buttons[BUTTON_CHARGER].down) return STOP_CHARGER;
  if (depth_screw.phase == DEPTH_FAILED) return STOP_SCREW;
  count_dose();
  if (session_over()) {
    events_log(EVENT_SESSION_LIMIT, safety.session_ms >= SESSION_LIMIT_MS ? 1 : 2);
    return STOP_SESSION;
  }
  if (hall.rejected > 10u && !safety.rejected_logged) {
    safety.rejected_logged = true;
    events_log(EVENT_HALL_REJECTED, (int16_t)hall.rejected);
  }
  if (!spinning_up && ++safety.good_ms >= GOOD_RUN_MS) safety.stalls = 0;
  return STOP_NONE;
}

enum stop_reason safety_check_rest(void) {
  const uint16_t counts = hal_adc(HAL_ADC_MOTOR_CURRENT);
  if (lasting(&safety.current_stuck_ms, counts == HAL_ADC_FULL_SCALE, CURRENT_STUCK_MS)) {
    events_log(EVENT_CURRENT_SENSOR, (int16_t)counts);
    return STOP_CURRENT_SENSOR;
  }
  if (hall.idle_edges >= HALL_IDLE_EDGES) {
    events_log(EVENT_UNCOMMANDED_MOTION, 1);
    return STOP_UNCOMMANDED;
  }
  if (lasting(&safety.idle_current_ms, drive.mean_current_A > CURRENT_IDLE_A, CURRENT_IDLE_MS)) {
    events_log(EVENT_UNCOMMANDED_MOTION, 2);
    return STOP_UNCOMMANDED;
  }
  const bool offset = drive.zero_counts + drive.mean_current_A / CURRENT_A_PER_COUNT > OFFSET_COUNTS;
  if (lasting(&safety.idle_offset_ms, offset, 2u * CURRENT_IDLE_MS)) {
    events_log(EVENT_CURRENT_SENSOR, (int16_t)counts);
    return STOP_CURRENT_SENSOR;
  }
  return STOP_NONE;
}

void safety_update(void) {
  if (safety.stall_window_ms > 0 && --safety.stall_window_ms == 0) safety.stall_ms = 0;
}

void safety_stalled(uint32_t stalled_ms) {
  safety.stalls++;
  safety.good_ms = 0;
  if (safety.stall_window_ms == 0) safety.stall_window_ms = STALL_WINDOW_MS;
  safety.stall_ms += stalled_ms;
  events_log(EVENT_STALL, (int16_t)safety.stalls);
}

/* H8: three restarts; H10: no more than 0.3 s of stall in 10 s. */
bool safety_stall_latched(void) { return safety.stalls > STALL_RESTARTS || safety.stall_ms >= STALL_BUDGET_MS; }
