#include "pen_agent.h"

#include <string.h>

#define APART_MOST_US 4000000 /* of the clocks in real time, for the stamps of edges */

void pen_agent_init(PenAgent* agent, const PenAgentBoard* board) {
  memset(agent, 0, sizeof *agent);
  agent->board = board;
}

static uint32_t now_us(const PenAgent* a) { return a->board->now_us(a->board->context); }

static void send(PenAgent* a) { a->board->write(a->board->context, a->answer, a->answer_bytes); }

/* To the question that was taken last; kept for when it comes again. */
static void answer(PenAgent* a, uint8_t type, const void* payload, uint32_t count) {
  a->answer_bytes = pen_frame_encode(a->session, type, a->sequence, payload, count, a->answer);
  send(a);
}

static void refuse(PenAgent* a, uint8_t why) { answer(a, PEN_LINK_REFUSED, &why, 1); }

/* ---- findings ---- */

static void keep_finding(PenAgent* a, const PenLinkFinding* finding) {
  if (a->finding_count == PEN_AGENT_FINDINGS) return;
  a->finding[(a->finding_head + a->finding_count++) % PEN_AGENT_FINDINGS] = *finding;
}

static PenLinkFinding finding_of(uint8_t what, uint32_t number, uint64_t address) {
  PenLinkFinding finding;
  memset(&finding, 0, sizeof finding);
  finding.what = what;
  finding.number = number;
  finding.address = address;
  return finding;
}

static void set_text(PenLinkFinding* finding, const char* text) {
  for (uint32_t i = 0; i + 1u < sizeof finding->text && text[i]; ++i) finding->text[i] = text[i];
}

void pen_agent_finding(PenAgent* a, uint8_t what, uint32_t kind, const char* text, uint32_t number) {
  PenLinkFinding finding = finding_of(what, number, 0);
  finding.kind = (uint8_t)kind;
  set_text(&finding, text);
  keep_finding(a, &finding);
}

static void give_finding(PenAgent* a) {
  PenLinkFinding finding = finding_of(PEN_LINK_NO_FINDING, 0, 0);
  if (a->finding_count) {
    finding = a->finding[a->finding_head];
    a->finding_head = (a->finding_head + 1u) % PEN_AGENT_FINDINGS;
    --a->finding_count;
  }
  answer(a, PEN_LINK_FINDING | PEN_LINK_ANSWER, &finding, sizeof finding);
}

/* ---- the state of the board ---- */

static void answer_tick(PenAgent* a) {
  uint8_t now[PEN_LINK_STATE_BYTES], changes[PEN_LINK_PAYLOAD];
  uint32_t bytes = sizeof a->state;
  a->state.flags = (uint8_t)((a->state.flags & ~(PEN_STATE_FINDINGS | PEN_STATE_FAULT)) |
                             (a->finding_count ? PEN_STATE_FINDINGS : 0) | (a->crashed ? PEN_STATE_FAULT : 0));
  memcpy(now, &a->state, sizeof a->state);
  for (uint32_t i = 0; i < a->watch_count; ++i) {
    if (!a->board->read_memory(a->board->context, a->watch[i].address, now + bytes, a->watch[i].size))
      memset(now + bytes, 0, a->watch[i].size);
    bytes += a->watch[i].size;
  }
  uint8_t distance = (uint8_t)(a->sequence - a->tick_sequence);
  uint32_t count =
      pen_changes_encode(a->has_base ? a->last_state : NULL, now, bytes, distance, changes, sizeof changes);
  memcpy(a->last_state, now, bytes);
  a->has_base = 1;
  a->tick_sequence = a->sequence;
  a->unanswered = 0;
  answer(a, PEN_LINK_TICK | PEN_LINK_ANSWER, changes, count);
}

/* ---- real time: between questions and ticks ---- */

static void take_once(PenAgent* a, uint32_t now) {
  int32_t apart_us = (int32_t)(now + a->clock_offset_us - a->in.time_us);
  apart_us = apart_us > APART_MOST_US ? APART_MOST_US : apart_us < -APART_MOST_US ? -APART_MOST_US : apart_us;
  if (a->timed)
    a->edge_shift_q8_us += (apart_us * 256 - a->edge_shift_q8_us) / 64;
  else
    a->edge_shift_q8_us = 0;
  for (uint32_t i = 0; i < a->in.edge_count && i < PEN_EDGES; ++i) {
    if (a->once.edge_count == PEN_EDGES) {
      a->once.edge_overflow = 1;
      break;
    }
    PenEdge* edge = &a->once.edges[a->once.edge_count++];
    *edge = a->in.edges[i];
    edge->time_us += (uint32_t)(a->edge_shift_q8_us / 256);
  }
  if (a->in.edge_overflow) a->once.edge_overflow = 1;
  for (uint32_t i = 0; i < a->in.uart_count && a->typed_count < PEN_AGENT_UART; ++i)
    a->typed[a->typed_count++] = a->in.uart[i];
  if (a->in.nvm_status >= PEN_NVM_DONE) {
    a->once.nvm_status = a->in.nvm_status;
    a->once.nvm_length = a->in.nvm_length;
    memcpy(a->once.nvm_data, a->in.nvm_data, sizeof a->once.nvm_data);
  }
}

/* Up to PEN_UART_BYTES from the front of a queue; the rest of `to` is zero. */
static uint32_t take_bytes(uint8_t* queue, uint32_t* count, uint8_t* to) {
  const uint32_t bytes = *count < PEN_UART_BYTES ? *count : PEN_UART_BYTES;
  memset(to, 0, PEN_UART_BYTES);
  memcpy(to, queue, bytes);
  memmove(queue, queue + bytes, *count - bytes);
  *count -= bytes;
  return bytes;
}

static void give_once(PenAgent* a, PenIn* in) {
  *in = a->in;
  in->time_us = a->next_tick_us + a->clock_offset_us;
  in->edge_count = a->once.edge_count;
  in->edge_overflow = a->once.edge_overflow;
  memcpy(in->edges, a->once.edges, sizeof in->edges);
  in->uart_count = (uint8_t)take_bytes(a->typed, &a->typed_count, in->uart);
  in->nvm_length = a->once.nvm_length;
  memcpy(in->nvm_data, a->once.nvm_data, sizeof in->nvm_data);
  if (a->once.nvm_status)
    in->nvm_status = a->once.nvm_status;
  else if (in->nvm_status >= PEN_NVM_DONE)
    in->nvm_status = PEN_NVM_IDLE; /* was shown */
  memset(&a->once, 0, sizeof a->once);
}

/* LEVEL fields as they are now, ONCE fields up to the next answer. */
static void sum_up(PenAgent* a, const PenOut* out) {
  PenOut sum = *out;
  const PenOut* before = &a->state.out;
  sum.watchdog |= before->watchdog;
  if (!(out->watchdog & PEN_WATCHDOG_START)) sum.watchdog_timeout_ms = before->watchdog_timeout_ms;
  int32_t steps = (int32_t)before->stepper_steps + out->stepper_steps;
  sum.stepper_steps = (int16_t)(steps > 32767 ? 32767 : steps < -32768 ? -32768 : steps);
  if (before->nvm_command) {
    sum.nvm_command = before->nvm_command;
    sum.nvm_bank = before->nvm_bank;
    sum.nvm_length = before->nvm_length;
    sum.nvm_address = before->nvm_address;
    memcpy(sum.nvm_data, before->nvm_data, sizeof sum.nvm_data);
  }
  for (uint32_t i = 0; i < out->uart_count && a->uart_count < PEN_AGENT_UART; ++i)
    a->uart[a->uart_count++] = out->uart[i];
  sum.uart_count = 0;
  memset(sum.uart, 0, sizeof sum.uart);
  a->state.out = sum;
}

/* What shows in one tick only, and was shown. */
static void forget_once(PenOut* out) {
  out->watchdog = 0;
  out->stepper_steps = 0;
  memset((uint8_t*)out + offsetof(PenOut, watchdog_timeout_ms), 0,
         offsetof(PenOut, aux) - offsetof(PenOut, watchdog_timeout_ms));
}

static void answer_in_real_time(PenAgent* a, uint32_t now) {
  PenOut* out = &a->state.out;
  out->uart_count = (uint8_t)take_bytes(a->uart, &a->uart_count, out->uart);
  a->state.time_us = now + a->clock_offset_us;
  answer_tick(a);
  forget_once(out);
}

/* ---- questions ---- */

static void identify(PenAgent* a, uint16_t sequence) {
  PenIdentity identity = a->board->identity;
  uint8_t frame[PEN_LINK_FRAME];
  identity.session = a->session;
  identity.up_us = now_us(a);
  a->board->write(a->board->context, frame,
                  pen_frame_encode(0, PEN_LINK_INFO | PEN_LINK_ANSWER, sequence, &identity, sizeof identity, frame));
}

static void echo(PenAgent* a, const PenFrame* question) {
  uint8_t frame[PEN_LINK_FRAME];
  a->board->write(a->board->context, frame,
                  pen_frame_encode(0, PEN_LINK_ECHO | PEN_LINK_ANSWER, question->sequence, question->payload,
                                   question->count, frame));
}

static void begin_session(PenAgent* a, const PenFrame* question) {
  PenLinkStart start;
  PenLinkStarted started = {0, 0};
  uint8_t frame[PEN_LINK_FRAME];
  if (question->count != sizeof start) return;
  memcpy(&start, question->payload, sizeof start);
  if (start.session && start.session != a->session && start.previous == a->session) {
    const PenAgentBoard* board = a->board;
    const PenDecoder decoder = a->decoder;
    const uint32_t at = a->input_at, count = a->input_count;
    uint8_t input[sizeof a->input];
    memcpy(input, a->input, sizeof input);
    pen_agent_init(a, board);
    a->decoder = decoder;
    memcpy(a->input, input, sizeof input);
    a->input_at = at;
    a->input_count = count;
    a->session = start.session;
    a->mode = start.mode;
  }
  started.session = a->session;
  a->board->write(
      a->board->context, frame,
      pen_frame_encode(0, PEN_LINK_START | PEN_LINK_ANSWER, question->sequence, &started, sizeof started, frame));
}

static void take_reset(PenAgent* a, uint8_t cause) {
  a->reset_cause = cause;
  a->reset_due = 1;
  a->running = 1;
  a->crashed = 0;
  a->timed = 0;
  a->uart_count = a->typed_count = 0;
  memset(&a->once, 0, sizeof a->once);
  memset(&a->state, 0, sizeof a->state);
  answer(a, PEN_LINK_RESET | PEN_LINK_ANSWER, NULL, 0);
}

static void take_tick(PenAgent* a, const PenFrame* question) {
  if (!a->running) return refuse(a, PEN_REFUSED_NO_CORE);
  if (a->crashed) return refuse(a, PEN_REFUSED_FAULT);
  if (question->count == 0) return refuse(a, PEN_REFUSED_TYPE);
  const uint8_t distance = question->payload[0];
  PenIn in;
  memset(&in, 0, sizeof in);
  if (distance) {
    if (!a->has_base || (uint16_t)(a->sequence - distance) != a->tick_sequence) return refuse(a, PEN_REFUSED_BASE);
    in = a->in;
    pen_expect_next_tick(&in, a->board->identity.tick_us);
  }
  if (!pen_changes_decode(question->payload, question->count, &in, sizeof in)) return refuse(a, PEN_REFUSED_TYPE);
  if (!pen_in_is_sound(&in)) return refuse(a, PEN_REFUSED_TYPE);
  a->in = in;
  if (!distance) a->has_base = 0;
  if (a->mode == PEN_LINK_LOCKSTEP) {
    a->unanswered = 1;
    return;
  }
  const uint32_t now = now_us(a);
  if (!a->timed) {
    a->clock_offset_us = in.time_us - now;
    a->next_tick_us = now;
  }
  take_once(a, now);
  a->timed = 1;
  answer_in_real_time(a, now);
}

static uint64_t get_u64(const uint8_t* from) { return pen_get_u32(from) | (uint64_t)pen_get_u32(from + 4) << 32; }

static void take_watches(PenAgent* a, const PenFrame* question) {
  const uint8_t* at = question->payload;
  if (question->count < 1u || at[0] > PEN_LINK_WATCHES || question->count != 1u + at[0] * 9u)
    return refuse(a, PEN_REFUSED_TYPE);
  for (uint32_t i = 0; i < at[0]; ++i) {
    const uint8_t* one = at + 1 + i * 9u;
    uint8_t value[PEN_LINK_WATCH_BYTES];
    if (one[8] == 0 || one[8] > PEN_LINK_WATCH_BYTES) return refuse(a, PEN_REFUSED_TYPE);
    if (!a->board->read_memory(a->board->context, get_u64(one), value, one[8])) return refuse(a, PEN_REFUSED_ADDRESS);
  }
  a->watch_count = at[0];
  for (uint32_t i = 0; i < at[0]; ++i) {
    a->watch[i].address = get_u64(at + 1 + i * 9u);
    a->watch[i].size = at[1u + i * 9u + 8u];
  }
  a->has_base = 0;
  answer(a, PEN_LINK_WATCH | PEN_LINK_ANSWER, NULL, 0);
}

static void read_memory(PenAgent* a, const PenFrame* question) {
  uint8_t bytes[64];
  const uint8_t* at = question->payload;
  if (question->count != 9u || at[8] > sizeof bytes) return refuse(a, PEN_REFUSED_TYPE);
  if (!a->board->read_memory(a->board->context, get_u64(at), bytes, at[8])) return refuse(a, PEN_REFUSED_ADDRESS);
  answer(a, PEN_LINK_READ | PEN_LINK_ANSWER, bytes, at[8]);
}

static void write_memory(PenAgent* a, const PenFrame* question) {
  if (question->count < 9u || question->count > 8u + 64u) return refuse(a, PEN_REFUSED_TYPE);
  if (!a->board->write_memory(a->board->context, get_u64(question->payload), question->payload + 8,
                              question->count - 8u))
    return refuse(a, PEN_REFUSED_ADDRESS);
  answer(a, PEN_LINK_WRITE | PEN_LINK_ANSWER, NULL, 0);
}

static void take(PenAgent* a, const PenFrame* question) {
  switch (question->type) {
    case PEN_LINK_INFO:
      return identify(a, question->sequence);
    case PEN_LINK_ECHO:
      return echo(a, question);
    case PEN_LINK_START:
      return begin_session(a, question);
    default:
      break;
  }
  if (!a->session || question->type & PEN_LINK_ANSWER) return;
  if (question->sequence == a->sequence && a->answer_bytes) {
    ++a->resent;
    return send(a);
  }
  if (question->sequence != (uint16_t)(a->sequence + 1u)) return; /* an old one that was under way for long */
  a->sequence = question->sequence;
  a->answer_bytes = 0;
  switch (question->type) {
    case PEN_LINK_RESET:
      return question->count == 1 ? take_reset(a, question->payload[0]) : refuse(a, PEN_REFUSED_TYPE);
    case PEN_LINK_TICK:
      return take_tick(a, question);
    case PEN_LINK_WATCH:
      return take_watches(a, question);
    case PEN_LINK_READ:
      return read_memory(a, question);
    case PEN_LINK_WRITE:
      return write_memory(a, question);
    case PEN_LINK_FINDING:
      return give_finding(a);
    default:
      return refuse(a, PEN_REFUSED_TYPE);
  }
}

static void receive(PenAgent* a, uint32_t wait_us) {
  if (a->input_at == a->input_count) {
    a->input_at = 0;
    a->input_count = a->board->read(a->board->context, a->input, sizeof a->input, wait_us);
  }
  if (a->input_at == a->input_count) return;
  uint32_t used = 0;
  PenFrame question;
  const int whole =
      pen_frame_decode(&a->decoder, a->session, a->input + a->input_at, a->input_count - a->input_at, &used, &question);
  a->input_at += used;
  if (whole) take(a, &question);
}

/* ---- the core ---- */

/* 1: a tick is due now; else how long to wait for it. */
static int tick_is_due(PenAgent* a, uint32_t* wait_us) {
  *wait_us = 100000u;
  if (!a->running || a->crashed || !a->timed) return 0;
  const int32_t behind_us = (int32_t)(now_us(a) - a->next_tick_us);
  if (behind_us < 0) {
    *wait_us = (uint32_t)-behind_us;
    return 0;
  }
  if (behind_us > (int32_t)PEN_AGENT_BEHIND_US) {
    const uint32_t left_out = (uint32_t)behind_us / a->board->identity.tick_us;
    a->state.late_ticks += left_out;
    a->next_tick_us += left_out * a->board->identity.tick_us;
  }
  return 1;
}

int pen_agent_next(PenAgent* a, PenIn* in) {
  for (;;) {
    if (a->stop) return PEN_AGENT_STOPPED;
    if (a->reset_due) {
      a->reset_due = 0;
      return PEN_AGENT_RESET;
    }
    uint32_t wait_us = 100000u;
    if (a->mode == PEN_LINK_LOCKSTEP) {
      if (a->unanswered) {
        *in = a->in;
        return PEN_AGENT_TICK;
      }
    } else if (tick_is_due(a, &wait_us)) {
      receive(a, 0); /* what has come in belongs to this tick */
      if (a->reset_due || !a->timed) continue;
      give_once(a, in);
      a->next_tick_us += a->board->identity.tick_us;
      return PEN_AGENT_TICK;
    }
    receive(a, wait_us);
  }
}

void pen_agent_done(PenAgent* a, const PenOut* out, uint32_t slept_ns, uint32_t interrupts_lost, uint8_t flags) {
  a->state.slept_ns = slept_ns;
  a->state.interrupts_lost = interrupts_lost;
  if (a->mode == PEN_LINK_LOCKSTEP) {
    a->state.out = *out;
    a->state.flags = flags;
    if (a->unanswered) answer_tick(a);
  } else {
    a->state.flags = (uint8_t)(a->state.flags | flags); /* until the next reset */
    sum_up(a, out);
  }
}

void pen_agent_crash(PenAgent* a, uint32_t crash, uint64_t address, const void* text, uint32_t bytes) {
  PenLinkFinding finding = finding_of(PEN_LINK_CRASH, crash, address);
  memcpy(finding.text, text, bytes < sizeof finding.text ? bytes : sizeof finding.text);
  a->finding_head = a->finding_count = 0; /* this one counts, and its places */
  keep_finding(a, &finding);
  a->crashed = 1;
  if (a->mode != PEN_LINK_LOCKSTEP || !a->unanswered) return;
  forget_once(&a->state.out);
  answer_tick(a);
}

void pen_agent_place(PenAgent* a, uint64_t address, const char* function_tab_file, uint32_t line) {
  PenLinkFinding place = finding_of(PEN_LINK_PLACE, line, address);
  set_text(&place, function_tab_file);
  keep_finding(a, &place);
}
