#include "dials.h"

#include "config.h"
#include "events.h"
#include "hal.h"
#include "numeric.h"

#define WIRE_LOW_COUNTS 82u    /* 2 % */
#define WIRE_HIGH_COUNTS 4013u /* 98 % */
#define GOOD_MS 20u            /* a reading must be plausible for so long before it is taken */

struct dials dials;

/* The grid point moves when the dial is more than 60 % of a step away from it. */
static int32_t to_grid(float value, int32_t set, int32_t step) {
  const float away = value - (float)set;
  if (abs_f(away) <= 0.6f * (float)step) return set;
  return (int32_t)(value / (float)step + 0.5f) * step;
}

static void read_dial(struct dial* dial, enum hal_adc channel, float low, float span, int32_t step, int16_t which) {
  const uint16_t counts = hal_adc(channel);
  if (counts < WIRE_LOW_COUNTS || counts > WIRE_HIGH_COUNTS) { /* open or shorted: keep what was set */
    dial->good_ms = 0;
    if (dial->bad_ms < GOOD_MS && ++dial->bad_ms == GOOD_MS) {
      dial->ok = false;
      events_log(EVENT_DIAL_FAULT, which);
    }
    return;
  }
  dial->bad_ms = 0;
  const float value = low + ((float)counts - DIAL_LOW_COUNTS) * (span / DIAL_SPAN_COUNTS);
  if (dial->good_ms < GOOD_MS) {
    dial->good_ms++;
    dial->value = dial->good_ms == 1u ? value : low_pass(dial->value, value, 0.2f);
    return;
  }
  dial->value = low_pass(dial->value, value, 0.1f);
  dial->set = to_grid(dial->value, dial->set, step);
  dial->ok = true;
}

bool dials_ok(void) { return dials.protrusion_um.ok && dials.rate_Hz.ok; }

void dials_update(void) {
  read_dial(&dials.protrusion_um, HAL_ADC_DEPTH_DIAL, 200.0f, 2800.0f, DEPTH_GRID_UM, 1);
  read_dial(&dials.rate_Hz, HAL_ADC_RATE_DIAL, 60.0f, 140.0f, 1, 2);
}
