#include "pen_board.h"

#include <string.h>

#include "runtime/pen_runtime.h"

#define HANGS_AFTER_US 2000000u

/* Of the linker script. */
extern uint8_t pen_core_data_begin[], pen_core_data_end[], pen_core_data_load[];
extern uint8_t pen_core_bss_begin[], pen_core_bss_end[];
extern uint8_t pen_noinit_begin[], pen_noinit_end[];
extern uint8_t pen_core_heap_begin[], pen_core_heap_end[], pen_stack_begin[], pen_stack_end[];
extern const uint8_t pen_flash_begin[], pen_flash_end[];
extern const uint8_t pen_build_id_begin[], pen_build_id_end[];

static PenAgent agent;
static void* restart[5];
static volatile uint8_t core_runs;
static volatile uint32_t core_began_us;
static uint8_t* heap_top;

extern const PenRuntime pen_runtime;

/* ---- memory ---- */

static int in_range(uint64_t address, uint32_t count, const uint8_t* begin, const uint8_t* end) {
  const uint64_t low = (uint64_t)(uintptr_t)begin, high = (uint64_t)(uintptr_t)end;
  return address >= low && address <= high && count <= high - address;
}

static int is_writable(uint64_t address, uint32_t count) {
  return in_range(address, count, pen_core_data_begin, pen_core_data_end) ||
         in_range(address, count, pen_core_bss_begin, pen_core_bss_end) ||
         in_range(address, count, pen_noinit_begin, pen_noinit_end) ||
         in_range(address, count, pen_core_heap_begin, pen_core_heap_end) ||
         in_range(address, count, pen_stack_begin, pen_stack_end);
}

static int read_memory(void* context, uint64_t address, void* to, uint32_t count) {
  (void)context;
  if (!is_writable(address, count) && !in_range(address, count, pen_flash_begin, pen_flash_end)) return 0;
  memcpy(to, (const void*)(uintptr_t)address, count);
  return 1;
}

static int write_memory(void* context, uint64_t address, const void* from, uint32_t count) {
  (void)context;
  if (!is_writable(address, count)) return 0;
  memcpy((void*)(uintptr_t)address, from, count);
  return 1;
}

void* _sbrk(int bytes);
void* _sbrk(int bytes) {
  uint8_t* before = heap_top;
  if (bytes > pen_core_heap_end - before || bytes < pen_core_heap_begin - before) return (void*)-1;
  heap_top += bytes;
  return before;
}

static void restore(uint8_t cause) {
  memcpy(pen_core_data_begin, pen_core_data_load, (uint32_t)(pen_core_data_end - pen_core_data_begin));
  memset(pen_core_bss_begin, 0, (uint32_t)(pen_core_bss_end - pen_core_bss_begin));
  if (cause == PEN_RESET_POWER_ON) memset(pen_noinit_begin, 0, (uint32_t)(pen_noinit_end - pen_noinit_begin));
  heap_top = pen_core_heap_begin;
}

/* ---- the core ---- */

static void finding(void* target, uint32_t kind, const char* text, uint32_t number) {
  (void)target;
  pen_agent_finding(&agent, PEN_LINK_SAYS, kind, text, number);
}

/* The next PenIn, or back to the beginning. */
static void take_tick(void) {
  PenIn in;
  core_runs = 0;
  if (pen_agent_next(&agent, &in) == PEN_AGENT_RESET) __builtin_longjmp(restart, 1);
  memcpy((void*)(uintptr_t)pen_runtime.in, &in, sizeof in);
  core_began_us = agent.board->now_us(agent.board->context);
  core_runs = 1;
}

static void give_tick(void) {
  const PenStatus* status = pen_runtime.status;
  pen_agent_done(&agent, pen_runtime.out, pen_runtime.shape == PEN_SHAPE_RATES ? 0 : status->slept_ns,
                 (uint32_t)status->interrupts_lost, status->reset_requested ? PEN_STATE_RESET_REQUESTED : 0);
}

/* Where the core waits in vain: from here the simulator finds the calls. */
static void tell_wait(void) {
  PenLinkRegisters registers;
  memset(&registers, 0, sizeof registers);
  pen_fault_here(&registers);
  registers.stack_begin = (uint32_t)(uintptr_t)pen_stack_begin;
  registers.stack_end = (uint32_t)(uintptr_t)pen_stack_end;
  core_runs = 0;
  pen_agent_crash(&agent, PEN_CRASH_WAITS, registers.r[15], &registers, sizeof registers);
  take_tick(); /* there is none before a reset */
}

static void yield(void* target) {
  (void)target;
  if (pen_runtime.status->hang) tell_wait();
  give_tick();
  take_tick();
}

static void wait_for_reset(void) {
  PenIn in;
  core_runs = 0;
  while (pen_agent_next(&agent, &in) != PEN_AGENT_RESET) {
  }
}

void pen_board_run(const PenAgentBoard* board) {
  static PenHost host;
  pen_agent_init(&agent, board);
  wait_for_reset();
  __builtin_setjmp(restart); /* from the depth of the core: nothing of it is unwound */
  restore(agent.reset_cause);
  host.yield = yield;
  host.finding = finding;
  host.stack_begin = (uint64_t)(uintptr_t)pen_stack_begin;
  host.stack_end = (uint64_t)(uintptr_t)pen_stack_end;
  take_tick();
  pen_runtime.start(&host);
  if (pen_runtime.shape != PEN_SHAPE_RATES) pen_runtime.run();
  for (;;) {
    pen_runtime.tick();
    give_tick();
    take_tick();
  }
}

void pen_board_crashed(uint32_t crash, const PenLinkRegisters* registers) {
  core_runs = 0;
  pen_agent_crash(&agent, crash, registers->r[15], registers, sizeof *registers);
  wait_for_reset();
  __builtin_longjmp(restart, 1);
}

int pen_board_hangs(void) {
  return core_runs && agent.board->now_us(agent.board->context) - core_began_us > HANGS_AFTER_US;
}

/* ---- identity ---- */

static void name_to(char* to, const char* from) {
  uint32_t i = 0;
  for (; i + 1u < PEN_NAME_BYTES && from[i]; ++i) to[i] = from[i];
  to[i] = 0;
}

void pen_board_describe(PenAgentBoard* board, const char* name) {
  PenIdentity* id = &board->identity;
  memset(id, 0, sizeof *id);
  id->link_version = PEN_LINK_VERSION;
  id->shim_version = PEN_SHIM_VERSION;
  id->tick_us = pen_runtime.port->tick_us;
  id->pointer_bytes = sizeof(void*);
  id->long_bytes = sizeof(long);
  id->shape = (uint8_t)pen_runtime.shape;
  name_to(id->core, pen_runtime.port->name);
  name_to(id->board, name);
  /* A note: sizes of name and descriptor, type, name "GNU\0", descriptor. */
  if (pen_build_id_end - pen_build_id_begin >= 16) {
    uint32_t bytes = pen_get_u32(pen_build_id_begin + 4);
    id->build_id_bytes = (uint8_t)(bytes < PEN_BUILD_ID_BYTES ? bytes : PEN_BUILD_ID_BYTES);
    memcpy(id->build_id, pen_build_id_begin + 16, id->build_id_bytes);
  }
  board->read_memory = read_memory;
  board->write_memory = write_memory;
}
