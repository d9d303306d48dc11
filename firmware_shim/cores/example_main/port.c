/* Port of example_main: a main() that never returns, with interrupts. */
#include <string.h>

#include "hal.h"
#include "pen_port.h"

int main(void);
void TICK_IRQHandler(void);
void ADC_IRQHandler(void);
void HALL_IRQHandler(void);

uint16_t hal_adc_battery(void) { return pen_in.adc[PEN_ADC_BATTERY]; }
uint16_t hal_adc_depth_dial(void) { return pen_in.adc[PEN_ADC_DEPTH_DIAL]; }
bool hal_pin_start(void) { return pen_in.pins & (1u << PEN_LINE_START); }
bool hal_pin_home(void) { return pen_in.pins & (1u << PEN_LINE_HOME); }
void hal_irq_on(uint8_t number) { pen_irq_enable(PEN_IRQ(number)); }
void hal_critical_enter(void) { pen_disable_interrupts(); }
void hal_critical_leave(void) { pen_enable_interrupts(); }
void hal_sleep(void) { pen_wait_for_interrupt(); }
uint32_t hal_time_us(void) { return pen_clock_us(); }
void hal_delay_us(uint32_t microseconds) { pen_delay_us(microseconds); }
void hal_screw(int16_t half_steps) { pen_out.stepper_steps = (int16_t)(pen_out.stepper_steps + half_steps); }
void hal_print(const char* text) { pen_uart_write(text, (uint32_t)strlen(text)); }

void hal_motor(int16_t duty_q15) {
  pen_out.duty_q15 = duty_q15;
  pen_out.bridge_mode = duty_q15 ? PEN_BRIDGE_DRIVE : PEN_BRIDGE_OFF;
  pen_out.pins = (uint16_t)((pen_out.pins & ~(1u << PEN_OUT_ENABLE)) | (duty_q15 ? 1u << PEN_OUT_ENABLE : 0u));
}

void hal_led(bool ready, bool alarm) {
  uint16_t others = (uint16_t)(pen_out.pins & ~(1u << PEN_OUT_LED_READY | 1u << PEN_OUT_LED_ALARM));
  pen_out.pins = (uint16_t)(others | (ready ? 1u << PEN_OUT_LED_READY : 0u) | (alarm ? 1u << PEN_OUT_LED_ALARM : 0u));
}

static const PenTask tasks[] = {
    {.run = TICK_IRQHandler, .period_us = 1000, .phase_us = 1000, .priority = 15, .irq = PEN_IRQ(HAL_IRQ_TICK)},
    {.run = ADC_IRQHandler, .period_us = 50, .priority = 2, .irq = PEN_IRQ(HAL_IRQ_ADC)},
};
static const PenInterrupt interrupts[] = {
    {.run = HALL_IRQHandler, .line = PEN_LINE_HALL, .rising = 1, .priority = 1, .irq = PEN_IRQ(HAL_IRQ_HALL)}};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "example_main",
    .tick_us = 50,
    .main = main,
    .tasks = tasks,
    .task_count = 2,
    .interrupts = interrupts,
    .interrupt_count = 1,
};
