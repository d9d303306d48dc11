#include "indicator.h"

#include <stdbool.h>

#include "battery.h"
#include "config.h"
#include "hal.h"
#include "nose.h"
#include "pen.h"
#include "safety.h"
#include "settings.h"
#include "thermal.h"

#define STEP_MS (1000u / SUPERVISION_HZ)
#define BEEP_MS 60u

struct indicator indicator;

void indicator_beep(uint8_t count) {
  if (settings.quiet && count < 3u) return;
  if (indicator.beeps_left < count) indicator.beeps_left = count;
}

void indicator_update(void) {
  indicator.blink_ms = (indicator.blink_ms + STEP_MS) % 500u;
  const bool blink = indicator.blink_ms < 250u;
  const bool stopped = pen.state == PEN_FAULT || pen.state == PEN_LOCKED;
  const bool warning = thermal.warm || battery.low || nose.press_high || nose.contact_by_current ||
                       safety.site_warned || pen.state == PEN_STALLED || !thermal.motor_ntc.ok || !thermal.grip_ntc.ok;
  hal_output(HAL_OUT_LED_READY, pen.state == PEN_READY ? safety_inhibits() == 0 || blink : pen_running());
  hal_output(HAL_OUT_LED_ALARM, stopped || (warning && blink));
  hal_output(HAL_OUT_LED_CONTACT, nose.contact || nose.contact_by_current);

  bool sound = nose.press_high && blink;
  if (indicator.beeps_left > 0) {
    indicator.beep_ms = (uint16_t)(indicator.beep_ms + STEP_MS);
    sound = sound || indicator.beep_ms <= BEEP_MS;
    if (indicator.beep_ms >= 2u * BEEP_MS) {
      indicator.beep_ms = 0;
      indicator.beeps_left--;
    }
  }
  hal_output(HAL_OUT_BUZZER, sound);
}
