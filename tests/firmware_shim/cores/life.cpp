// life.cpp - a C++ core, shape (b): what a reset restores and what it keeps.
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "pen_port.h"

namespace {

struct Constructed {
  Constructed() : value(1000 + ++order) {}
  ~Constructed() { value = -1; }
  static int order;
  int value;
};
int Constructed::order = 0;
Constructed first, second;

int initialised = 7;            // .data
std::uint32_t zeroed;           // .bss
const char* text = "constant";  // a relocated pointer in .data
std::array<std::uint8_t, 30000> buffer;
__attribute__((section(".noinit"))) std::uint32_t survivor, survivor_check;

template <typename T>
struct Counter {
  inline static T count = 0;  // one per program, for other linkers; one per core here
};

volatile bool never = false;
volatile std::uint32_t milliseconds = 0;

void tick() { milliseconds = milliseconds + 1; }

struct Device {
  virtual ~Device() = default;
  virtual int read() const { return 1; }
};
struct Sensor : Device {
  int read() const override {
    if (pen_in.pins & (1u << PEN_LINE_MODE)) throw std::runtime_error("sensor");
    return 2;
  }
};

int guarded(const Device& device) {
  try {
    return device.read();
  } catch (const std::exception&) {
    pen_delay_us(120);  // across ticks, with a handler in between
    return 3;
  }
}

void deep(int levels) {
  volatile int local = levels;
  if (levels > 0) deep(levels - 1);
  if (local == 0)
    while (!never) {
    }
}

int run() {
  static Sensor sensor;  // constructed when first needed, under the runtime library's guard
  static std::vector<int> numbers{1, 2, 3};
  if (survivor_check != ~survivor) survivor = 0, survivor_check = ~0u;
  survivor = survivor + 1;
  survivor_check = ~survivor;
  numbers.push_back(static_cast<int>(++Counter<int>::count));
  pen_out.aux[0] = first.value * 10000 + second.value;
  pen_out.aux[1] = initialised;
  pen_out.aux[2] = static_cast<std::int32_t>(zeroed);
  pen_out.aux[3] = text[0];
  pen_out.aux[4] = static_cast<std::int32_t>(survivor);
  pen_out.aux[5] = static_cast<std::int32_t>(numbers.size() * 100) + numbers.back();
  pen_out.aux[6] = buffer[29999];
  initialised = 99;
  zeroed = 98;
  text = "other";
  buffer.fill(97);
  Counter<int>::count = 50;
  for (;;) {
    pen_out.aux[7] = guarded(sensor);
    if (pen_in.pins & (1u << PEN_LINE_PLUS)) deep(20);  // a reset finds the core in the middle of a wait
    pen_wait_for_interrupt();
  }
}

const PenTask tasks[] = {{tick, 1000, 1000, 1, 0}};

}  // namespace

extern "C" const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "life",
    .tick_us = 50,
    .uart_baud = 0,
    .boot = nullptr,
    .main = run,
    .tasks = tasks,
    .task_count = 1,
    .interrupts = nullptr,
    .interrupt_count = 0,
    .registers = nullptr,
    .register_count = 0,
    .sync_in = nullptr,
    .sync_out = nullptr,
    .before_read = nullptr,
    .after_write = nullptr,
    .core_clock_Hz = 0,
    .unanswered_ms = 0,
    .stack_bytes = 0,
};
