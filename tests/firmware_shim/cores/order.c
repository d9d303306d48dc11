/* order.c - shape (a): every function notes its letter and the clock, the log goes to aux. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pen_port.h"
#ifdef CALLS_THE_PC
#include <time.h>
#endif

static char log_letters[4 * PEN_AUX];
static uint32_t noted;
int order_initialised = 41; /* .data */
int order_zero;             /* .bss */
struct {
  unsigned low : 3;
  int middle : 5;
} order_bits = {5, -3};
static const int order_constant = 7;
static const char* volatile pointed = "data";

static void note(char letter) {
  if (noted < sizeof log_letters) log_letters[noted++] = letter;
}

static void show(void) { /* last in every tick */
  for (uint32_t i = 0; i < PEN_AUX - 1; ++i)
    pen_out.aux[i] =
        log_letters[4 * i] | log_letters[4 * i + 1] << 8 | log_letters[4 * i + 2] << 16 | log_letters[4 * i + 3] << 24;
  pen_out.aux[7] = (int32_t)(pen_clock_us() - pen_in.time_us);
  for (uint32_t i = 0; i < sizeof log_letters; ++i) log_letters[i] = 0;
  noted = 0;
  order_zero += order_initialised + order_constant + (pointed[0] == 'd');
}

#ifndef CALLS_THE_PC
int _write(int file, char* bytes, int count); /* as a project with newlib has it */
int _write(int file, char* bytes, int count) {
  (void)file;
  pen_uart_write(bytes, (uint32_t)count);
  return count;
}
#endif

static void a(void) { note('a'); }
static void b(void) { note('b'); }
static void c(void) { note('c'); }
static void d(void) { note('d'); }

static void hall(void) {
  note(pen_edge()->level ? 'H' : 'h');
  note((char)('0' + (pen_clock_us() - pen_edge()->time_us)));
}
static void start(void) { note('S'); }

static void commands(void) {
  switch (pen_in.aux[0]) {
    case 1:
      pen_uart_write("0123456789", 10);
      break;
    case 2:
      for (int i = 0; i < 103; ++i) pen_uart_write("0123456789", 10);
      break; /* 1030 bytes */
    case 3:
      pen_unanswered("HAL_FMC_Init");
      break;
    case 4:
      pen_reset();
    case 5:
      pen_delay_us(30);
      note('0' + (char)((pen_clock_us() - pen_in.time_us) / 10));
      pen_delay_us(30);
      break;
    case 6:
      pen_disable_interrupts();
      break;
    case 7:
      pen_enable_interrupts();
      break;
    case 8:
      pen_irq_enable(PEN_IRQ(9));
      break;
    case 9:
      pen_irq_disable(PEN_IRQ(9));
      break;
    case 10:
      pen_irq_set_pending(PEN_IRQ(9));
      break;
    case 11:
      pen_out.duty_q15 = 1000;
      pen_out.stepper_steps = 5;
      pen_out.watchdog = PEN_WATCHDOG_START;
      pen_out.watchdog_timeout_ms = 77;
      pen_out.nvm_command = PEN_NVM_WRITE;
      pen_out.nvm_address = 0x123;
      pen_out.nvm_length = 16;
      pen_out.nvm_data[15] = 9;
      break;
    case 12:
      printf("%d %s\n", 42, "units");
      puts("line");
      putchar('.');
      break;
    case 13: {
      int number = rand();
      memcpy(pen_out.nvm_data, &number, sizeof number);
      break;
    }
#ifdef CALLS_THE_PC
    case 14:
      pen_out.aux[6] = (int32_t)time(NULL);
      break;
#endif
    default:
      break;
  }
}

static const PenTask tasks[] = {
    {.run = show, .period_us = 50, .priority = 255},
    {.run = d, .period_us = 50, .phase_us = 150, .priority = 3}, /* every tick, but not at once */
    {.run = c, .period_us = 100, .phase_us = 50, .priority = 2},
    {.run = b, .period_us = 150, .priority = 1},
    {.run = a, .period_us = 50, .priority = 1}, /* as urgent as b, after it in the table */
    {.run = c, .period_us = 50, .priority = 0, .irq = PEN_IRQ(9)},
    {.run = commands, .period_us = 50, .priority = 4},
};
static const PenInterrupt interrupts[] = {
    {.run = start, .line = PEN_LINE_START, .rising = 1},
    {.run = hall, .line = PEN_LINE_HALL, .rising = 1, .falling = 1},
};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "order",
    .tick_us = 50,
    .uart_baud = 115200,
    .tasks = tasks,
    .task_count = 7,
    .interrupts = interrupts,
    .interrupt_count = 2,
};
