#include "probe.h"

#include <stdio.h>
#include <string.h>

#include "pen_port.h"

static uint32_t n; /* ticks since reset */

static struct {
  uint32_t count, overflows, falling;
  uint32_t rising[PEN_LINE_COUNT], asked[PEN_LINE_COUNT];
  PenEdge last;
  uint32_t clock_us; /* in the handler of the last one */
} edges;

static struct {
  uint32_t count, sum, last;
  char line[48];
  uint32_t length;
} uart;

static struct {
  uint32_t done, error, done_asked, error_asked;
  uint8_t data[PEN_NVM_BYTES];
} nvm;

static void say(const char* text) { pen_uart_write(text, (uint32_t)strlen(text)); }

void probe_edge(void) {
  const PenEdge* edge = pen_edge();
  edges.clock_us = pen_clock_us();
  edges.last = *edge;
  ++edges.count;
  if (edge->level)
    ++edges.rising[edge->line];
  else
    ++edges.falling;
}

/* ---- the console ---- */

static void judge(const char* what, unsigned index, long ought) {
  long reads;
  if (!strcmp(what, "adc") && index < PEN_ADC_COUNT) {
    reads = pen_in.adc[index];
  } else if (!strcmp(what, "pin") && index < PEN_LINE_COUNT) {
    reads = pen_in.pins >> index & 1;
  } else if (!strcmp(what, "rise") && index < PEN_LINE_COUNT) {
    reads = (long)(edges.rising[index] - edges.asked[index]);
    edges.asked[index] = edges.rising[index];
  } else if (!strcmp(what, "cause") && index == 0) {
    reads = pen_in.reset_cause;
  } else if (!strcmp(what, "aux") && index < PEN_AUX) {
    reads = pen_in.aux[index];
  } else if (!strcmp(what, "nvm") && index < PEN_NVM_BYTES) {
    reads = nvm.data[index];
  } else if (!strcmp(what, "done") && index == 0) {
    reads = (long)(nvm.done - nvm.done_asked);
    nvm.done_asked = nvm.done;
  } else if (!strcmp(what, "error") && index == 0) {
    reads = (long)(nvm.error - nvm.error_asked);
    nvm.error_asked = nvm.error;
  } else {
    say("what?\r\n");
    return;
  }
  char text[96];
  if (reads == ought)
    snprintf(text, sizeof text, "%s %u reads %ld, ought to be %ld: ok\r\n", what, index, reads, ought);
  else
    snprintf(text, sizeof text, "%s %u reads %ld, ought to be %ld: off by %ld\r\n", what, index, reads, ought,
             reads - ought);
  say(text);
}

static void command(uint8_t operation, unsigned bank, unsigned address, unsigned length, unsigned byte) {
  pen_out.nvm_command = operation;
  pen_out.nvm_bank = (uint8_t)bank;
  pen_out.nvm_address = (uint16_t)address;
  pen_out.nvm_length = (uint8_t)length;
  if (operation == PEN_NVM_WRITE)
    for (unsigned i = 0; i < length && i < PEN_NVM_BYTES; ++i) pen_out.nvm_data[i] = (uint8_t)(byte + i);
}

static void obey(const char* line) {
  char what[8];
  unsigned a = 0, b = 0, c = 0, d = 0;
  long ought;
  if (sscanf(line, "?%7s %u %ld", what, &a, &ought) == 3)
    judge(what, a, ought);
  else if (!strcmp(line, "!reset"))
    pen_reset();
  else if (!strcmp(line, "!s"))
    command(PEN_NVM_SERIAL, PEN_NVM_BANK_CARTRIDGE, 0, 8, 0);
  else if (sscanf(line, "!e %u", &a) == 1)
    command(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, a, 0, 0);
  else if (sscanf(line, "!w %u %u %u %u", &a, &b, &c, &d) == 4)
    command(PEN_NVM_WRITE, a, b, c, d);
  else if (sscanf(line, "!r %u %u %u", &a, &b, &c) == 3)
    command(PEN_NVM_READ, a, b, c, 0);
  else
    say("what?\r\n");
}

static void receive(char byte) {
  ++uart.count;
  uart.last = (uint8_t)byte;
  uart.sum += (uint8_t)byte;
  if (uart.length == 0 && byte != '?' && byte != '!') {
    char echo = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    pen_uart_write(&echo, 1);
  } else if (byte == '\r') {
    uart.line[uart.length] = '\0';
    uart.length = 0;
    obey(uart.line);
  } else if (uart.length < sizeof uart.line - 1) {
    uart.line[uart.length++] = byte;
  }
}

/* ---- inputs to aux ---- */

static int32_t word(const uint8_t* bytes) {
  return (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
}

static void show_page(void) {
  int32_t* v = &pen_out.aux[1]; /* six values */
  uint32_t page = n % 8;
  memset(pen_out.aux, 0, sizeof pen_out.aux);
  pen_out.aux[0] = (int32_t)page;
  pen_out.aux[7] = (int32_t)n;
  switch (page) {
    case 0:
      for (int i = 0; i < 6; ++i) v[i] = pen_in.adc[i];
      break;
    case 1:
      for (int i = 0; i < 3; ++i) v[i] = pen_in.adc[6 + i];
      v[3] = pen_in.pins;
      v[4] = pen_in.reset_cause;
      v[5] = (int32_t)pen_in.time_us;
      break;
    case 2:
      v[0] = (int32_t)edges.count;
      v[1] = edges.last.line;
      v[2] = edges.last.level;
      v[3] = (int32_t)edges.last.time_us;
      v[4] = edges.count ? (int32_t)(edges.clock_us - edges.last.time_us) : 0;
      v[5] = (int32_t)edges.overflows;
      break;
    case 3:
      for (int i = 0; i < 6; ++i) v[i] = (int32_t)edges.rising[i];
      break;
    case 4:
      for (int i = 0; i < 3; ++i) v[i] = (int32_t)edges.rising[6 + i];
      v[3] = (int32_t)edges.falling;
      break;
    case 5:
      v[0] = (int32_t)uart.count;
      v[1] = (int32_t)uart.last;
      v[2] = (int32_t)uart.sum;
      v[3] = pen_in.nvm_status;
      v[4] = pen_in.nvm_length;
      v[5] = (int32_t)nvm.done;
      break;
    case 6:
      v[0] = (int32_t)nvm.error;
      for (int i = 0; i < 4; ++i) v[1 + i] = word(nvm.data + 4 * i);
      break;
    default:
      v[0] = (int32_t)((uint32_t)pen_in.aux[0] + (uint32_t)pen_in.aux[4] * 256u);
      for (int i = 1; i < 4; ++i) v[i] = pen_in.aux[i];
      v[4] = pen_in.aux[5];
      v[5] = (int32_t)((uint32_t)pen_in.aux[6] + (uint32_t)pen_in.aux[7] * 256u);
      break;
  }
}

/* ---- outputs ---- */

static void move_outputs(void) {
  if (pen_in.aux[6] == 1) {
    pen_out.duty_q15 = 0;
    pen_out.bridge_mode = PEN_BRIDGE_OFF;
    pen_out.pins = 0;
    return;
  }
  int32_t duty = (int32_t)(n % 512) * 128 - 32768 + 128;
  pen_out.duty_q15 = (int16_t)(duty > 32767 ? 32767 : duty);
  pen_out.bridge_mode = (uint8_t)(n / 200 % 3);
  pen_out.pins = n / 20 % 32;
  if (n % 400 == 100) pen_out.stepper_steps = 3;
  if (n % 400 == 300) pen_out.stepper_steps = -3;
}

void probe_tick(void) {
  uint32_t control = (uint32_t)pen_in.aux[7];
  if (n == 0) {
    char text[24];
    snprintf(text, sizeof text, "probe %u\r\n", pen_in.reset_cause);
    say(text);
    if (control >> 31) {
      pen_out.watchdog |= PEN_WATCHDOG_START;
      pen_out.watchdog_timeout_ms = 250;
    }
  }
  if (n % 100 == 50 && !(control >> 30 & 1)) pen_out.watchdog |= PEN_WATCHDOG_KICK;
  edges.overflows += pen_in.edge_overflow;
  if (pen_in.nvm_status == PEN_NVM_DONE) {
    ++nvm.done;
    for (uint32_t i = 0; i < PEN_NVM_BYTES && i < pen_in.nvm_length; ++i) nvm.data[i] = pen_in.nvm_data[i];
    char text[24];
    snprintf(text, sizeof text, "nvm done %u\r\n", pen_in.nvm_length);
    say(text);
  } else if (pen_in.nvm_status == PEN_NVM_ERROR) {
    ++nvm.error;
    say("nvm error\r\n");
  }
  for (uint32_t i = 0; i < pen_in.uart_count; ++i) receive((char)pen_in.uart[i]);
  move_outputs();
  show_page();
  ++n;
}
