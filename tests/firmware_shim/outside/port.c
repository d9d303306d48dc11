#include <string.h>

#include "board.h"
#include "pen_port.h"

uint16_t board_adc(void) { return pen_in.adc[PEN_ADC_RATE_DIAL]; }
void board_pwm(int16_t duty) {
  pen_out.duty_q15 = duty;
  pen_out.bridge_mode = PEN_BRIDGE_DRIVE;
  pen_out.pins = 1u << PEN_OUT_ENABLE;
}
void board_text(const char* text) { pen_uart_write(text, (uint32_t)strlen(text)); }

static const PenTask tasks[] = {{.run = firmware_tick, .period_us = 1000}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "outside_pen",
    .tick_us = 50,
    .main = main,
    .tasks = tasks,
    .task_count = 1,
};
