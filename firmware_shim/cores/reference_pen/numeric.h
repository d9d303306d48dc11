/* numeric.h - the little arithmetic that the C library would give. float32 only. */
#ifndef NUMERIC_H
#define NUMERIC_H

#include <stdbool.h>
#include <stdint.h>

static inline float min_f(float a, float b) { return a < b ? a : b; }
static inline float max_f(float a, float b) { return a > b ? a : b; }
static inline float abs_f(float a) { return a < 0.0f ? -a : a; }
static inline float clamp_f(float value, float low, float high) { return min_f(max_f(value, low), high); }
static inline int32_t abs_i32(int32_t a) { return a < 0 ? -a : a; }

/* First-order low pass: `share` is the step time over the time constant. */
static inline float low_pass(float state, float input, float share) { return state + share * (input - state); }

/* Counts up to `limit` while `active`, back to 0 otherwise; true while it stands at the limit. */
static inline bool lasting(uint16_t* timer, bool active, uint16_t limit) {
  if (!active)
    *timer = 0;
  else if (*timer < limit)
    (*timer)++;
  return *timer >= limit;
}

#endif
