/* pen_waiting.c - a core with a main() that never returns (shapes b and c).
 *
 * main() and all handlers live on one stack, as on a Cortex-M with one stack pointer. Virtual time moves where the core
 * waits; when it reaches the end of a tick, control goes to the host and comes back with the next PenIn. Then:
 *   1. each edge's handlers, in time order, the clock at the stamp + 2 us
 *   2. periodic handlers that are due become pending, and what may run runs, most urgent first
 *   3. what was interrupted goes on
 * A handler runs as a call from the place where the core waits, so a debugger shows handler <- wait <- main(). It may
 * itself wait, and a more urgent one then runs on top of it. In the first tick main() starts first: nothing can
 * interrupt it before its first wait.
 */
#include "pen_waiting.h"

#include <string.h>

#define EDGE_LATENCY_US 2u
#define EDGE_QUEUE 64u /* a power of two */

PenTime pen_time;

static struct {
  PenEdge edges[EDGE_QUEUE]; /* not answered yet */
  uint32_t edge_head, edge_tail;
  uint64_t due; /* periodic handlers whose time has come in this tick */
  uint32_t tick, next_due_tick;
  PenOut out_before;
  uint64_t out_changed_ns, kicked_ns;
  uint32_t measured; /* outputs(), when act_delay_ns was last looked at */
  uint8_t watchdog_started, kicks_told, stays_told;
} core;

/* ---- what the running context waits for ---- */

static int is_input(uint64_t address) { return address - PEN_IN_ADDRESS < sizeof(PenIn); }

static int register_kind(uint64_t address) {
#if PEN_CORE_SHAPE == 2
  return pen_register_known(address);
#else
  (void)address;
  return 0;
#endif
}

void pen_new_address(uint64_t address, uint32_t size) {
  PenWait* wait = &pen_time.wait;
  if (wait->address[0] && wait->address[1]) {
    wait->moved = 1;
    wait->address[0] = wait->address[1] = 0;
  }
  uint32_t slot = wait->address[0] ? 1u : 0u;
  wait->address[slot] = address;
  wait->size[slot] = (uint8_t)size;
  if (pen_time.running && (is_input(address) || register_kind(address)))
    pen_time.running->outside_ns = pen_time.now_ns + 1;
}

/* Could anything still answer the wait? The rule stands in native_target.h. */
static int answerable(void) {
  const PenWait* wait = &pen_time.wait;
  uint32_t addresses = 0, dead = 0;
  for (uint32_t i = 0; i < 2; ++i) {
    if (!wait->before[i]) continue;
    ++addresses;
    int kind = register_kind(wait->before[i]);
    if (is_input(wait->before[i]) || kind == 2) return 1;
    if (kind == 1) ++dead;
  }
  if (addresses && dead == addresses) return 0;
  if (pen_threads_exist() && !pen_time.running && !pen_time.primask) return 1; /* another thread */
  for (uint32_t i = 0; i < pen_time.handler_count; ++i) {
    const PenHandler* h = &pen_time.handler[i];
    if (!(pen_time.enabled & (1ull << i))) continue;
    if ((uint32_t)(h->priority >> pen_time.subpriority_bits) >= pen_time.level) continue;
    if (!wait->asleep && (pen_time.primask || pen_time.faultmask)) continue;
    if (pen_time.basepri && h->priority >= pen_time.basepri) continue;
    if (!h->on_edge && !h->period_ticks && !(h->irq == PEN_IRQ_SYSTICK && pen_time.systick_ns != UINT64_MAX)) continue;
    if (h->ran_ns <= wait->since_ns || h->outside_ns > wait->since_ns || pen_status.polls == 0) return 1;
  }
  return 0;
}

/* A kick of the watchdog is no sign of life: handlers give it while main() is dead. */
static void watch_outputs(void) {
  if (pen_out.watchdog & PEN_WATCHDOG_START) core.watchdog_started = 1;
  if (pen_out.watchdog & PEN_WATCHDOG_KICK) core.kicked_ns = pen_time.now_ns;
  PenOut now = pen_out;
  now.watchdog = 0;
  const uint32_t *words = (const uint32_t*)&now, *before = (const uint32_t*)&core.out_before;
  uint32_t differences = 0;
  for (uint32_t i = 0; i < sizeof now / 4u; ++i) differences |= words[i] ^ before[i];
  if (!differences) return;
  core.out_before = now;
  core.out_changed_ns = pen_time.now_ns;
}

static void watch_for_hang(void) {
  PenWait* wait = &pen_time.wait;
  watch_outputs();

  /* Does it still do what it did in the last tick, and does it still read the same? Then the wait goes on. */
  uint64_t value[2] = {0, 0};
  for (uint32_t i = 0; i < 2; ++i) {
    uint64_t a = wait->address[i];
    if (!a) continue;
    value[i] = pen_value_at(a, wait->size[i]);
    if (!(a == wait->before[0] && value[i] == wait->value[0]) && !(a == wait->before[1] && value[i] == wait->value[1]))
      wait->moved = 1;
  }
#ifndef PEN_ELSEWHERE
  const PenHandler* h = pen_time.running;
  if (h && !core.stays_told && pen_time.now_ns - h->ran_ns >= 1000000000u) {
    core.stays_told = 1;
    pen_host->finding(pen_host->target, PEN_FINDING_HANDLER_STAYS, "", (uint32_t)(uintptr_t)h->run);
  }
#endif
  int waits = wait->asleep || wait->address[0];
  if (wait->moved || !waits) wait->since_ns = pen_time.now_ns;
  wait->moved = 0;
  for (uint32_t i = 0; i < 2; ++i) { /* no memcpy: the core's calls of it are looked at (pen_told.c) */
    wait->before[i] = wait->address[i];
    wait->value[i] = value[i];
    wait->address[i] = 0;
  }
  pen_status.waits_for[0] = wait->before[0];
  pen_status.waits_for[1] = wait->before[1];
  pen_status.wait_since_ns = wait->since_ns;
  pen_status.now_ns = pen_time.now_ns;
  int kicked = core.watchdog_started && core.kicked_ns > wait->since_ns;
  if ((core.watchdog_started && !kicked) || pen_status.hang || !waits) return;
  uint64_t limit_ns = (pen_port.unanswered_ms ? pen_port.unanswered_ms : 1000u) * 1000000ull;
  if (pen_time.now_ns - wait->since_ns < limit_ns) return;
  if (pen_port.unanswered_ms || (pen_time.now_ns - core.out_changed_ns >= limit_ns && !answerable())) {
    pen_status.hang = 1;
  } else if (kicked && !wait->asleep && !core.kicks_told) {
    core.kicks_told = 1;
    pen_host->finding(pen_host->target, PEN_FINDING_KICKED, "",
                      (uint32_t)((core.kicked_ns - wait->since_ns) / 1000000u));
  }
}

/* ---- handlers ---- */

void pen_call_frozen(void (*function)(void)) {
  uint64_t now_ns = pen_time.now_ns;
  uint64_t polls = pen_status.polls;
  PenWait wait = pen_time.wait;
  uint32_t plain_left = pen_plain_left;
  ++pen_time.frozen;
  pen_time.deadline_ns = UINT64_MAX;
  pen_plain_left = 1;
  function();
  pen_plain_left = plain_left;
  pen_time.now_ns = now_ns;
  pen_time.wait = wait;
  pen_status.polls = polls;
  if (--pen_time.frozen == 0) pen_new_deadline();
}

void pen_new_deadline(void) {
  if (pen_time.frozen)
    pen_time.deadline_ns = UINT64_MAX;
  else if (pen_time.register_written || core.due || core.edge_head != core.edge_tail)
    pen_time.deadline_ns = 0; /* at the next wait */
  else
    pen_time.deadline_ns = pen_time.tick_end_ns < pen_time.systick_ns ? pen_time.tick_end_ns : pen_time.systick_ns;
}

static void flush(void) {
#if PEN_CORE_SHAPE == 2
  if (pen_time.register_written) pen_flush_register();
#endif
}

static void call_sync_in(void) { PEN_CALL(pen_port.sync_in); }
static void call_sync_out(void) { PEN_CALL(pen_port.sync_out); }

static void sync_in(void) {
  if (!pen_port.sync_in) return;
  ++pen_time.feeding;
  pen_call_frozen(call_sync_in);
  --pen_time.feeding;
}

void pen_sync_out(void) {
  if (pen_port.sync_out) pen_call_frozen(call_sync_out);
}

static void sync_out(void) {
  flush();
  pen_sync_out();
}

/* Another number, almost surely, where pen_out is another. */
static uint32_t outputs(void) {
  const uint32_t* words = (const uint32_t*)&pen_out;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < sizeof pen_out / 4u; ++i) sum = (sum ^ words[i]) * 2654435761u;
  return sum;
}

static void measure(uint64_t sensed_ns) {
  if (!pen_status.measures) return;
  uint32_t now = outputs();
  if (now != core.measured) pen_status.act_delay_ns = (uint32_t)(pen_time.now_ns - sensed_ns);
  core.measured = now;
}

void pen_pend(PenHandler* handler) {
  uint64_t bit = 1ull << (handler - pen_time.handler);
  if (!(pen_time.enabled & bit)) return;
  handler->sensed_ns = pen_time.tick_begin_ns;
  if (pen_time.pending & bit) ++pen_status.interrupts_lost;
  pen_time.pending |= bit;
  ++pen_time.wakes;
}

static void run_handler(PenHandler* h) {
  PenHandler* outer = pen_time.running;
  uint32_t outer_level = pen_time.level;
  int64_t outer_offset_ns = pen_time.clock_offset_ns;
  uint64_t outer_frame = pen_time.handler_frame;
  PenWait outer_wait = pen_time.wait;
  PenPlain outer_plain = pen_time.plain;
  uint32_t outer_plain_left = pen_plain_left;
  uint64_t sensed_ns = h->sensed_ns; /* it may become pending again */

  pen_time.clock_offset_ns = 0;
  if (h->fresh) {
    int32_t from_tick_us = (int32_t)(h->edge.time_us + EDGE_LATENCY_US - pen_in.time_us);
    int64_t stamp_ns = (int64_t)pen_time.tick_begin_ns + (int64_t)from_tick_us * 1000;
    if (stamp_ns > (int64_t)pen_time.now_ns)
      pen_time.now_ns = (uint64_t)stamp_ns; /* later than the tick: the latency is waited out */
    else
      pen_time.clock_offset_ns = stamp_ns - (int64_t)pen_time.now_ns;
    h->fresh = 0;
  }
  h->answering = h->edge;
  pen_time.pending &= ~(1ull << (h - pen_time.handler));
  pen_time.running = h;
  pen_time.handler_frame = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  pen_time.level = (uint32_t)(h->priority >> pen_time.subpriority_bits);
  h->ran_ns = pen_time.now_ns + 1;
  ++pen_time.runs;
  memset(&pen_time.wait, 0, sizeof pen_time.wait);
  pen_time.wait.moved = 1;
  pen_plain_begin(&pen_time.plain, h->loops);
#if PEN_CORE_SHAPE == 2
  pen_cortex_handler_edge();
#endif
  sync_in();
  pen_smear_own_stack();
  if (pen_host->cost_ns && h < pen_time.handler + pen_port.interrupt_count + pen_port.task_count)
    pen_spend(pen_host->cost_ns(pen_host->target, (uint32_t)(h - pen_time.handler)));
  PEN_CALL_HANDLER(h);
  h->loops = pen_time.plain.known;
  sync_out();
  measure(sensed_ns);
#if PEN_CORE_SHAPE == 2
  pen_cortex_handler_edge();
#endif
  pen_time.running = outer;
  pen_time.level = outer_level;
  pen_time.handler_frame = outer_frame;
  pen_time.clock_offset_ns = outer_offset_ns;
  pen_time.wait = outer_wait;
  pen_time.plain = outer_plain;
  pen_plain_left = outer_plain_left;
}

/* The most urgent pending handler that may interrupt what runs, until there is none. Equal priorities: order of the
 * tables. */
static void dispatch(void) {
  for (;;) {
    uint64_t ready = pen_time.pending & pen_time.enabled;
    if (!ready) return;
    PEN_READ_MASKS();
    if (pen_time.primask || pen_time.faultmask || pen_time.frozen) return;
    PenHandler* best = NULL;
    for (; ready; ready &= ready - 1) {
      PenHandler* h = &pen_time.handler[__builtin_ctzll(ready)];
      if (!best || h->priority < best->priority) best = h;
    }
    if ((uint32_t)(best->priority >> pen_time.subpriority_bits) >= pen_time.level) return;
    if (pen_time.basepri && best->priority >= pen_time.basepri) return;
    run_handler(best);
  }
}

void pen_settle(void) {
  flush();
  if (pen_time.frozen) return;
  while (core.edge_head != core.edge_tail) {
    PenEdge edge = core.edges[core.edge_head++ & (EDGE_QUEUE - 1u)];
    uint64_t answered = 0;
    for (uint32_t i = 0; i < pen_time.handler_count; ++i) {
      PenHandler* h = &pen_time.handler[i];
      if (!h->on_edge || h->line != edge.line || !(edge.level ? h->rising : h->falling)) continue;
      pen_pend(h);
      h->edge = edge;
      h->fresh = 1;
      h->sensed_ns = pen_time.tick_begin_ns - (pen_in.time_us - edge.time_us) * 1000ull;
      answered |= 1ull << i;
    }
    dispatch();
    for (; answered; answered &= answered - 1) pen_time.handler[__builtin_ctzll(answered)].fresh = 0;
  }
  for (; core.due; core.due &= core.due - 1) pen_pend(&pen_time.handler[__builtin_ctzll(core.due)]);
  do dispatch();
  while (pen_threads_switch());
}

/* ---- ticks ---- */

static void take_events(void) {
  for (uint32_t e = 0; e < pen_in.edge_count; ++e) {
    PenEdge* edge = &core.edges[core.edge_tail++ & (EDGE_QUEUE - 1u)];
    edge->time_us = pen_in.edges[e].time_us;
    edge->line = pen_in.edges[e].line;
    edge->level = pen_in.edges[e].level;
    edge->reserved = 0;
  }
  if ((int32_t)(core.tick - core.next_due_tick) >= 0) {
    uint32_t soonest = 1u << 30;
    for (uint32_t i = 0; i < pen_time.handler_count; ++i) {
      PenHandler* h = &pen_time.handler[i];
      if (!h->period_ticks) continue;
      if (h->due_tick == core.tick) {
        h->due_tick += h->period_ticks;
        if (core.due & (1ull << i)) ++pen_status.interrupts_lost;
        core.due |= 1ull << i;
      }
      if (h->due_tick - core.tick < soonest) soonest = h->due_tick - core.tick;
    }
    core.next_due_tick = core.tick + soonest;
  }
  ++core.tick;
}

static void next_tick(void) {
  sync_out();
  pen_uart_end_tick();
  measure(pen_time.tick_begin_ns);
  watch_for_hang();
  pen_host->yield(pen_host->target);
  pen_time.tick_begin_ns = pen_time.tick_end_ns;
  pen_time.tick_end_ns += pen_port.tick_us * 1000ull;
  pen_new_deadline();
  pen_status.slept_ns = 0;
  pen_outputs_begin_tick();
  if (pen_status.measures) core.measured = outputs();
  take_events();
  sync_in();
}

#ifndef PEN_ELSEWHERE
/* A handler that switched to a stack of the firmware's own (swapcontext and its kind) has returned, as far as
 * priorities
 * go: the task there runs at the level of main(). When that stack is left again, run_handler() goes on by itself. */
static void leave_handler_of_another_stack(void) {
  uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0), frame = pen_time.handler_frame;
  uint64_t low = frame - pen_host->stack_begin < pen_host->stack_end - pen_host->stack_begin ? pen_host->stack_begin
                                                                                             : frame - 65536u;
  if (here < frame && here >= low) return;
  pen_time.running = NULL;
  pen_time.level = PEN_THREAD_LEVEL;
  pen_time.clock_offset_ns = 0;
}
#endif

void pen_time_passes(void) {
  if (pen_time.frozen) return;
#ifndef PEN_ELSEWHERE
  if (pen_time.running) leave_handler_of_another_stack();
#endif
  do {
    flush();
#if PEN_CORE_SHAPE == 2
    if (pen_time.now_ns >= pen_time.systick_ns) pen_cortex_systick();
#endif
    if (pen_time.now_ns >= pen_time.tick_end_ns) next_tick();
    pen_settle();
    pen_new_deadline();
  } while (pen_time.now_ns >= pen_time.deadline_ns);
}

/* ---- what the core calls ---- */

uint64_t pen_clock_ns(void) { return pen_time.now_ns + (uint64_t)pen_time.clock_offset_ns; }

void pen_clock_wait(void) {
  flush();
  pen_progress();
  if (pen_time.running) pen_time.running->outside_ns = pen_time.now_ns + 1;
  pen_spend(PEN_CLOCK_NS);
}

uint32_t pen_clock_read(void) {
  int64_t in_tick_ns = (int64_t)pen_clock_ns() - (int64_t)pen_time.tick_begin_ns;
  return pen_in.time_us + (uint32_t)((in_tick_ns + 1000000000) / 1000 - 1000000); /* the quotient rounds down */
}

uint32_t pen_clock_us(void) {
  pen_clock_wait();
  return pen_clock_read();
}

const PenEdge* pen_edge(void) {
  return pen_time.running && pen_time.running->on_edge ? &pen_time.running->answering : NULL;
}

static __attribute__((noinline)) void sleep_until_interrupt(void) {
  if (pen_time.frozen) return;
  uint32_t runs = pen_time.runs;
  pen_settle();
  if (runs != pen_time.runs ||
      (pen_time.pending & pen_time.enabled)) { /* what is behind a mask or less urgent wakes as well */
    pen_progress();
    pen_spend(PEN_POLL_NS);
    return;
  }
  pen_progress();
  pen_time.wait.asleep = 1;
  uint32_t wakes = pen_time.wakes;
  do {
    pen_new_deadline();
    if (pen_time.deadline_ns > pen_time.now_ns) {
      pen_status.slept_ns += (uint32_t)(pen_time.deadline_ns - pen_time.now_ns);
      pen_time.now_ns = pen_time.deadline_ns;
    }
    pen_time_passes();
  } while (wakes == pen_time.wakes);
  pen_time.wait.asleep = 0;
  pen_progress();
}

uint64_t pen_delay_end(uint32_t microseconds) {
  flush();
  pen_progress();
  return pen_time.now_ns + microseconds * 1000ull;
}

void pen_delay_step(uint64_t end_ns) {
  uint64_t next_ns = end_ns < pen_time.deadline_ns ? end_ns : pen_time.deadline_ns;
  if (next_ns > pen_time.now_ns) pen_time.now_ns = next_ns;
  if (pen_time.now_ns >= pen_time.deadline_ns) pen_time_passes();
  pen_progress();
}

static __attribute__((noinline)) void delay_us(uint32_t microseconds) {
  uint64_t end_ns = pen_delay_end(microseconds);
  while (pen_time.now_ns < end_ns) pen_delay_step(end_ns);
}

/* Frames of their own with nothing in them: all that the wait left below is dead. */
void pen_wait_for_interrupt(void) {
  sleep_until_interrupt();
  pen_smear_own_stack();
}

void pen_delay_us(uint32_t microseconds) {
  delay_us(microseconds);
  pen_smear_own_stack();
}

void pen_disable_interrupts(void) {
  flush();
  pen_time.primask = 1;
}

void pen_enable_interrupts(void) {
  pen_time.primask = 0;
  pen_settle();
}

/* Once each: on the target the default handler of the start-up code would run, and stay. */
static void tell_of_no_handler(uint8_t irq) {
  static uint32_t told[8];
  if (irq < 16u || (told[irq / 32u] & 1u << irq % 32u)) return;
  told[irq / 32u] |= 1u << irq % 32u;
  pen_host->finding(pen_host->target, PEN_FINDING_NO_HANDLER, "", irq - 16u);
}

void pen_irq_enable(uint8_t irq) {
  uint64_t lines = 0;
  for (uint32_t i = 0; i < pen_time.handler_count; ++i)
    if (irq && pen_time.handler[i].irq == irq) lines |= 1ull << i;
  if (lines == 0) tell_of_no_handler(irq);
  pen_time.enabled |= lines;
  pen_settle();
}

void pen_irq_disable(uint8_t irq) {
  flush();
  for (uint32_t i = 0; i < pen_time.handler_count; ++i)
    if (irq && pen_time.handler[i].irq == irq) pen_time.enabled &= ~(1ull << i);
}

void pen_irq_set_pending(uint8_t irq) {
  for (uint32_t i = 0; i < pen_time.handler_count; ++i) {
    if (!irq || pen_time.handler[i].irq != irq) continue;
    pen_time.pending |= 1ull << i;
    pen_time.handler[i].sensed_ns = pen_time.tick_begin_ns;
    if (pen_time.enabled & (1ull << i)) ++pen_time.wakes;
  }
  pen_settle();
}

void pen_reset(void) {
  pen_status.reset_requested = 1;
  for (;;) pen_host->yield(pen_host->target);
}

/* ---- start ---- */

static PenHandler* add_handler(void (*run)(void), uint8_t priority, uint8_t irq) {
  PenHandler* h = &pen_time.handler[pen_time.handler_count++];
  h->run = run;
  h->priority = priority;
  h->irq = irq;
  if (!irq) pen_time.enabled |= 1ull << (h - pen_time.handler);
  return h;
}

#if PEN_CORE_SHAPE == 2 && !defined PEN_ELSEWHERE
/* Handlers of the processor itself go by their names in the vendor's vector table. */
__attribute__((weak, visibility("hidden"))) void SysTick_Handler(void);
__attribute__((weak, visibility("hidden"))) void PendSV_Handler(void);
#endif

void pen_waiting_start(void);
void pen_waiting_start(void) {
  for (uint32_t i = 0; i < pen_port.interrupt_count; ++i) {
    const PenInterrupt* from = &pen_port.interrupts[i];
    PenHandler* h = add_handler(from->run, from->priority, from->irq);
    h->on_edge = 1;
    h->line = from->line;
    h->rising = from->rising;
    h->falling = from->falling;
  }
  for (uint32_t i = 0; i < pen_port.task_count; ++i) {
    const PenTask* from = &pen_port.tasks[i];
    PenHandler* h = add_handler(from->run, from->priority, from->irq);
    h->period_ticks = from->period_us / pen_port.tick_us;
    h->due_tick = from->phase_us / pen_port.tick_us;
  }
#if PEN_CORE_SHAPE == 2
  if (PEN_SYSTEM_HANDLER(SysTick_Handler)) add_handler(PEN_SYSTEM_HANDLER(SysTick_Handler), 0, PEN_IRQ_SYSTICK);
  if (PEN_SYSTEM_HANDLER(PendSV_Handler)) add_handler(PEN_SYSTEM_HANDLER(PendSV_Handler), 0, PEN_IRQ_PENDSV);
#endif
  pen_time.level = PEN_THREAD_LEVEL;
  pen_time.stack_low = pen_host->stack_begin;
  pen_time.systick_ns = UINT64_MAX;
  pen_time.tick_end_ns = pen_port.tick_us * 1000ull;
}

void pen_waiting_run(void);
void pen_waiting_run(void) {
#if PEN_CORE_SHAPE == 2
  pen_cortex_start();
#endif
  pen_call_frozen(pen_construct);
  sync_in();
  take_events(); /* what this tick brought is answered where main() first waits */
  pen_new_deadline();
  pen_smear_own_stack();
  PEN_CALL(pen_port.main);
  pen_host->finding(pen_host->target, PEN_FINDING_MAIN_RETURNED, "", 0);
  for (;;) pen_wait_for_interrupt();
}
