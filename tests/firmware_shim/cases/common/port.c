#include <string.h>

#include "board.h"
#include "pen_port.h"
int main(void);
__attribute__((weak)) void tick_isr(void) {}
__attribute__((weak)) void hall_isr(uint32_t stamp_us) { (void)stamp_us; }
__attribute__((weak)) void pre_boot(void) {}
void board_motor(int d) {
  pen_out.duty_q15 = (int16_t)d;
  pen_out.bridge_mode = d ? PEN_BRIDGE_DRIVE : PEN_BRIDGE_OFF;
  pen_out.pins = (uint16_t)(d ? 1u << PEN_OUT_ENABLE : 0u);
}
bool board_start(void) { return pen_in.pins & (1u << PEN_LINE_START); }
uint32_t board_micros(void) { return pen_clock_us(); }
unsigned long micros(void) { return pen_clock_us(); }
void board_delay_us(uint32_t us) { pen_delay_us(us); }
void board_print(const char* t) { pen_uart_write(t, (uint32_t)strlen(t)); }
int _write(int f, const char* p, int n) {
  (void)f;
  pen_uart_write(p, (uint32_t)n);
  return n;
}
uint16_t board_adc(int c) { return pen_in.adc[c]; }
void board_watchdog_start(uint16_t ms) {
  pen_out.watchdog |= PEN_WATCHDOG_START;
  pen_out.watchdog_timeout_ms = ms;
}
void board_watchdog_kick(void) { pen_out.watchdog |= PEN_WATCHDOG_KICK; }
void board_sleep(void) { pen_wait_for_interrupt(); }
void board_lock(void) { pen_disable_interrupts(); }
void board_unlock(void) { pen_enable_interrupts(); }
static void hall(void) { hall_isr(pen_edge()->time_us); }
static const PenTask tasks[] = {{.run = tick_isr, .period_us = 1000, .phase_us = 1000, .priority = 4}};
static const PenInterrupt interrupts[] = {{.run = hall, .line = PEN_LINE_HALL, .rising = 1, .priority = 1}};
const PenPort pen_port = {.version = PEN_PORT_VERSION,
                          .name = "case",
                          .tick_us = 50,
                          .boot = pre_boot,
                          .main = main,
                          .tasks = tasks,
                          .task_count = 1,
                          .interrupts = interrupts,
                          .interrupt_count = 1};
