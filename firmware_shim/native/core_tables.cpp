#include "firmware_shim/native/core_tables.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace pensim {
namespace {

// The structs of pen_port.h and pen_runtime.h as a core with 4-byte pointers has them. Members in the same order.
using Address = std::uint32_t;

struct Task32 {
  Address run;
  std::uint32_t period_us, phase_us;
  std::uint8_t priority, irq;
};
struct Interrupt32 {
  Address run;
  std::uint8_t line, rising, falling, priority, irq;
};
struct Port32 {
  std::uint32_t version;
  Address name;
  std::uint32_t tick_us, uart_baud;
  Address boot, main;
  Address tasks;
  std::uint32_t task_count;
  Address interrupts;
  std::uint32_t interrupt_count;
  Address registers;
  std::uint32_t register_count;
  Address sync_in, sync_out, before_read, after_write;
  std::uint32_t core_clock_Hz, unanswered_ms, stack_bytes, divide_by_zero_traps;
};
struct Runtime32 {
  std::uint32_t magic, version, shim_version, port_version, in_bytes, out_bytes, shape, lp64_chosen;
  Address port, in, out, status;
  Address init_begin, init_end, noinit_begin, noinit_end;
  Address start, tick, run, imports;
};
// A member that is new there has to be new here.
static_assert(sizeof(PenPort) == 136 && sizeof(PenTask) == 24 && sizeof(PenInterrupt) == 16);
static_assert(sizeof(PenRuntime) == 128 && offsetof(PenRuntime, imports) == 120);

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

template <class T>
T* pointer(Address address) {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

template <class T>
T read(const CoreImage& image, const std::string& path, Address address, const char* what) {
  const void* at = image.at(address, sizeof(T));
  if (!at) refuse(path, std::string(what) + " lies outside of the core's memory");
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
std::vector<T> read_table(const CoreImage& image, const std::string& path, Address address, std::uint32_t count,
                          const char* what) {
  std::vector<T> table;
  if (!address) return table;
  if (count > 4096) refuse(path, std::string(what) + ": " + std::to_string(count) + " of them");
  for (std::uint32_t i = 0; i < count; ++i)
    table.push_back(read<T>(image, path, address + i * static_cast<Address>(sizeof(T)), what));
  return table;
}

// A function of the core; NULL where that is allowed.
PenFunction function(const CoreImage& image, const std::string& path, Address address, const char* what,
                     bool needed = false) {
  if (!address && !needed) return nullptr;
  const auto& segments = image.segments();
  if (std::none_of(segments.begin(), segments.end(),
                   [&](const CoreImage::Segment& s) { return s.executable && address >= s.begin && address < s.end; }))
    refuse(path, std::string(what) + " is no function of the core");
  return pointer<void()>(address);
}

// Memory that the host writes: between steps, so it has to stay writable, or once, before the image is protected.
template <class T>
T* block(const CoreImage& image, const std::string& path, Address address, const char* what, bool once = false) {
  const std::uintptr_t end = std::uintptr_t{address} + sizeof(T);
  const bool constant = address < image.read_only_end() && end > image.read_only_begin();
  const auto& segments = image.segments();
  const bool writable = std::any_of(segments.begin(), segments.end(), [&](const CoreImage::Segment& s) {
    return s.writable && address >= s.begin && end <= s.end;
  });
  if (!writable || (constant && !once)) refuse(path, std::string(what) + " is not in writable memory of the core");
  return pointer<T>(address);
}

}  // namespace

void read_runtime(const CoreImage& image, const std::string& path, CoreTables& tables) {
  if (!image.at(image.entry(), sizeof(Runtime32))) return;  // no magic: the caller says that it is no core
  const auto from = read<Runtime32>(image, path, image.entry(), "pen_runtime");
  PenRuntime& to = tables.runtime;
  to.magic = from.magic;
  to.version = from.version;
  to.shim_version = from.shim_version;
  to.port_version = from.port_version;
  to.in_bytes = from.in_bytes;
  to.out_bytes = from.out_bytes;
  to.shape = from.shape;
  if (from.magic != PEN_RUNTIME_MAGIC || from.version != PEN_RUNTIME_VERSION) return;
  to.in = block<PenIn>(image, path, from.in, "pen_in");
  to.out = block<PenOut>(image, path, from.out, "pen_out");
  to.status = block<PenStatus>(image, path, from.status, "pen_status");
  to.imports = block<PenImports>(image, path, from.imports, "pen_imports", true);
  if (from.noinit_begin > from.noinit_end ||
      (from.noinit_begin < from.noinit_end && !image.at(from.noinit_begin, from.noinit_end - from.noinit_begin)))
    refuse(path, "its section .noinit lies outside of the core's memory");
  to.noinit_begin = pointer<std::uint8_t>(from.noinit_begin);
  to.noinit_end = pointer<std::uint8_t>(from.noinit_end);
  to.start = reinterpret_cast<void (*)(const PenHost*)>(function(image, path, from.start, "start", true));
  to.tick = function(image, path, from.tick, "tick", true);
  to.run = function(image, path, from.run, "run", true);
  to.port = &tables.port;
}

void read_port(const CoreImage& image, const std::string& path, CoreTables& tables) {
  const auto runtime = read<Runtime32>(image, path, image.entry(), "pen_runtime");
  const auto from = read<Port32>(image, path, runtime.port, "pen_port");
  for (const auto& t : read_table<Task32>(image, path, from.tasks, from.task_count, "pen_port.tasks"))
    tables.tasks.push_back(
        {function(image, path, t.run, "pen_port.tasks: run"), t.period_us, t.phase_us, t.priority, t.irq});
  for (const auto& i :
       read_table<Interrupt32>(image, path, from.interrupts, from.interrupt_count, "pen_port.interrupts"))
    tables.interrupts.push_back(
        {function(image, path, i.run, "pen_port.interrupts: run"), i.line, i.rising, i.falling, i.priority, i.irq});
  tables.registers = read_table<PenRegisters>(image, path, from.registers, from.register_count, "pen_port.registers");
  tables.name = image.text(from.name, 256);
  PenPort& to = tables.port;
  to.version = from.version;
  to.name = tables.name.c_str();
  to.tick_us = from.tick_us;
  to.uart_baud = from.uart_baud;
  to.boot = function(image, path, from.boot, "pen_port.boot");
  to.main = reinterpret_cast<int (*)()>(function(image, path, from.main, "pen_port.main"));
  to.tasks = from.tasks ? tables.tasks.data() : nullptr;
  to.task_count = from.task_count;
  to.interrupts = from.interrupts ? tables.interrupts.data() : nullptr;
  to.interrupt_count = from.interrupt_count;
  to.registers = from.registers ? tables.registers.data() : nullptr;
  to.register_count = from.register_count;
  to.sync_in = function(image, path, from.sync_in, "pen_port.sync_in");
  to.sync_out = function(image, path, from.sync_out, "pen_port.sync_out");
  to.before_read =
      reinterpret_cast<void (*)(std::uint32_t)>(function(image, path, from.before_read, "pen_port.before_read"));
  to.after_write =
      reinterpret_cast<void (*)(std::uint32_t)>(function(image, path, from.after_write, "pen_port.after_write"));
  to.core_clock_Hz = from.core_clock_Hz;
  to.unanswered_ms = from.unanswered_ms;
  to.stack_bytes = from.stack_bytes;
  to.divide_by_zero_traps = from.divide_by_zero_traps;
}

}  // namespace pensim
