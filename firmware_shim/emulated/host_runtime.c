/* host_runtime.c - compiled once per shape (PEN_CORE_SHAPE, and PEN_CORE_WAITS for main and registers), in one piece:
 * afterwards only its table is visible, and its variables lie in a section of their own, which a reset clears
 * (CMakeLists.txt). */
#define PEN_ELSEWHERE
#include "host_runtime.h"

#include <string.h>

#include "guest/pen_guest.h"

static const PenHostedCore* core_elsewhere;
static const PenPort* port_elsewhere;

#define PEN_IRQ_SVC 11u
#define ADDRESS(function) ((uint32_t)(uintptr_t)(function))
#define PEN_CALL(function) pen_guest_call(ADDRESS(function), 0)
#define PEN_CALL_WITH(function, word) pen_guest_call(ADDRESS(function), word)
#define PEN_CALL_HANDLER(h) \
  pen_guest_interrupt(ADDRESS((h)->run), (h)->irq ? (h)->irq : 255u, (uint32_t)((h)-pen_time.handler))
#define PEN_SYSTEM_HANDLER(name) ((void (*)(void))(uintptr_t)SYSTEM_##name)
#define SYSTEM_SysTick_Handler core_elsewhere->systick
#define SYSTEM_PendSV_Handler core_elsewhere->pendsv
#define PEN_MEMORY(address) pen_guest_memory((uint32_t)(address))
#define PEN_IN_ADDRESS core_elsewhere->in_address
#define PEN_READ_MASKS() pen_guest_masks(&pen_time.primask, &pen_time.faultmask, &pen_time.basepri)
#define PEN_POLL_NS core_elsewhere->poll_ns
#define PEN_CLOCK_NS core_elsewhere->clock_ns
#define pen_in (*in_elsewhere)
#define pen_out (*out_elsewhere)
#define pen_port (*port_elsewhere)

#include "../runtime/pen_runtime.c"
#if PEN_CORE_SHAPE == 0
#define NAME pen_hosted_rates
#define STATE pen_state_rates
#elif PEN_CORE_SHAPE == 1
#define NAME pen_hosted_main
#define STATE pen_state_main
#else
#define NAME pen_hosted_registers
#define STATE pen_state_registers
#endif
#ifdef PEN_CORE_WAITS
#include "../runtime/pen_volatile.c"
#include "../runtime/pen_waiting.c"
#if PEN_CORE_SHAPE == 2
#include "../runtime/pen_cortex.c"
#endif
#endif

#define JOIN(a, b) a##b
#define EDGE_OF(state, which) JOIN(which, state) /* the linker's own symbols around a section */
extern char EDGE_OF(STATE, __start_)[], EDGE_OF(STATE, __stop_)[];

void pen_construct(void) {
  for (const uint32_t* f = core_elsewhere->init_begin; f < core_elsewhere->init_end; ++f) pen_guest_call(*f, 0);
  pen_guest_call(ADDRESS(pen_port.boot), 0);
}

static void start_elsewhere(const PenHostedCore* to, const PenHost* host) {
  core_elsewhere = to;
  port_elsewhere = to->port;
  in_elsewhere = (__typeof__(in_elsewhere))(uintptr_t)to->in;
  out_elsewhere = to->out;
  start(host);
#ifdef PEN_CORE_WAITS
  if (to->svc) { /* never pending: it runs where the core calls it */
    PenHandler* h = add_handler((void (*)(void))(uintptr_t)to->svc, 0, PEN_IRQ_SVC);
    pen_time.enabled &= ~(1ull << (h - pen_time.handler));
  }
#endif
}

static void run_elsewhere(void) {
#ifdef PEN_CORE_WAITS
  (void)tick;
  run();
#else
  (void)run;
  for (;;) {
    tick();
    pen_host->yield(pen_host->target);
  }
#endif
}

/* ---- calls of the guest ---- */

static void uart_write_elsewhere(uint32_t address, uint32_t count) {
  const uint8_t* bytes = pen_guest_bytes(address, count);
  pen_uart_write(bytes, count);
}

static int what_all_shapes_have(uint32_t index, const uint32_t* a, uint64_t* result) {
  switch (index) {
    case PEN_CALL_edge: {
      const PenEdge* edge = pen_edge();
      *result = edge ? pen_guest_edge(edge) : 0;
      return 1;
    }
    case PEN_CALL_wait_for_interrupt:
      pen_wait_for_interrupt();
      return 1;
    case PEN_CALL_disable_interrupts:
      pen_disable_interrupts();
      return 1;
    case PEN_CALL_enable_interrupts:
      pen_enable_interrupts();
      return 1;
    case PEN_CALL_irq_enable:
      pen_irq_enable((uint8_t)a[0]);
      return 1;
    case PEN_CALL_irq_disable:
      pen_irq_disable((uint8_t)a[0]);
      return 1;
    case PEN_CALL_irq_set_pending:
      pen_irq_set_pending((uint8_t)a[0]);
      return 1;
    case PEN_CALL_uart_write:
      uart_write_elsewhere(a[0], a[1]);
      return 1;
    case PEN_CALL_uart_free:
      *result = pen_uart_free();
      return 1;
    case PEN_CALL_unanswered:
      pen_unanswered(pen_guest_text(a[0]));
      return 1;
    case PEN_CALL_reset:
      pen_reset();
    default:
      return 0;
  }
}

#ifndef PEN_CORE_WAITS

static void fault(uint32_t function, uint32_t number) { pen_guest_interrupt(function, number, PEN_HANDLERS); }

static uint64_t call(uint32_t index, const uint32_t* a) {
  uint64_t result = 0;
  if (what_all_shapes_have(index, a, &result)) return result;
  if (index == PEN_CALL_clock_read) return pen_clock_us();
  if (index == PEN_CALL_delay_end) pen_delay_us(a[0]);
  if (index == PEN_CALL_delay_over) return 1;
  return 0;
}

#else

static void volatile_read_elsewhere(uint32_t address, uint32_t size) { volatile_read((void*)(uintptr_t)address, size); }

static int quick_read(uint32_t address, uint32_t size) {
  if (pen_time.frozen) return 1;
  if (pen_time.now_ns + PEN_POLL_NS >= pen_time.deadline_ns) return 0;
#if PEN_CORE_SHAPE == 2
  if (maybe_register(address)) return 0;
#endif
  volatile_read_elsewhere(address, size);
  return 1;
}

static int quick_write(uint32_t address) {
#if PEN_CORE_SHAPE == 2
  if (pen_time.feeding) pen_register_fed(address);
  if (!pen_time.frozen && maybe_register(address)) return 0;
#else
  (void)address;
#endif
  if (!pen_time.frozen) pen_progress();
  return 1;
}

static int supervisor_call(void) {
  PenHandler* h = 0;
  for (uint32_t i = 0; i < pen_time.handler_count; ++i)
    if (pen_time.handler[i].irq == PEN_IRQ_SVC) h = &pen_time.handler[i];
  if (!h) return 0;
  PEN_READ_MASKS();
  if (pen_time.primask || pen_time.faultmask || pen_time.frozen) return -1;
  if ((uint32_t)(h->priority >> pen_time.subpriority_bits) >= pen_time.level) return -1;
  if (pen_time.basepri && h->priority >= pen_time.basepri) return -1;
  run_handler(h);
  pen_settle();
  return 1;
}

static void announced(uint32_t address, int write) {
#if PEN_CORE_SHAPE == 2
  if (pen_time.frozen) {
    if (write && pen_time.feeding) pen_register_fed(address);
  } else if (write) {
    pen_register_write(address);
  }
#else
  (void)address, (void)write;
#endif
}

static uint64_t call(uint32_t index, const uint32_t* a) {
  uint64_t result = 0;
  if (what_all_shapes_have(index, a, &result)) return result;
  switch (index) {
    case PEN_CALL_volatile_read:
      volatile_read_elsewhere(a[0], a[1]);
      break;
    case PEN_CALL_volatile_write:
      volatile_write((void*)(uintptr_t)a[0]);
      break;
    case PEN_CALL_plain_write:
      plain_write((void*)(uintptr_t)a[0]);
      break;
    case PEN_CALL_poll:
      pen_spend(PEN_POLL_NS);
      break;
    case PEN_CALL_progress:
      pen_progress();
      break;
    case PEN_CALL_clock_wait:
      pen_clock_wait();
      break;
    case PEN_CALL_clock_read:
      return pen_clock_read();
    case PEN_CALL_delay_end:
      return pen_delay_end(a[0]);
    case PEN_CALL_delay_over:
      return pen_time.now_ns >= (a[0] | (uint64_t)a[1] << 32);
    case PEN_CALL_delay_step:
      pen_delay_step(a[0] | (uint64_t)a[1] << 32);
      break;
#if PEN_CORE_SHAPE == 2
    case PEN_CALL_wait_for_event:
      pen_wait_for_event();
      break;
    case PEN_CALL_send_event:
      pen_send_event();
      break;
    case PEN_CALL_irq_clear_pending:
      pen_irq_clear_pending((uint8_t)a[0]);
      break;
    case PEN_CALL_irq_set_priority:
      pen_irq_set_priority((uint8_t)a[0], a[1]);
      break;
    case PEN_CALL_irq_priority:
      return pen_irq_priority((uint8_t)a[0]);
    case PEN_CALL_irq_is_enabled:
      return pen_irq_is_enabled((uint8_t)a[0]);
    case PEN_CALL_irq_is_pending:
      return pen_irq_is_pending((uint8_t)a[0]);
    case PEN_CALL_irq_is_active:
      return pen_irq_is_active((uint8_t)a[0]);
    case PEN_CALL_set_priority_grouping:
      pen_set_priority_grouping(a[0], a[1]);
      break;
    case PEN_CALL_priority_grouping:
      return pen_priority_grouping();
    case PEN_CALL_set_primask:
      pen_set_primask(a[0]);
      break;
    case PEN_CALL_primask:
      PEN_READ_MASKS();
      return pen_primask();
    case PEN_CALL_set_faultmask:
      pen_set_faultmask(a[0]);
      break;
    case PEN_CALL_faultmask:
      PEN_READ_MASKS();
      return pen_faultmask();
    case PEN_CALL_set_basepri:
      pen_set_basepri(a[0]);
      break;
    case PEN_CALL_basepri:
      PEN_READ_MASKS();
      return pen_basepri();
    case PEN_CALL_ipsr:
      return pen_ipsr();
    case PEN_CALL_barrier:
      pen_barrier();
      break;
    case PEN_CALL_systick_config:
      pen_systick_config(a[0], a[1]);
      break;
    case PEN_CALL_exclusive_load:
      cortex.exclusive = a[0];
      break;
    case PEN_CALL_exclusive_take: {
      int held = cortex.exclusive == a[0];
      cortex.exclusive = 0;
      return (uint64_t)held;
    }
    case PEN_CALL_exclusive_clear:
      pen_exclusive_clear();
      break;
#endif
    default:
      break;
  }
  return 0;
}

static void fault(uint32_t function, uint32_t number) {
  PenHandler handler;
  memset(&handler, 0, sizeof handler);
  handler.run = (void (*)(void))(uintptr_t)function;
  handler.irq = (uint8_t)number;
  PenHandler* outer = pen_time.running;
  uint32_t outer_level = pen_time.level;
  PenWait outer_wait = pen_time.wait;
  pen_time.running = &handler;
  pen_time.level = 0;
  memset(&pen_time.wait, 0, sizeof pen_time.wait);
  pen_time.wait.moved = 1;
  pen_guest_interrupt(function, number, PEN_HANDLERS);
  sync_out();
  pen_time.running = outer;
  pen_time.level = outer_level;
  pen_time.wait = outer_wait;
  pen_settle();
}

static int watched(void) { return core.watchdog_started; }

static void stay(void) {
  for (;;) pen_delay_step(UINT64_MAX);
}

static void go_round(void) {
  pen_time.wait.asleep = 1; /* for the hang rule, which finds no address that is read */
  pen_new_deadline();
  if (pen_time.now_ns < pen_time.deadline_ns) pen_time.now_ns = pen_time.deadline_ns;
  pen_time_passes();
  pen_time.wait.asleep = 0;
}

static uint32_t running_function(void) { return pen_time.running ? ADDRESS(pen_time.running->run) : 0; }

#endif

const PenHostedRuntime NAME = {
    .start = start_elsewhere,
    .run = run_elsewhere,
    .call = call,
    .status = &pen_status,
    .measures = &pen_status.measures,
#ifdef PEN_CORE_WAITS
    .quick_read = quick_read,
    .quick_write = quick_write,
    .supervisor_call = supervisor_call,
    .announced = announced,
    .time_passes = pen_time_passes,
    .settle = pen_settle,
    .now_ns = &pen_time.now_ns,
    .deadline_ns = &pen_time.deadline_ns,
    .frozen = &pen_time.frozen,
    .register_written = &pen_time.register_written,
    .running = running_function,
    .fault = fault,
    .watched = watched,
    .go_round = go_round,
    .stay = stay,
#else
    .fault = fault,
#endif
    .state_begin = EDGE_OF(STATE, __start_),
    .state_end = EDGE_OF(STATE, __stop_),
};
