/* pen.h - the state machine and the tasks of the firmware. The board support calls pen_boot() once after reset, then
 * each task at its rate, and pen_hall_edge() from the capture interrupt. */
#ifndef PEN_H
#define PEN_H

#include <stdbool.h>
#include <stdint.h>

enum pen_state {
  PEN_SELF_TEST,
  PEN_HOMING,
  PEN_READY,
  PEN_SPIN_UP, /* needles retracted until the motor has speed */
  PEN_RUNNING,
  PEN_STOPPING, /* braking, screw retracting */
  PEN_PARKING,  /* motor stands, screw on its way home */
  PEN_STALLED,  /* parked after a stall, waiting for the restart */
  PEN_FAULT,    /* until the start button is up and CONFIRM is held for 1 s */
  PEN_LOCKED    /* until power-off */
};

enum self_test_failure { SELF_TEST_CURRENT_ZERO = 1, SELF_TEST_BATTERY, SELF_TEST_NOSE, SELF_TEST_MEMORY };

struct pen {
  enum pen_state state;
  uint8_t stop_reason; /* enum stop_reason of the last stop */
  uint8_t rehomed;     /* lost steps in a row that were answered by homing anew */
  uint32_t time_ms;    /* since boot */
  uint32_t state_ms;   /* in this state */
  uint32_t refused;    /* mask of the last refused start */
  int32_t set_um;      /* protrusion after all caps */
  float set_Hz;        /* stroke rate after all caps */
  bool watchdog_running;
};
extern struct pen pen;

bool pen_running(void); /* the drive may run */

void pen_boot(void);
void pen_hall_edge(uint32_t time_us);
void pen_start_opened(uint32_t time_us); /* from the interrupt on the falling line of the start button */
void pen_fast(void);                     /* 20 kHz */
void pen_control(void);                  /* 2 kHz */
void pen_state_task(void);               /* 1 kHz */
void pen_supervision(void);              /* 100 Hz */
void pen_slow(void);                     /* 10 Hz */

#endif
