#include "firmware_shim/emulated/emulated_target.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "firmware_shim/address_text.h"
#include "firmware_shim/counted_cost.h"
#include "firmware_shim/emulated/cortex_m.h"
#include "firmware_shim/emulated/debugger.h"
#include "firmware_shim/emulated/elf_image.h"
#include "firmware_shim/emulated/guest/pen_guest.h"
#include "firmware_shim/emulated/host_runtime.h"
#include "firmware_shim/finding_text.h"
#include "firmware_shim/native/backtrace.h"
#include "firmware_shim/symbols/symbols.h"

namespace pensim {
namespace {

namespace fiber = boost::context::detail;

constexpr std::size_t core_stack_bytes = 256 * 1024;
constexpr std::uint32_t private_begin = 0xE0000000u, private_bytes = 0x100000u;
constexpr std::uint32_t default_clock_Hz = 168000000;
constexpr std::uint64_t endless_instructions = 50'000'000, round_instructions = 10'000;
constexpr std::uint64_t cycles_to_store = 64;
constexpr std::uint32_t most_faults_in_a_tick = 100;
constexpr std::uint32_t vector_table_register = 0xE000ED08u, system_handler_control = 0xE000ED24u,
                        fault_status = 0xE000ED28u, hard_fault_status = 0xE000ED2Cu, bus_fault_address = 0xE000ED38u;
constexpr std::uint32_t priority_shift = 4;  // of BASEPRI: four bits of priority

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

constexpr unsigned char results_of[PEN_CALLS] = {
#define PEN_GUEST_CALL(name, results) results,
#include "firmware_shim/emulated/guest/calls.inl"
#undef PEN_GUEST_CALL
};

// Pages without a name, freed by the destructor.
class Pages {
 public:
  explicit Pages(std::size_t bytes) : bytes_(bytes) {
    at_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at_ == MAP_FAILED) throw std::runtime_error("no memory for an emulated core");
  }
  Pages(Pages&& other) noexcept : at_(other.at_), bytes_(std::exchange(other.bytes_, 0)) {}
  Pages& operator=(Pages&&) = delete;
  ~Pages() {
    if (bytes_) ::munmap(at_, bytes_);
  }
  std::uint8_t* data() const { return static_cast<std::uint8_t*>(at_); }
  std::size_t size() const { return bytes_; }

 private:
  void* at_ = nullptr;
  std::size_t bytes_ = 0;
};

class Emulated final : public Target {
 public:
  explicit Emulated(const TargetSpec& spec);
  ~Emulated() override;

  void reset(std::uint8_t cause) override;
  StepReport step(std::int64_t tick, const PenIn& in, PenOut& out) override;
  WatchId watch(const CoreVariable& variable) override;
  void read(const WatchId* watches, std::size_t count, float* values) const override;
  double peek(const CoreVariable& variable) const override;
  bool poke(const CoreVariable& variable, double value) override;
  ReadMemory reader() const;
  std::uint32_t tick_us() const override { return port_.tick_us; }
  std::vector<std::string> take_findings() override;
  const TargetFault* fault() const override { return fault_ ? &*fault_ : hang_ ? &*hang_ : nullptr; }

  // What the runtime calls (host_runtime.h).
  void call(std::uint32_t function, std::uint32_t argument);
  void interrupt(std::uint32_t function, std::uint32_t number, std::uint32_t handler);
  void* memory(std::uint32_t address);
  const void* bytes(std::uint32_t address, std::uint32_t count);
  const char* text(std::uint32_t address);
  std::uint32_t edge(const PenEdge& edge);
  void masks(std::uint32_t* primask, std::uint32_t* faultmask, std::uint32_t* basepri) const;

 private:
  enum class Until : std::uint8_t { next, returned, nested, exception_return };
  // The guest is about to return from a stub: what the host wants called in its midst is called by the guest
  // (pen_guest_nested), since to move its program counter from outside costs ten times as much.
  struct Stub {
    enum class At : std::uint8_t { nowhere, stub, nested } at = At::nowhere;
    std::uint32_t sp = 0, lr = 0;
  };
  // What of the fault status registers a fault sets, and which handler it wants.
  enum class Cause : std::uint8_t {
    bus,
    fetch,
    undefined,
    state,
    no_coprocessor,
    unaligned,
    breakpoint,
    supervisor_call
  };
  struct Answering {  // the firmware's own handler of a fault is running
    TargetFault fault;
    std::string handler;
  };
  void read_guest();
  void read_port();
  std::string text_of(std::uint32_t address) const;
  void map_memory();
  void map_plain(std::uint64_t begin, std::uint64_t end);
  void run_until(Until until);
  void answer(std::uint32_t index);
  void supervisor_call();
  void call_in_stub(std::uint32_t function, std::uint32_t argument);
  void leave_stub();
  void watch_for_overrun(std::uint32_t function, std::uint32_t handler, std::uint64_t took_ns);
  void due();
  void go_round();
  [[noreturn]] void stays();
  void allow();
  void take_time();
  void guest_fault();
  void fault(const char* kind, const std::string& detail, std::uint32_t pc, Cause cause);
  std::pair<std::uint32_t, std::uint32_t> fault_handler(Cause cause);
  void tell_status(Cause cause, std::uint32_t address);
  std::uint32_t* private_word(std::uint32_t address) {
    return reinterpret_cast<std::uint32_t*>(private_.data() + (address - private_begin));
  }
  [[noreturn]] void give_up(TargetFault verdict);
  [[noreturn]] void spinning();
  void write_costs() const;
  std::uint64_t counted_cycles() const { return cpu_->cycles() - outside_cycles_; }
  TargetFault describe(const char* kind, const std::string& detail, std::uint32_t pc) const;
  [[noreturn]] void fail(const char* kind, const std::string& detail, std::uint32_t pc);
  void enter_state();
  void find(std::uint32_t kind, const char* text, std::uint32_t number);
  std::string time_text() const;
  bool waits() const { return runtime_->now_ns != nullptr; }

  static void enter(fiber::transfer_t from);
  void yield_to_engine();
  static bool quick(void* self, std::uint32_t index);
  static std::uint64_t read_private(uc_engine*, std::uint64_t offset, unsigned size, void* self);
  static void write_private(uc_engine*, std::uint64_t offset, unsigned size, std::uint64_t value, void* self);

  ElfImage image_;
  PenGuest guest_{};
  bool counted_;
  std::uint8_t fill_;
  std::uint32_t clock_Hz_ = default_clock_Hz;
  PenPort port_{};
  std::string name_;
  std::vector<PenTask> tasks_;
  std::vector<PenInterrupt> interrupts_;
  std::vector<PenRegisters> registers_;
  std::vector<std::uint32_t> init_;
  std::vector<std::pair<const ElfRegion*, Pages>> memory_;
  std::vector<std::pair<std::uint32_t, Pages>> register_memory_;  // of the port, by address
  Pages private_{private_bytes};
  std::unique_ptr<CortexM> cpu_;  // goes before the memory that it has mapped
  std::string debug_address_;     // where to wait for a debugger; "": nowhere
  std::unique_ptr<EmulatedDebugger> debugger_;
  std::vector<std::uint32_t> unannounced_;                  // stores to the processor's registers by assembler
  std::uint32_t announced_read_ = 0, announced_write_ = 0;  // addresses

  const PenHostedRuntime* runtime_ = nullptr;
  PenHostedCore core_{};
  PenHost host_{};
  std::vector<char> state_;  // of the runtime, while another core of this process has it
  Pages stack_{core_stack_bytes};
  fiber::fcontext_t core_context_ = nullptr, engine_context_ = nullptr;

  bool first_step_ = true, at_next_ = false;
  Stub stub_;
  bool rounds_ = false;  // it has waited by plain memory
  bool probing_ = false;
  std::uint64_t readings_before_ = 0;
  std::uint32_t round_place_ = 0;
  std::set<std::string> rounds_told_;
  std::optional<Answering> answering_;
  std::uint32_t faults_answered_ = 0;  // in this tick
  std::set<std::uint32_t> answered_at_;
  CountedCost costs_;
  int cost_file_;
  std::uint64_t outside_cycles_ = 0;  // of sync_in and its kind, and of handlers that interrupted the one that runs
  std::uint64_t cycles_before_ = 0;  // turned into time already
  std::uint64_t lost_before_reset_ = 0;
  std::int64_t tick_ = 0;
  std::optional<TargetFault> fault_, hang_;
  std::vector<Watch> watches_;
  mutable std::deque<FollowedWatch> followed_;
  std::vector<std::string> findings_;
  std::set<std::string> unanswered_;
  std::set<std::uint32_t> overrun_;  // handlers that were told of
};

// The runtime has one set of variables per shape; the core whose values they hold, and the one that runs.
std::map<const PenHostedRuntime*, Emulated*> state_of;
Emulated* running = nullptr;

// ---- opening ----

Emulated::Emulated(const TargetSpec& spec)
    : image_(spec.path),
      counted_(spec.emulated.counted),
      fill_(spec.emulated.fill),
      debug_address_(spec.emulated.debugger),
      cost_file_(spec.emulated.cost_file) {
  read_guest();
  read_port();
  if (spec.emulated.clock_Hz) clock_Hz_ = port_.core_clock_Hz = spec.emulated.clock_Hz;
  costs_.core = name_;
  costs_.clock_Hz = clock_Hz_;
  const bool rates = guest_.shape == PEN_SHAPE_RATES;
  if (!rates && !guest_.announced && !counted_) {
    counted_ = true;
    findings_.push_back(
        "the compiler did not announce the volatiles of this core (it was linked elsewhere), so that it would take no "
        "time where it "
        "waits: it runs with `timing: counted`");
  }
  runtime_ = guest_.shape == PEN_SHAPE_REGISTERS ? &pen_hosted_registers
             : rates && !counted_                ? &pen_hosted_rates
                                                 : &pen_hosted_main;
  map_memory();
  host_.target = this;
  host_.yield = [](void* self) { static_cast<Emulated*>(self)->yield_to_engine(); };
  host_.finding = [](void* self, std::uint32_t kind, const char* text, std::uint32_t number) {
    static_cast<Emulated*>(self)->find(kind, text, number);
  };
  host_.stack_begin = guest_.stack_begin;
  host_.stack_end = guest_.stack_end;
  core_.port = &port_;
  core_.in = reinterpret_cast<PenIn*>(cpu_->memory(guest_.in, sizeof(PenIn), true));
  core_.out = reinterpret_cast<PenOut*>(cpu_->memory(guest_.out, sizeof(PenOut), true));
  if (!core_.in || !core_.out || !cpu_->memory(guest_.edges, PEN_HANDLERS * sizeof(PenEdge), true))
    refuse(image_.path(), "pen_in and pen_out are not in its writable memory");
  core_.in_address = guest_.in;
  core_.init_begin = init_.data();
  core_.init_end = init_.data() + init_.size();
  core_.svc = guest_.svc;
  core_.pendsv = guest_.pendsv;
  core_.systick = guest_.systick;
  core_.poll_ns = counted_ ? 0 : 50;
  core_.clock_ns = counted_ ? 0 : 1000;
  reset(PEN_RESET_POWER_ON);
}

Emulated::~Emulated() {
  if (counted_ && cost_file_ >= 0) write_costs();
  if (state_of[runtime_] == this) state_of[runtime_] = nullptr;
}

void Emulated::read_guest() {
  const std::string& path = image_.path();
  const std::optional<std::uint32_t> at = image_.symbol("pen_guest");
  const std::uint8_t* bytes = at ? image_.at(*at, sizeof(PenGuest)) : nullptr;
  if (bytes) std::memcpy(&guest_, bytes, sizeof guest_);
  if (!bytes || guest_.magic != PEN_GUEST_MAGIC)
    refuse(
        path,
        !image_.has_section(".symtab")
            ? "its symbols were stripped: the emulator finds pen_guest by its name"
            : "an ELF file for ARM, but no firmware core: it has no pen_guest (build it with pensim_add_core, or link "
              "firmware_shim/emulated/guest and a port)");
  const auto same = [&](const char* what, std::uint32_t theirs, std::uint32_t ours) {
    if (theirs != ours)
      refuse(path, std::string("built against ") + what + " " + std::to_string(theirs) + ", this program has " +
                       std::to_string(ours) + ": build the core again");
  };
  same("the guest runtime", guest_.version, PEN_GUEST_VERSION);
  same("pen_shim.h version", guest_.shim_version, PEN_SHIM_VERSION);
  same("pen_port.h version", guest_.port_version, PEN_PORT_VERSION);
  same("a PenIn of bytes", guest_.in_bytes, sizeof(PenIn));
  same("a PenOut of bytes", guest_.out_bytes, sizeof(PenOut));
  if (guest_.shape > PEN_SHAPE_REGISTERS || guest_.architecture > PEN_GUEST_V8M ||
      guest_.calls_end != guest_.calls_begin + 4 * PEN_CALLS || guest_.init_end < guest_.init_begin ||
      guest_.stack_end < guest_.stack_begin || guest_.stack_end % 8 != 0)
    refuse(path, "its pen_guest contradicts itself");
  if (guest_.stack_end == guest_.stack_begin)
    refuse(path, "it has no stack: pen_stack_begin and pen_stack_end of its linker script are the same");
  if (!image_.at(guest_.vectors, 64))
    refuse(path, "its table of vectors at " + hex(guest_.vectors) + " lies outside of its memory");
  if (!image_.has_section(".debug_info"))
    findings_.push_back(
        "the core has no debug information (-g): faults have no file and line, and no variable has a name");
  image_.add_memory(guest_.stack_begin, guest_.stack_end);
  image_.add_memory(guest_.heap_begin, guest_.ram_end);
}

std::string Emulated::text_of(std::uint32_t address) const {
  std::string text;
  for (const std::uint8_t* at; text.size() < 200 && (at = image_.at(address, 1)) && *at; ++address)
    text += static_cast<char>(*at);
  return text;
}

// The port as the guest has it: pointers of four bytes.
void Emulated::read_port() {
  const std::string& path = image_.path();
  const auto words = [&](std::uint32_t address, std::uint32_t count, const char* what) {
    std::vector<std::uint32_t> read(count);
    const std::uint8_t* at = image_.at(address, 4 * count);
    if (!at && count) refuse(path, std::string("pen_port: ") + what + " lies outside of its memory");
    if (count) std::memcpy(read.data(), at, 4 * count);
    return read;
  };
  const auto function = [](std::uint32_t address) { return reinterpret_cast<void (*)()>(std::uintptr_t{address}); };
  const std::vector<std::uint32_t> p = words(guest_.port, 19, "itself");
  const auto wrong = [&](const std::string& what) { refuse(path, "pen_port: " + what); };
  if (p[0] != PEN_PORT_VERSION) wrong(".version is " + std::to_string(p[0]) + ", expected PEN_PORT_VERSION");
  port_.version = p[0];
  port_.tick_us = p[2];
  port_.uart_baud = p[3];
  port_.boot = function(p[4]);
  port_.main = reinterpret_cast<int (*)()>(std::uintptr_t{p[5]});
  port_.task_count = p[7];
  port_.interrupt_count = p[9];
  port_.register_count = p[11];
  port_.sync_in = function(p[12]);
  port_.sync_out = function(p[13]);
  port_.before_read = reinterpret_cast<void (*)(std::uint32_t)>(std::uintptr_t{p[14]});
  port_.after_write = reinterpret_cast<void (*)(std::uint32_t)>(std::uintptr_t{p[15]});
  port_.core_clock_Hz = p[16];
  port_.unanswered_ms = p[17];
  if (port_.core_clock_Hz) clock_Hz_ = port_.core_clock_Hz;
  if (port_.tick_us == 0) wrong(".tick_us is 0");
  if (port_.task_count > 60 || port_.interrupt_count > 60 - port_.task_count)
    wrong("has more than 60 tasks and interrupts");
  if (port_.register_count > 64) wrong("has more than 64 ranges of registers");
  const std::vector<std::uint32_t> tasks = words(p[6], 4 * port_.task_count, ".tasks");
  for (std::uint32_t i = 0; i < port_.task_count; ++i) {
    const std::uint32_t* t = &tasks[4 * i];
    tasks_.push_back(
        {function(t[0]), t[1], t[2], static_cast<std::uint8_t>(t[3]), static_cast<std::uint8_t>(t[3] >> 8)});
    if (!t[0]) wrong("tasks[" + std::to_string(i) + "].run is NULL");
    if (t[1] % port_.tick_us || t[2] % port_.tick_us)
      wrong("tasks[" + std::to_string(i) + "]: period and phase are whole numbers of ticks (" +
            std::to_string(port_.tick_us) + " us)");
  }
  const std::vector<std::uint32_t> interrupts = words(p[8], 3 * port_.interrupt_count, ".interrupts");
  for (std::uint32_t i = 0; i < port_.interrupt_count; ++i) {
    const std::uint32_t* t = &interrupts[3 * i];
    const auto byte = [&](std::uint32_t n) { return static_cast<std::uint8_t>(t[1 + n / 4] >> (n % 4 * 8)); };
    interrupts_.push_back({function(t[0]), byte(0), byte(1), byte(2), byte(3), byte(4)});
    if (!t[0]) wrong("interrupts[" + std::to_string(i) + "].run is NULL");
    if (interrupts_.back().line >= PEN_LINE_COUNT)
      wrong("interrupts[" + std::to_string(i) + "].line, expected PEN_LINE_*");
  }
  const std::vector<std::uint32_t> ranges = words(p[10], 2 * port_.register_count, ".registers");
  for (std::uint32_t i = 0; i < port_.register_count; ++i) registers_.push_back({ranges[2 * i], ranges[2 * i + 1]});
  port_.tasks = tasks_.data();
  port_.interrupts = interrupts_.data();
  port_.registers = registers_.data();
  if (!p[5] && guest_.shape != PEN_SHAPE_RATES) wrong("has no main(): pensim_add_core(... SHAPE rates)");
  const auto code = [&](std::uint32_t address, const std::string& what) {
    if (address && !image_.is_code(address))
      refuse(path,
             what + " is " + hex(address) +
                 (address & 1 ? ", where there is no code" : ", which is no Thumb code: bit 0 of its address is 0"));
  };
  for (std::uint32_t i = 0; i < port_.task_count; ++i)
    code(tasks[4 * i], "pen_port: tasks[" + std::to_string(i) + "].run");
  for (std::uint32_t i = 0; i < port_.interrupt_count; ++i)
    code(interrupts[3 * i], "pen_port: interrupts[" + std::to_string(i) + "].run");
  const char* names[] = {".boot", ".main", ".sync_in", ".sync_out", ".before_read", ".after_write"};
  const std::uint32_t at[] = {4, 5, 12, 13, 14, 15};
  for (std::size_t i = 0; i < std::size(at); ++i) code(p[at[i]], std::string("pen_port: ") + names[i]);
  code(guest_.entry, "pen_guest_entry");
  code(guest_.nested, "pen_guest_nested");
  code(guest_.svc, "SVC_Handler");
  code(guest_.pendsv, "PendSV_Handler");
  code(guest_.systick, "SysTick_Handler");
  name_ = text_of(p[1]);
  port_.name = name_.c_str();
  for (std::uint32_t i = 0; i < port_.interrupt_count; ++i)
    costs_.handlers.push_back({false, i, image_.function_at(interrupts[3 * i]), {}});
  for (std::uint32_t i = 0; i < port_.task_count; ++i)
    costs_.handlers.push_back({true, i, image_.function_at(tasks[4 * i]), {}});
  init_ = words(guest_.init_begin, (guest_.init_end - guest_.init_begin) / 4, "table of constructors");
}

// What is not yet mapped of whole pages, in as few pieces as it takes: libunicorn ends the process at a thousand.
void Emulated::map_plain(const std::uint64_t begin, const std::uint64_t end) {
  const auto mapped = [this](const std::uint64_t page) {
    return cpu_->memory(static_cast<std::uint32_t>(page), 1) != nullptr;
  };
  for (std::uint64_t first = begin, last = begin; first < end; first = last) {
    last = first + 4096;
    if (mapped(first)) continue;
    while (last < end && !mapped(last)) last += 4096;
    const auto at = static_cast<std::uint32_t>(first), bytes = static_cast<std::uint32_t>(last - first);
    register_memory_.emplace_back(at, Pages(bytes));
    cpu_->map(at, bytes, register_memory_.back().second.data(), true, false);
  }
}

void Emulated::map_memory() {
  const CortexModel models[] = {CortexModel::m0, CortexModel::m3, CortexModel::m4, CortexModel::m33};
  cpu_ = std::make_unique<CortexM>(models[guest_.architecture], counted_);
  for (const ElfRegion& r : image_.regions()) {
    memory_.emplace_back(&r, Pages(r.size()));
    std::memcpy(memory_.back().second.data(), r.bytes.data(), r.size());
    const bool ram = r.address >= 0x20000000u && r.address < 0x40000000u;  // where a Cortex-M runs code, too
    cpu_->map(r.address, r.size(), memory_.back().second.data(), r.writable, r.executable || ram);
  }
  if (guest_.shape == PEN_SHAPE_REGISTERS) {
    for (const PenRegisters& r : registers_) {
      const std::uint64_t begin = r.address & ~0xFFFull, end = (std::uint64_t{r.address} + r.size + 0xFFF) & ~0xFFFull;
      if (r.size == 0 || end > private_begin)
        refuse(image_.path(), "pen_port: registers at " + hex(r.address) + ": empty, or among the processor's own");
      for (const ElfRegion& own : image_.regions())
        if (begin < own.address + std::uint64_t{own.size()} && own.address < end)
          refuse(image_.path(), "pen_port: registers at " + hex(r.address) + " (" + std::to_string(r.size) +
                                    " bytes) lie where the core's own code or data lie (" + hex(own.address) + ", " +
                                    std::to_string(own.size()) + " bytes); help: list what lies outside of them");
      map_plain(begin, end);
    }
  }
  cpu_->map_registers(private_begin, private_bytes, &Emulated::read_private, &Emulated::write_private, this);
  cpu_->set_stubs(guest_.calls_begin & ~1u, guest_.calls_end);
  cpu_->quick = &Emulated::quick;
  cpu_->quick_context = this;
}

// ---- reset and step ----

void Emulated::reset(std::uint8_t cause) {
  if (runtime_->status && state_of[runtime_] == this) lost_before_reset_ += runtime_->status->interrupts_lost;
  if (cause == PEN_RESET_POWER_ON) lost_before_reset_ = 0;
  std::vector<std::uint8_t> kept;
  const std::uint32_t keep_bytes =
      guest_.noinit_end > guest_.noinit_begin ? guest_.noinit_end - guest_.noinit_begin : 0;
  const std::uint8_t* keep = keep_bytes ? cpu_->memory(guest_.noinit_begin, keep_bytes) : nullptr;
  if (keep && cause != PEN_RESET_POWER_ON) kept.assign(keep, keep + keep_bytes);
  for (const auto& [region, pages] : memory_)
    if (region->writable) std::memcpy(pages.data(), region->bytes.data(), pages.size());
  if (!kept.empty()) std::memcpy(cpu_->memory(guest_.noinit_begin, keep_bytes), kept.data(), keep_bytes);
  // What a core may not rely on: with another filling a second run shows whether it does.
  const auto fill = [&](std::uint32_t begin, std::uint32_t end) {
    if (std::uint8_t* at = begin < end ? cpu_->memory(begin, end - begin, true) : nullptr)
      std::memset(at, fill_, end - begin);
  };
  fill(guest_.stack_begin, guest_.stack_end);
  fill(guest_.heap_begin, guest_.ram_end);
  for (const auto& [address, pages] : register_memory_) ::madvise(pages.data(), pages.size(), MADV_DONTNEED);  // zero
  ::madvise(private_.data(), private_.size(), MADV_DONTNEED);  // zero
  *private_word(vector_table_register) = guest_.vectors;
  cpu_->reset(guest_.entry, guest_.stack_end);
  core_context_ = fiber::make_fcontext(stack_.data() + stack_.size(), stack_.size(), &Emulated::enter);
  first_step_ = true;
  at_next_ = false;
  unannounced_.clear();
  cycles_before_ = outside_cycles_ = 0;
  stub_ = {};
  rounds_ = probing_ = false;
  answering_.reset();
  fault_.reset();
  hang_.reset();
}

void Emulated::enter(fiber::transfer_t from) {
  auto* self = static_cast<Emulated*>(from.data);
  self->engine_context_ = from.fctx;
  self->run_until(Until::next);
  self->runtime_->run();
  std::abort();  // run() never returns
}

void Emulated::yield_to_engine() { engine_context_ = fiber::jump_fcontext(engine_context_, nullptr).fctx; }

void Emulated::enter_state() {
  running = this;
  Emulated*& owner = state_of[runtime_];
  if (owner == this) return;
  const std::size_t bytes = static_cast<std::size_t>(runtime_->state_end - runtime_->state_begin);
  if (owner) owner->state_.assign(runtime_->state_begin, runtime_->state_end);
  if (state_.size() == bytes) std::memcpy(runtime_->state_begin, state_.data(), bytes);
  owner = this;
}

StepReport Emulated::step(std::int64_t tick, const PenIn& in, PenOut& out) {
  enter_state();
  tick_ = tick;
  faults_answered_ = 0;
  StepReport report;
  if (fault_) {
    report.faulted = true;
    return report;
  }
  std::memcpy(const_cast<PenIn*>(core_.in), &in, sizeof in);
  if (std::exchange(first_step_, false)) {
    if (!debugger_ && !debug_address_.empty())
      debugger_ = std::make_unique<EmulatedDebugger>(*cpu_, debug_address_, [this] { return time_text(); });
    std::memset(runtime_->state_begin, 0, static_cast<std::size_t>(runtime_->state_end - runtime_->state_begin));
    *runtime_->measures = counted_;
    runtime_->start(&core_, &host_);
  }
  core_context_ = fiber::jump_fcontext(core_context_, this).fctx;
  std::memcpy(&out, core_.out, sizeof out);
  const PenStatus& status = *runtime_->status;
  if (waits()) report.cpu_load = 1.0 - status.slept_ns * 1e-3 / port_.tick_us;
  report.act_delay_s = status.act_delay_ns * 1e-9;
  report.interrupts_lost = lost_before_reset_ + status.interrupts_lost;
  report.reset_requested = status.reset_requested != 0;
  report.hang = status.hang != 0;
  report.faulted = fault_.has_value();
  if (report.hang && answering_) {
    hang_ = answering_->fault;
    hang_->detail += "; " + answering_->handler + "(), which answers it, does not return";
  } else if (report.hang && !hang_) {
    std::string detail = "waits for 1 s of virtual time for what nobody will change";
    for (int i = 0; i < 2; ++i)
      if (status.waits_for[i]) detail += (i ? " and " : ", reading ") + hex(status.waits_for[i]);
    hang_ = describe("hang", detail, cpu_->pc() - 2);
  }
  return report;
}

std::string Emulated::time_text() const {
  char text[160];
  std::snprintf(text, sizeof text,
                "tick %" PRId64 " of %u us; since the reset %" PRIu64 " cycles, %" PRIu64 " instructions\n", tick_,
                port_.tick_us, cpu_->cycles(), cpu_->instructions());
  return text;
}

// ---- the guest ----

void Emulated::allow() {
  std::uint64_t cycles = ~0ull;
  if (counted_ && waits() && *runtime_->deadline_ns != ~0ull) {
    const std::uint64_t now = *runtime_->now_ns, deadline = *runtime_->deadline_ns;
    cycles = deadline > now ? (deadline - now) * clock_Hz_ / 1000000000u + 1 : 0;
    // The store comes behind its announcement: only then is it looked at.
    if (*runtime_->register_written) cycles = std::max(cycles, cycles_to_store);
  }
  cpu_->set_budget(cycles, rounds_ || probing_ ? round_instructions
                           : answering_        ? endless_instructions / 10
                                               : endless_instructions);
}

// Instructions become time. In functions that take none (sync_in and its kind) the runtime puts the clock back.
void Emulated::take_time() {
  if (!counted_ || !waits()) return;
  const auto ns = [&](std::uint64_t cycles) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(cycles) * 1000000000u / clock_Hz_);
  };
  *runtime_->now_ns += ns(cpu_->cycles()) - ns(cycles_before_);
  cycles_before_ = cpu_->cycles();
}

void Emulated::run_until(Until until) {
  std::uint64_t readings = cpu_->readings(), quiet_since_ns = waits() ? *runtime_->now_ns : 0;
  for (;;) {
    allow();
    const CortexEvent event = cpu_->resume();
    take_time();
    if (event.kind != CortexEvent::Kind::due) probing_ = false;
    if (waits() && (event.kind != CortexEvent::Kind::due || cpu_->readings() != readings))
      quiet_since_ns = *runtime_->now_ns;
    switch (event.kind) {
      case CortexEvent::Kind::idle:
        break;
      case CortexEvent::Kind::call:
        if (event.number == PEN_CALL_next) {
          if (until == Until::next) {
            at_next_ = true;
            return;
          }
          fail("illegal_instruction", "a function was left on a way that was not its own", cpu_->pc());
        }
        if (event.number == PEN_CALL_nested && until == Until::nested) return;
        if (event.number == PEN_CALL_returned || event.number == PEN_CALL_nested) {
          if (until == Until::returned) return;
          fail("illegal_instruction", "a function was left on a way that was not its own", cpu_->pc());
        }
        answer(event.number);
        break;
      case CortexEvent::Kind::exception_return:
        if (until != Until::exception_return)
          fail("illegal_instruction", "return from an exception (" + hex(event.number) + ") where none is active",
               cpu_->pc());
        if (!cpu_->return_from_exception(event.number))
          fail("segfault",
               "return from an exception: there is no frame on the stack that " + hex(event.number) + " names",
               cpu_->pc());
        return;
      case CortexEvent::Kind::supervisor_call:
        supervisor_call();
        break;
      case CortexEvent::Kind::wait_for_interrupt: {
        runtime_->call(PEN_CALL_wait_for_interrupt, nullptr);
        break;
      }
      case CortexEvent::Kind::wait_for_event:
        runtime_->call(PEN_CALL_wait_for_event, nullptr);
        break;
      case CortexEvent::Kind::due:
        if (counted_ && waits() && *runtime_->now_ns - quiet_since_ns >= 1'000'000'000u) stays();
        due();
        break;
      case CortexEvent::Kind::debug:
        debugger_->stopped();
        break;
      case CortexEvent::Kind::fault:
        guest_fault();
        break;
    }
    readings = cpu_->readings();
  }
}

// For 1 s of counted time main() or a handler has gone round in a loop that reads nothing.
void Emulated::stays() {
  if (answering_) spinning();
  fail("hang", "a loop that reads nothing, for 1 s", cpu_->pc());
}

// Between two blocks of instructions: time has come, masks may have changed, or it runs and runs.
void Emulated::due() {
  if (cpu_->instructions_used_up() && answering_) spinning();
  if (cpu_->instructions_used_up()) {
    const std::uint64_t readings = std::exchange(readings_before_, cpu_->readings());
    if (!waits() || counted_ || *runtime_->frozen || (probing_ && readings == readings_before_))
      fail("hang", "50 million instructions without time passing", cpu_->pc());
    probing_ = !probing_;  // a look at one more piece of the loop: does it read at all?
    if (!probing_) go_round();
    return;
  }
  if (!waits()) return;
  for (const std::uint32_t address : std::exchange(unannounced_, {})) runtime_->announced(address, 1);
  if (*runtime_->frozen == 0) {
    if (*runtime_->now_ns >= *runtime_->deadline_ns) {
      runtime_->time_passes();
      return;
    }
    runtime_->settle();
  }
}

// A loop that waits by plain memory: from now on the same goes on for some thousand instructions only.
void Emulated::go_round() {
  if (round_place_ != cpu_->pc()) {
    const std::vector<TargetFault::Place> frames = describe("", "", cpu_->pc()).frames;
    round_place_ = cpu_->pc();
    const std::string function = frames.empty() ? "" : frames[0].function;
    if (rounds_told_.insert(function).second)
      findings_.push_back("the core waits in " + function +
                          " by reading plain memory again and again: time passes by ticks there, and how "
                          "far the loop comes in one depends on the build");
  }
  rounds_ = true;
  runtime_->go_round();
}

void Emulated::supervisor_call() {
  const int answered = runtime_->supervisor_call ? runtime_->supervisor_call() : 0;
  if (answered == 0)
    fault("illegal_instruction", "SVC, but there is no SVC_Handler", cpu_->pc() - 2, Cause::supervisor_call);
  if (answered < 0)
    fault("illegal_instruction", "SVC where interrupts of its priority are masked: a HardFault", cpu_->pc() - 2,
          Cause::supervisor_call);
}

void Emulated::answer(std::uint32_t index) {
  const std::uint32_t arguments[3] = {cpu_->get(UC_ARM_REG_R0), cpu_->get(UC_ARM_REG_R1), cpu_->get(UC_ARM_REG_R2)};
  // The processor's own masks lead: instructions of the guest change them too.
  switch (index) {
    case PEN_CALL_abort:
      fail("abort", "abort() or assert()", cpu_->pc() - 2);
    case PEN_CALL_exit:
      fail("exit", "the core ended itself with exit code " + std::to_string(static_cast<std::int32_t>(arguments[0])),
           cpu_->pc() - 2);
    case PEN_CALL_disable_interrupts:
      cpu_->set(UC_ARM_REG_PRIMASK, 1);
      break;
    case PEN_CALL_enable_interrupts:
      cpu_->set(UC_ARM_REG_PRIMASK, 0);
      break;
    case PEN_CALL_set_primask:
      cpu_->set(UC_ARM_REG_PRIMASK, arguments[0] & 1);
      break;
    case PEN_CALL_set_faultmask:
      cpu_->set(UC_ARM_REG_FAULTMASK, arguments[0] & 1);
      break;
    case PEN_CALL_set_basepri:
      cpu_->set(UC_ARM_REG_BASEPRI, arguments[0] << priority_shift);
      break;
    case PEN_CALL_volatile_read:
      announced_read_ = arguments[0];
      break;
    case PEN_CALL_volatile_write:
      announced_write_ = arguments[0];
      break;
    default:
      break;
  }
  const Stub outer = std::exchange(stub_, {Stub::At::stub});
  const std::uint64_t result = runtime_->call(index, arguments);
  leave_stub();
  stub_ = outer;
  if (results_of[index] > 0) cpu_->set(UC_ARM_REG_R0, static_cast<std::uint32_t>(result));
  if (results_of[index] > 1) cpu_->set(UC_ARM_REG_R1, static_cast<std::uint32_t>(result >> 32));
}

bool Emulated::quick(void* context, std::uint32_t index) {
  auto& self = *static_cast<Emulated*>(context);
  if (self.counted_ || !self.runtime_->quick_read) return false;
  if (index == PEN_CALL_volatile_write) return self.runtime_->quick_write(self.cpu_->get(UC_ARM_REG_R0)) != 0;
  if (index != PEN_CALL_volatile_read) return false;
  return self.runtime_->quick_read(self.cpu_->get(UC_ARM_REG_R0), self.cpu_->get(UC_ARM_REG_R1)) != 0;
}

void Emulated::masks(std::uint32_t* primask, std::uint32_t* faultmask, std::uint32_t* basepri) const {
  *primask = cpu_->get(UC_ARM_REG_PRIMASK) & 1;
  *faultmask = cpu_->get(UC_ARM_REG_FAULTMASK) & 1;
  *basepri = (cpu_->get(UC_ARM_REG_BASEPRI) & 0xFF) >> priority_shift;
}

void Emulated::call(std::uint32_t function, std::uint32_t argument) {
  if (function == 0) return;
  if (at_next_ && argument == 0) {
    at_next_ = false;
    cpu_->set(UC_ARM_REG_R0, function);
    run_until(Until::next);
    return;
  }
  const std::uint64_t cycles = cpu_->cycles();
  if (stub_.at != Stub::At::nowhere) {
    call_in_stub(function, argument);
  } else {
    const CortexM::Context before = cpu_->save();
    const bool at_next = std::exchange(at_next_, false);
    cpu_->begin_call(function, argument, guest_.calls_begin + 4 * PEN_CALL_returned);
    run_until(Until::returned);
    cpu_->restore(before);
    at_next_ = at_next;
  }
  if (waits() && *runtime_->frozen) outside_cycles_ += cpu_->cycles() - cycles;
}

// A stub is a function to the compiler, so that it keeps neither the scratch registers nor the flags across it.
void Emulated::call_in_stub(std::uint32_t function, std::uint32_t argument) {
  if (stub_.at == Stub::At::stub) {
    stub_.sp = cpu_->get(UC_ARM_REG_SP);
    stub_.lr = cpu_->get(UC_ARM_REG_LR);
    const std::uint32_t sp = (stub_.sp & ~7u) - 8;
    std::uint8_t* frame = cpu_->memory(sp, 8, true);
    if (!frame) fail("stack_overflow", "no room on the stack for a call at " + hex(stub_.sp), cpu_->pc());
    std::memcpy(frame + 4, &stub_.lr, 4);
    cpu_->set(UC_ARM_REG_SP, sp);
    cpu_->set(UC_ARM_REG_LR, guest_.nested);
    const Stub here = std::exchange(stub_, {});
    run_until(Until::nested);
    stub_ = {Stub::At::nested, here.sp, here.lr};
  }
  cpu_->set(UC_ARM_REG_R0, argument);
  cpu_->set(UC_ARM_REG_R12, function);
  const Stub here = std::exchange(stub_, {});
  run_until(Until::nested);
  stub_ = here;
}

// It returns where the first of the stubs was called.
void Emulated::leave_stub() {
  if (stub_.at == Stub::At::nested) {
    cpu_->set(UC_ARM_REG_SP, stub_.sp);
    cpu_->set(UC_ARM_REG_LR, stub_.lr);
    cpu_->stands_at(stub_.lr);
  }
  stub_ = {};
}

void Emulated::interrupt(std::uint32_t function, std::uint32_t number, std::uint32_t handler) {
  leave_stub();
  const bool at_next = std::exchange(at_next_, false);
  const std::uint32_t sp = cpu_->get(UC_ARM_REG_SP);
  const std::uint64_t began_ns = waits() ? *runtime_->now_ns : 0, began = counted_cycles();
  if (!cpu_->enter_exception(function, number)) {
    const std::string detail = "no room for the frame of an exception at " + hex(sp);
    if (answering_) give_up(answering_->fault);
    fail("stack_overflow", detail, cpu_->pc());
  }
  run_until(Until::exception_return);
  at_next_ = at_next;
  take_time();
  if (!counted_) return;
  const std::uint64_t took = counted_cycles() - began;
  outside_cycles_ += took;  // of what it interrupted
  if (cost_file_ >= 0 && handler < costs_.handlers.size())
    add_call(costs_.handlers[handler], static_cast<std::uint32_t>(std::min<std::uint64_t>(took, ~0u)));
  watch_for_overrun(function, handler, *runtime_->now_ns - began_ns);
}

// A handler that is not done when it would be due again, or, of an edge, within a tick; with what interrupted it.
void Emulated::watch_for_overrun(std::uint32_t function, std::uint32_t handler, std::uint64_t took_ns) {
  std::uint64_t limit_us = port_.tick_us;
  if (handler >= port_.interrupt_count && handler - port_.interrupt_count < port_.task_count &&
      tasks_[handler - port_.interrupt_count].period_us)
    limit_us = tasks_[handler - port_.interrupt_count].period_us;
  if (took_ns <= limit_us * 1000 || !overrun_.insert(function).second) return;
  char text[160];
  std::snprintf(text, sizeof text,
                " takes %.1f us, more than the %.0f us until it is due again: an overrun at %.1f MHz",
                static_cast<double>(took_ns) * 1e-3, static_cast<double>(limit_us), clock_Hz_ * 1e-6);
  findings_.push_back(image_.function_at(function) + "()" + text);
}

void* Emulated::memory(std::uint32_t address) {
  static std::uint64_t nothing[2];
  if (address >= private_begin) {
    const std::uint32_t offset = address - private_begin;
    return offset + 16 <= private_bytes ? private_.data() + offset : reinterpret_cast<std::uint8_t*>(nothing);
  }
  if (std::uint8_t* at = cpu_->memory(address, 8)) return at;
  if (std::uint8_t* at = cpu_->memory(address, 1)) return at;
  nothing[0] = nothing[1] = 0;
  return nothing;
}

const void* Emulated::bytes(std::uint32_t address, std::uint32_t count) {
  const std::uint8_t* at = cpu_->memory(address, count);
  if (!at && count) fail("segfault", "read of " + std::to_string(count) + " bytes at " + hex(address), cpu_->pc() - 2);
  return at;
}

const char* Emulated::text(std::uint32_t address) {
  for (std::uint32_t length = 1; length < 1000; ++length) {
    const std::uint8_t* at = cpu_->memory(address, length);
    if (!at) break;
    if (at[length - 1] == 0) return reinterpret_cast<const char*>(at);
  }
  fail("segfault", "read of a text at " + hex(address), cpu_->pc() - 2);
}

std::uint32_t Emulated::edge(const PenEdge& edge) {
  // Nested handlers each keep theirs: a slot per line and level would do, a slot per call depth is simpler.
  const std::uint32_t slot = (edge.line * 2u + edge.level) % PEN_HANDLERS;
  const std::uint32_t address = guest_.edges + slot * static_cast<std::uint32_t>(sizeof(PenEdge));
  std::memcpy(cpu_->memory(address, sizeof edge, true), &edge, sizeof edge);
  return address;
}

// ---- the processor's own registers ----

std::uint64_t Emulated::read_private(uc_engine*, std::uint64_t offset, unsigned size, void* context) {
  auto& self = *static_cast<Emulated*>(context);
  const auto address = static_cast<std::uint32_t>(private_begin + offset);
  if (std::exchange(self.announced_read_, 0) != address && self.runtime_->announced)
    self.runtime_->announced(address, 0);
  std::uint64_t value = 0;
  if (offset + size <= private_bytes) std::memcpy(&value, self.private_.data() + offset, std::min(size, 8u));
  return value;
}

void Emulated::write_private(uc_engine*, std::uint64_t offset, unsigned size, std::uint64_t value, void* context) {
  auto& self = *static_cast<Emulated*>(context);
  if (offset + size > private_bytes) return;
  if (const std::uint32_t at = static_cast<std::uint32_t>(private_begin + offset) & ~3u;
      at == fault_status || at == hard_fault_status)
    value = *self.private_word(at) & ~value;  // a bit that is written is cleared
  std::memcpy(self.private_.data() + offset, &value, std::min(size, 8u));
  const auto address = static_cast<std::uint32_t>(private_begin + offset);
  if (!self.runtime_->announced) return;
  if (std::exchange(self.announced_write_, 0) != address) self.unannounced_.push_back(address);
  self.cpu_->stop_soon();  // looked at before the next block: handlers may have to run
}

// ---- faults and findings ----

void Emulated::guest_fault() {
  const CortexFault& f = cpu_->fault();
  if (debugger_) debugger_->faulted(f.kind == CortexFault::Kind::access || f.kind == CortexFault::Kind::fetch);
  if (f.kind == CortexFault::Kind::access) {
    // A large frame steps far below the stack before its first access.
    const std::uint32_t sp = cpu_->get(UC_ARM_REG_SP), far = 64u << 20;
    if (sp < guest_.stack_begin && guest_.stack_begin - sp < far)
      fault("stack_overflow", f.text + ", below the stack", f.pc, Cause::bus);
    else
      fault("segfault", f.text + (f.read_only ? ", which is flash" : ""), f.pc, Cause::bus);
    return;
  }
  if (f.kind == CortexFault::Kind::fetch) {
    fault("segfault", f.text, f.pc, Cause::fetch);
    return;
  }
  const Cause causes[] = {Cause::bus,   Cause::fetch,          Cause::undefined, Cause::breakpoint,
                          Cause::state, Cause::no_coprocessor, Cause::unaligned};
  fault(f.kind == CortexFault::Kind::unaligned ? "bus_error" : "illegal_instruction", f.text, f.pc,
        causes[static_cast<std::size_t>(f.kind)]);
}

// The handler of the firmware that the fault wants, and the number of its exception; 0: there is none. A fault whose
// own handler is not enabled is a HardFault.
std::pair<std::uint32_t, std::uint32_t> Emulated::fault_handler(Cause cause) {
  const std::uint32_t table = *private_word(vector_table_register);
  const auto vector = [&](std::uint32_t number) {
    std::uint32_t function = 0;
    if (const std::uint8_t* at = cpu_->memory(table + 4 * number, 4)) std::memcpy(&function, at, 4);
    return function;
  };
  std::uint32_t number = 6;  // UsageFault
  if (cause == Cause::bus || cause == Cause::fetch) number = 5;
  if (cause == Cause::breakpoint || cause == Cause::supervisor_call || guest_.architecture == PEN_GUEST_V6M) number = 3;
  if (number > 3 &&
      (!(*private_word(system_handler_control) >> (12 + number) & 1) || cpu_->get(UC_ARM_REG_PRIMASK) & 1))
    number = 3;
  return {vector(number), number};
}

void Emulated::tell_status(Cause cause, std::uint32_t address) {
  if (guest_.architecture == PEN_GUEST_V6M) return;
  static const std::uint32_t bits[] = {1u << 9 | 1u << 15, 1u << 8, 1u << 16, 1u << 17, 1u << 19, 1u << 24, 0, 0};
  *private_word(fault_status) |= bits[static_cast<std::size_t>(cause)];
  if (cause == Cause::bus) *private_word(bus_fault_address) = address;
}

// The firmware's own handler runs, as on the target. It is the verdict where there is none, and where that one does not
// come to an end.
void Emulated::fault(const char* kind, const std::string& detail, std::uint32_t pc, Cause cause) {
  TargetFault now = describe(kind, detail, pc);
  if (answering_) {
    now.detail += ", in " + answering_->handler + "(), which answers another fault: " + answering_->fault.detail;
    give_up(now);
  }
  const auto [function, number] = fault_handler(cause);
  if (function == 0 || (waits() && *runtime_->frozen)) give_up(now);
  if (!image_.is_code(function)) {
    now.detail += "; its vector " + std::to_string(number) + " is " + hex(function) + ", where there is no code";
    give_up(now);
  }
  if (++faults_answered_ > most_faults_in_a_tick) {
    now.detail += ", again and again: " + image_.function_at(function) + "() answers it and comes back to it";
    give_up(now);
  }
  tell_status(cause, cpu_->fault().address);
  *private_word(hard_fault_status) |= cause == Cause::breakpoint ? 1u << 31 : number == 3 ? 1u << 30 : 0;
  answering_ = Answering{now, image_.function_at(function)};
  if (answered_at_.insert(pc).second) {
    std::string place = hex(pc);
    if (!now.frames.empty() && !now.frames[0].function.empty())
      place = now.frames[0].function +
              (now.frames[0].file.empty() ? ""
                                          : " (" + now.frames[0].file + ":" + std::to_string(now.frames[0].line) + ")");
    findings_.push_back(answering_->handler + "() answers a fault in " + place + ": " + detail);
  }
  runtime_->fault(function, number);
  answering_.reset();
}

// Its handler goes round and round. A watchdog ends that as on the target.
void Emulated::spinning() {
  if (runtime_->watched && runtime_->watched()) runtime_->stay();
  TargetFault verdict = answering_->fault;
  verdict.detail += "; " + answering_->handler + "(), which answers it, does not return";
  give_up(verdict);
}

TargetFault Emulated::describe(const char* kind, const std::string& detail, std::uint32_t pc) const {
  TargetFault f;
  f.tick = tick_;
  f.kind = kind;
  f.detail = detail;
  const std::array<std::uint32_t, 17> now = cpu_->registers();
  ArmWords r{};
  std::copy_n(now.begin(), 16, r.begin());
  r[15] = pc;
  f.registers = "pc " + hex(pc) + ", sp " + hex(r[13]) + ", lr " + hex(r[14]) + ", xpsr " + hex(now[16]);
  for (std::size_t i = 0; i < 13; ++i) f.registers += ", r" + std::to_string(i) + " " + hex(r[i]);
  const auto read = [&](std::uint32_t address, std::uint32_t& word) {
    const std::uint8_t* at = cpu_->memory(address, 4);
    if (at) std::memcpy(&word, at, 4);
    return at != nullptr;
  };
  for (const Frame& frame : arm_backtrace(r, cpu_->get(UC_ARM_REG_PSP), read, image_.path()))
    f.frames.push_back({frame.pc, frame.function, frame.file, frame.line});
  return f;
}

void Emulated::fail(const char* kind, const std::string& detail, std::uint32_t pc) {
  give_up(describe(kind, detail, pc));
}

void Emulated::give_up(TargetFault verdict) {
  fault_ = std::move(verdict);
  for (;;) yield_to_engine();
}

void Emulated::write_costs() const {
  const std::string text = counted_cost_text(costs_);
  ::ftruncate(cost_file_, 0);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::pwrite(cost_file_, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (wrote <= 0) return;
    at += static_cast<std::size_t>(wrote);
  }
}

void Emulated::find(std::uint32_t kind, const char* text, std::uint32_t number) {
  if (kind == PEN_FINDING_UNANSWERED && !unanswered_.insert(text).second) return;
  if (kind == PEN_FINDING_MAIN_RETURNED && !port_.main) return;
  findings_.push_back(finding_text(kind, text, number, port_.uart_baud ? port_.uart_baud : 115200));
}

// ---- variables by name ----

ReadMemory Emulated::reader() const {
  return [this](std::uint64_t address, void* to, std::size_t bytes) {
    const std::uint8_t* at = cpu_->memory(static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(bytes));
    if (at) std::memcpy(to, at, bytes);
    return at != nullptr;
  };
}

std::vector<std::string> Emulated::take_findings() {
  for (FollowedWatch& f : followed_)
    if (std::string finding = finding_of(f); !finding.empty()) findings_.push_back(std::move(finding));
  return std::exchange(findings_, {});
}

WatchId Emulated::watch(const CoreVariable& v) {
  if (!v.hops.empty()) {
    watches_.push_back(make_watch(followed_.emplace_back(FollowedWatch{v})));
    return static_cast<WatchId>(watches_.size() - 1);
  }
  const std::uint8_t* at = cpu_->memory(static_cast<std::uint32_t>(v.address), v.size_bytes);
  static const std::uint64_t nowhere[1024] = {};
  watches_.push_back(make_watch(v, at ? at : reinterpret_cast<const std::uint8_t*>(nowhere + 512)));
  return static_cast<WatchId>(watches_.size() - 1);
}

void Emulated::read(const WatchId* watches, std::size_t count, float* values) const {
  for (FollowedWatch& f : followed_) refresh(f, f.variable.address, reader());
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(read_watch(watches_[watches[i]]));
}

double Emulated::peek(const CoreVariable& v) const {
  if (!v.hops.empty()) {
    FollowedWatch once{v};
    refresh(once, v.address, reader());
    return once.value;
  }
  const std::uint8_t* at = cpu_->memory(static_cast<std::uint32_t>(v.address), v.size_bytes);
  return at ? read_variable(v, at) : 0.0;
}

bool Emulated::poke(const CoreVariable& v, double value) {
  const std::uint64_t address = v.hops.empty() ? v.address : follow(v, v.address, reader()).address.value_or(0);
  std::uint8_t* at = cpu_->memory(static_cast<std::uint32_t>(address), v.size_bytes, true);
  if (!at)
    findings_.push_back("a write to " + v.name + " at " + hex(address) +
                        " was refused: not in the core's writable memory");
  else if (write_variable(v, at, value))
    return true;
  else
    findings_.push_back("a write of " + std::to_string(value) + " to " + v.name + " was refused: it does not fit");
  return false;
}

}  // namespace

std::unique_ptr<Target> open_emulated(const TargetSpec& spec) { return std::make_unique<Emulated>(spec); }

}  // namespace pensim

extern "C" {
void pen_guest_call(std::uint32_t function, std::uint32_t argument) { pensim::running->call(function, argument); }
void pen_guest_interrupt(std::uint32_t function, std::uint32_t number, std::uint32_t handler) {
  pensim::running->interrupt(function, number, handler);
}
void* pen_guest_memory(std::uint32_t address) { return pensim::running->memory(address); }
const void* pen_guest_bytes(std::uint32_t address, std::uint32_t count) {
  return pensim::running->bytes(address, count);
}
const char* pen_guest_text(std::uint32_t address) { return pensim::running->text(address); }
std::uint32_t pen_guest_edge(const PenEdge* edge) { return pensim::running->edge(*edge); }
void pen_guest_masks(std::uint32_t* primask, std::uint32_t* faultmask, std::uint32_t* basepri) {
  pensim::running->masks(primask, faultmask, basepri);
}
}
