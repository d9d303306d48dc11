/* pen_cortex.c - the processor's own registers and the functions behind CMSIS (shape c); see cmsis/pen_cortex.h.
 *
 * Registers are plain memory. The compiler announces every volatile access (pen_volatile.c): before a read, the
 * register gets its present value; a write is remembered and looked at when the core next waits, calls, passes a
 * barrier or touches another register. The same way the port's sync_out(), before_read() and after_write() get to see
 * each register access in its order.
 */
#include "../cmsis/pen_cortex.h"

#include "pen_waiting.h"

#define WORD(address) (*(volatile uint32_t*)PEN_MEMORY(address))
#define BYTE(address) (*(volatile uint8_t*)PEN_MEMORY(address))

#define DWT_CTRL 0xE0001000u
#define DWT_CYCCNT 0xE0001004u
#define SYSTICK_CTRL 0xE000E010u
#define SYSTICK_LOAD 0xE000E014u
#define SYSTICK_VAL 0xE000E018u
#define NVIC_ISER 0xE000E100u
#define NVIC_ICER 0xE000E180u
#define NVIC_ISPR 0xE000E200u
#define NVIC_ICPR 0xE000E280u
#define NVIC_IABR 0xE000E300u
#define NVIC_IP 0xE000E400u
#define NVIC_STIR 0xE000EF00u
#define SCB_CPUID 0xE000ED00u
#define SCB_ICSR 0xE000ED04u
#define SCB_AIRCR 0xE000ED0Cu
#define SCB_SHP 0xE000ED18u /* a byte per exception from 4 on */
#define PRIVATE_BEGIN 0xE0000000u
#define PRIVATE_END 0xE0100000u
#define PERIPHERALS 0x40000000u /* the first MiB has a word per bit in the 32 MiB from ALIAS on */
#define ALIAS 0x42000000u
#define ALIAS_BYTES 0x02000000u
#define FED_WORDS 128u

static struct {
  uint32_t clock_Hz;
  uint64_t systick_begin, systick_period; /* cycles */
  uint32_t systick_expired;
  uint64_t cycle_base; /* cycle at which CYCCNT would have been 0 */
  uint32_t cycle_held; /* CYCCNT while it does not count */
  uint32_t counts;
  uint32_t group, priority_bits;
  uint32_t event;
  uint64_t exclusive;      /* address under the monitor; 0: open */
  uint64_t fed[FED_WORDS]; /* register words that sync_in has written */
  uint32_t fed_count;
  uint64_t last_fed;
} cortex;

static uint64_t cycles(uint64_t ns) { return (uint64_t)((unsigned __int128)ns * cortex.clock_Hz / 1000000000u); }

static uint64_t first_ns_at(uint64_t cycle) {
  return (uint64_t)(((unsigned __int128)cycle * 1000000000u + cortex.clock_Hz - 1) / cortex.clock_Hz);
}

static PenHandler* handler_of(uint32_t irq, PenHandler* after) {
  for (uint32_t i = after ? (uint32_t)(after - pen_time.handler) + 1u : 0u; i < pen_time.handler_count; ++i)
    if (pen_time.handler[i].irq == irq) return &pen_time.handler[i];
  return NULL;
}

static uint64_t bits_of(uint32_t irq) {
  uint64_t bits = 0;
  for (PenHandler* h = handler_of(irq, NULL); h; h = handler_of(irq, h)) bits |= 1ull << (h - pen_time.handler);
  return bits;
}

/* ---- SysTick ---- */

static void systick_restart(void) {
  uint32_t load = WORD(SYSTICK_LOAD) & 0xFFFFFFu;
  if (!(WORD(SYSTICK_CTRL) & 1u) || load == 0) {
    pen_time.systick_ns = UINT64_MAX;
  } else {
    cortex.systick_begin = cycles(pen_time.now_ns);
    cortex.systick_period = load + 1ull;
    pen_time.systick_ns = first_ns_at(cortex.systick_begin + cortex.systick_period);
  }
  pen_new_deadline();
}

void pen_cortex_systick(void) {
  cortex.systick_expired = 1;
  cortex.systick_begin += cortex.systick_period;
  cortex.systick_period = (WORD(SYSTICK_LOAD) & 0xFFFFFFu) + 1ull;
  pen_time.systick_ns =
      cortex.systick_period == 1 ? UINT64_MAX : first_ns_at(cortex.systick_begin + cortex.systick_period);
  if (!(WORD(SYSTICK_CTRL) & 2u)) return;
  PenHandler* h = handler_of(PEN_IRQ_SYSTICK, NULL);
  if (h) pen_pend(h);
}

void pen_systick_config(uint32_t ticks, uint32_t priority) {
  pen_flush_register();
  WORD(SYSTICK_LOAD) = ticks ? ticks - 1u : 0u;
  WORD(SYSTICK_VAL) = 0;
  WORD(SYSTICK_CTRL) = ticks ? 7u : 0u;
  pen_irq_set_priority(PEN_IRQ_SYSTICK, priority);
  systick_restart();
}

/* ---- register accesses ---- */

static int in_port_ranges(uint64_t address) {
  for (uint32_t i = 0; i < pen_port.register_count; ++i)
    if (address - pen_port.registers[i].address < pen_port.registers[i].size) return 1;
  return 0;
}

static int is_private(uint64_t address) { return address >= PRIVATE_BEGIN && address < PRIVATE_END; }

/* The register whose bit a word of the bit-band alias is, if the port lists both; else the address itself. */
static uint64_t behind_alias(uint64_t address) {
  if (address - ALIAS >= ALIAS_BYTES) return address;
  uint64_t word = PERIPHERALS + ((address - ALIAS) >> 5 & ~3ull);
  return in_port_ranges(word) ? word : address;
}
static uint32_t bit_of_alias(uint64_t address) { return 1u << ((address - ALIAS) >> 2 & 31u); }

int pen_register_known(uint64_t address) {
  if (is_private(address)) return address == SYSTICK_CTRL || address == SYSTICK_VAL || address == DWT_CYCCNT ? 2 : 1;
  if (!in_port_ranges(address)) return 0;
  address = behind_alias(address);
  if (pen_port.before_read || cortex.fed_count == FED_WORDS) return 2;
  for (uint32_t i = 0; i < cortex.fed_count; ++i)
    if (cortex.fed[i] == (address & ~3ull)) return 2;
  return 1;
}

void pen_register_fed(uint64_t address) {
  if (cortex.last_fed == (address & ~3ull)) return;
  cortex.last_fed = address & ~3ull;
  if (!in_port_ranges(address)) return;
  for (uint32_t i = 0; i < cortex.fed_count; ++i)
    if (cortex.fed[i] == (address & ~3ull)) return;
  if (cortex.fed_count < FED_WORDS) cortex.fed[cortex.fed_count++] = address & ~3ull;
}

static uint32_t enabled_word(uint32_t n, uint64_t set) {
  uint32_t word = 0;
  for (uint32_t i = 0; i < pen_time.handler_count; ++i) {
    uint32_t irq = pen_time.handler[i].irq;
    if (irq >= 16u && (irq - 16u) / 32u == n && (set & (1ull << i))) word |= 1u << ((irq - 16u) % 32u);
  }
  return word;
}

/* Gives a register of the processor the value that it has now. */
static void refresh_private(uint32_t a) {
  if (a == DWT_CYCCNT) {
    WORD(a) = cortex.counts ? (uint32_t)(cycles(pen_clock_ns()) - cortex.cycle_base) : cortex.cycle_held;
  } else if (a == SYSTICK_CTRL) {
    WORD(a) = (WORD(a) & ~0x10000u) | (cortex.systick_expired ? 0x10000u : 0u);
    cortex.systick_expired = 0; /* reading clears it */
  } else if (a == SYSTICK_VAL) {
    uint64_t passed = cycles(pen_time.now_ns) - cortex.systick_begin;
    WORD(a) = pen_time.systick_ns == UINT64_MAX
                  ? 0u
                  : (uint32_t)(cortex.systick_period - 1u - passed % cortex.systick_period);
  } else if (a == SCB_ICSR) {
    WORD(a) = pen_ipsr() | (pen_irq_is_pending(PEN_IRQ_PENDSV) << 28) | (pen_irq_is_pending(PEN_IRQ_SYSTICK) << 26);
  } else if ((a >= NVIC_ISER && a < NVIC_ISER + 32u) || (a >= NVIC_ICER && a < NVIC_ICER + 32u)) {
    WORD(a) = enabled_word((a & 31u) / 4u, pen_time.enabled);
  } else if ((a >= NVIC_ISPR && a < NVIC_ISPR + 32u) || (a >= NVIC_ICPR && a < NVIC_ICPR + 32u)) {
    WORD(a) = enabled_word((a & 31u) / 4u, pen_time.pending);
  }
}

static void for_each_irq(uint32_t a, uint32_t base, void (*call)(uint8_t)) {
  for (uint32_t word = WORD(a), bit = 0; bit < 32u; ++bit)
    if (word & (1u << bit)) call((uint8_t)(16u + (a - base) / 4u * 32u + bit));
}

static void written_private(uint32_t a) {
  if (a == SYSTICK_CTRL || a == SYSTICK_VAL) {
    if (a == SYSTICK_VAL) cortex.systick_expired = 0;
    systick_restart();
  } else if (a == DWT_CYCCNT || a == DWT_CTRL) {
    if (a == DWT_CYCCNT) {
      cortex.cycle_held = WORD(a);
      cortex.cycle_base = cycles(pen_clock_ns()) - cortex.cycle_held;
    } else if ((WORD(a) & 1u) != cortex.counts) {
      if (cortex.counts)
        cortex.cycle_held = (uint32_t)(cycles(pen_clock_ns()) - cortex.cycle_base);
      else
        cortex.cycle_base = cycles(pen_clock_ns()) - cortex.cycle_held;
      cortex.counts = WORD(a) & 1u;
    }
  } else if (a >= NVIC_ISER && a < NVIC_ISER + 32u) {
    for_each_irq(a, NVIC_ISER, pen_irq_enable);
  } else if (a >= NVIC_ICER && a < NVIC_ICER + 32u) {
    for_each_irq(a, NVIC_ICER, pen_irq_disable);
  } else if (a >= NVIC_ISPR && a < NVIC_ISPR + 32u) {
    for_each_irq(a, NVIC_ISPR, pen_irq_set_pending);
  } else if (a >= NVIC_ICPR && a < NVIC_ICPR + 32u) {
    for_each_irq(a, NVIC_ICPR, pen_irq_clear_pending);
  } else if (a >= NVIC_IP && a < NVIC_IP + 240u) {
    for (uint32_t i = a & ~3u; i < (a & ~3u) + 4u; ++i)
      pen_irq_set_priority((uint8_t)(16u + i - NVIC_IP), (uint32_t)BYTE(i) >> (8u - cortex.priority_bits));
  } else if (a >= SCB_SHP && a < SCB_SHP + 12u) {
    for (uint32_t i = a & ~3u; i < (a & ~3u) + 4u; ++i)
      pen_irq_set_priority((uint8_t)(4u + i - SCB_SHP), (uint32_t)BYTE(i) >> (8u - cortex.priority_bits));
  } else if (a == NVIC_STIR) {
    pen_irq_set_pending((uint8_t)(16u + (WORD(a) & 0xEFu)));
  } else if (a == SCB_ICSR) {
    uint32_t word = WORD(a);
    if (word & (1u << 28)) pen_irq_set_pending(PEN_IRQ_PENDSV);
    if (word & (1u << 27)) pen_irq_clear_pending(PEN_IRQ_PENDSV);
    if (word & (1u << 26)) pen_irq_set_pending(PEN_IRQ_SYSTICK);
    if (word & (1u << 25)) pen_irq_clear_pending(PEN_IRQ_SYSTICK);
  } else if (a == SCB_AIRCR && WORD(a) >> 16 == 0x05FAu) {
    if (WORD(a) & 4u) pen_reset();
    pen_set_priority_grouping((WORD(a) >> 8) & 7u, cortex.priority_bits);
  }
}

static uint32_t hook_address;
static void call_after_write(void) { PEN_CALL_WITH(pen_port.after_write, hook_address); }
static void call_before_read(void) { PEN_CALL_WITH(pen_port.before_read, hook_address); }

void pen_flush_register(void) {
  uint64_t a = pen_time.register_written;
  if (!a || pen_time.frozen) return;
  pen_time.register_written = 0;
  pen_new_deadline();
  if (is_private(a)) {
    written_private((uint32_t)a & (a >= NVIC_IP ? ~0u : ~3u));
    return;
  }
  uint64_t word = behind_alias(a);
  if (word != a) {
    WORD(word) = WORD(a) & 1u ? WORD(word) | bit_of_alias(a) : WORD(word) & ~bit_of_alias(a);
    a = word;
  }
  pen_sync_out();
  if (pen_port.after_write) {
    hook_address = (uint32_t)a;
    pen_call_frozen(call_after_write);
  }
}

void pen_register_read(uint64_t address) {
  pen_flush_register();
  if (is_private(address)) {
    refresh_private((uint32_t)address & ~3u);
    return;
  }
  if ((!pen_port.before_read && address - ALIAS >= ALIAS_BYTES) || !in_port_ranges(address)) return;
  uint64_t word = behind_alias(address);
  if (pen_port.before_read) {
    hook_address = (uint32_t)word;
    pen_call_frozen(call_before_read);
  }
  if (word != address) WORD(address & ~3ull) = (WORD(word) & bit_of_alias(address)) != 0;
}

void pen_register_write(uint64_t address) {
  if (!is_private(address) && !in_port_ranges(address)) return;
  pen_flush_register();
  pen_time.register_written = address;
  pen_time.deadline_ns = 0;
}

/* ---- the functions behind CMSIS ---- */

void pen_irq_clear_pending(uint8_t irq) {
  pen_flush_register();
  pen_time.pending &= ~bits_of(irq);
}

void pen_irq_set_priority(uint8_t irq, uint32_t priority) {
  for (PenHandler* h = handler_of(irq, NULL); h; h = handler_of(irq, h)) h->priority = (uint8_t)priority;
  if (irq >= 16u)
    BYTE(NVIC_IP + irq - 16u) = (uint8_t)(priority << (8u - cortex.priority_bits));
  else if (irq >= 4u)
    BYTE(SCB_SHP + irq - 4u) = (uint8_t)(priority << (8u - cortex.priority_bits));
}

uint32_t pen_irq_priority(uint8_t irq) {
  const PenHandler* h = handler_of(irq, NULL);
  return h ? h->priority : 0u;
}

uint32_t pen_irq_is_enabled(uint8_t irq) { return (pen_time.enabled & bits_of(irq)) != 0; }
uint32_t pen_irq_is_pending(uint8_t irq) { return (pen_time.pending & bits_of(irq)) != 0; }
uint32_t pen_irq_is_active(uint8_t irq) { return pen_ipsr() == irq; }

void pen_set_priority_grouping(uint32_t group, uint32_t priority_bits) {
  cortex.group = group & 7u;
  cortex.priority_bits = priority_bits;
  uint32_t kept = 7u - cortex.group; /* bits that preempt, of 8 */
  pen_time.subpriority_bits = priority_bits > kept ? priority_bits - kept : 0u;
}
uint32_t pen_priority_grouping(void) { return cortex.group; }

uint32_t pen_primask(void) { return pen_time.primask; }
void pen_set_primask(uint32_t value) {
  if (value & 1u)
    pen_disable_interrupts();
  else
    pen_enable_interrupts();
}
uint32_t pen_faultmask(void) { return pen_time.faultmask; }
void pen_set_faultmask(uint32_t value) {
  pen_time.faultmask = value & 1u;
  pen_settle();
}
uint32_t pen_basepri(void) { return pen_time.basepri; }
void pen_set_basepri(uint32_t priority) {
  pen_time.basepri = priority;
  pen_settle();
}
uint32_t pen_ipsr(void) {
  if (!pen_time.running) return 0;
  /* A handler without a line of its own still is an exception: firmware asks whether it runs in one. */
  return pen_time.running->irq ? pen_time.running->irq : 255u;
}

void pen_send_event(void) { cortex.event = 1; }
void pen_wait_for_event(void) {
  if (!cortex.event) pen_wait_for_interrupt();
  cortex.event = 0;
}
void pen_barrier(void) { pen_settle(); }
void pen_nop(void) { pen_spend(PEN_POLL_NS); }

void pen_exclusive_clear(void) { cortex.exclusive = 0; }

void pen_cortex_handler_edge(void) {
  cortex.exclusive = 0;
  cortex.event = 1;
}

uint32_t pen_exclusive_load(const volatile void* address, uint32_t size) {
  pen_spend(PEN_POLL_NS);
  cortex.exclusive = (uint64_t)(uintptr_t)address;
  return size == 1u   ? *(const volatile uint8_t*)address
         : size == 2u ? *(const volatile uint16_t*)address
                      : *(const volatile uint32_t*)address;
}

uint32_t pen_exclusive_store(uint32_t value, volatile void* address, uint32_t size) {
  pen_spend(PEN_POLL_NS); /* a handler may come between load and store */
  if (cortex.exclusive != (uint64_t)(uintptr_t)address) return 1;
  cortex.exclusive = 0;
  if (size == 1u)
    *(volatile uint8_t*)address = (uint8_t)value;
  else if (size == 2u)
    *(volatile uint16_t*)address = (uint16_t)value;
  else
    *(volatile uint32_t*)address = value;
  pen_progress();
  return 0;
}

void pen_cortex_start(void) {
  cortex.clock_Hz = pen_port.core_clock_Hz ? pen_port.core_clock_Hz : 168000000u;
  cortex.priority_bits = 4;
  WORD(SCB_CPUID) = 0x410FC241u;                        /* Cortex-M4 r0p1 */
  for (uint32_t i = 0; i < pen_time.handler_count; ++i) /* the port's priorities hold until the firmware sets its own */
    if (pen_time.handler[i].irq) pen_irq_set_priority(pen_time.handler[i].irq, pen_time.handler[i].priority);
  /* SysTick is gated by its own TICKINT, PendSV by nothing. */
  pen_time.enabled |= bits_of(PEN_IRQ_SYSTICK) | bits_of(PEN_IRQ_PENDSV);
}
