/* settings.h - what a service technician may set, kept in flash: two copies in turn (pages 0 and 1), checked at
 * boot. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct settings {
  float kp_V_per_Hz;
  float ki_V_per_Hz_s;
  float rate_limit_Hz;
  bool quiet;        /* buzzer for alarms only */
  uint32_t sequence; /* of the copy in use, 0: defaults */
  bool loaded;       /* the check at boot is over */
  bool defaulted;    /* a copy was there, but none was valid */
};
extern struct settings settings;

void settings_boot(void);
void settings_save(void);
bool settings_saving(void);
void settings_apply(void);  /* to the loops that use them */
void settings_update(void); /* 1 kHz */

#endif
