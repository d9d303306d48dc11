/* pen_alone.c - a board without a PC: the core beside the plant (pen_plant.h), paced by the board's clock. Takes the
 * place of pen_board.c and the agent; prints time, rate, depth and current over the line ten times a second.
 *
 * The user presses start at 0.3 s and holds it, dials at 1 mm and 120 Hz: what a bench wants to see. Another story is
 * written here.
 */
#include <string.h>

#include "pen_board.h"
#include "pen_plant.h"
#include "pen_plant_parameters.h"
#include "runtime/pen_runtime.h"

#define REPORT_US 100000u
#define START_US 300000u
#define BOOT_US 5000u

extern uint8_t pen_core_data_begin[], pen_core_data_end[], pen_core_data_load[];
extern uint8_t pen_core_bss_begin[], pen_core_bss_end[];
extern uint8_t pen_core_heap_begin[], pen_core_heap_end[], pen_stack_begin[], pen_stack_end[];
extern const PenRuntime pen_runtime;

static const PenAgentBoard* board;
static PenPlant plant;
static PenPlantUser user;
static PenOut out_before;
static uint32_t begin_us, reported_us;
static float current_sum_A;
static uint32_t current_count;
static uint8_t* heap_top;

void* _sbrk(int bytes);
void* _sbrk(int bytes) {
  uint8_t* before = heap_top;
  if (bytes > pen_core_heap_end - before || bytes < pen_core_heap_begin - before) return (void*)-1;
  heap_top += bytes;
  return before;
}

/* "name 12.345 " */
static char* put_number(char* to, const char* name, float value) {
  uint32_t thousandths = (uint32_t)(value * 1000.0f + 0.5f), digits = 1;
  char text[12];
  while (*name) *to++ = *name++;
  for (uint32_t rest = thousandths / 10000u; rest; rest /= 10u) ++digits;
  for (uint32_t i = 0, whole = thousandths / 1000u; i < digits; ++i, whole /= 10u)
    text[digits - 1u - i] = (char)('0' + whole % 10u);
  memcpy(to, text, digits);
  to += digits;
  *to++ = '.';
  *to++ = (char)('0' + thousandths / 100u % 10u);
  *to++ = (char)('0' + thousandths / 10u % 10u);
  *to++ = (char)('0' + thousandths % 10u);
  *to++ = ' ';
  return to;
}

static void report(void) {
  char line[128], *at = line;
  at = put_number(at, "t_s ", (float)plant.time_us * 1e-6f);
  at = put_number(at, "rate_Hz ", pen_plant_rate_Hz(&plant));
  at = put_number(at, "depth_mm ", plant.screw_m > 0.0f ? plant.screw_m * 1e3f : 0.0f);
  at = put_number(at, "current_A ", current_count ? current_sum_A / (float)current_count : 0.0f);
  *at++ = '\r';
  *at++ = '\n';
  board->write(board->context, line, (uint32_t)(at - line));
  current_sum_A = 0.0f;
  current_count = 0;
}

/* After a tick of the core: the plant moves under the outputs of the tick before, then the core is shown what is. */
static void next_tick(void* target) {
  PenIn in;
  const PenOut out = *pen_runtime.out;
  (void)target;
  pen_plant_move(&plant, &user, &out_before);
  out_before = out;
  current_sum_A += plant.mean_current_A > 0.0f ? plant.mean_current_A : 0.0f;
  ++current_count;
  user.start = plant.time_us >= START_US;
  if (plant.time_us - reported_us >= REPORT_US) {
    reported_us += REPORT_US;
    report();
  }
  while ((int32_t)(board->now_us(board->context) - begin_us - plant.time_us) < 0) {
  }
  pen_plant_sense(&plant, &user, &out_before, &in);
  memcpy((void*)(uintptr_t)pen_runtime.in, &in, sizeof in);
}

static void finding(void* target, uint32_t kind, const char* text, uint32_t number) {
  (void)target, (void)kind, (void)number;
  board->write(board->context, text, (uint32_t)strlen(text));
  board->write(board->context, " finding\r\n", 10);
}

void pen_board_describe(PenAgentBoard* described, const char* name) { (void)described, (void)name; }

void pen_board_run(const PenAgentBoard* of) {
  static PenHost host;
  board = of;
  memcpy(pen_core_data_begin, pen_core_data_load, (uint32_t)(pen_core_data_end - pen_core_data_begin));
  memset(pen_core_bss_begin, 0, (uint32_t)(pen_core_bss_end - pen_core_bss_begin));
  heap_top = pen_core_heap_begin;
  pen_plant_reset(&plant, &pen_plant_parameters);
  user.depth_m = 1e-3f;
  user.rate_Hz = 120.0f;
  begin_us = board->now_us(board->context);
  PenIn in;
  while (plant.time_us < BOOT_US) {
    pen_plant_sense(&plant, &user, &out_before, &in);
    pen_plant_move(&plant, &user, &out_before);
  }
  host.yield = next_tick;
  host.finding = finding;
  host.stack_begin = (uint64_t)(uintptr_t)pen_stack_begin;
  host.stack_end = (uint64_t)(uintptr_t)pen_stack_end;
  pen_plant_sense(&plant, &user, &out_before, &in);
  memcpy((void*)(uintptr_t)pen_runtime.in, &in, sizeof in);
  pen_runtime.start(&host);
  if (pen_runtime.shape != PEN_SHAPE_RATES) pen_runtime.run();
  for (;;) {
    pen_runtime.tick();
    next_tick(NULL);
  }
}

void pen_board_crashed(uint32_t crash, const PenLinkRegisters* registers) {
  (void)crash, (void)registers;
  board->write(board->context, "the core has crashed\r\n", 22);
  for (;;) {
  }
}

int pen_board_hangs(void) { return 0; }
