#include "console.h"

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
#include "nose.h"
#include "nvm.h"
#include "pen.h"
#include "safety.h"
#include "settings.h"
#include "speed.h"
#include "thermal.h"

#define ANSWER_BYTES 512u /* the longest answer; commands wait until the transmit queue has room for it */
#define LOG_LINE_BYTES 64u
#define LOG_DEFAULT 16u

struct console console;

static const char* const state_names[] = {"self-test", "homing",  "ready",   "spin-up", "running",
                                          "stopping",  "parking", "stalled", "fault",   "locked"};

/* ---- printing ---- */

static void put_text(const char* text) {
  uint32_t count = 0;
  while (text[count] != '\0') count++;
  hal_uart_write((const uint8_t*)text, count);
}

static void put_number(int32_t value) {
  char digits[12];
  uint32_t at = sizeof digits;
  uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
  do {
    digits[--at] = (char)('0' + (char)(rest % 10u));
    rest /= 10u;
  } while (rest > 0);
  if (value < 0) digits[--at] = '-';
  hal_uart_write((const uint8_t*)&digits[at], (uint32_t)sizeof digits - at);
}

/* Fixed point: `scale` is 10, 100, ..; the value must lie within +-200000/scale*10. */
static void put_fixed(float value, int32_t scale) {
  const float scaled = value * (float)scale;
  int32_t whole = (int32_t)(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f);
  if (whole < 0) {
    put_text("-");
    whole = -whole;
  }
  put_number(whole / scale);
  put_text(".");
  const int32_t fraction = whole % scale;
  for (int32_t digit = scale / 10; digit > 1 && fraction < digit; digit /= 10) put_text("0");
  put_number(fraction);
}

static void put_value(const char* name, int32_t value) {
  put_text(name);
  put_number(value);
}

static void put_measure(const char* name, float value, int32_t scale) {
  put_text(name);
  put_fixed(value, scale);
}

/* ---- words of a command ---- */

static const char* skip_spaces(const char* text) {
  while (*text == ' ') text++;
  return text;
}

/* The rest of the text after `word`, or NULL if it does not begin with it. */
static const char* after_word(const char* text, const char* word) {
  while (*word != '\0')
    if (*text++ != *word++) return NULL;
  if (*text != '\0' && *text != ' ') return NULL;
  return skip_spaces(text);
}

/* A decimal number without sign or exponent, to the end of the line. */
static bool parse_number(const char* text, float* value) {
  float number = 0.0f, share = 1.0f;
  bool point = false, digits = false;
  for (; *text != '\0' && *text != ' '; ++text) {
    if (*text == '.' && !point) {
      point = true;
    } else if (*text >= '0' && *text <= '9') {
      digits = true;
      number = number * 10.0f + (float)(*text - '0');
      if (point) share *= 0.1f;
    } else {
      return false;
    }
    if (number > 1.0e7f) return false;
  }
  *value = number * share;
  return digits && *skip_spaces(text) == '\0';
}

/* ---- commands ---- */

static void command_status(void) {
  put_text("state ");
  put_text(state_names[pen.state]);
  put_value(" reason ", pen.stop_reason);
  put_value(" refused ", (int32_t)pen.refused);
  put_value(" mode ", (int32_t)treatment.mode);
  put_measure("\r\nrate ", speed_loop.rate_Hz, 10);
  put_measure(" Hz of ", pen.set_Hz, 10);
  put_measure(" Hz, dial ", dials.rate_Hz.value, 10);
  put_value("\r\ndepth ", depth_um());
  put_value(" um of ", pen.set_um);
  put_value(" um, dial ", dials.protrusion_um.set);
  put_measure("\r\ncurrent ", drive.mean_current_A, 1000);
  put_measure(" A, zero ", drive.zero_counts, 10);
  put_measure(", supply ", drive.supply_V, 100);
  put_measure(" V, cell ", battery.cell_V, 100);
  put_measure(" V, charge ", battery.state_of_charge * 100.0f, 10);
  put_measure(" %\r\ngrip ", thermal.grip_C, 10);
  put_measure(" C, motor ", thermal.motor_C, 10);
  put_measure(" C, winding ", thermal.winding_C, 10);
  put_measure(" C\r\nnose ", nose.force_N, 100);
  put_value(" N, cartridge ", (int32_t)cartridge.state);
  put_value(" needles ", (int32_t)cartridge_needles());
  put_value("\r\nstrokes ", (int32_t)hall.strokes);
  put_value(" rejected ", (int32_t)hall.rejected);
  put_value(" stalls ", (int32_t)safety.stalls);
  put_value(" session_s ", (int32_t)(safety.session_ms / 1000u));
  put_text("\r\n");
}

static void command_log(const char* rest) {
  float count = (float)LOG_DEFAULT;
  if (*rest != '\0' && !parse_number(rest, &count)) {
    put_text("error: log [count]\r\n");
    return;
  }
  uint32_t wanted = (uint32_t)count;
  if (wanted > event_log.stored) wanted = event_log.stored;
  console.log_left = wanted;
  console.log_slot = (event_log.slot + EVENT_SLOTS - wanted) % EVENT_SLOTS;
  put_value("log ", (int32_t)wanted);
  put_value(" of ", (int32_t)event_log.stored);
  put_value(" dropped ", (int32_t)event_log.dropped);
  put_value(" torn ", (int32_t)event_log.torn);
  put_text("\r\n");
}

static void put_parameter(const char* name) {
  if (after_word(name, "kp") != NULL)
    put_measure("kp ", settings.kp_V_per_Hz, 100000);
  else if (after_word(name, "ki") != NULL)
    put_measure("ki ", settings.ki_V_per_Hz_s, 10000);
  else if (after_word(name, "rate_limit") != NULL)
    put_measure("rate_limit ", settings.rate_limit_Hz, 10);
  else if (after_word(name, "quiet") != NULL)
    put_value("quiet ", settings.quiet ? 1 : 0);
  else {
    put_text("error: no such parameter; kp ki rate_limit quiet\r\n");
    return;
  }
  put_text("\r\n");
}

static void command_set(const char* rest) {
  static const struct {
    const char* name;
    float low, high;
  } ranges[] = {
      {"kp", 0.0f, 0.1f}, {"ki", 0.0f, 5.0f}, {"rate_limit", RATE_MIN_HZ, RATE_MAX_HZ}, {"quiet", 0.0f, 1.0f}};
  for (uint32_t i = 0; i < sizeof ranges / sizeof ranges[0]; ++i) {
    const char* number = after_word(rest, ranges[i].name);
    if (number == NULL) continue;
    float value = 0.0f;
    if (!parse_number(number, &value) || value < ranges[i].low || value > ranges[i].high) {
      put_measure("error: number from ", ranges[i].low, 10);
      put_measure(" to ", ranges[i].high, 10);
      put_text("\r\n");
      return;
    }
    if (i == 0) settings.kp_V_per_Hz = value;
    if (i == 1) settings.ki_V_per_Hz_s = value;
    if (i == 2) settings.rate_limit_Hz = value;
    if (i == 3) settings.quiet = value > 0.5f;
    settings_apply();
    put_parameter(rest);
    return;
  }
  put_parameter("");
}

static void command_save(void) {
  if (pen_running() || settings_saving()) {
    put_text("error: not now\r\n");
    return;
  }
  settings_save();
  put_text("saving\r\n");
}

static void run_line(void) {
  const char* line = skip_spaces(console.line);
  const char* rest;
  if (*line == '\0') return;
  if ((rest = after_word(line, "help")) != NULL)
    put_text(
        "help | version | status | log [count] | get NAME | set NAME NUMBER | save\r\nnames: kp ki rate_limit "
        "quiet\r\n");
  else if ((rest = after_word(line, "version")) != NULL)
    put_text(FIRMWARE_NAME " " FIRMWARE_VERSION "\r\n");
  else if ((rest = after_word(line, "status")) != NULL)
    command_status();
  else if ((rest = after_word(line, "log")) != NULL)
    command_log(rest);
  else if ((rest = after_word(line, "get")) != NULL)
    put_parameter(rest);
  else if ((rest = after_word(line, "set")) != NULL)
    command_set(rest);
  else if ((rest = after_word(line, "save")) != NULL)
    command_save();
  else {
    console.bad_commands++;
    put_text("error: unknown command, try help\r\n");
  }
}

static void print_log(void) {
  switch (nvm_collect(NVM_CONSOLE)) {
    case HAL_NVM_PENDING:
      if (hal_uart_free() >= LOG_LINE_BYTES)
        (void)nvm_request(NVM_CONSOLE, HAL_NVM_READ, HAL_NVM_PEN, events_address(console.log_slot), EVENT_RECORD_BYTES,
                          NULL);
      return;
    case HAL_NVM_FAILED:
      break;
    case HAL_NVM_DONE: {
      struct event_record record;
      if (!events_decode(nvm.data, &record)) break;
      put_value("#", (int32_t)record.sequence);
      put_value(" boot ", (int32_t)record.boot);
      put_value(" ", (int32_t)record.time_ms);
      put_value(" ms code ", (int32_t)record.code);
      put_value(" state ", (int32_t)record.state);
      put_value(" arg ", (int32_t)record.argument);
      put_text("\r\n");
      break;
    }
  }
  console.log_slot = (console.log_slot + 1u) % EVENT_SLOTS;
  console.log_left--;
}

static void take(uint8_t byte) {
  if (byte == '\r' || byte == '\n') {
    console.line[console.length] = '\0';
    if (console.overflow)
      put_text("error: line too long\r\n");
    else if (console.length > 0)
      run_line();
    console.length = 0;
    console.overflow = false;
  } else if (byte == 8u || byte == 127u) {
    if (console.length > 0) console.length--;
  } else if (byte < 32u || byte > 126u) {
    /* noise on the line */
  } else if (console.length < CONSOLE_LINE - 1u) {
    console.line[console.length++] = (char)byte;
  } else {
    console.overflow = true;
  }
}

void console_update(void) {
  if (console.log_left > 0) {
    print_log();
    return;
  }
  uint8_t byte;
  while (console.log_left == 0 && hal_uart_free() >= ANSWER_BYTES && hal_uart_read(&byte, 1) == 1) take(byte);
}
