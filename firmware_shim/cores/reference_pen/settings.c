#include "settings.h"

#include "config.h"
#include "events.h"
#include "nvm.h"
#include "speed.h"

/*   0 magic u16 | 2 version u8 | 3 quiet u8 | 4 sequence u32 | 8 kp f32 | 12 ki f32
 *  16 rate limit f32 | 20 zero | 30 checksum u16 */
#define SETTINGS_MAGIC 0x5052u
#define SETTINGS_VERSION 1u
#define SETTINGS_BYTES 32u

struct settings settings = {
    .kp_V_per_Hz = SPEED_KP_V_PER_HZ, .ki_V_per_Hz_s = SPEED_KI_V_PER_HZ_S, .rate_limit_Hz = RATE_MAX_HZ};

enum settings_step { LOADING, RESTING, ERASING, WRITING };

static struct {
  enum settings_step step;
  uint32_t chunk;
  bool something_there;
  uint8_t bytes[SETTINGS_BYTES];
} work;

static float get_f32(const uint8_t* bytes) {
  const union {
    uint32_t bits;
    float value;
  } word = {.bits = get_u32(bytes)};
  return word.value;
}

static void put_f32(uint8_t* bytes, float value) {
  const union {
    float value;
    uint32_t bits;
  } word = {.value = value};
  put_u32(bytes, word.bits);
}

static bool in_range(float value, float low, float high) { return value >= low && value <= high; }

static void take_copy(const uint8_t bytes[SETTINGS_BYTES]) {
  if (is_blank(bytes, SETTINGS_BYTES)) return;
  work.something_there = true;
  if (get_u16(bytes) != SETTINGS_MAGIC || bytes[2] != SETTINGS_VERSION || get_u16(bytes + 30) != crc16(bytes, 30))
    return;
  const uint32_t sequence = get_u32(bytes + 4);
  const float kp = get_f32(bytes + 8), ki = get_f32(bytes + 12), limit = get_f32(bytes + 16);
  if (!in_range(kp, 0.0f, 0.1f) || !in_range(ki, 0.0f, 5.0f) || !in_range(limit, RATE_MIN_HZ, RATE_MAX_HZ)) return;
  if (settings.sequence != 0 && sequence - settings.sequence >= 0x80000000u) return; /* the other copy is newer */
  settings.sequence = sequence;
  settings.kp_V_per_Hz = kp;
  settings.ki_V_per_Hz_s = ki;
  settings.rate_limit_Hz = limit;
  settings.quiet = bytes[3] == 1u;
}

void settings_boot(void) { work.step = LOADING; }

void settings_apply(void) {
  speed_loop.kp_V_per_Hz = settings.kp_V_per_Hz;
  speed_loop.ki_V_per_Hz_s = settings.ki_V_per_Hz_s;
}

static void load(void) {
  const enum hal_nvm_result result = nvm_collect(NVM_SETTINGS);
  if (result != HAL_NVM_PENDING) {
    for (uint32_t i = 0; i < HAL_NVM_CHUNK; ++i)
      work.bytes[(work.chunk % 2u) * HAL_NVM_CHUNK + i] = result == HAL_NVM_DONE ? nvm.data[i] : 0u;
    if (work.chunk % 2u == 1u) take_copy(work.bytes);
    if (++work.chunk == 4u) {
      work.step = RESTING;
      settings.loaded = true;
      settings.defaulted = settings.sequence == 0 && work.something_there;
      settings_apply();
      if (settings.defaulted) events_log(EVENT_SETTINGS_DEFAULTED, 0);
      return;
    }
  }
  (void)nvm_request(NVM_SETTINGS, HAL_NVM_READ, HAL_NVM_PEN,
                    work.chunk / 2u * HAL_NVM_PAGE + work.chunk % 2u * HAL_NVM_CHUNK, HAL_NVM_CHUNK, NULL);
}

void settings_save(void) {
  if (work.step != RESTING) return;
  settings.sequence++;
  for (uint32_t i = 0; i < SETTINGS_BYTES; ++i) work.bytes[i] = 0;
  put_u16(work.bytes, SETTINGS_MAGIC);
  work.bytes[2] = SETTINGS_VERSION;
  work.bytes[3] = settings.quiet ? 1u : 0u;
  put_u32(work.bytes + 4, settings.sequence);
  put_f32(work.bytes + 8, settings.kp_V_per_Hz);
  put_f32(work.bytes + 12, settings.ki_V_per_Hz_s);
  put_f32(work.bytes + 16, settings.rate_limit_Hz);
  put_u16(work.bytes + 30, crc16(work.bytes, 30));
  work.chunk = 0;
  work.step = ERASING;
}

bool settings_saving(void) { return work.step == ERASING || work.step == WRITING; }

/* The page of the older copy: a power loss leaves the newer one. */
static uint32_t save_page(void) { return (settings.sequence % 2u) * HAL_NVM_PAGE; }

static void save(void) {
  switch (nvm_collect(NVM_SETTINGS)) {
    case HAL_NVM_PENDING:
      break;
    case HAL_NVM_FAILED:
      work.step = RESTING;
      return;
    case HAL_NVM_DONE:
      if (work.step == ERASING) {
        work.step = WRITING;
      } else if (++work.chunk == 2u) {
        work.step = RESTING;
        events_log(EVENT_SETTINGS_SAVED, 0);
        return;
      }
      break;
  }
  if (work.step == ERASING)
    (void)nvm_request(NVM_SETTINGS, HAL_NVM_ERASE, HAL_NVM_PEN, save_page(), 0, NULL);
  else
    (void)nvm_request(NVM_SETTINGS, HAL_NVM_WRITE, HAL_NVM_PEN, save_page() + work.chunk * HAL_NVM_CHUNK, HAL_NVM_CHUNK,
                      work.bytes + work.chunk * HAL_NVM_CHUNK);
}

void settings_update(void) {
  switch (work.step) {
    case LOADING:
      load();
      break;
    case ERASING:
    case WRITING:
      save();
      break;
    case RESTING:
      break;
  }
}
