/* pen_simd.h - the DSP instructions of a Cortex-M4, M7, M33 in C, by their CMSIS names. Source: ARMv7-M Architecture
 * Reference Manual (DDI 0403), A7.7. The flag Q is not kept; GE is kept from an addition or subtraction to the next
 * __SEL of the same file. */
#ifndef PENSIM_PEN_SIMD_H
#define PENSIM_PEN_SIMD_H

#include <stdint.h>

static uint32_t pen_ge __attribute__((unused)); /* a bit for each byte */

static inline int32_t pen_low(uint32_t v) { return (int16_t)(v & 0xFFFFu); }
static inline int32_t pen_high(uint32_t v) { return (int16_t)(v >> 16); }
static inline int32_t pen_ulow(uint32_t v) { return (int32_t)(v & 0xFFFFu); }
static inline int32_t pen_uhigh(uint32_t v) { return (int32_t)(v >> 16); }
static inline uint32_t pen_pair(int32_t high, int32_t low) {
  return ((uint32_t)high << 16) | ((uint32_t)low & 0xFFFFu);
}
static inline int32_t pen_byte(uint32_t v, int i) { return (int8_t)(v >> 8 * i); }
static inline int32_t pen_ubyte(uint32_t v, int i) { return (uint8_t)(v >> 8 * i); }
static inline uint32_t pen_swapped(uint32_t v) { return (v << 16) | (v >> 16); }

/* What becomes of the exact result of a lane; `bits` is its width. GE: no borrow, or a carry out of the lane. */
static inline int32_t pen_lane_s(int32_t exact, int bits, int subtracts, uint32_t ge) {
  (void)bits, (void)subtracts;
  pen_ge = exact >= 0 ? pen_ge | ge : pen_ge & ~ge;
  return exact;
}
static inline int32_t pen_lane_u(int32_t exact, int bits, int subtracts, uint32_t ge) {
  pen_ge = (subtracts ? exact >= 0 : exact >> bits != 0) ? pen_ge | ge : pen_ge & ~ge;
  return exact;
}
static inline int32_t pen_lane_q(int32_t exact, int bits, int subtracts, uint32_t ge) {
  (void)subtracts, (void)ge;
  return pen_saturate(exact, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
}
static inline int32_t pen_lane_uq(int32_t exact, int bits, int subtracts, uint32_t ge) {
  (void)subtracts, (void)ge;
  return pen_saturate(exact, 0, (1 << bits) - 1);
}
static inline int32_t pen_lane_h(int32_t exact, int bits, int subtracts, uint32_t ge) {
  (void)bits, (void)subtracts, (void)ge;
  return exact >> 1;
}

/* Four bytes, two halves, and halves crosswise: AS adds above and subtracts below, SA the other way round. */
#define PEN_SIMD(prefix, lane, byte, low, high)                                                                      \
  static inline uint32_t prefix##ADD8(uint32_t a, uint32_t b) {                                                      \
    uint32_t result = 0;                                                                                             \
    for (int i = 0; i < 4; ++i) result |= ((uint32_t)lane(byte(a, i) + byte(b, i), 8, 0, 1u << i) & 0xFFu) << 8 * i; \
    return result;                                                                                                   \
  }                                                                                                                  \
  static inline uint32_t prefix##SUB8(uint32_t a, uint32_t b) {                                                      \
    uint32_t result = 0;                                                                                             \
    for (int i = 0; i < 4; ++i) result |= ((uint32_t)lane(byte(a, i) - byte(b, i), 8, 1, 1u << i) & 0xFFu) << 8 * i; \
    return result;                                                                                                   \
  }                                                                                                                  \
  static inline uint32_t prefix##ADD16(uint32_t a, uint32_t b) {                                                     \
    return pen_pair(lane(high(a) + high(b), 16, 0, 12u), lane(low(a) + low(b), 16, 0, 3u));                          \
  }                                                                                                                  \
  static inline uint32_t prefix##SUB16(uint32_t a, uint32_t b) {                                                     \
    return pen_pair(lane(high(a) - high(b), 16, 1, 12u), lane(low(a) - low(b), 16, 1, 3u));                          \
  }                                                                                                                  \
  static inline uint32_t prefix##ASX(uint32_t a, uint32_t b) {                                                       \
    return pen_pair(lane(high(a) + low(b), 16, 0, 12u), lane(low(a) - high(b), 16, 1, 3u));                          \
  }                                                                                                                  \
  static inline uint32_t prefix##SAX(uint32_t a, uint32_t b) {                                                       \
    return pen_pair(lane(high(a) - low(b), 16, 1, 12u), lane(low(a) + high(b), 16, 0, 3u));                          \
  }
PEN_SIMD(__S, pen_lane_s, pen_byte, pen_low, pen_high)
PEN_SIMD(__Q, pen_lane_q, pen_byte, pen_low, pen_high)
PEN_SIMD(__SH, pen_lane_h, pen_byte, pen_low, pen_high)
PEN_SIMD(__U, pen_lane_u, pen_ubyte, pen_ulow, pen_uhigh)
PEN_SIMD(__UQ, pen_lane_uq, pen_ubyte, pen_ulow, pen_uhigh)
PEN_SIMD(__UH, pen_lane_h, pen_ubyte, pen_ulow, pen_uhigh)
#undef PEN_SIMD

static inline uint32_t __SEL(uint32_t a, uint32_t b) {
  uint32_t mask = 0;
  for (int i = 0; i < 4; ++i) mask |= (pen_ge >> i & 1u) * (0xFFu << 8 * i);
  return (a & mask) | (b & ~mask);
}

static inline int32_t __QADD(int32_t a, int32_t b) { return pen_saturate((int64_t)a + b, INT32_MIN, INT32_MAX); }
static inline int32_t __QSUB(int32_t a, int32_t b) { return pen_saturate((int64_t)a - b, INT32_MIN, INT32_MAX); }
static inline int32_t __QDADD(int32_t a, int32_t b) { return __QADD(a, __QADD(b, b)); }
static inline int32_t __QDSUB(int32_t a, int32_t b) { return __QSUB(a, __QADD(b, b)); }

static inline uint32_t __USAD8(uint32_t a, uint32_t b) {
  uint32_t sum = 0;
  for (int i = 0; i < 4; ++i) {
    int32_t d = pen_ubyte(a, i) - pen_ubyte(b, i);
    sum += (uint32_t)(d < 0 ? -d : d);
  }
  return sum;
}
static inline uint32_t __USADA8(uint32_t a, uint32_t b, uint32_t sum) { return __USAD8(a, b) + sum; }

static inline uint32_t __SSAT16(uint32_t v, uint32_t bits) {
  return pen_pair(__SSAT(pen_high(v), bits), __SSAT(pen_low(v), bits));
}
static inline uint32_t __USAT16(uint32_t v, uint32_t bits) {
  return pen_pair((int32_t)__USAT(pen_high(v), bits), (int32_t)__USAT(pen_low(v), bits));
}

/* Bytes 0 and 2 to halves, after a rotation to the right. */
static inline uint32_t __SXTB16(uint32_t v) { return pen_pair(pen_byte(v, 2), pen_byte(v, 0)); }
static inline uint32_t __UXTB16(uint32_t v) { return v & 0x00FF00FFu; }
static inline uint32_t __SXTB16_RORn(uint32_t v, uint32_t rotate) { return __SXTB16(__ROR(v, rotate)); }
static inline uint32_t __UXTB16_RORn(uint32_t v, uint32_t rotate) { return __UXTB16(__ROR(v, rotate)); }
static inline uint32_t pen_add_halves(uint32_t a, uint32_t b) {
  return pen_pair(pen_high(a) + pen_high(b), pen_low(a) + pen_low(b));
}
static inline uint32_t __SXTAB16(uint32_t a, uint32_t v) { return pen_add_halves(a, __SXTB16(v)); }
static inline uint32_t __UXTAB16(uint32_t a, uint32_t v) { return pen_add_halves(a, __UXTB16(v)); }
static inline uint32_t __SXTAB16_RORn(uint32_t a, uint32_t v, uint32_t rotate) {
  return __SXTAB16(a, __ROR(v, rotate));
}

/* Products of halves. X: the halves of the second operand change places. */
static inline uint32_t __SMUAD(uint32_t a, uint32_t b) {
  return (uint32_t)(pen_low(a) * pen_low(b)) + (uint32_t)(pen_high(a) * pen_high(b));
}
static inline uint32_t __SMUSD(uint32_t a, uint32_t b) {
  return (uint32_t)(pen_low(a) * pen_low(b)) - (uint32_t)(pen_high(a) * pen_high(b));
}
static inline uint32_t __SMLAD(uint32_t a, uint32_t b, uint32_t sum) { return __SMUAD(a, b) + sum; }
static inline uint32_t __SMLSD(uint32_t a, uint32_t b, uint32_t sum) { return __SMUSD(a, b) + sum; }
static inline uint64_t __SMLALD(uint32_t a, uint32_t b, uint64_t sum) {
  return sum + (uint64_t)((int64_t)pen_low(a) * pen_low(b) + (int64_t)pen_high(a) * pen_high(b));
}
static inline uint64_t __SMLSLD(uint32_t a, uint32_t b, uint64_t sum) {
  return sum + (uint64_t)((int64_t)pen_low(a) * pen_low(b) - (int64_t)pen_high(a) * pen_high(b));
}
static inline uint32_t __SMUADX(uint32_t a, uint32_t b) { return __SMUAD(a, pen_swapped(b)); }
static inline uint32_t __SMUSDX(uint32_t a, uint32_t b) { return __SMUSD(a, pen_swapped(b)); }
static inline uint32_t __SMLADX(uint32_t a, uint32_t b, uint32_t sum) { return __SMLAD(a, pen_swapped(b), sum); }
static inline uint32_t __SMLSDX(uint32_t a, uint32_t b, uint32_t sum) { return __SMLSD(a, pen_swapped(b), sum); }
static inline uint64_t __SMLALDX(uint32_t a, uint32_t b, uint64_t sum) { return __SMLALD(a, pen_swapped(b), sum); }
static inline uint64_t __SMLSLDX(uint32_t a, uint32_t b, uint64_t sum) { return __SMLSLD(a, pen_swapped(b), sum); }
static inline int32_t __SMMLA(int32_t a, int32_t b, int32_t sum) {
  return (int32_t)((uint64_t)((int64_t)a * b + (int64_t)((uint64_t)(uint32_t)sum << 32)) >> 32);
}
#define __PKHBT(a, b, shift) ((((uint32_t)(a)) & 0x0000FFFFu) | ((((uint32_t)(b)) << (shift)) & 0xFFFF0000u))
#define __PKHTB(a, b, shift) ((((uint32_t)(a)) & 0xFFFF0000u) | ((uint32_t)((int32_t)(b) >> (shift)) & 0x0000FFFFu))

#endif
