/* reference_pen_port.c - answers the hardware calls of reference_pen (hal.h) from pen_in and pen_out. */
#include "pen_port.h"
#include "reference_pen/hal.h"
#include "reference_pen/pen.h"

/* The firmware's numbering of channels, pins, modes and banks is that of the board. */
_Static_assert((int)HAL_ADC_RATE_DIAL == PEN_ADC_RATE_DIAL && (int)HAL_ADC_CARTRIDGE_ID == PEN_ADC_CARTRIDGE_ID,
               "channels");
_Static_assert((int)HAL_PIN_CHARGER == PEN_LINE_CHARGER && (int)HAL_PIN_HOME == PEN_LINE_HOME, "pins");
_Static_assert((int)HAL_OUT_BUZZER == PEN_OUT_BUZZER && (int)HAL_OUT_ENABLE == PEN_OUT_ENABLE, "outputs");
_Static_assert((int)HAL_BRIDGE_BRAKE == PEN_BRIDGE_BRAKE && (int)HAL_BRIDGE_OFF == PEN_BRIDGE_OFF, "bridge");
_Static_assert((int)HAL_RESET_SOFTWARE == PEN_RESET_SOFTWARE && (int)HAL_RESET_POWER_ON == PEN_RESET_POWER_ON,
               "reset causes");
_Static_assert((int)HAL_NVM_SERIAL == PEN_NVM_SERIAL && (int)HAL_NVM_READ == PEN_NVM_READ, "memory operations");
_Static_assert((int)HAL_NVM_CARTRIDGE == PEN_NVM_BANK_CARTRIDGE && HAL_NVM_CHUNK == PEN_NVM_BYTES, "memory banks");

#define RECEIVE_BYTES 128u

static struct {
  uint8_t bytes[RECEIVE_BYTES];
  uint32_t first, count;
} receive;

static struct {
  bool waiting;
  enum hal_nvm_result result;
  uint8_t data[HAL_NVM_CHUNK];
} memory;

static bool edges_lost;

uint32_t hal_time_us(void) { return pen_clock_us(); }
uint16_t hal_adc(enum hal_adc channel) { return pen_in.adc[channel]; }
bool hal_pin(enum hal_pin pin) { return (pen_in.pins >> pin & 1u) != 0; }
enum hal_reset_cause hal_reset_cause(void) { return (enum hal_reset_cause)pen_in.reset_cause; }

bool hal_edges_lost(void) {
  const bool lost = edges_lost;
  edges_lost = false;
  return lost;
}

void hal_bridge(enum hal_bridge mode, int16_t duty_q15) {
  pen_out.bridge_mode = (uint8_t)mode;
  pen_out.duty_q15 = duty_q15;
}

void hal_output(enum hal_output output, bool on) {
  const uint16_t bit = (uint16_t)(1u << output);
  pen_out.pins = on ? (uint16_t)(pen_out.pins | bit) : (uint16_t)(pen_out.pins & ~(uint32_t)bit);
}

void hal_stepper(int16_t half_steps) { pen_out.stepper_steps = (int16_t)(pen_out.stepper_steps + half_steps); }

void hal_watchdog_start(uint16_t timeout_ms) {
  pen_out.watchdog = PEN_WATCHDOG_START;
  pen_out.watchdog_timeout_ms = timeout_ms;
}

void hal_watchdog_kick(void) { pen_out.watchdog |= PEN_WATCHDOG_KICK; }

void hal_nvm_begin(enum hal_nvm_operation operation, enum hal_nvm_bank bank, uint16_t address, uint8_t length,
                   const uint8_t* data) {
  pen_out.nvm_command = (uint8_t)operation;
  pen_out.nvm_bank = (uint8_t)bank;
  pen_out.nvm_address = address;
  pen_out.nvm_length = length;
  for (uint32_t i = 0; i < length && operation == HAL_NVM_WRITE; ++i) pen_out.nvm_data[i] = data[i];
  memory.waiting = true;
  memory.result = HAL_NVM_PENDING;
}

enum hal_nvm_result hal_nvm_result(uint8_t data[HAL_NVM_CHUNK]) {
  for (uint32_t i = 0; i < HAL_NVM_CHUNK; ++i) data[i] = memory.data[i];
  return memory.result;
}

uint32_t hal_uart_read(uint8_t* bytes, uint32_t room) {
  uint32_t count = 0;
  while (count < room && receive.count > 0) {
    bytes[count++] = receive.bytes[receive.first];
    receive.first = (receive.first + 1u) % RECEIVE_BYTES;
    receive.count--;
  }
  return count;
}

uint32_t hal_uart_free(void) { return pen_uart_free(); }
void hal_uart_write(const uint8_t* bytes, uint32_t count) { pen_uart_write(bytes, count); }

/* What shows in pen_in for one tick only is kept until the firmware asks; then the firmware's fast task. */
static void tick(void) {
  if (memory.waiting && pen_in.nvm_status >= PEN_NVM_DONE) {
    memory.waiting = false;
    memory.result = pen_in.nvm_status == PEN_NVM_DONE ? HAL_NVM_DONE : HAL_NVM_FAILED;
    for (uint32_t i = 0; i < HAL_NVM_CHUNK; ++i) memory.data[i] = pen_in.nvm_data[i];
  }
  for (uint32_t i = 0; i < pen_in.uart_count && receive.count < RECEIVE_BYTES; ++i) {
    receive.bytes[(receive.first + receive.count) % RECEIVE_BYTES] = pen_in.uart[i];
    receive.count++;
  }
  if (pen_in.edge_overflow != 0) edges_lost = true;
  pen_fast();
}

static void hall_edge(void) { pen_hall_edge(pen_edge()->time_us); }
static void start_opened(void) { pen_start_opened(pen_edge()->time_us); }

static const PenTask tasks[] = {
    {.run = tick, .period_us = 50, .priority = 1},
    {.run = pen_control, .period_us = 500, .priority = 2},
    {.run = pen_state_task, .period_us = 1000, .phase_us = 250, .priority = 3},
    {.run = pen_supervision, .period_us = 10000, .phase_us = 400, .priority = 4},
    {.run = pen_slow, .period_us = 100000, .phase_us = 450, .priority = 5},
};

static const PenInterrupt interrupts[] = {
    {.run = hall_edge, .line = PEN_LINE_HALL, .rising = 1, .priority = 0},
    {.run = start_opened, .line = PEN_LINE_START, .falling = 1, .priority = 0},
};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "reference_pen",
    .tick_us = 50,
    .uart_baud = 115200,
    .boot = pen_boot,
    .tasks = tasks,
    .task_count = sizeof tasks / sizeof tasks[0],
    .interrupts = interrupts,
    .interrupt_count = sizeof interrupts / sizeof interrupts[0],
};
