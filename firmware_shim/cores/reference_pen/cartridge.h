/* cartridge.h - which cartridge is latched, and whether it was used before. */
#ifndef CARTRIDGE_H
#define CARTRIDGE_H

#include <stdbool.h>
#include <stdint.h>

enum cartridge_state {
  CARTRIDGE_ABSENT,
  CARTRIDGE_READING, /* latched, identification and memory not yet known */
  CARTRIDGE_USABLE,
  CARTRIDGE_MARKING, /* first start: the use is being written */
  CARTRIDGE_MARKED,  /* usable until it is taken out or the pen is switched off */
  CARTRIDGE_USED,
  CARTRIDGE_UNKNOWN,   /* identification resistor fits no type */
  CARTRIDGE_UNREADABLE /* memory does not answer or cannot be written */
};

struct cartridge_type {
  uint8_t needles;
  uint16_t id_counts;  /* nominal reading of the identification resistor */
  float rate_limit_Hz; /* H2: 85 % of the rate at which the plate leaves the driver */
};

struct cartridge {
  enum cartridge_state state;
  const struct cartridge_type* type; /* valid from CARTRIDGE_USABLE to CARTRIDGE_MARKED */
  float id_counts;
  uint8_t uses;
  uint8_t attempts;
  uint16_t settle_ms;
};
extern struct cartridge cartridge;

bool cartridge_usable(void);
float cartridge_rate_limit_Hz(void);
uint32_t cartridge_needles(void);
void cartridge_mark_used(void); /* at the first start */
void cartridge_update(void);    /* 1 kHz */

#endif
