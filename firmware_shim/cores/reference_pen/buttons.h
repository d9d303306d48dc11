/* buttons.h - debounced inputs, the start button as dead-man switch, the treatment mode with its two-step confirm. */
#ifndef BUTTONS_H
#define BUTTONS_H

#include <stdbool.h>
#include <stdint.h>

enum button {
  BUTTON_START,
  BUTTON_PLUS,
  BUTTON_MINUS,
  BUTTON_MODE,
  BUTTON_CONFIRM,
  BUTTON_CARTRIDGE,
  BUTTON_CHARGER,
  BUTTON_COUNT
};

struct button_state {
  bool down;     /* debounced */
  bool pressed;  /* went down in this millisecond */
  bool released; /* went up in this millisecond */
  uint16_t differing_ms;
  uint32_t held_ms; /* down for so long */
};
extern struct button_state buttons[BUTTON_COUNT];

struct start_button {
  bool armed;       /* seen released since power-up: a button that is held at power-up starts nothing */
  bool request;     /* pressed since then and still held, not yet used or refused */
  bool opened;      /* the line fell since the last millisecond: bounce between two samples */
  bool open;        /* fallen, and not up again for RELEASE_DEBOUNCE_MS */
  uint32_t open_us; /* when it fell */
};
extern struct start_button start_button;

enum treatment_mode { MODE_STANDARD, MODE_EYE_AREA, MODE_UNLOCKED };

struct treatment {
  enum treatment_mode mode;
  enum treatment_mode proposed;
  uint32_t confirm_ms;  /* left for the second step; 0: nothing proposed */
  int32_t rate_trim_Hz; /* plus and minus buttons */
};
extern struct treatment treatment;

void start_button_opened(uint32_t time_us);  /* interrupt: the line of the start button falls */
void buttons_update(void);                   /* 1 kHz */
void treatment_update(bool needles_may_run); /* 1 kHz */

#endif
