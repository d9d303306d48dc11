/* events.h - the event log: a ring of 16-byte records in the pen's flash, pages 2..15, so that wear is spread.
 *
 *   0 sequence u32 | 4 time_ms u32 | 8 boot u16 | 10 code u8 | 11 state u8 | 12 argument i16 | 14 checksum u16
 *
 * A page is erased when the ring enters it. At boot the newest page is found by the sequence of its first record; a
 * record whose checksum is wrong was torn by a power loss: it is skipped and counted. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stdint.h>

enum event_code {
  EVENT_BOOT = 1,           /* reset cause */
  EVENT_SELF_TEST_FAILED,   /* enum self_test_failure */
  EVENT_HOMED,              /* ms since boot */
  EVENT_START,              /* set rate, Hz */
  EVENT_STOP,               /* enum stop_reason */
  EVENT_START_REFUSED,      /* mask of enum inhibit */
  EVENT_STALL,              /* stalls so far */
  EVENT_STALL_LATCH,        /* stalls so far */
  EVENT_HALL_LOST,          /* rate by back-EMF, Hz */
  EVENT_HALL_REJECTED,      /* edges rejected in this run */
  EVENT_CURRENT_SENSOR,     /* counts */
  EVENT_UNDERVOLTAGE,       /* mV */
  EVENT_LOW_BATTERY,        /* state of charge, % */
  EVENT_PRESS_HIGH,         /* mN */
  EVENT_PRESS_STOP,         /* mN */
  EVENT_UNDER_RATE,         /* 0.1 Hz */
  EVENT_OVER_RATE,          /* 0.1 Hz */
  EVENT_SCREW_JAM,          /* position, half steps */
  EVENT_LOST_STEPS,         /* half steps */
  EVENT_HOMING_FAILED,      /* enum depth_fault */
  EVENT_CARTRIDGE_USED,     /* uses */
  EVENT_CARTRIDGE_UNKNOWN,  /* counts */
  EVENT_CARTRIDGE_REMOVED,  /* 0 */
  EVENT_CARTRIDGE_MARKED,   /* uses */
  EVENT_CARTRIDGE_MEMORY,   /* 0 */
  EVENT_NTC_FAULT,          /* 1 motor, 2 grip */
  EVENT_GRIP_WARM,          /* 0.1 degC */
  EVENT_GRIP_HOT,           /* 0.1 degC */
  EVENT_WINDING_HOT,        /* 0.1 degC */
  EVENT_SESSION_LIMIT,      /* 1 time, 2 punctures */
  EVENT_SITE_DOSE,          /* thousand punctures */
  EVENT_DIAL_FAULT,         /* 1 depth, 2 rate */
  EVENT_NOSE_SENSOR,        /* counts */
  EVENT_MODE,               /* enum treatment_mode */
  EVENT_UNCOMMANDED_MOTION, /* 1 edges, 2 current */
  EVENT_TORN_RECORDS,       /* how many */
  EVENT_SETTINGS_DEFAULTED, /* 0 */
  EVENT_SETTINGS_SAVED,     /* 0 */
  EVENT_CHARGER,            /* 1 connected */
  EVENT_SENSE_MISMATCH,     /* mV */
  EVENT_RECOVERED,          /* 0: a fault was acknowledged */
  EVENT_EDGES_LOST          /* 0 */
};

#define EVENT_RECORD_BYTES 16u
#define EVENT_FIRST_PAGE 2u
#define EVENT_PAGES 14u
#define EVENT_SLOTS (EVENT_PAGES * 16u)
#define EVENT_QUEUE 16u

struct event_record {
  uint32_t sequence, time_ms;
  uint16_t boot;
  uint8_t code, state;
  int16_t argument;
};

struct event_log {
  bool ready;               /* the scan at boot is over */
  bool broken;              /* the memory refuses writes: events are kept in RAM only */
  uint32_t slot;            /* next to write, 0..EVENT_SLOTS-1 */
  uint32_t sequence;        /* next */
  uint32_t stored;          /* records that can be read back, newest before `slot` */
  uint16_t boot;            /* number of this boot */
  uint16_t torn;            /* found at boot */
  uint32_t dropped;         /* queue full or memory broken */
  struct event_record last; /* newest event, stored or not */
};
extern struct event_log event_log;

void events_boot(void);
void events_log(enum event_code code, int16_t argument);
void events_update(void); /* 1 kHz */
uint32_t events_address(uint32_t slot);
bool events_decode(const uint8_t* bytes, struct event_record* record);

#endif
