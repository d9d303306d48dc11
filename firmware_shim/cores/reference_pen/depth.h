/* depth.h - the depth screw: homing, positioning with one-sided approach, lost steps.
 *
 * Position counts half steps of extension. Zero is where the home switch opens while the screw extends: backlash is
 * taken up there, so every position that is approached by extending is right without knowing the backlash. */
#ifndef DEPTH_H
#define DEPTH_H

#include <stdbool.h>
#include <stdint.h>

enum depth_phase {
  DEPTH_UNKNOWN,      /* not homed, standing */
  DEPTH_SEEK_HOME,    /* retracting until the home switch closes */
  DEPTH_CLEAR_HOME,   /* retracting a little further, so that backlash is taken up before it opens */
  DEPTH_SEEK_RELEASE, /* extending slowly until it opens: zero */
  DEPTH_POSITIONING,  /* homed, on the way to or at the target */
  DEPTH_RETRACTING,   /* homed, on the way to the closed home switch */
  DEPTH_PARKED,       /* homed, home switch closed */
  DEPTH_FAILED        /* jam or switch fault */
};

enum depth_fault { DEPTH_OK, DEPTH_HOME_NOT_FOUND, DEPTH_HOME_STUCK, DEPTH_JAM, DEPTH_LOST_STEPS };

struct depth_screw {
  enum depth_phase phase;
  enum depth_fault fault;
  int32_t position;    /* half steps issued since zero */
  int32_t target;      /* half steps */
  int32_t home_error;  /* half steps, found at the last passage of the home switch */
  int32_t travelled;   /* half steps in the running seek */
  int32_t extended;    /* half steps of extension in a row, up to the approach: then backlash is taken up */
  bool home;           /* filtered home switch */
  bool zero_unchecked; /* home has not opened since the screw left it */
};
extern struct depth_screw depth_screw;

void depth_home(void);                    /* start homing */
void depth_set_um(int32_t protrusion_um); /* homed only; the caller has capped it */
void depth_retract(void);                 /* to the home switch */
bool depth_homed(void);
bool depth_parked(void);
bool depth_arrived(void);
bool depth_protruding(void); /* needles can reach past the nose */
int32_t depth_um(void);
void depth_update(void); /* 2 kHz */

#endif
