#include "hall.h"

#include "config.h"
#include "drive.h"
#include "hal.h"
#include "numeric.h"

struct hall hall;

void hall_start(void) {
  hall.primed = false;
  hall.locked = false;
  hall.since_us = hal_time_us();
  hall.period_us = 0;
  hall.rate_Hz = 0.0f;
  hall.shortest_us = HALL_SHORTEST_US;
  hall.rejected = 0;
  hall.idle_edges = 0;
}

void hall_edge(uint32_t time_us) {
  if (drive.mode != DRIVE_RUN) {
    hall.idle_edges++;
    return;
  }
  const uint32_t elapsed_us = time_us - hall.since_us; /* unsigned: right across the wrap of the clock */
  if (!hall.primed) {
    hall.primed = true;
    hall.since_us = time_us;
    return;
  }
  if (elapsed_us < hall.shortest_us) {
    hall.rejected++;
    return;
  }
  uint32_t period_us = elapsed_us;
  if (hall.locked && elapsed_us > hall.period_us + hall.period_us / 2u &&
      drive.back_emf_rate_Hz > 0.75f * hall.rate_Hz) { /* the motor did not slow down: an edge was missed */
    period_us = elapsed_us / 2u;
    hall.missed++;
    hall.strokes++;
  }
  if (hall.period_us != 0) {
    const uint32_t change_us = period_us > hall.period_us ? period_us - hall.period_us : hall.period_us - period_us;
    if (change_us < hall.period_us / 8u) hall.locked = true;
  }
  hall.period_us = period_us;
  hall.since_us = time_us;
  hall.rate_Hz = 1.0e6f / (float)period_us;
  hall.strokes++;
}

void hall_plausible(float back_emf_rate_Hz) {
  float shortest_us = (float)HALL_SHORTEST_US;
  if (hall.locked)
    shortest_us = max_f(shortest_us, HALL_JITTER * (float)hall.period_us);
  else if (back_emf_rate_Hz > 20.0f)
    shortest_us = max_f(shortest_us, HALL_SPIN_UP_MARGIN * 1.0e6f / back_emf_rate_Hz);
  hall.shortest_us = (uint32_t)shortest_us;
}

uint32_t hall_silence_us(void) { return hal_time_us() - hall.since_us; }

float hall_rate_Hz(void) {
  const uint32_t silence_us = hall_silence_us();
  if (hall.period_us == 0 || silence_us <= hall.period_us + hall.period_us / 4u) return hall.rate_Hz;
  /* The running revolution is late. Believe it if the back-EMF says so too; else an edge was missed. */
  const float allowed_Hz = 1.0e6f / (float)silence_us;
  return drive.back_emf_rate_Hz < 0.80f * hall.rate_Hz ? min_f(hall.rate_Hz, allowed_Hz) : hall.rate_Hz;
}
