#include "battery.h"

#include "buttons.h"
#include "config.h"
#include "drive.h"
#include "events.h"
#include "hal.h"
#include "numeric.h"

#define STEP_MS (1000 / SUPERVISION_HZ)
#define REST_MS 50u /* after this time without drive the cell counts as resting */

struct battery battery;

/* Open-circuit voltage of the cell over its state of charge. */
static const struct {
  float volt, charge;
} curve[] = {{3.177f, 0.02f}, {3.516f, 0.05f}, {3.675f, 0.10f}, {3.711f, 0.15f}, {3.725f, 0.20f},
             {3.803f, 0.50f}, {3.895f, 0.72f}, {4.017f, 0.90f}, {4.103f, 1.00f}};
#define CURVE_POINTS (sizeof curve / sizeof curve[0])

float battery_charge_at_rest(float open_circuit_V) {
  if (open_circuit_V <= curve[0].volt) return 0.0f;
  for (uint32_t i = 1; i < CURVE_POINTS; ++i) {
    if (open_circuit_V > curve[i].volt) continue;
    const float share = (open_circuit_V - curve[i - 1u].volt) / (curve[i].volt - curve[i - 1u].volt);
    return curve[i - 1u].charge + share * (curve[i].charge - curve[i - 1u].charge);
  }
  return 1.0f;
}

static void fuel_gauge(void) {
  if (drive.mode == DRIVE_OFF) {
    if (battery.resting_ms < REST_MS) {
      battery.resting_ms = (uint16_t)(battery.resting_ms + STEP_MS);
      return;
    }
    const float charge = battery_charge_at_rest(battery.cell_V);
    battery.state_of_charge = battery.known ? low_pass(battery.state_of_charge, charge, 0.002f) : charge;
    battery.known = true;
    battery.empty = battery.state_of_charge < BATTERY_REFUSE || battery.cell_V < BATTERY_REST_V;
    const float mismatch_V = abs_f(battery.cell_V - drive.supply_V);
    if (mismatch_V > SENSE_MISMATCH_V && !battery.mismatch)
      events_log(EVENT_SENSE_MISMATCH, (int16_t)(mismatch_V * 1000.0f));
    battery.mismatch = mismatch_V > SENSE_MISMATCH_V;
  } else {
    battery.resting_ms = 0;
    const float battery_A = BATTERY_IDLE_A + drive.mean_current_A * (float)drive.applied_q15 * (1.0f / 32768.0f);
    battery.state_of_charge -= battery_A / (BATTERY_CAPACITY_AS * (float)SUPERVISION_HZ);
  }
  if (battery.known && !battery.low && battery.state_of_charge < BATTERY_WARN) {
    battery.low = true;
    events_log(EVENT_LOW_BATTERY, (int16_t)(battery.state_of_charge * 100.0f));
  } else if (battery.low && battery.state_of_charge > BATTERY_WARN + 0.03f) {
    battery.low = false;
  }
}

void battery_update(void) {
  const float cell_V = (float)hal_adc(HAL_ADC_BATTERY) * VOLT_PER_COUNT;
  battery.cell_V = battery.cell_V > 0.0f ? low_pass(battery.cell_V, cell_V, 0.3f) : cell_V;
  fuel_gauge();

  if (battery.cell_V > UNDERVOLTAGE_V) {
    battery.undervoltage_ms = 0;
  } else if (battery.undervoltage_ms < UNDERVOLTAGE_MS) {
    battery.undervoltage_ms = (uint16_t)(battery.undervoltage_ms + STEP_MS);
    if (battery.undervoltage_ms >= UNDERVOLTAGE_MS && !battery.undervoltage) {
      battery.undervoltage = true;
      events_log(EVENT_UNDERVOLTAGE, (int16_t)(battery.cell_V * 1000.0f));
    }
  }
  if (buttons[BUTTON_CHARGER].down && battery.cell_V > UNDERVOLTAGE_V + 0.3f) battery.undervoltage = false;
}
