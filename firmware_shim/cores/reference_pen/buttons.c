#include "buttons.h"

#include "config.h"
#include "events.h"
#include "hal.h"
#include "indicator.h"

struct button_state buttons[BUTTON_COUNT];
struct start_button start_button;
struct treatment treatment;

static const struct {
  enum hal_pin pin;
  uint16_t press_ms, release_ms;
} wiring[BUTTON_COUNT] = {
    [BUTTON_START] = {HAL_PIN_START, PRESS_DEBOUNCE_MS, RELEASE_DEBOUNCE_MS},
    [BUTTON_PLUS] = {HAL_PIN_PLUS, BUTTON_DEBOUNCE_MS, BUTTON_DEBOUNCE_MS},
    [BUTTON_MINUS] = {HAL_PIN_MINUS, BUTTON_DEBOUNCE_MS, BUTTON_DEBOUNCE_MS},
    [BUTTON_MODE] = {HAL_PIN_MODE, BUTTON_DEBOUNCE_MS, BUTTON_DEBOUNCE_MS},
    [BUTTON_CONFIRM] = {HAL_PIN_CONFIRM, BUTTON_DEBOUNCE_MS, BUTTON_DEBOUNCE_MS},
    [BUTTON_CARTRIDGE] = {HAL_PIN_CARTRIDGE, CARTRIDGE_DEBOUNCE_MS, CARTRIDGE_REMOVED_MS},
    [BUTTON_CHARGER] = {HAL_PIN_CHARGER, BUTTON_DEBOUNCE_MS, BUTTON_DEBOUNCE_MS},
};

void start_button_opened(uint32_t time_us) {
  start_button.opened = true;
  if (start_button.open) return;
  start_button.open = true;
  start_button.open_us = time_us;
}

void buttons_update(void) {
  for (uint32_t i = 0; i < BUTTON_COUNT; ++i) {
    struct button_state* button = &buttons[i];
    const bool level = hal_pin(wiring[i].pin);
    button->pressed = false;
    button->released = false;
    if (button->down) button->held_ms++;
    /* a press counts from its last bounce */
    const bool bounced = i == BUTTON_START && start_button.opened && !button->down;
    if (level == button->down || bounced) {
      button->differing_ms = 0;
      continue;
    }
    if (++button->differing_ms < (level ? wiring[i].press_ms : wiring[i].release_ms)) continue;
    button->differing_ms = 0;
    button->down = level;
    button->pressed = level;
    button->released = !level;
    button->held_ms = 0;
  }

  start_button.opened = false;
  if (buttons[BUTTON_START].down && hal_pin(HAL_PIN_START) &&
      hal_time_us() - start_button.open_us > 1000u * RELEASE_DEBOUNCE_MS)
    start_button.open = false;

  /* The start button must be seen up for the press time once before it counts. */
  static uint16_t up_ms;
  if (buttons[BUTTON_START].down || hal_pin(HAL_PIN_START)) {
    up_ms = 0;
  } else if (up_ms < PRESS_DEBOUNCE_MS && ++up_ms == PRESS_DEBOUNCE_MS) {
    start_button.armed = true;
  }
  if (buttons[BUTTON_START].pressed && start_button.armed) start_button.request = true;
  if (!buttons[BUTTON_START].down) start_button.request = false;
}

static void propose(enum treatment_mode mode) {
  treatment.proposed = mode;
  treatment.confirm_ms = MODE_CONFIRM_MS;
  indicator_beep(1);
}

/* Two steps: MODE proposes (held long: unlock above the default cap), CONFIRM within 5 s accepts. While the needles
 * run, only the step to the tighter limits of the eye area is taken. */
void treatment_update(bool needles_may_run) {
  const struct button_state* mode_button = &buttons[BUTTON_MODE];
  if (mode_button->pressed) propose(treatment.mode == MODE_EYE_AREA ? MODE_STANDARD : MODE_EYE_AREA);
  if (mode_button->down && mode_button->held_ms == MODE_UNLOCK_HOLD_MS && treatment.mode == MODE_STANDARD)
    propose(MODE_UNLOCKED);

  if (treatment.confirm_ms > 0) {
    treatment.confirm_ms--;
    if (buttons[BUTTON_CONFIRM].pressed && (!needles_may_run || treatment.proposed == MODE_EYE_AREA)) {
      treatment.mode = treatment.proposed;
      treatment.confirm_ms = 0;
      events_log(EVENT_MODE, (int16_t)treatment.mode);
      indicator_beep(2);
    }
  }
  if (buttons[BUTTON_CARTRIDGE].released && treatment.mode == MODE_UNLOCKED) treatment.mode = MODE_STANDARD;

  if (buttons[BUTTON_PLUS].pressed && treatment.rate_trim_Hz < 20) treatment.rate_trim_Hz += 5;
  if (buttons[BUTTON_MINUS].pressed && treatment.rate_trim_Hz > -20) treatment.rate_trim_Hz -= 5;
}
