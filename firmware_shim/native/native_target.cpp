#include "firmware_shim/native/native_target.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <cinttypes>
#include <climits>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>
#include <set>
#include <stdexcept>

#include "firmware_shim/address_text.h"
#include "firmware_shim/finding_text.h"
#include "firmware_shim/native/core_tables.h"
#include "firmware_shim/native/crash.h"
#include "firmware_shim/native/image.h"
#include "firmware_shim/native/places.h"
#include "firmware_shim/native/processor.h"
#include "firmware_shim/runtime/pen_runtime.h"
#include "firmware_shim/symbols/symbols.h"

#if defined(__SANITIZE_ADDRESS__)
#define PENSIM_ASAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PENSIM_ASAN_FIBERS 1
#endif
#endif
#ifdef PENSIM_ASAN_FIBERS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace pensim {
namespace {

namespace fiber = boost::context::detail;

constexpr std::uintptr_t stacks_begin = 0x30000000, stacks_end = 0x40000000, stack_spacing = 0x01000000;
constexpr std::uint32_t default_stack_bytes = 256 * 1024;
// Where the stack of a second run (stack_fill) lies beside that of the first, at every place that an address has bits.
constexpr std::uintptr_t other_stack_begin = stacks_begin + 3 * stack_spacing + 5 * page_bytes,
                         other_stack_bytes = 20800, other_stack_top_bytes = 832;
// DWT and ITM; SysTick, NVIC, SCB; TPI, ETM and what vendors put behind them: a core of shape (c) always has them.
constexpr PenRegisters private_peripherals[] = {{0xE0000000, 0x2000}, {0xE000E000, 0x1000}, {0xE0040000, 0x3000}};
// The beginning of the RAM, below every core: where a Cortex-M0 behind a boot loader has its table of vectors.
constexpr PenRegisters vectors_in_ram = {0x20000000, 0x1000};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

// A file descriptor, a mapping, a loaded object: each freed by its destructor, also when opening stops half way.
struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

struct Mapping {
  std::uintptr_t begin = 0, bytes = 0;
  Mapping() = default;
  Mapping(std::uintptr_t b, std::uintptr_t n) : begin(b), bytes(n) {}
  Mapping(Mapping&& other) noexcept : begin(other.begin), bytes(std::exchange(other.bytes, 0)) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (bytes) ::munmap(reinterpret_cast<void*>(begin), bytes);
  }
};

struct Library {
  void* handle = nullptr;
  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle) ::dlclose(handle);
  }
};

// The file's bytes under a name of their own. The descriptor stays open for as long as the copy is loaded: the loader
// takes two objects of one name for the same object.
std::string private_copy(const std::string& path, Descriptor& copy) {
  Descriptor from;
  from.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (from.fd < 0) refuse(path, std::strerror(errno));
  Descriptor memory;
  memory.fd = ::memfd_create("core", MFD_CLOEXEC);
  if (memory.fd < 0) refuse(path, std::string("private copy: ") + std::strerror(errno));
  copy.fd = ::fcntl(memory.fd, F_DUPFD_CLOEXEC, 900);
  if (copy.fd < 0) refuse(path, std::string("private copy: ") + std::strerror(errno));
  std::vector<char> buffer(1 << 16);
  for (;;) {
    ssize_t got = ::read(from.fd, buffer.data(), buffer.size());
    if (got < 0) refuse(path, std::strerror(errno));
    if (got == 0) break;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = ::write(copy.fd, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (put <= 0) refuse(path, std::string("private copy: ") + std::strerror(errno));
      done += put;
    }
  }
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(copy.fd);
}

// A frame that debuggers and crash reports walk through: its caller is found by rbp.
extern "C" void pensim_call_on_stack(void (*function)(), std::uintptr_t stack_end);
#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".type pensim_call_on_stack, @function\n"
    "pensim_call_on_stack:\n"
    "  .cfi_startproc\n"
    "  pushq %rbp\n"
    "  .cfi_def_cfa_offset 16\n"
    "  .cfi_offset %rbp, -16\n"
    "  movq %rsp, %rbp\n"
    "  .cfi_def_cfa_register %rbp\n"
    "  movq %rsi, %rsp\n"
    "  call *%rdi\n"
    "  movq %rbp, %rsp\n"
    "  popq %rbp\n"
    "  .cfi_def_cfa %rsp, 8\n"
    "  ret\n"
    "  .cfi_endproc\n"
    ".size pensim_call_on_stack, . - pensim_call_on_stack\n");
#endif

class Native final : public NativeTarget {
 public:
  Native(const std::string& path, const NativeOptions& options);

  void reset(std::uint8_t cause) override;
  StepReport step(std::int64_t tick, const PenIn& in, PenOut& out) override;
  WatchId watch(const CoreVariable& variable) override;
  void read(const WatchId* watches, std::size_t count, float* values) const override;
  double peek(const CoreVariable& variable) const override;
  bool poke(const CoreVariable& variable, double value) override;
  std::uint32_t tick_us() const override { return port_->tick_us; }
  std::vector<std::string> take_findings() override;

  const std::string& path() const override { return path_; }
  const std::string& loaded_path() const override { return loaded_path_; }
  std::uintptr_t load_bias() const override { return bias_; }
  const std::vector<Range>& loaded_ranges() const override { return loaded_; }
  const std::vector<Range>& register_ranges() const override { return registers_; }
  CoreStack core_stack() const override;
  Waiting waiting() const override;
  bool divide_by_zero_traps() const override { return port_->divide_by_zero_traps != 0; }
  std::uint64_t polls() const override { return runtime_->status->polls; }

 private:
  void load(const NativeOptions& options);
  void load_image();
  void load_library(const NativeOptions& options);
  void check_runtime() const;
  void check_port() const;
  void find_segments();
  void find_segments_of_image();
  void give_imports();
  void find_calls_of_the_pc();
  void find_longs();
  void map_registers();
  void map_stack();
  void smear_stack() const;
  void tell_waits();
  std::string place_of_code(std::uint32_t low, std::uintptr_t back) const;
  std::uint64_t as_linked(std::uint64_t address) const;
  void find(std::uint32_t kind, const char* text, std::uint32_t number);
  bool read_memory(std::uintptr_t address, void* to, std::size_t bytes) const;
  ReadMemory reader() const;

  void resume();
  static void enter(fiber::transfer_t from);
  static void yield(void* target);
  static void finding(void* target, std::uint32_t kind, const char* text, std::uint32_t number) {
    static_cast<Native*>(target)->find(kind, text, number);
  }
  [[noreturn]] static void leave(void* target, std::uint32_t exit_code);
  static std::uint32_t cost(void* target, std::uint32_t handler) {
    return static_cast<Native*>(target)->costs_->next_ns(handler);
  }
  void take_costs(const std::shared_ptr<const CountedCost>& cost);
  void start();
  void find_divisions();
  void find_flags(std::uint64_t left);
  void call_tick() noexcept;  // pthread_exit() of a core does not unwind the simulator
  void call_deeper(void (*function)());
  std::uintptr_t stack_top() const { return host_.stack_end - (stack_fill_ ? other_stack_top_bytes : 0); }
  void call_on_stack(void (*function)(), std::uintptr_t stack_end);

  std::string path_, loaded_path_;
  // A core with pointers of 4 bytes is an image and tables_, one with pointers of 8 a library, from its own path or
  // a copy.
  std::unique_ptr<CoreImage> image_;
  CoreTables tables_;
  Descriptor copy_;
  mutable Descriptor scratch_;
  Library library_;
  std::uintptr_t bias_ = 0;
  const PenRuntime* runtime_ = nullptr;
  const PenPort* port_ = nullptr;
  std::vector<Range> loaded_, registers_;
  std::vector<Mapping> register_memory_;

  // Writable memory of the core: [begin, begin + image.size()) comes from the image, the rest up to end is zero.
  struct Writable {
    std::uintptr_t begin = 0, end = 0;
    std::vector<std::uint8_t> image;
  };
  std::vector<Writable> writable_;
  bool thread_local_variables_ = false;

  PenHost host_{};
  std::unique_ptr<Mapping> stack_memory_;
  fiber::fcontext_t core_context_ = nullptr, host_context_ = nullptr;
#ifdef PENSIM_ASAN_FIBERS
  const void* host_stack_ = nullptr;
  std::size_t host_stack_bytes_ = 0;
#endif

  bool waits_ = false;      // shapes (b) and (c)
  bool first_step_ = true;  // since the last reset
  std::uint8_t stack_fill_ = 0;
  FloatState float_state_;
  bool flags_told_ = false;
  std::uint64_t lost_before_reset_ = 0;
  std::vector<Watch> watches_;
  mutable std::deque<FollowedWatch> followed_;
  std::vector<std::string> findings_;
  std::set<std::string> unanswered_;
  struct PlainWait {
    std::uint32_t place_low;
    std::uint64_t address;
  };
  std::vector<PlainWait> plain_waits_;
  std::uint64_t kicked_while_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places_to_tell_;  // kind of the finding, place
  std::set<std::string> plain_wait_places_;
  std::uint32_t divisions_told_ = 0;  // of crash_divisions
  std::optional<CountedCalls> costs_;
  std::set<std::uint32_t> overrun_;  // handlers that were told of
};

Native::Native(const std::string& path, const NativeOptions& options) : path_(path), stack_fill_(options.stack_fill) {
  load(options);
  check_runtime();
  port_ = runtime_->port;
  check_port();
  waits_ = port_->main != nullptr;
  if (runtime_->shape == PEN_SHAPE_REGISTERS) map_registers();
  if (waits_ || image_) map_stack();
  host_.target = this;
  host_.yield = &Native::yield;
  host_.finding = &Native::finding;
  take_costs(options.cost);
  if (image_) {
    give_imports();
    find_segments_of_image();
  } else {
    find_segments();
    find_calls_of_the_pc();
    find_longs();
  }
  reset(PEN_RESET_POWER_ON);
  if (thread_local_variables_)
    findings_.push_back("the core has thread-local variables; they keep their values over a reset");
}

void Native::load(const NativeOptions& options) {
  if (CoreImage::is_one(path_))
    load_image();
  else
    load_library(options);
}

void Native::load_image() {
  loaded_path_ = path_;
  image_ = std::make_unique<CoreImage>(path_);
  bias_ = image_->bias();
  read_runtime(*image_, path_, tables_);
  runtime_ = &tables_.runtime;
  check_runtime();
  read_port(*image_, path_, tables_);
}

// What the core calls of this side, written where it can no longer change it.
void Native::give_imports() {
  PenImports& to = *runtime_->imports;
  to.target = reinterpret_cast<std::uint64_t>(this);
  to.yield = reinterpret_cast<std::uint64_t>(&Native::yield);
  to.finding = reinterpret_cast<std::uint64_t>(&Native::finding);
  to.leave = reinterpret_cast<std::uint64_t>(&Native::leave);
  to.stack_begin = host_.stack_begin;
  to.stack_end = host_.stack_end;
  to.cost_ns = costs_ ? reinterpret_cast<std::uint64_t>(&Native::cost) : 0;
  image_->protect();
}

void Native::take_costs(const std::shared_ptr<const CountedCost>& cost) {
  if (!cost) return;
  if (const std::string why = counted_cost_refusal(*cost, *port_); !why.empty()) refuse(path_, why);
  costs_.emplace(*cost, *port_);
  host_.cost_ns = &Native::cost;
}

void Native::leave(void*, std::uint32_t exit_code) {
  if (exit_code == PEN_LEAVE_ABORT) std::abort();
  ::_exit(static_cast<int>(exit_code & 0xff));
}

void Native::load_library(const NativeOptions& options) {
  // A file in memory has no other name than that of its descriptor.
  char real[PATH_MAX];
  const bool nameless = path_.starts_with("/proc/self/fd/");
  if (!nameless && !::realpath(path_.c_str(), real)) refuse(path_, std::strerror(errno));
  loaded_path_ = nameless ? path_ : real;
  bool copy = options.private_copy;
  if (void* already = ::dlopen(loaded_path_.c_str(), RTLD_NOW | RTLD_NOLOAD)) {
    ::dlclose(already);
    copy = true;
  }
  if (copy) loaded_path_ = private_copy(loaded_path_, copy_);
  crash_begin_loading();
  library_.handle = ::dlopen(loaded_path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  crash_end_loading();
  if (!library_.handle) refuse(path_, ::dlerror());
  runtime_ = static_cast<const PenRuntime*>(::dlsym(library_.handle, "pen_runtime"));
}

void Native::check_runtime() const {
  if (!runtime_ || runtime_->magic != PEN_RUNTIME_MAGIC)
    refuse(path_, "a shared object, but no firmware core: it exports no pen_runtime (build it with pensim_add_core)");
  auto same = [&](const char* what, std::uint32_t theirs, std::uint32_t ours) {
    if (theirs != ours)
      refuse(path_, std::string("built against ") + what + " " + std::to_string(theirs) + ", this program has " +
                        std::to_string(ours) + ": build the core again");
  };
  same("the runtime of version", runtime_->version, PEN_RUNTIME_VERSION);
  same("pen_shim.h of version", runtime_->shim_version, PEN_SHIM_VERSION);
  same("pen_port.h of version", runtime_->port_version, PEN_PORT_VERSION);
  same("a PenIn of bytes", runtime_->in_bytes, sizeof(PenIn));
  same("a PenOut of bytes", runtime_->out_bytes, sizeof(PenOut));
}

void Native::check_port() const {
  auto wrong = [&](const std::string& why) { refuse(path_, "pen_port: " + why); };
  const PenPort& p = *port_;
  if (p.version != PEN_PORT_VERSION)
    wrong("version is " + std::to_string(p.version) +
          ", expected PEN_PORT_VERSION = " + std::to_string(PEN_PORT_VERSION));
  if (p.tick_us < 1 || p.tick_us > 1000) wrong("tick_us is " + std::to_string(p.tick_us) + ", expected 1..1000");
  const std::uint64_t baud = p.uart_baud ? p.uart_baud : 115200;
  if (baud < 300 || baud * p.tick_us > PEN_UART_BYTES * 10'000'000ull)
    wrong("uart_baud is " + std::to_string(baud) + ", expected 300 to 8 bytes in a tick");
  if (std::uint64_t{p.task_count} + p.interrupt_count > 60) wrong("more than 60 tasks and interrupts");
  if ((p.task_count && !p.tasks) || (p.interrupt_count && !p.interrupts) || (p.register_count && !p.registers))
    wrong("a count without its table");
  for (std::uint32_t i = 0; i < p.task_count; ++i) {
    const PenTask& task = p.tasks[i];
    const std::string name = "tasks[" + std::to_string(i) + "]";
    if (!task.run) wrong(name + ".run is NULL");
    if (task.period_us % p.tick_us || task.phase_us % p.tick_us)
      wrong(name + ": period_us = " + std::to_string(task.period_us) +
            " and phase_us = " + std::to_string(task.phase_us) + " have to be whole numbers of ticks of " +
            std::to_string(p.tick_us) + " us");
    if (task.period_us == 0 && task.phase_us != 0)
      wrong(name + ": phase_us = " + std::to_string(task.phase_us) +
            " without a period: it runs when it is made pending, and at no time of its own");
    if (task.period_us == 0 && task.irq == 0) wrong(name + " has neither a period nor an irq: it could never run");
  }
  for (std::uint32_t i = 0; i < p.interrupt_count; ++i) {
    const PenInterrupt& interrupt = p.interrupts[i];
    const std::string name = "interrupts[" + std::to_string(i) + "]";
    if (!interrupt.run) wrong(name + ".run is NULL");
    if (interrupt.line >= PEN_LINE_COUNT)
      wrong(name + ".line is " + std::to_string(interrupt.line) + ", expected PEN_LINE_*");
    if (!interrupt.rising && !interrupt.falling)
      wrong(name + " has neither a rising nor a falling edge: it could never run");
  }
  if (p.main && runtime_->shape == PEN_SHAPE_RATES)
    wrong("has a main(), so the core waits: pensim_add_core(... SHAPE main) or SHAPE registers");
  if (!p.main && runtime_->shape != PEN_SHAPE_RATES) wrong("has no main(): pensim_add_core(... SHAPE rates)");
  if ((p.register_count || p.sync_in || p.sync_out || p.before_read || p.after_write) &&
      runtime_->shape != PEN_SHAPE_REGISTERS)
    wrong("has registers: pensim_add_core(... SHAPE registers)");
  if (p.stack_bytes && !p.main && !image_)
    wrong("stack_bytes: functions at rates of a core with 8-byte pointers run on the PC's stack; leave it 0");
  if (p.unanswered_ms && !p.main) wrong("unanswered_ms: functions at rates cannot wait; leave it 0");
  if (p.unanswered_ms > 3'600'000)
    wrong("unanswered_ms is " + std::to_string(p.unanswered_ms) + ", expected up to an hour");
  if (p.divide_by_zero_traps > 1)
    wrong("divide_by_zero_traps is " + std::to_string(p.divide_by_zero_traps) + ", expected 0 or 1");
  if (p.stack_bytes && (p.stack_bytes < 16384 || p.stack_bytes > stack_spacing / 2))
    wrong("stack_bytes is " + std::to_string(p.stack_bytes) + ", expected 16384.." + std::to_string(stack_spacing / 2));
}

void Native::find_segments_of_image() {
  for (const CoreImage::Segment& s : image_->segments()) {
    loaded_.push_back({page_down(s.begin), page_up(s.end), s.writable, s.executable});
    if (!s.writable) continue;
    Writable w;
    w.begin = image_->read_only_begin() == s.begin ? image_->read_only_end() : s.begin;
    w.end = s.end;
    if (s.filled > w.begin)
      w.image.assign(reinterpret_cast<const std::uint8_t*>(w.begin), reinterpret_cast<const std::uint8_t*>(s.filled));
    writable_.push_back(std::move(w));
  }
}

void Native::find_segments() {
  struct Found {
    const void* inside;
    Native* self;
    bool done;
  } found{runtime_, this, false};
  auto visit = [](dl_phdr_info* info, std::size_t, void* data) {
    auto& f = *static_cast<Found*>(data);
    const auto address = reinterpret_cast<std::uintptr_t>(f.inside);
    bool ours = false;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& p = info->dlpi_phdr[i];
      ours = ours || (p.p_type == PT_LOAD && address - (info->dlpi_addr + p.p_vaddr) < p.p_memsz);
    }
    if (!ours) return 0;
    Native& n = *f.self;
    n.bias_ = info->dlpi_addr;
    std::uintptr_t read_only_end = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& p = info->dlpi_phdr[i];
      if (p.p_type == PT_GNU_RELRO) read_only_end = page_down(n.bias_ + p.p_vaddr + p.p_memsz);
      if (p.p_type == PT_TLS && p.p_memsz) n.thread_local_variables_ = true;
    }
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& p = info->dlpi_phdr[i];
      if (p.p_type != PT_LOAD) continue;
      const std::uintptr_t begin = n.bias_ + p.p_vaddr, end = begin + p.p_memsz, filled = begin + p.p_filesz;
      n.loaded_.push_back({page_down(begin), page_up(end), (p.p_flags & PF_W) != 0, (p.p_flags & PF_X) != 0});
      if (!(p.p_flags & PF_W)) continue;
      Writable w;
      w.begin = read_only_end > begin && read_only_end <= end ? read_only_end : begin;
      w.end = end;
      if (filled > w.begin)
        w.image.assign(reinterpret_cast<const std::uint8_t*>(w.begin), reinterpret_cast<const std::uint8_t*>(filled));
      n.writable_.push_back(std::move(w));
    }
    f.done = true;
    return 1;
  };
  ::dl_iterate_phdr(visit, &found);
  if (!found.done) refuse(path_, "the loader does not list its segments");
}

// What has another size than on the target, as far as static variables tell.
void Native::find_longs() {
  static const std::set<std::string> of_8_bytes = {"long", "long int", "unsigned long", "long unsigned int"};
  constexpr std::size_t most_named = 12;
  std::size_t count = 0;
  std::string names;
  try {
    for (const SymbolLine& line : CoreSymbols(path_).list())
      if (of_8_bytes.count(line.type.substr(0, line.type.find_first_of("[:"))) && count++ < most_named)
        names += (count > 1 ? ", " : "") + line.name;
  } catch (const std::runtime_error&) {
    // no debug information, no names
  }
  if (runtime_->lp64_chosen && !count) return;  // its author knows
  std::string text = "long and pointers have 8 bytes in this core, on the target 4";
  if (count) text += ": " + names;
  if (count > most_named) text += " and " + std::to_string(count - most_named) + " more variables of type long";
  findings_.push_back(text + " (DATA_MODEL of pensim_add_core)");
}

// Functions of the PC whose results come from outside the run, or that leave it. A firmware that means its own has to
// bring it.
void Native::find_calls_of_the_pc() {
  static const std::set<std::string> outside = {
      "clock",
      "clock_gettime",
      "clock_nanosleep",
      "fopen",
      "fork",
      "getenv",
      "getpid",
      "gettimeofday",
      "nanosleep",
      "open",
      "popen",
      "pthread_create",
      "read",
      "setitimer",
      "sigaction",
      "signal",
      "sleep",
      "socket",
      "system",
      "thrd_create",
      "time",
      "timer_create",
      "usleep",
      "write",
      "_ZNSt6chrono3_V212steady_clock3nowEv",
      "_ZNSt6chrono3_V212system_clock3nowEv",
      "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
      "_ZNSt13random_device9_M_getvalEv"};
  link_map* map = nullptr;
  if (::dlinfo(library_.handle, RTLD_DI_LINKMAP, &map) != 0) return;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  const std::uint32_t* hash = nullptr;  // buckets, first hashed symbol, ...; what is undefined comes before that symbol
  for (const ElfW(Dyn)* d = map->l_ld; d->d_tag != DT_NULL; ++d) {
    if (d->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(d->d_un.d_ptr);
    if (d->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(d->d_un.d_ptr);
    if (d->d_tag == DT_GNU_HASH) hash = reinterpret_cast<const std::uint32_t*>(d->d_un.d_ptr);
  }
  if (!symbols || !names || !hash) return;
  for (std::uint32_t i = 1; i < hash[1]; ++i) {
    const std::string name = names + symbols[i].st_name;
    if (symbols[i].st_shndx == SHN_UNDEF && outside.count(name))
      findings_.push_back("the core calls " + name +
                          "() of the PC: it knows nothing of virtual time, and runs may differ by it");
  }
}

void Native::map_registers() {
  std::vector<Range> wanted;
  auto want = [&](const PenRegisters& r) {
    const std::uintptr_t begin = page_down(r.address), end = page_up(static_cast<std::uintptr_t>(r.address) + r.size);
    if (r.size == 0 || end > 0x100000000ull)
      refuse(path_, "pen_port: registers at " + hex(r.address) + ": empty, or beyond 32 bits");
    if (begin < 0x40000000 && end > 0x20000000)
      refuse(path_,
             "pen_port: registers at " + hex(r.address) +
                 ": 0x20000000..0x3fffffff is where cores and stacks lie. The page at 0x20000000 is there without "
                 "being listed; memory that firmware takes at an address of its own further up has to become a "
                 "variable of it");
    wanted.push_back({begin, end, true, false});
  };
  for (const PenRegisters& r : private_peripherals) want(r);
  for (std::uint32_t i = 0; i < port_->register_count; ++i) want(port_->registers[i]);
  wanted.push_back({vectors_in_ram.address, vectors_in_ram.address + vectors_in_ram.size, true, false});
  std::sort(wanted.begin(), wanted.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (const Range& r : wanted) {
    if (!registers_.empty() && r.begin <= registers_.back().end)
      registers_.back().end = std::max(registers_.back().end, r.end);
    else
      registers_.push_back(r);
  }
  for (const Range& r : registers_) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
#ifdef PENSIM_ASAN_FIBERS
    // The private peripherals of a Cortex-M lie in the gap that AddressSanitizer keeps between its shadows; nothing
    // uses it.
    if (r.begin >= 0x8fff7000) flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
#endif
    void* at = ::mmap(reinterpret_cast<void*>(r.begin), r.end - r.begin, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (at != reinterpret_cast<void*>(r.begin)) {
      if (at != MAP_FAILED) ::munmap(at, r.end - r.begin);
      refuse(path_, "registers at " + hex(r.begin) + ".." + hex(r.end - 1) +
                        " cannot be mapped: the addresses are in use (a second core with registers in this process?)");
    }
    register_memory_.emplace_back(r.begin, r.end - r.begin);
  }
}

// In low memory where there is room, so that a pointer to a local variable fits into 32 bits too.
void Native::map_stack() {
  const std::uintptr_t bytes = page_up(port_->stack_bytes ? port_->stack_bytes : default_stack_bytes) + 2 * page_bytes;
  void* at = MAP_FAILED;
  const std::uintptr_t first = stack_fill_ ? other_stack_begin : stacks_begin;
  for (std::uintptr_t low = first; at == MAP_FAILED && low < stacks_end; low += stack_spacing)
    at = ::mmap(reinterpret_cast<void*>(low), bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (at == MAP_FAILED && image_) refuse(path_, "stack: no room left below 4 GB (too many cores in this process)");
  if (at == MAP_FAILED)
    at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) refuse(path_, std::string("stack: ") + std::strerror(errno));
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  stack_memory_ = std::make_unique<Mapping>(begin, bytes);
  ::mprotect(at, page_bytes, PROT_NONE);
  ::mprotect(reinterpret_cast<void*>(begin + bytes - page_bytes), page_bytes, PROT_NONE);
  host_.stack_begin = begin + page_bytes;
  host_.stack_end = begin + bytes - page_bytes;
}

void Native::reset(std::uint8_t cause) {
  lost_before_reset_ += runtime_->status->interrupts_lost;
  if (cause == PEN_RESET_POWER_ON) lost_before_reset_ = 0;
  const auto keep_begin = reinterpret_cast<std::uintptr_t>(runtime_->noinit_begin);
  const auto keep_end = reinterpret_cast<std::uintptr_t>(runtime_->noinit_end);
  for (const Writable& w : writable_) {
    if (!w.image.empty()) std::memcpy(reinterpret_cast<void*>(w.begin), w.image.data(), w.image.size());
    auto zero = [](std::uintptr_t begin, std::uintptr_t end) {
      if (end > begin) std::memset(reinterpret_cast<void*>(begin), 0, end - begin);
    };
    const std::uintptr_t zero_begin = w.begin + w.image.size();
    const bool keeps =
        cause != PEN_RESET_POWER_ON && keep_begin < keep_end && keep_begin >= zero_begin && keep_end <= w.end;
    if (keeps) {
      zero(zero_begin, keep_begin);
      zero(keep_end, w.end);
    } else {
      zero(zero_begin, w.end);
    }
  }
  for (const Range& r : registers_)
    ::madvise(reinterpret_cast<void*>(r.begin), r.end - r.begin, MADV_DONTNEED);  // zero
  if (stack_memory_) {
    // The same addresses with nothing on them: what the stack held is gone, and a run does not depend on where it was.
    void* stack = reinterpret_cast<void*>(host_.stack_begin);
    const std::size_t bytes = host_.stack_end - host_.stack_begin;
#ifdef PENSIM_ASAN_FIBERS
    __asan_unpoison_memory_region(stack, bytes);
#endif
    ::madvise(stack, bytes, MADV_DONTNEED);
    if (stack_fill_) std::memset(stack, stack_fill_, bytes);
    if (waits_) core_context_ = fiber::make_fcontext(reinterpret_cast<void*>(stack_top()), bytes, &Native::enter);
  }
  runtime_->status->stack_fill = stack_fill_;
  runtime_->status->measures = costs_.has_value();
  float_state_ = {};
  first_step_ = true;
}

// Below the caller's frame, where the functions of a core of shape (a) will lie.
__attribute__((noinline, no_sanitize("address"))) void Native::smear_stack() const {
  constexpr std::size_t bytes = 16384;
  if (stack_memory_) {
    std::memset(reinterpret_cast<void*>(stack_top() - bytes), stack_fill_, bytes);
    return;
  }
  std::uint8_t below[bytes + other_stack_bytes];
  std::memset(below, stack_fill_, sizeof below);
  __asm__ volatile("" : : "r"(below) : "memory");
}

void Native::enter(fiber::transfer_t from) {
  auto* self = static_cast<Native*>(from.data);
  self->host_context_ = from.fctx;
#ifdef PENSIM_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(nullptr, &self->host_stack_, &self->host_stack_bytes_);
#endif
  self->runtime_->run();
  std::abort();  // run() never returns
}

void Native::yield(void* target) {
  auto* self = static_cast<Native*>(target);
#ifdef PENSIM_ASAN_FIBERS
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, self->host_stack_, self->host_stack_bytes_);
#endif
  self->host_context_ = fiber::jump_fcontext(self->host_context_, nullptr).fctx;
#ifdef PENSIM_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(fake, &self->host_stack_, &self->host_stack_bytes_);
#endif
}

void Native::resume() {
#ifdef PENSIM_ASAN_FIBERS
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, reinterpret_cast<void*>(host_.stack_begin),
                                 host_.stack_end - host_.stack_begin);
#endif
  core_context_ = fiber::jump_fcontext(core_context_, this).fctx;
#ifdef PENSIM_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

// A core with pointers of 4 bytes runs on its own stack only, since the caller's lies above 4 GB.
void Native::call_on_stack(void (*function)(), std::uintptr_t stack_end) {
#ifdef PENSIM_ASAN_FIBERS
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, reinterpret_cast<void*>(host_.stack_begin), stack_end - host_.stack_begin);
#endif
  pensim_call_on_stack(function, stack_end);
#ifdef PENSIM_ASAN_FIBERS
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void Native::start() {
  if (image_) {
    // Below what the stack holds for the first switch to it. The argument is left to the imports.
    const auto stack_end = waits_ ? reinterpret_cast<std::uintptr_t>(core_context_) : stack_top();
    call_on_stack(reinterpret_cast<void (*)()>(runtime_->start), stack_end & ~std::uintptr_t{63});
  } else {
    runtime_->start(&host_);
  }
  if (!waits_) return;
  // main() goes on with what boot() and constructors have set: the switch takes it from the first words of the context.
  const FloatState set = float_state();
  std::memcpy(core_context_, &set.mxcsr, sizeof set.mxcsr);
  std::memcpy(static_cast<char*>(core_context_) + 4, &set.x87, sizeof set.x87);
  set_float_state({});
}

StepReport Native::step(std::int64_t tick, const PenIn& in, PenOut& out) {
  std::memcpy(const_cast<PenIn*>(runtime_->in), &in, sizeof in);
  const bool first = std::exchange(first_step_, false);
  crash_enter_core(tick);
  give_processor(float_state_);
  if (first) start();
  if (waits_)
    resume();
  else
    call_tick();
  const std::uint64_t flags = take_processor(float_state_);
  crash_leave_core();
  if (flags) find_flags(flags);
  if (crash_division_count != divisions_told_) find_divisions();
  std::memcpy(&out, runtime_->out, sizeof out);
  const PenStatus& status = *runtime_->status;
  StepReport report;
  if (waits_ || costs_) report.cpu_load = 1.0 - status.slept_ns * 1e-3 / port_->tick_us;
  report.act_delay_s = status.act_delay_ns * 1e-9;
  report.interrupts_lost = lost_before_reset_ + status.interrupts_lost;
  report.reset_requested = status.reset_requested != 0;
  report.hang = status.hang != 0;
  return report;
}

__attribute__((noinline)) void Native::call_tick() noexcept {
  if (stack_fill_) smear_stack();
  if (image_)
    call_on_stack(runtime_->tick, stack_top());
  else if (stack_fill_)
    call_deeper(runtime_->tick);
  else
    runtime_->tick();
}

// Elsewhere on the caller's stack.
__attribute__((noinline)) void Native::call_deeper(void (*function)()) {
  auto* const below = static_cast<volatile char*>(__builtin_alloca(other_stack_bytes));
  below[0] = 0;
  function();
  __asm__ volatile("" : : "r"(below) : "memory");
}

void Native::find_flags(std::uint64_t left) {
  const char* const name = left & direction_flag   ? "the direction flag"
                           : left & alignment_flag ? "the alignment check"
                                                   : "the nested-task flag";
  if (std::exchange(flags_told_, true)) return;
  findings_.push_back(std::string("the core left ") + name +
                      " of the PC's processor set: inline assembler that is no firmware's; it was cleared");
}

void Native::find_divisions() {
  if (crash_division_count < divisions_told_) divisions_told_ = 0;  // the crash report was set up anew
  for (; divisions_told_ < crash_division_count && divisions_told_ < crash_divisions_kept; ++divisions_told_) {
    const std::uintptr_t pc = crash_divisions[divisions_told_];
    findings_.push_back("integer division by zero in " + place_text(path_, loaded_.front().begin - bias_, pc - bias_) +
                        ": it gives 0 as on a Cortex-M (64 bits: the largest number); .divide_by_zero_traps = 1 in the "
                        "port makes it a crash");
  }
}

void Native::find(std::uint32_t kind, const char* text, std::uint32_t number) {
  switch (kind) {
    case PEN_FINDING_UNANSWERED:
      if (!unanswered_.insert(text).second) return;
      break;
    case PEN_FINDING_THREAD_ROOM:
      findings_.push_back(finding_text(kind, text, number, port_->uart_baud ? port_->uart_baud : 115200) +
                          ", which is " + std::to_string((host_.stack_end - host_.stack_begin) / 1024) +
                          " KiB for main() and all tasks");
      return;
    case PEN_FINDING_THREAD_STACK:
    case PEN_FINDING_HANDLER_STAYS:
      places_to_tell_.push_back({kind, number});
      return;
    case PEN_FINDING_KICKED:
      kicked_while_ = runtime_->status->waits_for[0];
      return;
    case PEN_FINDING_TERMINATED:
      crash_note(text);
      return;
    case PEN_FINDING_OVERRUN:
      if (!overrun_.insert(number % 64).second) return;
      findings_.push_back(costs_->name(number % 64) + " takes " + std::to_string(number / 64) +
                          " us, more than there is until it is due again: an overrun");
      return;
    case PEN_FINDING_PLAIN_WAIT:
      plain_waits_.push_back({number, runtime_->status->waits_for[0]});
      return;
    default:
      break;
  }
  findings_.push_back(finding_text(kind, text, number, port_->uart_baud ? port_->uart_baud : 115200));
}

// Of a place whose low half is known; `back`: 1 for a return address.
std::string Native::place_of_code(std::uint32_t low, std::uintptr_t back) const {
  std::uintptr_t pc = low, image_begin = ~std::uintptr_t{0};
  for (const Range& r : loaded_) {
    image_begin = std::min(image_begin, r.begin);
    const std::uintptr_t inside = static_cast<std::uint32_t>(low - r.begin);
    if (r.executable && inside < r.end - r.begin) pc = r.begin + inside;
  }
  return place_text(path_, image_begin - bias_, pc - back - bias_);
}

// Names of places cost milliseconds and much stack: not on the core's, where they are found.
void Native::tell_waits() {
  if (const std::uint64_t address = std::exchange(kicked_while_, 0))
    findings_.push_back("main() or a handler has waited for 1 s, reading " +
                        variable_in_core(path_, as_linked(address)) +
                        ", while another handler kicks the watchdog: that would go on if nobody ever answered; kick it "
                        "where the work is done");
  for (const auto& [kind, low] : std::exchange(places_to_tell_, {}))
    findings_.push_back(
        kind == PEN_FINDING_THREAD_STACK
            ? "the task " + place_of_code(low, 0) +
                  " has overrun its stack: ask for more, and raise .stack_bytes in the port"
            : "the handler " + place_of_code(low, 0) +
                  " has not returned for 1 s: what is not more urgent stands still. If it switches tasks, let "
                  "the runtime do that (pen_threads.h, docs/rtos.md)");
  for (const PlainWait& w : std::exchange(plain_waits_, {})) {
    const std::string place = place_of_code(w.place_low, 1);
    if (!plain_wait_places_.insert(place).second) continue;
    findings_.push_back(
        place + " waits by reading " + variable_in_core(path_, as_linked(w.address)) +
        ", which is not volatile: each round of this loop takes 1 us here; on the target it goes on only as long as "
        "the "
        "compiler reads memory in each round, and how many rounds fit in depends on the build. Make the variable "
        "volatile, or answer the function in the port (-Wl,--wrap=FUNCTION) with pen_delay_us()");
  }
}

std::uint64_t Native::as_linked(std::uint64_t address) const {
  const bool inside = std::any_of(loaded_.begin(), loaded_.end(),
                                  [&](const Range& r) { return address >= r.begin && address < r.end; });
  return inside ? address - bias_ : address;
}

CoreStack Native::core_stack() const {
  CoreStack s;
  if (!stack_memory_) return s;
  s.begin = host_.stack_begin;
  s.end = host_.stack_end;
  s.guard_begin = s.begin - page_bytes;
  s.guard_end = s.end + page_bytes;
  const auto context = reinterpret_cast<std::uintptr_t>(core_context_);
  if (!waits_ || first_step_ || context < s.begin || context + 0x48 > s.end) return s;
  // What jump_fcontext pushes (Boost.Context 1.81, x86-64 System V); a test holds it against a known function.
  auto at = [&](std::uintptr_t offset) { return *reinterpret_cast<const std::uintptr_t*>(context + offset); };
  s.r12 = at(0x10);
  s.r13 = at(0x18);
  s.r14 = at(0x20);
  s.r15 = at(0x28);
  s.rbx = at(0x30);
  s.rbp = at(0x38);
  s.pc = at(0x40);
  s.sp = context + 0x48;
  return s;
}

NativeTarget::Waiting Native::waiting() const {
  const PenStatus& status = *runtime_->status;
  Waiting w;
  for (int i = 0; i < 2; ++i) w.addresses[i] = as_linked(status.waits_for[i]);
  w.since_s = static_cast<double>(status.wait_since_ns) * 1e-9;
  return w;
}

// ---- variables by name ----

// A pointer of the core may point anywhere: what is not mapped is refused by the kernel.
bool Native::read_memory(std::uintptr_t address, void* to, std::size_t bytes) const {
  const auto inside = [&](const Range& r) { return address >= r.begin && address + bytes <= r.end; };
  if (std::any_of(loaded_.begin(), loaded_.end(), inside)) {
    std::memcpy(to, reinterpret_cast<const void*>(address), bytes);
    return true;
  }
  if (scratch_.fd < 0) scratch_.fd = ::memfd_create("scratch", MFD_CLOEXEC);
  const auto whole = static_cast<ssize_t>(bytes);
  return ::pwrite(scratch_.fd, reinterpret_cast<const void*>(address), bytes, 0) == whole &&
         ::pread(scratch_.fd, to, bytes, 0) == whole;
}

ReadMemory Native::reader() const {
  return [this](std::uint64_t address, void* to, std::size_t bytes) { return read_memory(address, to, bytes); };
}

WatchId Native::watch(const CoreVariable& v) {
  if (v.hops.empty()) {
    watches_.push_back(make_watch(v, reinterpret_cast<const void*>(bias_ + v.address)));
  } else {
    watches_.push_back(make_watch(followed_.emplace_back(FollowedWatch{v})));
  }
  return static_cast<WatchId>(watches_.size() - 1);
}

void Native::read(const WatchId* watches, std::size_t count, float* values) const {
  for (FollowedWatch& f : followed_) refresh(f, bias_ + f.variable.address, reader());
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(read_watch(watches_[watches[i]]));
}

double Native::peek(const CoreVariable& v) const {
  if (v.hops.empty()) return read_variable(v, reinterpret_cast<const void*>(bias_ + v.address));
  FollowedWatch once{v};
  refresh(once, bias_ + v.address, reader());
  return once.value;
}

bool Native::poke(const CoreVariable& v, double value) {
  const std::uintptr_t address =
      v.hops.empty() ? bias_ + v.address : follow(v, bias_ + v.address, reader()).address.value_or(0);
  const bool writable = std::any_of(writable_.begin(), writable_.end(), [&](const Writable& w) {
    return address >= w.begin && address + v.size_bytes <= w.end;
  });
  if (!writable)
    findings_.push_back("a write to " + v.name + " at " + hex(v.hops.empty() ? v.address : address) +
                        " was refused: not in the core's writable memory");
  else if (write_variable(v, reinterpret_cast<void*>(address), value))
    return true;
  else
    findings_.push_back("a write of " + std::to_string(value) + " to " + v.name + " was refused: it does not fit");
  return false;
}

std::vector<std::string> Native::take_findings() {
  for (FollowedWatch& f : followed_)
    if (std::string finding = finding_of(f); !finding.empty()) findings_.push_back(std::move(finding));
  tell_waits();
  if (const std::string handler = costs_ ? costs_->take_used_up() : ""; !handler.empty())
    findings_.push_back("the counted cost of " + handler +
                        " holds fewer calls than this run makes: the others take as long as the longest");
  return std::exchange(findings_, {});
}

}  // namespace

std::unique_ptr<NativeTarget> open_native(const std::string& path, const NativeOptions& options) {
  return std::make_unique<Native>(path, options);
}

}  // namespace pensim
