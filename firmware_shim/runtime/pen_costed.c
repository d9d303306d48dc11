/* pen_costed.c - functions called at rates (shape a) on a processor that needs time for them. The host says what each
 * call takes (PenHost.cost_ns); without that, none of this runs.
 *
 * As on a Cortex-M, handlers are interrupts over a main() that sleeps: the most urgent pending one runs and preempts
 * less urgent ones; one that becomes pending while it is pending runs once and is counted as lost. A call is made as a
 * whole when its time begins, so its inputs are those of then; what it changes in pen_out is held back until its time
 * is over, ticks later if need be.
 *
 * Not as on the processor: a call that is preempted or crosses a tick has read all inputs at its beginning, and shares
 * no half-written memory with what preempted it; bytes for the UART are queued at its beginning.
 */
#include "pen_costed.h"

#include <string.h>

#if PEN_CORE_SHAPE == 0

#define EDGE_LATENCY_US 2u

typedef struct {
  void (*run)(void);
  uint32_t period_ticks, due_tick;
  uint8_t priority, irq, on_edge, pending;
  uint8_t fresh; /* its edge is being answered at once: the clock goes to the stamp */
  PenEdge edge;
  uint64_t sensed_ns; /* since reset: when the inputs were sampled that made it pending */
  /* of the call under way */
  uint64_t left_ns, took_ns, call_sensed_ns;
  PenOut before, after;
} Job;

static struct {
  Job job[PEN_HANDLERS]; /* interrupts of the port, then its tasks */
  Job* active[PEN_HANDLERS];
  uint32_t count, active_count, tick;
  uint64_t now_ns, tick_begin_ns;
  uint8_t started;
} costed;

static void start(void) {
  costed.started = 1;
  for (uint32_t i = 0; i < pen_port.interrupt_count; ++i) {
    const PenInterrupt* from = &pen_port.interrupts[i];
    Job* to = &costed.job[costed.count++];
    to->run = from->run;
    to->priority = from->priority;
    to->irq = from->irq;
    to->on_edge = 1;
  }
  for (uint32_t i = 0; i < pen_port.task_count; ++i) {
    const PenTask* from = &pen_port.tasks[i];
    Job* to = &costed.job[costed.count++];
    to->run = from->run;
    to->priority = from->priority;
    to->irq = from->irq;
    to->period_ticks = from->period_us / pen_port.tick_us;
    to->due_tick = from->phase_us / pen_port.tick_us;
  }
}

static void pend(Job* job, uint64_t sensed_ns) {
  if (job->pending) ++pen_status.interrupts_lost;
  job->pending = 1;
  job->sensed_ns = sensed_ns;
}

static uint32_t clock_us(void) { return pen_in.time_us + (uint32_t)((costed.now_ns - costed.tick_begin_ns) / 1000u); }

static void begin(Job* job) {
  job->pending = 0;
  job->call_sensed_ns = job->sensed_ns;
  job->before = pen_out;
  const PenEdge edge = job->edge;
  uint32_t at_us = job->fresh ? edge.time_us + EDGE_LATENCY_US : clock_us();
  uint64_t delayed_us = pen_rates_call(job->run, at_us, job->on_edge ? &edge : NULL);
  job->after = pen_out;
  memcpy(&pen_out, &job->before, sizeof pen_out);
  job->left_ns = job->took_ns = pen_host->cost_ns(pen_host->target, (uint32_t)(job - costed.job)) + delayed_us * 1000u;
  costed.active[costed.active_count++] = job;
}

/* What the call changed takes effect; a sum and a set of bits stay what they are between two calls. */
static void end(Job* job) {
  --costed.active_count;
  uint8_t* out = (uint8_t*)&pen_out;
  const uint8_t *before = (const uint8_t*)&job->before, *after = (const uint8_t*)&job->after;
  const int16_t steps = (int16_t)(pen_out.stepper_steps + job->after.stepper_steps - job->before.stepper_steps);
  const uint8_t watchdog = (uint8_t)(pen_out.watchdog | (job->after.watchdog & ~job->before.watchdog));
  int changed = 0;
  for (uint32_t i = 0; i < sizeof pen_out; ++i) {
    if (before[i] == after[i]) continue;
    out[i] = after[i];
    changed = 1;
  }
  pen_out.stepper_steps = steps;
  pen_out.watchdog = watchdog;
  if (changed) pen_status.act_delay_ns = (uint32_t)(costed.now_ns - job->call_sensed_ns);
  const uint64_t limit_us = (job->period_ticks ? job->period_ticks : 1u) * (uint64_t)pen_port.tick_us;
  if (costed.now_ns - job->call_sensed_ns > limit_us * 1000u && job->took_ns > limit_us * 1000u)
    pen_host->finding(pen_host->target, PEN_FINDING_OVERRUN, "",
                      (uint32_t)(job - costed.job) + (uint32_t)(job->took_ns / 1000u) * 64u);
}

static Job* most_urgent(void) {
  Job* best = NULL;
  if (pen_rates_masked()) return NULL;
  for (uint32_t i = 0; i < costed.count; ++i) {
    Job* job = &costed.job[i];
    if (job->pending && pen_rates_enabled(job->irq) && (!best || job->priority < best->priority)) best = job;
  }
  return best;
}

static void run_until(uint64_t end_ns) {
  for (;;) {
    Job* top = costed.active_count ? costed.active[costed.active_count - 1u] : NULL;
    Job* next = most_urgent();
    if (next && (!top || next->priority < top->priority) && costed.now_ns < end_ns) {
      begin(next);
      continue;
    }
    if (!top) return;
    uint64_t ns = top->left_ns < end_ns - costed.now_ns ? top->left_ns : end_ns - costed.now_ns;
    top->left_ns -= ns;
    costed.now_ns += ns;
    if (top->left_ns) return;
    end(top);
  }
}

static void take_edges(uint64_t end_ns) {
  for (uint32_t e = 0; e < pen_in.edge_count; ++e) {
    PenEdge edge = pen_in.edges[e];
    for (uint32_t i = 0; i < pen_port.interrupt_count; ++i) {
      const PenInterrupt* interrupt = &pen_port.interrupts[i];
      if (interrupt->line != edge.line || !(edge.level ? interrupt->rising : interrupt->falling)) continue;
      if (!pen_rates_enabled(interrupt->irq)) continue;
      costed.job[i].edge = edge;
      costed.job[i].fresh = 1;
      pend(&costed.job[i], costed.tick_begin_ns - (pen_in.time_us - edge.time_us) * 1000ull);
    }
    run_until(end_ns);
    for (uint32_t i = 0; i < pen_port.interrupt_count; ++i) costed.job[i].fresh = 0;
  }
}

void pen_costed_pend(uint8_t irq) {
  for (uint32_t i = 0; i < costed.count; ++i) {
    Job* job = &costed.job[i];
    if (irq && job->irq == irq) {
      job->pending = 1;
      job->sensed_ns = costed.tick_begin_ns;
    }
  }
}

void pen_costed_tick(void) {
  if (!costed.started) start();
  const uint64_t tick_ns = pen_port.tick_us * 1000ull, end_ns = costed.tick_begin_ns + tick_ns;
  costed.now_ns = costed.tick_begin_ns;
  take_edges(end_ns);
  for (uint32_t i = 0; i < costed.count; ++i) {
    Job* job = &costed.job[i];
    if (!job->period_ticks || job->due_tick != costed.tick) continue;
    job->due_tick += job->period_ticks;
    if (pen_rates_enabled(job->irq)) pend(job, costed.tick_begin_ns);
  }
  run_until(end_ns);
  pen_status.slept_ns = (uint32_t)(end_ns - costed.now_ns);
  costed.tick_begin_ns = end_ns;
  ++costed.tick;
}

#endif
