/* console.h - service console on the UART. Lines of up to 63 characters, answers paced by the transmit queue. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#define CONSOLE_LINE 64u

struct console {
  char line[CONSOLE_LINE];
  uint32_t length;
  bool overflow;     /* the running line is too long: it is dropped at its end */
  uint32_t log_left; /* records still to print */
  uint32_t log_slot; /* next of them */
  uint32_t bad_commands;
};
extern struct console console;

void console_update(void); /* 1 kHz */

#endif
