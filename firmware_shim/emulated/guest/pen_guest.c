/* pen_guest.c - linked into the ELF file of every core that is emulated: pen_in, pen_out, what the port and the
 * firmware call, and the few functions that newlib asks of a system. The work is the host's (pen_guest.h).
 *
 * A call that waits and then answers is two calls: in between another task may have run. */
#include "pen_guest.h"

#include <sys/stat.h>

#include "../../cmsis/pen_cortex.h"
#include "../../runtime/pen_runtime.h"

#ifdef PEN_CORE_WAITS
volatile PenIn pen_in;
#else
PenIn pen_in;
#endif
PenOut pen_out;
static PenEdge pen_guest_edges[PEN_HANDLERS];

extern const PenFunction pen_init_begin[], pen_init_end[];
extern uint8_t pen_noinit_begin[], pen_noinit_end[], pen_stack_begin[], pen_stack_end[], pen_heap_begin[],
    pen_ram_end[];
extern uint8_t pen_calls_begin[], pen_calls_end[];
void pen_guest_entry(void);
void pen_guest_nested(void);

#define WEAK __attribute__((weak))
WEAK void SVC_Handler(void);
WEAK void PendSV_Handler(void);
WEAK void SysTick_Handler(void);

/* ---- the host ---- */

uint32_t pen_call_clock_read(void);
uint64_t pen_call_delay_end(uint32_t microseconds);
uint32_t pen_call_delay_over(uint64_t end_ns);
void pen_call_delay_step(uint64_t end_ns);
uint32_t pen_call_exclusive_take(const volatile void* address);
void pen_call_clock_wait(void);
void pen_call_poll(void);
void pen_call_progress(void);
void pen_call_exclusive_load(const volatile void* address);
void pen_call_abort(void);
void pen_call_exit(int code);
void pen_call_reset(void);

/* What is one call and no more is the stub itself. */
#define SAME(type, name, arguments, ...) \
  type pen_call_##name arguments;        \
  type pen_##name arguments { return pen_call_##name(__VA_ARGS__); }
SAME(const PenEdge*, edge, (void))
SAME(void, wait_for_interrupt, (void))
SAME(void, wait_for_event, (void))
SAME(void, send_event, (void))
SAME(void, disable_interrupts, (void))
SAME(void, enable_interrupts, (void))
SAME(void, irq_enable, (uint8_t irq), irq)
SAME(void, irq_disable, (uint8_t irq), irq)
SAME(void, irq_set_pending, (uint8_t irq), irq)
SAME(void, irq_clear_pending, (uint8_t irq), irq)
SAME(void, irq_set_priority, (uint8_t irq, uint32_t priority), irq, priority)
SAME(uint32_t, irq_priority, (uint8_t irq), irq)
SAME(uint32_t, irq_is_enabled, (uint8_t irq), irq)
SAME(uint32_t, irq_is_pending, (uint8_t irq), irq)
SAME(uint32_t, irq_is_active, (uint8_t irq), irq)
SAME(void, set_priority_grouping, (uint32_t group, uint32_t priority_bits), group, priority_bits)
SAME(uint32_t, priority_grouping, (void))
SAME(void, set_primask, (uint32_t value), value)
SAME(uint32_t, primask, (void))
SAME(void, set_faultmask, (uint32_t value), value)
SAME(uint32_t, faultmask, (void))
SAME(void, set_basepri, (uint32_t priority), priority)
SAME(uint32_t, basepri, (void))
SAME(uint32_t, ipsr, (void))
SAME(void, barrier, (void))
SAME(void, systick_config, (uint32_t ticks, uint32_t priority), ticks, priority)
SAME(void, exclusive_clear, (void))
SAME(void, uart_write, (const void* bytes, uint32_t count), bytes, count)
SAME(uint32_t, uart_free, (void))
SAME(void, unanswered, (const char* call), call)

uint32_t pen_clock_us(void) {
  pen_call_clock_wait();
  return pen_call_clock_read();
}

void pen_delay_us(uint32_t microseconds) {
  uint64_t end_ns = pen_call_delay_end(microseconds);
  while (!pen_call_delay_over(end_ns)) pen_call_delay_step(end_ns);
}

void pen_nop(void) { pen_call_poll(); }

uint32_t pen_exclusive_load(const volatile void* address, uint32_t size) {
  pen_call_poll();
  pen_call_exclusive_load(address);
  return size == 1u   ? *(const volatile uint8_t*)address
         : size == 2u ? *(const volatile uint16_t*)address
                      : *(const volatile uint32_t*)address;
}

uint32_t pen_exclusive_store(uint32_t value, volatile void* address, uint32_t size) {
  pen_call_poll(); /* a handler may come between load and store */
  if (!pen_call_exclusive_take(address)) return 1;
  if (size == 1u)
    *(volatile uint8_t*)address = (uint8_t)value;
  else if (size == 2u)
    *(volatile uint16_t*)address = (uint16_t)value;
  else
    *(volatile uint32_t*)address = value;
  pen_call_progress();
  return 0;
}

void pen_reset(void) {
  for (;;) pen_call_reset();
}

/* ---- what newlib asks of a system ---- */

void abort(void);
void abort(void) {
  for (;;) pen_call_abort();
}
void exit(int code);
void exit(int code) {
  for (;;) pen_call_exit(code);
}
void _exit(int code);
void _exit(int code) {
  for (;;) pen_call_exit(code);
}
/* Static objects of a core are never destroyed: there is no exit, and a reset constructs them again in place. */
int __cxa_atexit(void (*function)(void*), void* object, void* library);
int __cxa_atexit(void (*function)(void*), void* object, void* library) {
  (void)function, (void)object, (void)library;
  return 0;
}
int __aeabi_atexit(void* object, void (*function)(void*), void* library);
int __aeabi_atexit(void* object, void (*function)(void*), void* library) {
  (void)function, (void)object, (void)library;
  return 0;
}
int atexit(void (*function)(void));
int atexit(void (*function)(void)) {
  (void)function;
  return 0;
}
void* __dso_handle;
WEAK void __cxa_pure_virtual(void);
WEAK void __cxa_pure_virtual(void) { abort(); }
void (*_ZN10__cxxabiv119__terminate_handlerE)(void) = abort; /* of std::terminate() */

WEAK void* _sbrk(int bytes);
WEAK void* _sbrk(int bytes) {
  static uint8_t* end;
  if (!end) end = pen_heap_begin;
  uint8_t* before = end;
  if (bytes > (int)(pen_ram_end - end)) return (void*)-1;
  end += bytes;
  return before;
}
WEAK int __io_putchar(int character);
WEAK int _write(int file, char* bytes, int count);
WEAK int _write(int file, char* bytes, int count) {
  (void)file;
  if (!__io_putchar) {
    pen_unanswered("_write");
    return count;
  }
  for (int i = 0; i < count; ++i) __io_putchar(bytes[i]);
  return count;
}
#define ABSENT(name, arguments, result) \
  WEAK int name arguments;              \
  WEAK int name arguments {             \
    pen_unanswered(#name);              \
    return result;                      \
  }
ABSENT(_read, (int file, char* bytes, int count), ((void)file, (void)bytes, (void)count, 0))
/* As pen_newlib.c answers them in a native core: a terminal, of which newlib keeps a line until it is complete. */
WEAK int _lseek(int file, int offset, int from);
WEAK int _lseek(int file, int offset, int from) {
  (void)file, (void)offset, (void)from;
  return 0;
}
WEAK int _close(int file);
WEAK int _close(int file) {
  (void)file;
  return -1;
}
WEAK int _fstat(int file, struct stat* state);
WEAK int _fstat(int file, struct stat* state) {
  (void)file;
  state->st_mode = S_IFCHR;
  return 0;
}
ABSENT(_kill, (int process, int signal), ((void)process, (void)signal, -1))
ABSENT(_getpid, (void), 1)
WEAK int _isatty(int file);
WEAK int _isatty(int file) {
  (void)file;
  return 1;
}

/* ---- vectors and description ---- */

WEAK void Reset_Handler(void) { pen_reset(); } /* the host starts the core, and again after a reset */
/* The firmware's own, if it has them. */
WEAK void NMI_Handler(void);
WEAK void HardFault_Handler(void);
WEAK void MemManage_Handler(void);
WEAK void BusFault_Handler(void);
WEAK void UsageFault_Handler(void);
WEAK void DebugMon_Handler(void);

typedef void (*Vector)(void);
__attribute__((section(".pen_vectors"), used)) const Vector pen_vectors[16] = {
    (Vector)pen_stack_end,   Reset_Handler,         NMI_Handler,           HardFault_Handler,
    MemManage_Handler,       BusFault_Handler,      UsageFault_Handler,    [11] = SVC_Handler,
    [12] = DebugMon_Handler, [14] = PendSV_Handler, [15] = SysTick_Handler};

#if __ARM_ARCH_ISA_THUMB == 1
#define ARCHITECTURE PEN_GUEST_V6M
#elif __ARM_ARCH >= 8
#define ARCHITECTURE PEN_GUEST_V8M
#elif defined __ARM_FEATURE_DSP
#define ARCHITECTURE PEN_GUEST_V7EM
#else
#define ARCHITECTURE PEN_GUEST_V7M
#endif
#ifndef PEN_GUEST_ANNOUNCED
#define PEN_GUEST_ANNOUNCED 0
#endif
#define ADDRESS(what) ((uint32_t)(uintptr_t)(what))

_Static_assert(sizeof(PenPort) == 80 && sizeof(PenTask) == 16 && sizeof(PenInterrupt) == 12 &&
                   sizeof(PenRegisters) == 8,
               "the emulator reads the port by these");

typedef struct { /* PenGuest with addresses that the linker fills in */
  uint32_t numbers[10];
  const void* objects[17];
  void (*handlers[3])(void);
} Description;
extern const Description pen_guest;
__attribute__((section(".pen_guest"), used)) const Description pen_guest = {
    {PEN_GUEST_MAGIC, PEN_GUEST_VERSION, PEN_SHIM_VERSION, PEN_PORT_VERSION, sizeof(PenIn), sizeof(PenOut),
     sizeof(PenPort), PEN_CORE_SHAPE, ARCHITECTURE, PEN_GUEST_ANNOUNCED},
    {&pen_port, (const void*)&pen_in, &pen_out, pen_guest_edges, pen_init_begin, pen_init_end, pen_noinit_begin,
     pen_noinit_end, pen_vectors, pen_stack_begin, pen_stack_end, pen_heap_begin, pen_ram_end,
     (const void*)&pen_guest_entry, pen_calls_begin, pen_calls_end, (const void*)&pen_guest_nested},
    {SVC_Handler, PendSV_Handler, SysTick_Handler}};
