/* main.c - a pen with a main() that never returns: homes its depth screw, then runs the motor while the start button is
 * held, and follows the depth dial. Three interrupts: a millisecond tick, the end of an ADC sequence (20 kHz), and the
 * hall sensor. */
#include "hal.h"

#define HALF_STEPS_PER_COUNT_Q8 64 /* 1/4 half step per count of the dial */

static volatile uint32_t milliseconds, strokes;
static volatile bool conversion_done;
static volatile uint16_t battery_counts;
static uint32_t stroke_us, last_stroke_us;
static int32_t screw_position;

void TICK_IRQHandler(void);
void ADC_IRQHandler(void);
void HALL_IRQHandler(void);

void TICK_IRQHandler(void) { milliseconds = milliseconds + 1; }

void ADC_IRQHandler(void) {
  battery_counts = hal_adc_battery();
  conversion_done = true;
}

void HALL_IRQHandler(void) {
  uint32_t now_us = hal_time_us();
  stroke_us = now_us - last_stroke_us;
  last_stroke_us = now_us;
  strokes = strokes + 1;
}

static uint16_t battery_now(void) {
  conversion_done = false;
  while (!conversion_done) {
  }
  return battery_counts;
}

static void home(void) {
  while (!hal_pin_home()) {
    hal_screw(-1);
    hal_delay_us(500);
  }
  screw_position = 0;
}

static void follow_dial(void) {
  int32_t target = hal_adc_depth_dial() * HALF_STEPS_PER_COUNT_Q8 / 256;
  if (target > screw_position) hal_screw(1), ++screw_position;
  if (target < screw_position) hal_screw(-1), --screw_position;
}

int main(void) {
  hal_irq_on(HAL_IRQ_TICK);
  hal_irq_on(HAL_IRQ_ADC);
  hal_irq_on(HAL_IRQ_HALL);
  hal_print("homing\r\n");
  home();
  hal_print("ready\r\n");
  uint32_t next_ms = milliseconds;
  for (;;) {
    next_ms += 2;
    while ((int32_t)(milliseconds - next_ms) < 0) hal_sleep();
    follow_dial();
    bool low = battery_now() < 2048; /* 3.3 V */
    hal_critical_enter();
    uint32_t stroke_now_us = stroke_us;
    hal_critical_leave();
    bool run = hal_pin_start() && !low;
    int32_t slower = stroke_now_us && stroke_now_us < 6000 ? 4000 : 0; /* above 167 Hz */
    hal_motor(run ? (int16_t)(20000 - slower) : 0);
    hal_led(!run, low);
  }
}
