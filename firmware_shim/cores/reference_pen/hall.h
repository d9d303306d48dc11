/* hall.h - stroke rate from the cam's hall sensor: one rising edge per revolution, at the retracted dead centre. */
#ifndef HALL_H
#define HALL_H

#include <stdbool.h>
#include <stdint.h>

struct hall {
  bool primed;          /* one edge seen since the drive was started */
  bool locked;          /* two periods in a row agree */
  uint32_t since_us;    /* start of the drive or last accepted edge */
  uint32_t period_us;   /* of the last revolution, 0 before */
  float rate_Hz;        /* of the last revolution, 0 before */
  uint32_t shortest_us; /* edges earlier than this are not revolutions */
  uint32_t strokes;     /* since power-on */
  uint32_t rejected;    /* since the drive was started */
  uint32_t missed;      /* revolutions that took twice the period while the motor ran on */
  uint32_t idle_edges;  /* while the motor ought to stand */
};
extern struct hall hall;

void hall_start(void);                       /* the drive starts from rest */
void hall_edge(uint32_t time_us);            /* capture interrupt */
void hall_plausible(float back_emf_rate_Hz); /* renews the shortest plausible period */
uint32_t hall_silence_us(void);              /* time without an accepted edge */
float hall_rate_Hz(void);                    /* last revolution, or what the running one still allows */

#endif
