/* safety.h - what forbids a start, what ends a run, and the latches. */
#ifndef SAFETY_H
#define SAFETY_H

#include <stdbool.h>
#include <stdint.h>

/* Conditions that forbid a start, a bit each. The start button is one condition, none of these the other (H18). */
enum inhibit {
  INHIBIT_NOT_PARKED = 1 << 0, /* H1: screw not homed and retracted */
  INHIBIT_CARTRIDGE = 1 << 1,  /* H15: absent, not read yet, unknown, unreadable */
  INHIBIT_USED = 1 << 2,       /* H15 */
  INHIBIT_CONTACT = 1 << 3,    /* H6: the nose is on the skin */
  INHIBIT_BATTERY = 1 << 4,    /* H22 */
  INHIBIT_CHARGER = 1 << 5,
  INHIBIT_TEMPERATURE = 1 << 6, /* H9, H10 */
  INHIBIT_DIAL = 1 << 7,
  INHIBIT_SESSION = 1 << 8,     /* H20 */
  INHIBIT_NOSE_SENSOR = 1 << 9, /* H3, H6 need it */
  INHIBIT_SENSE = 1 << 10       /* cell and supply readings disagree */
};

enum stop_reason {
  STOP_NONE,
  STOP_RELEASED,       /* H18 */
  STOP_CARTRIDGE,      /* H15 */
  STOP_PRESS,          /* H3 */
  STOP_UNDER_RATE,     /* H6 */
  STOP_OVER_RATE,      /* H2 */
  STOP_STALL,          /* H8 */
  STOP_HALL,           /* H12 */
  STOP_CURRENT_SENSOR, /* H13 */
  STOP_UNDERVOLTAGE,   /* H11 */
  STOP_TEMPERATURE,    /* H9, H10 */
  STOP_SESSION,        /* H20 */
  STOP_CHARGER,
  STOP_SCREW,   /* H1 */
  STOP_SPIN_UP, /* no speed within the time for it */
  STOP_NOSE_SENSOR,
  STOP_UNCOMMANDED /* motion or current without drive */
};

struct safety {
  uint32_t session_ms;     /* needling time since power-on */
  uint32_t punctures;      /* strokes on the skin times needles, since power-on */
  uint32_t site_punctures; /* the same since the nose was last lifted */
  uint32_t strokes_counted;
  bool site_warned;
  uint16_t stall_current_ms, current_stuck_ms, under_rate_ms, over_rate_ms;
  uint16_t idle_current_ms, idle_offset_ms;
  uint32_t stall_ms;        /* H10: stalled time within the window */
  uint32_t stall_window_ms; /* left of the window */
  uint32_t stalls;          /* without 10 s of good running between them */
  uint32_t good_ms;
  bool rejected_logged;
};
extern struct safety safety;

uint32_t safety_inhibits(void); /* mask of enum inhibit; 0: a start is allowed */
void safety_update(void);       /* 1 kHz */
void safety_run_begins(void);
enum stop_reason safety_check_run(bool spinning_up); /* 1 kHz, while the drive runs */
enum stop_reason safety_check_rest(void);            /* 1 kHz, while the motor ought to stand */
void safety_stalled(uint32_t stalled_ms);
bool safety_stall_latched(void);

#endif
