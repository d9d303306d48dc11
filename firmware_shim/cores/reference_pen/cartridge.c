#include "cartridge.h"

#include "buttons.h"
#include "config.h"
#include "events.h"
#include "hal.h"
#include "numeric.h"
#include "nvm.h"

#define SETTLE_MS 10u
#define ATTEMPTS 3u
#define ID_TOLERANCE_COUNTS 60.0f
#define FACTORY_BLANK 0xFFu

struct cartridge cartridge;

/* H2: plate 0.35 g on 0.30 N + 150 N/m leaves the driver at 185 Hz, times 0.85. */
static const struct cartridge_type types[] = {
    {1, 372, 157.0f},   {6, 745, 157.0f},   {12, 1117, 157.0f}, {14, 1489, 157.0f},
    {16, 1861, 157.0f}, {24, 2234, 157.0f}, {36, 2606, 157.0f}, {42, 2978, 157.0f},
};

bool cartridge_usable(void) { return cartridge.state >= CARTRIDGE_USABLE && cartridge.state <= CARTRIDGE_MARKED; }
float cartridge_rate_limit_Hz(void) { return cartridge_usable() ? cartridge.type->rate_limit_Hz : RATE_MIN_HZ; }
uint32_t cartridge_needles(void) { return cartridge_usable() ? cartridge.type->needles : 0u; }

static const struct cartridge_type* identify(float counts) {
  for (uint32_t i = 0; i < sizeof types / sizeof types[0]; ++i)
    if (abs_f(counts - (float)types[i].id_counts) <= ID_TOLERANCE_COUNTS) return &types[i];
  return NULL;
}

static void reading(void) {
  const float counts = (float)hal_adc(HAL_ADC_CARTRIDGE_ID);
  if (cartridge.settle_ms == 0) cartridge.id_counts = counts;
  cartridge.id_counts = low_pass(cartridge.id_counts, counts, 0.2f);
  if (cartridge.settle_ms < SETTLE_MS) {
    cartridge.settle_ms++;
    return;
  }
  switch (nvm_collect(NVM_CARTRIDGE)) {
    case HAL_NVM_PENDING:
      (void)nvm_request(NVM_CARTRIDGE, HAL_NVM_READ, HAL_NVM_CARTRIDGE, CARTRIDGE_USE_ADDRESS, 1, NULL);
      return;
    case HAL_NVM_FAILED:
      if (++cartridge.attempts == ATTEMPTS) {
        cartridge.state = CARTRIDGE_UNREADABLE;
        events_log(EVENT_CARTRIDGE_MEMORY, 0);
      }
      return;
    case HAL_NVM_DONE:
      break;
  }
  cartridge.attempts = 0;
  cartridge.uses = nvm.data[0] == FACTORY_BLANK ? 0u : nvm.data[0];
  cartridge.type = identify(cartridge.id_counts);
  if (cartridge.type == NULL) {
    cartridge.state = CARTRIDGE_UNKNOWN;
    events_log(EVENT_CARTRIDGE_UNKNOWN, (int16_t)cartridge.id_counts);
  } else if (cartridge.uses >= 1u) { /* H15: single use */
    cartridge.state = CARTRIDGE_USED;
    events_log(EVENT_CARTRIDGE_USED, (int16_t)cartridge.uses);
  } else {
    cartridge.state = CARTRIDGE_USABLE;
  }
}

void cartridge_mark_used(void) {
  if (cartridge.state == CARTRIDGE_USABLE) cartridge.state = CARTRIDGE_MARKING;
}

static void marking(void) {
  const uint8_t uses = (uint8_t)(cartridge.uses + 1u);
  switch (nvm_collect(NVM_CARTRIDGE)) {
    case HAL_NVM_PENDING:
      (void)nvm_request(NVM_CARTRIDGE, HAL_NVM_WRITE, HAL_NVM_CARTRIDGE, CARTRIDGE_USE_ADDRESS, 1, &uses);
      break;
    case HAL_NVM_FAILED: /* a cartridge that cannot be marked could be used again */
      if (++cartridge.attempts < ATTEMPTS) break;
      cartridge.state = CARTRIDGE_UNREADABLE;
      events_log(EVENT_CARTRIDGE_MEMORY, 1);
      break;
    case HAL_NVM_DONE:
      cartridge.attempts = 0;
      cartridge.uses = uses;
      cartridge.state = CARTRIDGE_MARKED;
      events_log(EVENT_CARTRIDGE_MARKED, (int16_t)uses);
      break;
  }
}

void cartridge_update(void) {
  if (!buttons[BUTTON_CARTRIDGE].down) {
    if (cartridge.state != CARTRIDGE_ABSENT) {
      events_log(EVENT_CARTRIDGE_REMOVED, 0);
      cartridge = (struct cartridge){.state = CARTRIDGE_ABSENT};
    }
    (void)nvm_collect(NVM_CARTRIDGE); /* an operation under way fails by itself */
    return;
  }
  if (cartridge.state == CARTRIDGE_ABSENT) cartridge.state = CARTRIDGE_READING;
  if (cartridge.state == CARTRIDGE_READING) reading();
  if (cartridge.state == CARTRIDGE_MARKING) marking();
}
