/* speed_control.c - holds the stroke rate of a rotary pen: PI from hall periods to duty, an overcurrent cut, a start
 * button. */
#include "speed_control.h"

#include "board.h"

#define OVERCURRENT_COUNTS 3100u /* 2.5 A */
#define HALL_LOST_US 100000u

static struct {
  float target_Hz, measured_Hz, integral;
  float kp, ki; /* duty per Hz, duty per Hz and call */
} speed_loop = {.kp = 0.004f, .ki = 0.00005f};

static uint32_t hall_last_us, hall_period_us;
static bool hall_seen, running, tripped;

void speed_control_init(void) {
  board_watchdog_start(100);
  board_log("example_rates\r\n");
}

void hall_interrupt(void) {
  uint32_t now_us = board_hall_stamp_us();
  if (hall_seen) hall_period_us = now_us - hall_last_us;
  hall_last_us = now_us;
  hall_seen = true;
}

void current_loop_50us(void) {
  if (board_adc_current() > OVERCURRENT_COUNTS) {
    tripped = true;
    board_motor(0, false);
  }
}

void speed_loop_1ms(void) {
  bool fresh = hall_seen && board_time_us() - hall_last_us < HALL_LOST_US;
  speed_loop.measured_Hz = fresh && hall_period_us ? 1e6f / (float)hall_period_us : 0.0f;
  if (!running || tripped) {
    speed_loop.integral = 0.0f;
    board_motor(0, false);
    return;
  }
  float error_Hz = speed_loop.target_Hz - speed_loop.measured_Hz;
  speed_loop.integral += speed_loop.ki * error_Hz;
  if (speed_loop.integral > 1.0f) speed_loop.integral = 1.0f;
  if (speed_loop.integral < 0.0f) speed_loop.integral = 0.0f;
  float duty = speed_loop.integral + speed_loop.kp * error_Hz;
  if (duty > 0.95f) duty = 0.95f;
  if (duty < 0.0f) duty = 0.0f;
  board_motor((int16_t)(duty * 32767.0f), true);
}

void user_interface_10ms(void) {
  board_watchdog_kick();
  if (tripped && !board_button_start()) tripped = false;
  running = board_button_start();
  /* 60 Hz at 5 % of full scale, 200 Hz at 95 % */
  speed_loop.target_Hz = 60.0f + ((float)board_adc_rate_dial() / 4095.0f - 0.05f) / 0.9f * 140.0f;
  board_led_ready(!running && !tripped);
}
