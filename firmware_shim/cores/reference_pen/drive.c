#include "drive.h"

#include "config.h"
#include "hal.h"
#include "hall.h"
#include "numeric.h"

#define CEILING_FULL_Q15 32767
#define CEILING_RECOVERY_Q15 160 /* per 50 us: full scale in 10 ms */
#define LIMIT_COUNTS ((int32_t)(CURRENT_LIMIT_A / CURRENT_A_PER_COUNT))

struct drive drive = {.ceiling_q15 = CEILING_FULL_Q15, .limit_counts = LIMIT_COUNTS};

static struct {
  float sum_A;
  uint32_t samples;
  uint32_t strokes;
} revolution;

void drive_run(int32_t duty_q15) {
  if (drive.mode != DRIVE_RUN) {
    drive.mode = DRIVE_RUN;
    drive.ceiling_q15 = CEILING_FULL_Q15;
    hal_output(HAL_OUT_ENABLE, true);
  }
  drive.demand_q15 = duty_q15;
}

void drive_brake(void) {
  drive.mode = DRIVE_BRAKE;
  drive.demand_q15 = 0;
  drive.applied_q15 = 0;
  hal_output(HAL_OUT_ENABLE, true);
  hal_bridge(HAL_BRIDGE_BRAKE, 0);
}

void drive_off(void) {
  drive.mode = DRIVE_OFF;
  drive.demand_q15 = 0;
  drive.applied_q15 = 0;
  hal_bridge(HAL_BRIDGE_OFF, 0);
  hal_output(HAL_OUT_ENABLE, false);
}

void drive_fast(void) {
  if (drive.mode != DRIVE_RUN) return;
  const uint16_t counts = hal_adc(HAL_ADC_MOTOR_CURRENT);
  if ((int32_t)counts > drive.limit_counts && counts != HAL_ADC_FULL_SCALE) {
    drive.ceiling_q15 -= drive.ceiling_q15 / 8;
  } else if (drive.ceiling_q15 < CEILING_FULL_Q15) {
    drive.ceiling_q15 += CEILING_RECOVERY_Q15;
    if (drive.ceiling_q15 > CEILING_FULL_Q15) drive.ceiling_q15 = CEILING_FULL_Q15;
  }
  drive.applied_q15 = drive.demand_q15 < drive.ceiling_q15 ? drive.demand_q15 : drive.ceiling_q15;
  hal_bridge(HAL_BRIDGE_DRIVE, (int16_t)drive.applied_q15);
}

void drive_measure(void) {
  /* Full scale is 3.3 A, where the bridge has tripped by itself: it is a broken sensor (H13), and not followed. */
  const uint16_t counts = hal_adc(HAL_ADC_MOTOR_CURRENT);
  const float current_A =
      counts == HAL_ADC_FULL_SCALE ? drive.current_A : ((float)counts - drive.zero_counts) * CURRENT_A_PER_COUNT;
  const float supply_V = (float)hal_adc(HAL_ADC_SUPPLY) * VOLT_PER_COUNT;
  drive.current_A = current_A;
  drive.mean_current_A = low_pass(drive.mean_current_A, current_A, 0.05f);
  const float ripple_A2 = drive.mode == DRIVE_RUN ? RIPPLE_A2 : 0.0f;
  drive.square_A2 = low_pass(drive.square_A2, current_A * current_A + ripple_A2, 0.005f);
  drive.supply_V = drive.supply_V > 0.0f ? low_pass(drive.supply_V, supply_V, 0.1f) : supply_V;

  const float motor_V = (float)drive.applied_q15 * (1.0f / 32768.0f) * drive.supply_V - drive.current_A * MOTOR_OHM;
  const float rate_Hz = max_f(motor_V, 0.0f) * (1.0f / BACK_EMF_V_PER_HZ);
  drive.back_emf_rate_Hz = drive.mode == DRIVE_RUN ? low_pass(drive.back_emf_rate_Hz, rate_Hz, 0.1f) : 0.0f;

  revolution.sum_A += current_A;
  revolution.samples++;
  if (revolution.strokes != hall.strokes || revolution.samples >= CONTROL_HZ / 20) {
    drive.stroke_current_A = revolution.sum_A / (float)revolution.samples;
    revolution.sum_A = 0.0f;
    revolution.samples = 0;
    revolution.strokes = hall.strokes;
  }
}

bool drive_set_zero(float counts) {
  drive.zero_counts = counts;
  drive.limit_counts = LIMIT_COUNTS + (int32_t)counts;
  return counts * CURRENT_A_PER_COUNT <= CURRENT_ZERO_A;
}
