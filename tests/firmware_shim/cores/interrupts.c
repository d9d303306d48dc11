/* interrupts.c - shape (b): nesting, masks, lost interrupts, sleep, delays; PenIn.aux[0] at the start says which.
 * Results go to aux. */
#include "pen_port.h"

static volatile uint32_t trace_length;
static char trace_letters[24];
static volatile uint32_t urgent_count, middle_count, late_count, hall_count, never;
static uint32_t clock_in_hall, mode;

static void note(char letter) {
  if (trace_length < sizeof trace_letters) {
    trace_letters[trace_length] = letter;
    trace_length = trace_length + 1;
  }
  for (uint32_t i = 0; i < 4; ++i)
    pen_out.aux[4 + i] = trace_letters[4 * i] | trace_letters[4 * i + 1] << 8 | trace_letters[4 * i + 2] << 16 |
                         trace_letters[4 * i + 3] << 24;
}

static void urgent(void) { /* every millisecond */
  urgent_count = urgent_count + 1;
  if (mode == 1 && urgent_count < 4) note('u');
  if (mode == 17 || mode == 18) pen_out.watchdog |= PEN_WATCHDOG_KICK;
  if (mode == 18) pen_out.pins = (uint16_t)(urgent_count / 100 % 2);
}

static void middle(void) { /* once, at 2 ms */
  middle_count = middle_count + 1;
  if (mode != 1) return;
  note('(');
  pen_delay_us(2500); /* the urgent one comes on top, the late one does not */
  note(')');
}

static void late(void) { /* once, at 3 ms */
  late_count = late_count + 1;
  if (mode == 1) note('L');
  if (mode == 9)
    while (!never) {
    }
}

static void hall(void) {
  hall_count = hall_count + 1;
  clock_in_hall = pen_clock_us() - pen_edge()->time_us;
  pen_out.aux[1] = (int32_t)clock_in_hall;
  pen_out.aux[2] = (int32_t)pen_edge()->time_us;
  if (mode == 1) note('H');
}

static void delay(volatile uint32_t n) {
  while (n--) {
  }
}

static void nested_delay(uint32_t n) {
  volatile uint32_t i, k;
  for (i = 0; i < n; ++i)
    for (k = 0; k < 10; ++k) {
    }
}

static struct { volatile uint32_t ready : 1, count : 7; } bits;

typedef struct {
  uint64_t a, b;
} Pair;

int main(void) {
  mode = (uint32_t)pen_in.aux[0];
  switch (mode) {
    case 1: /* nesting */
      for (;;) pen_wait_for_interrupt();
    case 2: /* masked: two edges, one handler call */
      pen_disable_interrupts();
      pen_delay_us(5000);
      pen_out.aux[0] = (int32_t)hall_count;
      pen_enable_interrupts();
      pen_out.aux[3] = (int32_t)hall_count;
      for (;;) pen_wait_for_interrupt();
    case 3: /* sleep behind a mask ends, without the handler */
      pen_disable_interrupts();
      pen_wait_for_interrupt();
      pen_out.aux[0] = (int32_t)(hall_count * 100 + urgent_count);
      pen_out.aux[3] = (int32_t)pen_clock_us();
      pen_enable_interrupts();
      pen_out.aux[4] = (int32_t)(hall_count * 100 + urgent_count);
      for (;;) pen_wait_for_interrupt();
    case 4: { /* how long things take */
      uint32_t a = pen_clock_us();
      for (uint32_t i = 0; i < 1000; ++i) (void)never; /* 50 us */
      uint32_t b = pen_clock_us();
      pen_delay_us(700);
      uint32_t c = pen_clock_us();
      for (uint32_t i = 0; i < 100; ++i) (void)pen_clock_us();
      uint32_t d = pen_clock_us();
      pen_out.aux[0] = (int32_t)(b - a);
      pen_out.aux[1] = (int32_t)(c - b);
      pen_out.aux[2] = (int32_t)(d - c);
      for (;;) pen_wait_for_interrupt();
    }
    case 5:
      return 0; /* main() ends */
    case 6:
      pen_delay_us(120);
      pen_reset();
    case 7: /* waits for ever, handlers count on */
      while (!never) {
      }
      break;
    case 8: /* waits for a pin */
      while (!(pen_in.pins & (1u << PEN_LINE_START))) {
      }
      pen_out.aux[0] = 1;
      for (;;) pen_wait_for_interrupt();
    case 9:  /* the late handler waits for ever */
    case 10: /* idles in sleep with nothing to do */
      for (;;) pen_wait_for_interrupt();
    case 11: /* waits for ever behind a mask */
      pen_disable_interrupts();
      while (!never) {
      }
      break;
    case 12: { /* started a watchdog, then waits for ever */
      pen_out.watchdog |= PEN_WATCHDOG_START;
      pen_out.watchdog_timeout_ms = 10;
      while (!never) {
      }
      break;
    }
    case 13: /* idle loop over two flags under handlers that have work to do */
      for (;;) {
        if (never) pen_out.aux[0] = 1;
        if (hall_count > 1000) pen_out.aux[0] = 2;
      }
    case 14: /* a delay longer than any limit */
      pen_delay_us(3000000);
      pen_out.aux[0] = 1;
      for (;;) pen_wait_for_interrupt();
    case 15: { /* recursion without an end is a matter of the run; here: the stack is deep enough for what is usual */
      volatile char room[100000];
      room[0] = 1;
      room[sizeof room - 1] = 2;
      pen_out.aux[0] = room[0] + room[sizeof room - 1];
      for (;;) pen_wait_for_interrupt();
    }
    case 16: /* made pending by software, of one priority: no preempting */
      pen_irq_enable(PEN_IRQ(5));
      pen_irq_enable(PEN_IRQ(6));
      pen_irq_set_pending(PEN_IRQ(5));
      note('m');
      for (;;) pen_wait_for_interrupt();
    case 17: /* waits for ever while a handler kicks the watchdog */
    case 18:
      pen_out.watchdog |= PEN_WATCHDOG_START;
      pen_out.watchdog_timeout_ms = 10;
      while (!never) {
      }
      break;
    case 19: { /* delays that count down a volatile of their own */
      uint32_t a = pen_clock_us();
      for (volatile uint32_t i = 0; i < 16000; ++i) {
      }
      uint32_t b = pen_clock_us();
      delay(1000);
      uint32_t c = pen_clock_us();
      nested_delay(100);
      uint32_t d = pen_clock_us();
      for (uint32_t i = 0; i < 200; ++i) late_count += bits.ready;
      pen_out.aux[0] = (int32_t)(b - a);
      pen_out.aux[1] = (int32_t)(c - b);
      pen_out.aux[2] = (int32_t)(d - c);
      pen_out.aux[3] = (int32_t)(pen_clock_us() - d);
      for (;;) pen_wait_for_interrupt();
    }
    case 20: { /* a Cortex-M's assembler, and an atomic of 16 bytes */
      double kept = (double)pen_in.adc[1] * 1.5;
      __asm volatile("cpsid i" ::: "memory");
      pen_delay_us(3000);
      pen_out.aux[0] = (int32_t)urgent_count;
      __asm volatile("cpsie i" ::: "memory");
      pen_out.aux[1] = (int32_t)urgent_count;
      __asm volatile("dmb\n dsb\n isb\n nop\n sev" ::: "memory");
      __asm volatile("wfi" ::: "memory");
      pen_out.aux[2] = (int32_t)pen_clock_us();
      pen_out.aux[3] = (int32_t)kept;
      static Pair pair;
      Pair p = {1, 2};
      __atomic_store(&pair, &p, __ATOMIC_SEQ_CST);
      p.a = 0;
      __atomic_load(&pair, &p, __ATOMIC_SEQ_CST);
      pen_out.aux[4] = (int32_t)(p.a * 10 + p.b);
      for (;;) pen_wait_for_interrupt();
    }
    default:
      break;
  }
  return 0;
}

static void pended_first(void) {
  note('1');
  pen_irq_set_pending(PEN_IRQ(6));
  note('a');
}
static void pended_second(void) { note('2'); }

static const PenTask tasks[] = {
    {.run = late, .period_us = 100000000, .phase_us = 3000, .priority = 7},
    {.run = urgent, .period_us = 1000, .phase_us = 1000, .priority = 1},
    {.run = middle, .period_us = 100000000, .phase_us = 2000, .priority = 4},
    {.run = pended_first, .priority = 5, .irq = PEN_IRQ(5)},
    {.run = pended_second, .priority = 5, .irq = PEN_IRQ(6)},
};
#ifdef NO_EDGES
#define INTERRUPTS 0
#else
#define INTERRUPTS 1
#endif
static const PenInterrupt interrupts[] = {{.run = hall, .line = PEN_LINE_HALL, .rising = 1, .priority = 2}};

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "interrupts",
    .tick_us = 50,
    .main = main,
    .tasks = tasks,
    .task_count = 5,
    .interrupts = interrupts,
    .interrupt_count = INTERRUPTS,
#ifdef STRICT
    .unanswered_ms = 500,
#endif
};
