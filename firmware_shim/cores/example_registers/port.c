/* Port of example_registers: registers and CMSIS. */
#include "pen_mcu.h"
#include "pen_port.h"

int main(void);
void TIM2_IRQHandler(void);
void EXTI_HALL_IRQHandler(void);

#define IS(address, reg) ((address) == (uint32_t)(uintptr_t) & (reg))
static uint8_t received[64], head, tail;

static void reset_values(void) { USART1->SR = USART_SR_TXE; }

static void sync_in(void) {
  static uint32_t taken_us = UINT32_MAX; /* bytes are taken once a tick */
  for (uint32_t i = 0; pen_in.time_us != taken_us && i < pen_in.uart_count; ++i)
    received[tail++ & 63u] = pen_in.uart[i];
  taken_us = pen_in.time_us;
  GPIOA->IDR = pen_in.pins & (1u << PEN_LINE_START) ? PIN_START : 0;
  USART1->SR = (pen_uart_free() ? USART_SR_TXE : 0) | (head != tail ? USART_SR_RXNE : 0);
}

static void sync_out(void) {
  GPIOA->ODR = (GPIOA->ODR & ~(GPIOA->BSRR >> 16)) | (GPIOA->BSRR & 0xFFFFu);
  GPIOA->BSRR = 0;
  uint32_t on = TIM1->BDTR & TIM_BDTR_MOE, ready = GPIOA->ODR & PIN_READY, alarm = GPIOA->ODR & PIN_ALARM;
  pen_out.duty_q15 = TIM1->ARR ? (int16_t)(TIM1->CCR1 * 32767u / TIM1->ARR) : 0;
  pen_out.bridge_mode = on ? PEN_BRIDGE_DRIVE : PEN_BRIDGE_OFF;
  pen_out.pins = (uint16_t)(!!on << PEN_OUT_ENABLE | !!ready << PEN_OUT_LED_READY | !!alarm << PEN_OUT_LED_ALARM);
}

static void after_write(uint32_t address) {
  if (IS(address, USART1->DR)) pen_uart_write((const void*)&USART1->DR, 1);
  if (!IS(address, ADC1->CR) || !(ADC1->CR & ADC_CR_START)) return;
  ADC1->CR &= ~ADC_CR_START; /* the conversion is done at once */
  ADC1->DR = pen_in.adc[ADC1->CHSEL % PEN_ADC_COUNT];
  ADC1->SR |= ADC_SR_EOC;
}

static void before_read(uint32_t address) {
  if (IS(address, USART1->DR) && head != tail) USART1->DR = received[head++ & 63u];
}

static const PenTask tasks[] = {{.run = TIM2_IRQHandler, .period_us = 100, .irq = PEN_IRQ(TIM2_IRQn)}};
static const PenInterrupt interrupts[] = {
    {.run = EXTI_HALL_IRQHandler, .line = PEN_LINE_HALL, .rising = 1, .irq = PEN_IRQ(EXTI_HALL_IRQn)}};
static const PenRegisters registers[] = {{0x40000000, 0x1000}, {0x40010000, 0x3000}, {0x40020000, 0x1000}};

/* clang-format off */
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "example_registers", .tick_us = 50, .core_clock_Hz = 84000000,
    .boot = reset_values, .main = main,
    .tasks = tasks, .task_count = 1, .interrupts = interrupts, .interrupt_count = 1,
    .registers = registers, .register_count = 3,
    .sync_in = sync_in, .sync_out = sync_out, .before_read = before_read, .after_write = after_write,
};
