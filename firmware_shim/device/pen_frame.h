/* pen_frame.h - frames between the simulator and a board, as bytes of a stream. C11, the same code on both sides.
 *
 * A frame on the wire: COBS (Cheshire and Baker 1999) of
 *     type u8 | sequence u16 | payload | CRC-32 (IEEE 802.3) of the session u32 and of all before, u32
 * and one zero byte, little-endian throughout. Within a frame there is no zero byte, so a receiver that lost its place
 * has it again at the next zero. The session is not sent: it only goes into the CRC, so a frame of another session is
 * as good as damaged. PEN_LINK_INFO, PEN_LINK_ECHO and PEN_LINK_START, and their answers, belong to session 0.
 *
 * Who speaks. The simulator asks, the board answers with the type | PEN_LINK_ANSWER and the same sequence number; one
 * question at a time. A question without an answer is sent again as it was. The board answers a repeated number with
 * the answer that it has kept, and does nothing else: so every question takes effect once, whatever the line loses or
 * doubles. A number that is neither the last nor the next one is left alone.
 *
 * Changes only. PenIn and the state of a board (PenLinkState, watched memory behind it) go as what changed:
 *     base u8 | for each 64 bytes one byte, bit i set: 8-byte group i holds a change | for each such group one byte,
 *     bit i set: byte i changed | the bytes
 * base is the distance to the exchange whose bytes the changes apply to; 0: all bytes zero (the first exchange of a
 * session). Before a PenIn is compared, PenIn.time_us of the base goes on by one tick.
 */
#ifndef PENSIM_PEN_FRAME_H
#define PENSIM_PEN_FRAME_H

#include "pen_shim.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PEN_LINK_VERSION 2u

enum {
  PEN_LINK_INFO = 1,   /* -> PenIdentity; changes nothing */
  PEN_LINK_ECHO = 2,   /* any bytes -> the same bytes; changes nothing */
  PEN_LINK_START = 3,  /* PenLinkStart -> PenLinkStarted: a new session, in which the core stands */
  PEN_LINK_RESET = 4,  /* cause u8 -> nothing; the core is as after power-on or reset and runs with the next tick */
  PEN_LINK_TICK = 5,   /* changes of PenIn -> changes of PenLinkState and watches */
  PEN_LINK_WATCH = 6,  /* count u8, then {address u64, size u8} -> nothing; sent with every tick from now on */
  PEN_LINK_READ = 7,   /* address u64, size u8 -> the bytes */
  PEN_LINK_WRITE = 8,  /* address u64, the bytes -> nothing */
  PEN_LINK_FINDING = 9 /* nothing -> PenLinkFinding, taken from the board's queue */
};
#define PEN_LINK_ANSWER 0x80u
#define PEN_LINK_REFUSED 0xFFu /* the answer to what cannot be done: PEN_REFUSED_* u8 */

enum {
  PEN_REFUSED_TYPE = 1, /* no such question, or its length is wrong */
  PEN_REFUSED_BASE,     /* changes against bytes that the board does not have */
  PEN_REFUSED_ADDRESS,  /* memory that the board does not give away */
  PEN_REFUSED_NO_CORE,  /* a tick before the first reset */
  PEN_REFUSED_FAULT     /* the core has crashed: PEN_LINK_FINDING says where */
};

enum { PEN_LINK_LOCKSTEP, PEN_LINK_REAL_TIME };

#define PEN_BUILD_ID_BYTES 20u
#define PEN_NAME_BYTES 32u

typedef struct PenIdentity {
  uint16_t link_version, shim_version;
  uint32_t tick_us;
  uint32_t session;                                 /* that runs now; 0: none since the board started */
  uint32_t up_us;                                   /* the board's clock */
  uint8_t pointer_bytes, long_bytes;                /* data model */
  uint8_t shape;                                    /* PEN_SHAPE_* */
  uint8_t build_id_bytes;                           /* 0: the image has none */
  uint8_t build_id[PEN_BUILD_ID_BYTES];             /* of the image: NT_GNU_BUILD_ID, what is beyond is left out */
  char core[PEN_NAME_BYTES], board[PEN_NAME_BYTES]; /* ended by a zero */
} PenIdentity;

typedef struct PenLinkStart {
  uint32_t session;  /* not 0 */
  uint32_t previous; /* PenIdentity.session: so a late copy of an older PEN_LINK_START does nothing */
  uint32_t mode;     /* PEN_LINK_* */
  uint32_t reserved;
} PenLinkStart;

typedef struct PenLinkStarted {
  uint32_t session; /* that runs now: another one than asked for if `previous` did not */
  uint32_t reserved;
} PenLinkStarted;

enum { PEN_STATE_RESET_REQUESTED = 1, PEN_STATE_FINDINGS = 2, PEN_STATE_FAULT = 4 };

typedef struct PenLinkState { /* of a board after a tick */
  PenOut out;                 /* real time: level fields as they are, ONCE fields summed up since the last answer */
  uint32_t slept_ns;          /* of the tick's virtual time */
  uint32_t interrupts_lost;   /* since power-on */
  uint8_t flags;              /* PEN_STATE_* */
  uint8_t reserved[3];
  uint32_t time_us;    /* real time: the core's clock; lockstep: 0 */
  uint32_t late_ticks; /* real time: ticks that the board left out since the reset, since it had fallen behind */
} PenLinkState;

enum {
  PEN_LINK_NO_FINDING,
  PEN_LINK_SAYS,     /* kind, text and number as in PenHost.finding (pen_runtime.h) */
  PEN_LINK_SENTENCE, /* text: for people */
  PEN_LINK_CRASH,    /* number: PEN_CRASH_*; address: of the instruction; text: as PEN_CRASH_* has it */
  PEN_LINK_PLACE     /* after a PEN_CRASH_NAMED, innermost first: address; number: line; text: function, tab, file */
};
typedef struct PenLinkFinding {
  uint8_t what; /* PEN_LINK_NO_FINDING .. */
  uint8_t kind; /* PEN_FINDING_* */
  uint16_t reserved;
  uint32_t number;
  uint64_t address;
  char text[160]; /* ended by a zero */
} PenLinkFinding;

enum {
  PEN_CRASH_FAULT = 1, /* of a Cortex-M; text: PenLinkRegisters, also of the next four */
  PEN_CRASH_NO_RETURN, /* the core does not come back from its tick */
  PEN_CRASH_EXIT,      /* exit() */
  PEN_CRASH_ABORT,     /* abort(), assert() */
  PEN_CRASH_WAITS,     /* for what nobody will change; registers of where it waits */
  PEN_CRASH_NAMED      /* of a board that knows better itself; text: kind as in reports, line feed, a sentence */
};

typedef struct PenLinkRegisters { /* of a Cortex-M at a crash */
  uint32_t r[16];                 /* r0..r12, sp before the exception, lr, pc; pc 0: it was lost with the stack */
  uint32_t xpsr;
  uint32_t cfsr, hfsr, mmfar, bfar; /* fault status and address; 0 if it was no fault */
  uint32_t stack_begin, stack_end;  /* of the core */
  uint32_t exit_code;               /* PEN_CRASH_EXIT */
} PenLinkRegisters;

PEN_SHIM_ASSERT(sizeof(PenIdentity) == 104, "part of a versioned contract");
PEN_SHIM_ASSERT(sizeof(PenLinkStart) == 16 && sizeof(PenLinkStarted) == 8, "part of a versioned contract");
PEN_SHIM_ASSERT(sizeof(PenLinkState) == 92 && sizeof(PenLinkFinding) == 176, "part of a versioned contract");
PEN_SHIM_ASSERT(sizeof(PenLinkRegisters) == 96, "part of a versioned contract, and it fits into a finding's text");

#define PEN_LINK_WATCHES 32u
#define PEN_LINK_WATCH_BYTES 8u /* of one watch, at most */
#define PEN_LINK_STATE_BYTES ((uint32_t)sizeof(PenLinkState) + PEN_LINK_WATCHES * PEN_LINK_WATCH_BYTES)
#define PEN_LINK_PAYLOAD 448u                                      /* longest */
#define PEN_LINK_BODY (PEN_LINK_PAYLOAD + 7u)                      /* type, sequence, payload, CRC */
#define PEN_LINK_FRAME (PEN_LINK_BODY + PEN_LINK_BODY / 254u + 2u) /* longest on the wire */

/* ---- out ---- */

/* CRC-32 goes on from `crc`; 0 at the beginning. */
uint32_t pen_crc32(uint32_t crc, const void* bytes, uint32_t count);

/* The frame as it goes on the wire, zero byte included; `frame` has room for PEN_LINK_FRAME. Returns its length; 0 if
 * the payload is longer than PEN_LINK_PAYLOAD. */
uint32_t pen_frame_encode(uint32_t session, uint8_t type, uint16_t sequence, const void* payload, uint32_t count,
                          uint8_t* frame);

/* ---- in ---- */

typedef struct PenFrame {
  uint8_t type;
  uint16_t sequence;
  uint32_t count; /* of the payload */
  const uint8_t* payload;
} PenFrame;

typedef struct PenDecoder { /* begins as zero */
  uint8_t bytes[PEN_LINK_FRAME];
  uint32_t count;
  uint8_t too_long;  /* of the frame that is coming in: the rest of it is thrown away */
  uint32_t damaged;  /* frames thrown away: CRC, length or coding; of another session */
  uint32_t received; /* frames taken */
} PenDecoder;

/* Takes bytes up to the end of a frame; *used says how many. 1: `frame` is whole and its CRC is that of session 0
 * (INFO, ECHO, START and their answers) or of `session`; it is valid until the next call. 0: more bytes are wanted, or
 * what ended here was thrown away. */
int pen_frame_decode(PenDecoder* decoder, uint32_t session, const uint8_t* bytes, uint32_t count, uint32_t* used,
                     PenFrame* frame);

/* ---- changes ---- */

/* What `now` has changed against `before`, both `count` bytes, behind the byte `distance`. `to` has room for
 * PEN_LINK_PAYLOAD. Returns the length; 0 if it does not fit. before == NULL: all zero, and distance is sent as 0. */
uint32_t pen_changes_encode(const void* before, const void* now, uint32_t count, uint8_t distance, uint8_t* to,
                            uint32_t room);

/* Applies changes to `count` bytes that already hold the base. 0 if they are no changes of so many bytes; `bytes` is
 * then as it was. */
int pen_changes_decode(const uint8_t* changes, uint32_t length, void* bytes, uint32_t count);

static inline uint32_t pen_get_u32(const uint8_t* from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}
static inline void pen_put_u32(uint8_t* to, uint32_t value) {
  to[0] = (uint8_t)value;
  to[1] = (uint8_t)(value >> 8);
  to[2] = (uint8_t)(value >> 16);
  to[3] = (uint8_t)(value >> 24);
}

/* Counts that stay within their arrays. */
static inline int pen_in_is_sound(const PenIn* in) {
  return in->edge_count <= PEN_EDGES && in->uart_count <= PEN_UART_BYTES && in->nvm_length <= PEN_NVM_BYTES;
}
static inline int pen_out_is_sound(const PenOut* out) {
  return out->uart_count <= PEN_UART_BYTES && out->nvm_length <= PEN_NVM_BYTES;
}

/* PenIn.time_us of the base before the changes of the next tick are made or applied. */
static inline void pen_expect_next_tick(void* pen_in, uint32_t tick_us) {
  uint8_t* time = (uint8_t*)pen_in;
  pen_put_u32(time, pen_get_u32(time) + tick_us);
}

#ifdef __cplusplus
}
#endif
#endif
