/* Port of example_rates: functions called at rates. */
#include <string.h>

#include "board.h"
#include "pen_port.h"
#include "speed_control.h"

uint16_t board_adc_current(void) { return pen_in.adc[PEN_ADC_MOTOR_CURRENT]; }
uint16_t board_adc_rate_dial(void) { return pen_in.adc[PEN_ADC_RATE_DIAL]; }
bool board_button_start(void) { return pen_in.pins & (1u << PEN_LINE_START); }
uint32_t board_time_us(void) { return pen_clock_us(); }
uint32_t board_hall_stamp_us(void) { return pen_edge()->time_us; }

void board_motor(int16_t duty_q15, bool on) {
  pen_out.duty_q15 = duty_q15;
  pen_out.bridge_mode = on ? PEN_BRIDGE_DRIVE : PEN_BRIDGE_OFF;
  if (on)
    pen_out.pins |= 1u << PEN_OUT_ENABLE;
  else
    pen_out.pins &= (uint16_t) ~(1u << PEN_OUT_ENABLE);
}

void board_led_ready(bool on) {
  if (on)
    pen_out.pins |= 1u << PEN_OUT_LED_READY;
  else
    pen_out.pins &= (uint16_t) ~(1u << PEN_OUT_LED_READY);
}

void board_log(const char* text) { pen_uart_write(text, (uint32_t)strlen(text)); }

void board_watchdog_start(uint16_t timeout_ms) {
  pen_out.watchdog |= PEN_WATCHDOG_START;
  pen_out.watchdog_timeout_ms = timeout_ms;
}

void board_watchdog_kick(void) { pen_out.watchdog |= PEN_WATCHDOG_KICK; }

static const PenTask tasks[] = {
    {.run = current_loop_50us, .period_us = 50, .priority = 0},
    {.run = speed_loop_1ms, .period_us = 1000, .priority = 1},
    {.run = user_interface_10ms, .period_us = 10000, .phase_us = 500, .priority = 2},
};
static const PenInterrupt interrupts[] = {{.run = hall_interrupt, .line = PEN_LINE_HALL, .rising = 1}};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "example_rates",
    .tick_us = 50,
    .boot = speed_control_init,
    .tasks = tasks,
    .task_count = 3,
    .interrupts = interrupts,
    .interrupt_count = 1,
};
