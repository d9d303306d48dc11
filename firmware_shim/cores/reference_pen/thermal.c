#include "thermal.h"

#include "config.h"
#include "drive.h"
#include "events.h"
#include "hal.h"
#include "numeric.h"

struct thermal thermal = {.motor_C = 25.0f,
                          .grip_C = 25.0f,
                          .winding_C = 25.0f,
                          .derating = 1.0f,
                          .motor_ntc = {.ok = true},
                          .grip_ntc = {.ok = true}};

/* NTC 10 kohm at 25 degC, B = 3950 K, to ground, 10 kohm to the reference: counts from -40 degC in steps of 5 K. */
#define NTC_FIRST_C (-40.0f)
#define NTC_STEP_C 5.0f
static const uint16_t ntc_counts[] = {3996, 3955, 3900, 3830, 3740, 3629, 3495, 3337, 3156, 2955, 2738, 2510,
                                      2278, 2048, 1825, 1614, 1419, 1241, 1081, 940,  815,  707,  613,  532,
                                      462,  401,  350,  305,  267,  234,  206,  181,  160,  142,  126};
#define NTC_COLDEST_COUNTS 3740u /* -20 degC */
#define NTC_HOTTEST_COUNTS 267u  /* 100 degC */
#define NTC_POINTS (sizeof ntc_counts / sizeof ntc_counts[0])

float ntc_C(float counts) {
  if (counts >= (float)ntc_counts[0]) return NTC_FIRST_C;
  for (uint32_t i = 1; i < NTC_POINTS; ++i) {
    const float colder = (float)ntc_counts[i - 1u], warmer = (float)ntc_counts[i];
    if (counts >= warmer) return NTC_FIRST_C + NTC_STEP_C * ((float)(i - 1u) + (colder - counts) / (colder - warmer));
  }
  return NTC_FIRST_C + NTC_STEP_C * (float)(NTC_POINTS - 1u);
}

/* H14: a reading outside the range is a broken wire or a short: it is kept out of the filter, and the pen works at half
 * on the last good temperature. */
static void sample_ntc(struct ntc* ntc, enum hal_adc channel, int16_t which) {
  const uint16_t counts = hal_adc(channel);
  const bool plausible = counts < NTC_COLDEST_COUNTS && counts > NTC_HOTTEST_COUNTS;
  if (lasting(&ntc->bad, !plausible, NTC_BAD_SAMPLES) == ntc->ok) { /* changed */
    ntc->ok = !ntc->ok;
    if (!ntc->ok) events_log(EVENT_NTC_FAULT, which);
  }
  if (!plausible) return;
  ntc->counts = ntc->settled ? low_pass(ntc->counts, (float)counts, 0.05f) : (float)counts;
  ntc->settled = true;
}

void thermal_sample(void) {
  sample_ntc(&thermal.motor_ntc, HAL_ADC_NTC_MOTOR, 1);
  sample_ntc(&thermal.grip_ntc, HAL_ADC_NTC_HOUSING, 2);
}

static int16_t tenths(float celsius) { return (int16_t)(celsius * 10.0f); }

void thermal_update(void) {
  if (thermal.motor_ntc.settled) thermal.motor_C = ntc_C(thermal.motor_ntc.counts);
  if (thermal.grip_ntc.settled) thermal.grip_C = ntc_C(thermal.grip_ntc.counts);

  /* H10: copper loss into the heat capacity of the winding, above the motor's frame. */
  const float winding_ohm = WINDING_OHM * (1.0f + 0.0039f * (thermal.winding_C - 25.0f));
  const float loss_W = drive.square_A2 * winding_ohm;
  const float step_s = 1.0f / (float)SLOW_HZ;
  thermal.winding_rise_K += step_s / WINDING_J_PER_K * (loss_W - thermal.winding_rise_K / WINDING_K_PER_W);
  thermal.winding_C = thermal.motor_C + thermal.winding_rise_K;

  /* H9: full power up to 40 degC, the floor at 41. */
  float derating = 1.0f - (1.0f - DERATE_FLOOR) * (thermal.grip_C - GRIP_DERATE_C) / (GRIP_LIMIT_C - GRIP_DERATE_C);
  derating = min_f(derating, 1.0f - (1.0f - DERATE_FLOOR) * (thermal.winding_C - WINDING_DERATE_C) /
                                        (WINDING_STOP_C - WINDING_DERATE_C));
  if (!thermal.motor_ntc.ok || !thermal.grip_ntc.ok) derating = DERATE_FLOOR;
  thermal.derating = clamp_f(derating, DERATE_FLOOR, 1.0f);

  if (!thermal.warm && thermal.grip_C >= GRIP_WARM_C) events_log(EVENT_GRIP_WARM, tenths(thermal.grip_C));
  thermal.warm = thermal.grip_C >= (thermal.warm ? GRIP_WARM_C - 0.5f : GRIP_WARM_C);
  if (!thermal.hot && thermal.grip_C >= GRIP_STOP_C) events_log(EVENT_GRIP_HOT, tenths(thermal.grip_C));
  thermal.hot = thermal.grip_C >= (thermal.hot ? GRIP_RESUME_C : GRIP_STOP_C);
  if (!thermal.winding_hot && thermal.winding_C >= WINDING_STOP_C)
    events_log(EVENT_WINDING_HOT, tenths(thermal.winding_C));
  thermal.winding_hot = thermal.winding_C >= (thermal.winding_hot ? WINDING_DERATE_C : WINDING_STOP_C);
}
