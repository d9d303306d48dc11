/* pen_agent.h - the board's end of the link: answers frames (pen_frame.h), says when the core has its next tick. C11.
 *
 * It allocates nothing, needs no interrupt and no operating system; what the board gives is three functions that move
 * bytes and tell the time, and two that read and write memory. The board's main():
 *
 *     pen_agent_init(&agent, &board);
 *     for (;;) switch (pen_agent_next(&agent, &in)) {
 *       case PEN_AGENT_RESET: put the core back to its beginning; agent.reset_cause says why
 *       case PEN_AGENT_TICK:  one tick of the core with `in`; pen_agent_done(&agent, &out, ...)
 *     }
 *
 * pen_board.h does that for a core with the runtime of pensim_add_core; a core that waits calls the same two functions
 * from inside, where it gives up control.
 *
 * Lockstep: a tick for each question, the answer after it. Real time: ticks by the board's clock, each with the newest
 * levels; what shows in one tick only (edges, bytes, results of the memory) is given to one tick; what the core puts
 * out in one tick only is summed up to the next answer. A core that falls behind runs its ticks back to back; beyond
 * PEN_AGENT_BEHIND_US they are left out and counted.
 *
 * Real time, clocks. The core's clock is the board's, set to the simulator's by the first question after a reset; the
 * stamps of edges are the simulator's and are moved by how far the clocks have come apart since, as a mean over some 64
 * questions, so that periods between edges stay as they were.
 */
#ifndef PENSIM_PEN_AGENT_H
#define PENSIM_PEN_AGENT_H

#include "pen_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PEN_AGENT_BEHIND_US 100000u
#define PEN_AGENT_FINDINGS 4u
#define PEN_AGENT_PLACES (PEN_AGENT_FINDINGS - 1u)
#define PEN_AGENT_UART 64u

typedef struct PenAgentBoard {
  void* context; /* first argument of the functions */
  /* Received bytes, at most `room`; where there are none waits up to wait_us for the first, or less. */
  uint32_t (*read)(void* context, void* to, uint32_t room, uint32_t wait_us);
  void (*write)(void* context, const void* bytes, uint32_t count); /* all of them, or they are lost */
  uint32_t (*now_us)(void* context);                               /* goes round at 2^32 */
  /* 0: not memory of the core. */
  int (*read_memory)(void* context, uint64_t address, void* to, uint32_t count);
  int (*write_memory)(void* context, uint64_t address, const void* from, uint32_t count);
  PenIdentity identity; /* session and up_us apart */
} PenAgentBoard;

enum { PEN_AGENT_TICK, PEN_AGENT_RESET, PEN_AGENT_STOPPED };

typedef struct PenAgent {
  const PenAgentBoard* board;
  uint8_t stop; /* set by the board's functions: pen_agent_next returns PEN_AGENT_STOPPED */
  uint8_t reset_cause;
  uint32_t resent; /* answers given again */

  /* the line */
  PenDecoder decoder;
  uint8_t input[256];
  uint32_t input_at, input_count;

  /* the session */
  uint32_t session, mode;
  uint16_t sequence;      /* of the last question taken */
  uint16_t tick_sequence; /* of the last tick, the base of changes */
  uint8_t has_base, running, crashed, unanswered;
  uint8_t reset_due;
  uint8_t answer[PEN_LINK_FRAME]; /* to `sequence` */
  uint32_t answer_bytes;          /* 0: not answered yet */
  PenIn in;
  PenLinkState state;
  uint8_t last_state[PEN_LINK_STATE_BYTES];
  struct {
    uint64_t address;
    uint32_t size;
  } watch[PEN_LINK_WATCHES];
  uint32_t watch_count;
  PenLinkFinding finding[PEN_AGENT_FINDINGS];
  uint32_t finding_head, finding_count;

  /* real time */
  PenIn once;                   /* edges, result of the memory for the next tick */
  uint8_t timed;                /* the clock is set */
  uint32_t next_tick_us;        /* on the board's clock */
  uint32_t clock_offset_us;     /* core's clock minus the board's */
  int32_t edge_shift_q8_us;     /* 1/256 us: to be added to stamps of edges */
  uint8_t uart[PEN_AGENT_UART]; /* of the core, for the next answers */
  uint32_t uart_count;
  uint8_t typed[PEN_AGENT_UART]; /* for the core's next ticks: questions may come closer than ticks */
  uint32_t typed_count;
} PenAgent;

/* `board` stays where it is. */
void pen_agent_init(PenAgent* agent, const PenAgentBoard* board);

/* Serves the line until the core has something to do. */
int pen_agent_next(PenAgent* agent, PenIn* in);

/* After each PEN_AGENT_TICK. flags: PEN_STATE_RESET_REQUESTED. */
void pen_agent_done(PenAgent* agent, const PenOut* out, uint32_t slept_ns, uint32_t interrupts_lost, uint8_t flags);

/* For the simulator's report: of the core, as PenHost.finding gives it (PEN_LINK_SAYS), or a sentence
 * (PEN_LINK_SENTENCE; kind and number 0). What does not fit into the queue is lost. */
void pen_agent_finding(PenAgent* agent, uint8_t what, uint32_t kind, const char* text, uint32_t number);

/* The core has crashed (PEN_CRASH_*) at an instruction; text: `bytes` of what goes with that kind. The tick that waits
 * is answered, and no tick is taken until the next reset. Goes on with pen_agent_next. */
void pen_agent_crash(PenAgent* agent, uint32_t crash, uint64_t address, const void* text, uint32_t bytes);

/* For PEN_CRASH_NAMED, after pen_agent_crash: where the core was, innermost first, at most PEN_AGENT_PLACES. */
void pen_agent_place(PenAgent* agent, uint64_t address, const char* function_tab_file, uint32_t line);

#ifdef __cplusplus
}
#endif
#endif
