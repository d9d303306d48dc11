#include "nose.h"

#include "config.h"
#include "drive.h"
#include "events.h"
#include "hal.h"
#include "numeric.h"

#define LEARN_MS 100u
#define CURRENT_MS 200u

struct nose nose = {.sensor_ok = true};

static void contact(void) {
  if (!nose.contact) {
    nose.contact = lasting(&nose.contact_ms, nose.force_N >= CONTACT_ON_N, CONTACT_MS);
  } else if (lasting(&nose.free_ms, nose.force_N <= CONTACT_OFF_N, CONTACT_RELEASE_MS)) {
    nose.contact = false;
    nose.contact_ms = 0;
    nose.free_ms = 0;
  }
}

static void press(void) {
  const bool high = lasting(&nose.high_ms, nose.force_N >= PRESS_WARN_N, PRESS_WARN_MS);
  if (high && !nose.press_high) events_log(EVENT_PRESS_HIGH, (int16_t)(nose.force_N * 1000.0f));
  nose.press_high = high;
  nose.press_stop = lasting(&nose.stop_ms, nose.force_N >= PRESS_STOP_N, PRESS_STOP_MS);
}

/* Skin takes 8-110 mA more than air. Learned anew in every run, after the rate has settled and before the force shows
 * contact. */
static void current_signature(bool at_speed) {
  if (!at_speed) {
    nose.air_current_A = 0.0f;
    nose.learning_ms = 0;
    nose.current_ms = 0;
    nose.contact_by_current = false;
    return;
  }
  if (!nose.contact && nose.learning_ms < LEARN_MS) {
    nose.learning_ms++;
    nose.air_current_A =
        nose.learning_ms == 1u ? drive.stroke_current_A : low_pass(nose.air_current_A, drive.stroke_current_A, 0.05f);
    return;
  }
  if (nose.learning_ms < LEARN_MS) return;
  const bool skin = drive.stroke_current_A > nose.air_current_A + CONTACT_CURRENT_A;
  const bool suspect = lasting(&nose.current_ms, skin && !nose.contact, CURRENT_MS);
  if (suspect && !nose.contact_by_current) events_log(EVENT_NOSE_SENSOR, (int16_t)hal_adc(HAL_ADC_NOSE_FORCE));
  nose.contact_by_current = suspect;
}

void nose_update(bool at_speed) {
  const uint16_t counts = hal_adc(HAL_ADC_NOSE_FORCE);
  const bool bad = lasting(&nose.bad_ms, counts < NOSE_LOW_COUNTS, 20);
  if (bad && nose.sensor_ok) events_log(EVENT_NOSE_SENSOR, (int16_t)counts);
  nose.sensor_ok = !bad;
  nose.force_N = low_pass(nose.force_N, ((float)counts - NOSE_ZERO_COUNTS) * NOSE_N_PER_COUNT, 0.2f);
  contact();
  press();
  current_signature(at_speed);
}
