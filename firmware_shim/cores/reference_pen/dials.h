/* dials.h - the depth and rate dials, on a grid, with a check of their wires. */
#ifndef DIALS_H
#define DIALS_H

#include <stdbool.h>
#include <stdint.h>

struct dial {
  float value; /* um or Hz, low-passed */
  int32_t set; /* on the grid */
  bool ok;
  uint16_t bad_ms, good_ms;
};

struct dials {
  struct dial protrusion_um;
  struct dial rate_Hz;
};
extern struct dials dials;

bool dials_ok(void);
void dials_update(void); /* 1 kHz */

#endif
