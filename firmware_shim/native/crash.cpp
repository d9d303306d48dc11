// The child's side: handlers, guards, and the simulator's memory locked while the core runs.
#include "firmware_shim/native/crash.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "firmware_shim/address_text.h"
#include "firmware_shim/native/crash_report.h"
#include "firmware_shim/native/divide.h"
#include "firmware_shim/native/host_memory.h"
#include "firmware_shim/native/native_target.h"
#include "firmware_shim/native/sandbox.h"

// Handlers run in a damaged process: no thread-local storage, no stack protector, no instrumentation, no C library.
#define PENSIM_IN_HANDLER __attribute__((no_sanitize("address", "undefined"), noinline))

namespace pensim {

CrashState crash_state;
std::uint32_t crash_division_count = 0;
std::uintptr_t crash_divisions[crash_divisions_kept];

namespace {

constexpr std::size_t handler_stack_bytes = 1u << 20;
constexpr int code_seccomp = 1;  // siginfo's SYS_SECCOMP, which glibc does not name
constexpr unsigned native_calls = AUDIT_ARCH_X86_64;
constexpr std::uint32_t crash_loading_periods = 10;
constexpr std::uint64_t alignment_check = 0x40000;  // in the flags of the processor

struct LockedMapping {
  std::uintptr_t begin, end;
  int protection;   // outside of the step
  bool c_library;   // its data, thread-local storage: what a core may have the C library write
  bool main_stack;  // locked from the page above the caller's on
};

constexpr std::size_t max_locked = 512;

// Written by crash_install, read-only afterwards.
struct alignas(page_bytes) Setup {
  int report_fd = -1;
  bool installed = false, filter = false, sandbox = false, may_fork = false;
  bool own_stack = false, lock = false, divide_by_zero_traps = true;
  CrashRange stack, guard_below, guard_above, program;
  CrashRange core[crash_ranges], registers[crash_ranges];
  std::uint32_t core_count = 0, register_count = 0;
  void (*after)(void*) = nullptr;
  void* after_context = nullptr;
  int cpu_period_ms = 0, blocked_period_s = 0;
  std::uint32_t locked_count = 0;
  LockedMapping locked[max_locked];
};

// Written by handlers; never locked.
struct alignas(page_bytes) Scratch {
  std::int64_t cpu_tick = -2, blocked_tick = -2;
  std::uint32_t cpu_periods = 0;
  std::uint64_t blocked_pc = 0;
  bool is_locked = false, reporting = false;
  std::uint64_t let_through = 0;
  std::uint32_t steps_to_search = 0;  // for mappings that are new
  CrashRecord record{};
};

Setup setup;
Scratch scratch;

constexpr int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
struct sigaction previous[NSIG];
void* handler_stack = nullptr;
bool on_exit_registered = false;
std::unique_ptr<ImageFence> fence;

[[noreturn]] PENSIM_IN_HANDLER void end_process(int code) {
  for (;;) pensim_system_call(SYS_exit_group, code);
}

PENSIM_IN_HANDLER void write_record() {
  CrashRecord& r = scratch.record;
  r.sum = crash_sum(r);
  pensim_system_call(SYS_pwrite64, setup.report_fd, reinterpret_cast<long>(&r), sizeof r, 0);
}

PENSIM_IN_HANDLER void begin_record(CrashEnd end) {
  CrashRecord& r = scratch.record;
  r.magic = crash_magic;
  r.end = end;
  r.filter = setup.filter;
  r.own_stack = setup.own_stack;
  r.tick = crash_state.tick;
  r.tick_check = crash_state.tick_check;
  r.inside = crash_state.inside;
  r.stack = setup.stack;
  r.guard_below = setup.guard_below;
  r.guard_above = setup.guard_above;
  r.core_count = setup.core_count;
  r.locked = setup.lock;
  r.architecture = 0;
  r.stack_bytes = r.maps_bytes = 0;
  for (std::size_t i = 0; i < crash_ranges; ++i) r.core[i] = setup.core[i];
}

PENSIM_IN_HANDLER void set_registers(const ucontext_t* context) {
  static constexpr int order[17] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                    REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (int i = 0; i < 17; ++i)
    scratch.record.registers[i] = static_cast<std::uint64_t>(context->uc_mcontext.gregs[order[i]]);
}

// The kernel copies: what cannot be read ends the copy and not the handler. The record goes first without, then with
// each part.
PENSIM_IN_HANDLER void finish_record() {
  CrashRecord& r = scratch.record;
  write_record();
  const std::uint64_t sp = r.registers[reg_rsp];
  std::uint64_t from = sp, bytes = crash_stack_bytes;
  if (sp < r.stack.begin && r.stack.begin - sp < (64u << 20)) from = r.stack.begin;  // overflown
  if (from >= r.stack.begin && from < r.stack.end && r.stack.end - from < bytes) bytes = r.stack.end - from;
  const long copied = pensim_system_call(SYS_pwrite64, setup.report_fd, static_cast<long>(from),
                                         static_cast<long>(bytes), crash_stack_offset);
  if (copied > 0) {
    r.stack_address = from;
    r.stack_bytes = static_cast<std::uint32_t>(copied);
    write_record();
  }
  const char path[] = "/proc/self/maps";
  const long maps = pensim_system_call(SYS_open, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (maps >= 0) {
    char buffer[4096];
    long at = 0;
    for (;;) {
      const long got = pensim_system_call(SYS_read, maps, reinterpret_cast<long>(buffer), sizeof buffer);
      if (got <= 0) break;
      const long put = pensim_system_call(SYS_pwrite64, setup.report_fd, reinterpret_cast<long>(buffer), got,
                                          crash_maps_offset + at);
      if (put != got) break;
      at += put;
    }
    pensim_system_call(SYS_close, maps);
    r.maps_bytes = static_cast<std::uint32_t>(at);
    write_record();
  }
}

PENSIM_IN_HANDLER void protect_all(int read_only) {
  const std::uintptr_t here = page_down(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0))) + 2 * page_bytes;
  for (std::uint32_t i = 0; i < setup.locked_count; ++i) {
    const LockedMapping& m = setup.locked[i];
    std::uintptr_t begin = m.begin;
    if (m.main_stack && read_only && here > begin) begin = here;
    if (begin >= m.end) continue;
    pensim_system_call(SYS_mprotect, static_cast<long>(begin), static_cast<long>(m.end - begin),
                       read_only ? m.protection & ~PROT_WRITE : m.protection);
  }
}

[[noreturn]] PENSIM_IN_HANDLER void leave(int code) {
  if (scratch.is_locked) {
    protect_all(0);
    scratch.is_locked = false;
  }
  crash_state.inside = 0;
  if (setup.after) setup.after(setup.after_context);
  end_process(code);
}

PENSIM_IN_HANDLER bool in_core(std::uint64_t address) {
  for (std::uint32_t i = 0; i < setup.core_count; ++i)
    if (address >= setup.core[i].begin && address < setup.core[i].end) return true;
  return false;
}

// A write into locked memory by somebody else than the core: the page becomes writable until the step ends.
PENSIM_IN_HANDLER bool let_through(const siginfo_t* info, const ucontext_t* context) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (!scratch.is_locked || info->si_code != SEGV_ACCERR || !(context->uc_mcontext.gregs[REG_ERR] & 2)) return false;
  const auto pc = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RIP]);
  if (in_core(pc)) return false;
  for (std::uint32_t i = 0; i < setup.locked_count; ++i) {
    const LockedMapping& m = setup.locked[i];
    if (address < m.begin || address >= m.end) continue;
    if (pc < setup.program.begin || pc >= setup.program.end) {
      // Code of a library. memset, strcpy and their like have no frame: whoever called them stands on top of the stack.
      std::uint64_t caller = 0;
      const auto sp = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RSP]);
      if (sp >= setup.stack.begin && sp + 8 <= setup.stack.end) caller = *reinterpret_cast<const std::uint64_t*>(sp);
      if (in_core(caller) && !m.c_library) return false;
    }
    ++scratch.let_through;
    return pensim_system_call(SYS_mprotect, static_cast<long>(page_down(address)), page_bytes, m.protection) == 0;
  }
  return false;
}

// A division of the core that has a result on a Cortex-M: the core goes on behind it.
PENSIM_IN_HANDLER bool divided(const siginfo_t* info, ucontext_t* context) {
  const auto pc = static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RIP]);
  if (info->si_code != FPE_INTDIV || crash_state.inside != crash_inside || !in_core(pc)) return false;
  const Divided how = step_over_division(*context, setup.divide_by_zero_traps);
  if (how == Divided::overflow) return true;
  if (how == Divided::no_division || setup.divide_by_zero_traps) return false;
  bool known = crash_division_count >= crash_divisions_kept;
  for (std::uint32_t i = 0; i < crash_division_count && !known; ++i) known = crash_divisions[i] == pc;
  if (!known) crash_divisions[crash_division_count++] = pc;
  return true;
}

// ---- system calls that the filter has trapped

struct TrappedCall {
  long number;
  std::uint64_t a, b, c, d, e, f;
};

PENSIM_IN_HANDLER TrappedCall trapped_call(const ucontext_t* context) {
  const auto at = [&](int which) { return static_cast<std::uint64_t>(context->uc_mcontext.gregs[which]); };
  return {static_cast<long>(at(REG_RAX)), at(REG_RDI), at(REG_RSI), at(REG_RDX), at(REG_R10), at(REG_R8), at(REG_R9)};
}

PENSIM_IN_HANDLER bool ends_the_process(long number) { return number == SYS_exit_group || number == SYS_exit; }

// abort() and raise() send a signal that has a handler here to this process; no other signal, and nobody else.
PENSIM_IN_HANDLER bool is_own_fault(const TrappedCall& call) {
  const bool to_thread = call.number == SYS_tgkill;
  if (!to_thread && call.number != SYS_tkill && call.number != SYS_kill) return false;
  if (call.a != static_cast<std::uint64_t>(pensim_system_call(SYS_getpid))) return false;
  const auto signal = static_cast<int>(to_thread ? call.c : call.b);
  for (const int known : fatal_signals)
    if (signal == known) return true;
  return false;
}

// printf() of a core with the C library of the PC; everything else that is open is the simulator's.
PENSIM_IN_HANDLER bool is_print(const TrappedCall& call) {
  if (call.number == SYS_ioctl) return call.b == 0x5401;  // TCGETS: is it a terminal?
  return (call.number == SYS_write || call.number == SYS_writev) && (call.a == 1 || call.a == 2);
}

PENSIM_IN_HANDLER bool is_allowed(const TrappedCall& call) {
  const CallRule rule = call_rule(call.number);
  if (rule == CallRule::nobody) return false;
  if (call.number == SYS_clone) {
    constexpr std::uint64_t shares_memory = 0x100;  // a thread
    return setup.may_fork && crash_state.inside == 0 && !(call.a & shares_memory);
  }
  if (crash_state.inside == 0) return true;
  if (is_own_fault(call) || is_print(call)) return true;
  if (crash_state.inside != crash_loading) return false;
  constexpr std::uint64_t for_writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  if (call.number == SYS_openat) return !(call.c & for_writing);
  if (call.number == SYS_open) return !(call.b & for_writing);
  if (call.number == SYS_prlimit64) return call.c == 0;
  return rule == CallRule::loader || call.number == SYS_mmap;
}

// The mask that the interrupted code goes on with is that of its context. A core has no signals to mask: for it, this
// does nothing.
PENSIM_IN_HANDLER void mask_signals(const TrappedCall& call, ucontext_t* context) {
  auto& mask = *reinterpret_cast<std::uint64_t*>(&context->uc_sigmask);
  const std::uint64_t before = mask;
  if (call.b && crash_state.inside == 0) {
    const std::uint64_t given = *reinterpret_cast<const std::uint64_t*>(call.b);
    mask = call.a == SIG_BLOCK ? mask | given : call.a == SIG_UNBLOCK ? mask & ~given : given;
  }
  if (call.c) *reinterpret_cast<std::uint64_t*>(call.c) = before;
  context->uc_mcontext.gregs[REG_RAX] = 0;
}

// The C library looks there for the number of processors and the like, and goes on without.
PENSIM_IN_HANDLER bool asks_for_the_machine(const TrappedCall& call) {
  if (call.number != SYS_openat && call.number != SYS_open) return false;
  const std::uint64_t path = call.number == SYS_openat ? call.b : call.a;
  char begin[6];  // copied by the kernel, since the address is the core's
  if (pensim_system_call(SYS_pwrite64, setup.report_fd, static_cast<long>(path), sizeof begin, crash_stack_offset) !=
      sizeof begin)
    return false;
  pensim_system_call(SYS_pread64, setup.report_fd, reinterpret_cast<long>(begin), sizeof begin, crash_stack_offset);
  const auto is = [&](const char* wanted, int length) {
    for (int i = 0; i < length; ++i)
      if (begin[i] != wanted[i]) return false;
    return true;
  };
  return is("/sys/", 5) || is("/proc/", 6);
}

// True if the call was made, or answered.
PENSIM_IN_HANDLER bool made(const siginfo_t* info, ucontext_t* context) {
  const TrappedCall call = trapped_call(context);
  if (ends_the_process(call.number) || info->si_arch != native_calls) return false;
  if (call.number == SYS_rt_sigprocmask) {
    mask_signals(call, context);
    return true;
  }
  if (!is_allowed(call)) {
    if (!asks_for_the_machine(call)) return false;
    context->uc_mcontext.gregs[REG_RAX] = -EACCES;
    return true;
  }
  const auto word = [](std::uint64_t value) { return static_cast<long>(value); };
  context->uc_mcontext.gregs[REG_RAX] = pensim_system_call(call.number, word(call.a), word(call.b), word(call.c),
                                                           word(call.d), word(call.e), word(call.f));
  return true;
}

PENSIM_IN_HANDLER bool by_core() { return crash_state.inside != 0; }

PENSIM_IN_HANDLER void on_fatal(int signal, siginfo_t* info, void* data) {
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~alignment_check);
  auto* context = static_cast<ucontext_t*>(data);
  if (signal == SIGSEGV && let_through(info, context)) return;
  if (signal == SIGFPE && divided(info, context)) return;
  const bool trapped = signal == SIGSYS && info->si_code == code_seccomp;
  if (trapped && made(info, context)) return;
  const bool exits = trapped && info->si_arch == native_calls && ends_the_process(context->uc_mcontext.gregs[REG_RAX]);
  if (exits && !by_core()) {
    // The simulator itself exits.
    const int code = static_cast<int>(context->uc_mcontext.gregs[REG_RDI]);
    if (scratch.record.end == CrashEnd::installed) {
      begin_record(CrashEnd::exit_outside);
      scratch.record.exit_code = code;
      write_record();
    }
    end_process(code);
  }
  if (scratch.reporting) end_process(128 + signal);  // a handler itself failed: the record so far stands
  scratch.reporting = true;
  begin_record(exits ? CrashEnd::exit : trapped ? CrashEnd::refused_call : CrashEnd::signal);
  CrashRecord& r = scratch.record;
  r.signal = signal;
  r.code = trapped && !exits ? info->si_syscall : info->si_code;
  r.architecture = trapped ? info->si_arch : 0u;
  r.exit_code = exits ? static_cast<int>(context->uc_mcontext.gregs[REG_RDI]) : 0;
  r.fault_address = reinterpret_cast<std::uint64_t>(info->si_addr);
  r.error_code = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_ERR]);
  r.trap = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_TRAPNO]);
  set_registers(context);
  finish_record();
  leave(exits ? r.exit_code : 128 + signal);
}

PENSIM_IN_HANDLER void report_guard(CrashEnd end, int signal, const ucontext_t* context) {
  if (scratch.reporting) return;
  scratch.reporting = true;
  begin_record(end);
  scratch.record.signal = signal;
  set_registers(context);
  finish_record();
  leave(128 + signal);
}

PENSIM_IN_HANDLER bool runs_core() { return crash_state.inside == crash_inside || crash_state.inside == crash_loading; }

PENSIM_IN_HANDLER void on_cpu_period(int signal, siginfo_t*, void* data) {
  const std::uint32_t most_periods = crash_state.inside == crash_loading ? crash_loading_periods : 2;
  if (!runs_core() || crash_state.tick != scratch.cpu_tick) {
    scratch.cpu_tick = runs_core() ? crash_state.tick : -2;
    scratch.cpu_periods = 0;
  } else if (++scratch.cpu_periods >= most_periods) {
    report_guard(CrashEnd::hang_cpu, signal, static_cast<const ucontext_t*>(data));
  }
}

PENSIM_IN_HANDLER void on_blocked_period(int signal, siginfo_t*, void* data) {
  const auto* context = static_cast<const ucontext_t*>(data);
  const auto pc = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RIP]);
  if (!runs_core() || crash_state.tick != scratch.blocked_tick || pc != scratch.blocked_pc) {
    scratch.blocked_tick = runs_core() ? crash_state.tick : -2;
    scratch.blocked_pc = pc;
    return;
  }
  // Interrupted in a system call: pc stands behind the instruction, or on it when the call is to be restarted.
  const auto* code = reinterpret_cast<const unsigned char*>(pc);
  const bool behind = code[-2] == 0x0f && code[-1] == 0x05, on = code[0] == 0x0f && code[1] == 0x05;
  if (behind || on) report_guard(CrashEnd::hang_blocked, signal, context);
}

// exit() by the core, before the simulator's own exit handlers and destructors run.
void on_exit_of_core(int code, void*) {
  if (!setup.installed || crash_state.inside != crash_inside || scratch.reporting) return;
  scratch.reporting = true;
  begin_record(CrashEnd::exit);
  CrashRecord& r = scratch.record;
  r.exit_code = code;
  ucontext_t context;
  getcontext(&context);
  set_registers(&context);
  finish_record();
  leave(code);
}

// ---- installing ----

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

CrashRange own_stack_of_thread() {
  pthread_attr_t attributes;
  void* begin = nullptr;
  std::size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &begin, &bytes);
    pthread_attr_destroy(&attributes);
  }
  const auto low = reinterpret_cast<std::uintptr_t>(begin);
  return {low, low + bytes};
}

// Does the core have the C library keep memory for it? Asked of its relocations.
bool uses_c_heap(std::uintptr_t inside_core) {
  struct Search {
    std::uintptr_t inside;
    bool found;
  } search{inside_core, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto& s = *static_cast<Search*>(data);
        bool ours = false;
        const ElfW(Dyn)* dynamic = nullptr;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& p = info->dlpi_phdr[i];
          if (p.p_type == PT_LOAD && s.inside - page_down(info->dlpi_addr + p.p_vaddr) < page_up(p.p_memsz))
            ours = true;
          if (p.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + p.p_vaddr);
        }
        if (!ours || !dynamic) return 0;
        const ElfW(Sym)* symbols = nullptr;
        const char* names = nullptr;
        struct {
          const ElfW(Rela) * first;
          std::size_t bytes;
        } tables[2] = {};
        for (const ElfW(Dyn)* d = dynamic; d->d_tag != DT_NULL; ++d) {
          if (d->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(d->d_un.d_ptr);
          if (d->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(d->d_un.d_ptr);
          if (d->d_tag == DT_JMPREL) tables[0].first = reinterpret_cast<const ElfW(Rela)*>(d->d_un.d_ptr);
          if (d->d_tag == DT_PLTRELSZ) tables[0].bytes = d->d_un.d_val;
          if (d->d_tag == DT_RELA) tables[1].first = reinterpret_cast<const ElfW(Rela)*>(d->d_un.d_ptr);
          if (d->d_tag == DT_RELASZ) tables[1].bytes = d->d_un.d_val;
        }
        if (!symbols || !names) return 1;
        static const char* const keepers[] = {"malloc",         "calloc",   "realloc", "aligned_alloc",
                                              "posix_memalign", "memalign", "strdup",  "strndup",
                                              "asprintf",       "getline",  "_Znwm",   "_Znam"};
        for (const auto& t : tables)
          for (std::size_t i = 0; t.first && i < t.bytes / sizeof(ElfW(Rela)); ++i) {
            const std::string name = names + symbols[ELF64_R_SYM(t.first[i].r_info)].st_name;
            for (const char* k : keepers) s.found = s.found || name == k;
          }
        return 1;
      },
      &search);
  return search.found;
}

struct MapLine {
  std::uintptr_t begin = 0, end = 0;
  std::string rights, name;
};

std::vector<MapLine> own_maps() {
  std::ifstream file("/proc/self/maps");
  std::vector<MapLine> lines;
  for (std::string text; std::getline(file, text);) {
    MapLine m;
    std::istringstream in(text);
    std::string range, skip;
    in >> range >> m.rights >> skip >> skip >> skip >> std::ws;
    std::getline(in, m.name);
    m.begin = std::stoull(range, nullptr, 16);
    m.end = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    lines.push_back(std::move(m));
  }
  return lines;
}

// The simulator's writable memory; merged where neighbours are alike.
void find_lockable() {
  std::vector<CrashRange> open(setup.core, setup.core + setup.core_count);
  open.insert(open.end(), setup.registers, setup.registers + setup.register_count);
  const auto add = [&](const void* at, std::size_t bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(at);
    open.push_back({page_down(begin), page_up(begin + bytes)});
  };
  if (setup.own_stack) open.push_back(setup.stack);
  add(&setup, sizeof setup);
  add(&scratch, sizeof scratch);
  add(crash_divisions, sizeof crash_divisions);
  add(&crash_division_count, sizeof crash_division_count);
  add(handler_stack, handler_stack_bytes);
  // The kernel writes a thread's restartable-sequence area when it delivers a signal, and ends the process if it
  // cannot.
  if (__rseq_size) add(static_cast<const char*>(__builtin_thread_pointer()) + __rseq_offset, 32);
  std::sort(open.begin(), open.end(), [](const CrashRange& a, const CrashRange& b) { return a.begin < b.begin; });
  const bool heap_is_shared = setup.core_count && uses_c_heap(setup.core[0].begin);
  // lies with the thread-local storage of the C library
  const auto thread = reinterpret_cast<std::uintptr_t>(pthread_self());
  const CrashRange caller = own_stack_of_thread();

  std::vector<LockedMapping> found;
  std::string before;  // object of the mapping before: .bss follows its object without a name
  std::uintptr_t before_end = 0;
  for (const MapLine& m : own_maps()) {
    const std::string object = m.name.empty() && m.begin == before_end ? before : m.name;
    before = object;
    before_end = m.end;
    if (m.rights[1] != 'w') continue;
    if (m.end - m.begin > (1ull << 30)) continue;  // shadow of a sanitizer
    const bool heap = m.name == "[heap]";
    if (heap && heap_is_shared) continue;
    const bool library = object.find(".so") != std::string::npos && object[0] == '/';
    const bool has_thread = thread >= m.begin && thread < m.end;
    if (heap_is_shared && m.name.empty() && !library && !has_thread) continue;  // large blocks of malloc
    LockedMapping l{};
    l.protection = PROT_READ | PROT_WRITE | (m.rights[2] == 'x' ? PROT_EXEC : 0);
    l.c_library = library || has_thread;
    l.main_stack = caller.begin < m.end && m.begin < caller.end;
    // another thread's stack, on which the core runs
    if (l.main_stack && !setup.own_stack && m.name != "[stack]") continue;
    std::uintptr_t at = m.begin;
    const auto take = [&](std::uintptr_t end) {
      if (end > at) {
        l.begin = at;
        l.end = end;
        if (!found.empty() && found.back().end == at && found.back().protection == l.protection &&
            found.back().c_library == l.c_library && found.back().main_stack == l.main_stack)
          found.back().end = end;
        else
          found.push_back(l);
      }
    };
    for (const CrashRange& o : open) {
      if (o.end <= at || o.begin >= m.end) continue;
      take(o.begin);
      at = std::max(at, o.end);
    }
    if (at < m.end) take(m.end);
  }
  setup.locked_count = static_cast<std::uint32_t>(std::min(found.size(), max_locked));
  std::copy_n(found.begin(), setup.locked_count, setup.locked);
}

CrashRange program_code() {
  CrashRange range;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {  // the program comes first
        auto& r = *static_cast<CrashRange*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& p = info->dlpi_phdr[i];
          if (p.p_type == PT_LOAD && (p.p_flags & PF_X))
            r = {info->dlpi_addr + p.p_vaddr, info->dlpi_addr + p.p_vaddr + p.p_memsz};
        }
        return 1;
      },
      &range);
  return range;
}

void set_handler(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | flags;
  sigfillset(&action.sa_mask);
  // While a handler runs, only another fault gets through: the kernel ends the process for a blocked one.
  struct sigaction old {};
  if (sigaction(signal, &action, &old) != 0) fail("sigaction");
  if (!setup.installed) previous[signal] = old;
}

void set_timers(int cpu_period_ms, int blocked_period_s) {
  const timeval cpu{cpu_period_ms / 1000, cpu_period_ms % 1000 * 1000L}, blocked{blocked_period_s, 0};
  const itimerval cpu_timer{cpu, cpu}, blocked_timer{blocked, blocked};
  setitimer(ITIMER_VIRTUAL, &cpu_timer, nullptr);
  setitimer(ITIMER_REAL, &blocked_timer, nullptr);
}

}  // namespace

CrashSetup crash_setup(const CrashReport& report, const Target& target) {
  CrashSetup s;
  s.report_fd = report.fd();
  const auto* const native = dynamic_cast<const NativeTarget*>(&target);
  if (native == nullptr) return s;
  const CoreStack stack = native->core_stack();
  if (stack.end) {
    s.stack = {stack.begin, stack.end};
    s.guard_below = {stack.guard_begin, stack.begin};
    s.guard_above = {stack.end, stack.guard_end};
  }
  for (const NativeTarget::Range& r : native->loaded_ranges()) s.core.push_back({r.begin, r.end});
  for (const NativeTarget::Range& r : native->register_ranges()) s.registers.push_back({r.begin, r.end});
  s.divide_by_zero_traps = native->divide_by_zero_traps();
  return s;
}

void crash_install(const CrashSetup& s) {
  if (s.core.size() > crash_ranges || s.registers.size() > crash_ranges) {
    errno = E2BIG;
    fail("crash_install: segments of the core");
  }
  if (setup.installed && mprotect(&setup, sizeof setup, PROT_READ | PROT_WRITE) != 0) fail("mprotect");
  crash_state = {};
  scratch = {};
  if (!handler_stack) {
    const std::size_t bytes = handler_stack_bytes + 2 * page_bytes;
    void* at = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) fail("mmap");
    handler_stack = static_cast<char*>(at) + page_bytes;
    if (mprotect(handler_stack, handler_stack_bytes, PROT_READ | PROT_WRITE) != 0) fail("mprotect");
  }
  if (!setup.filter) {  // afterwards nobody can change it
    stack_t alternate{};
    alternate.ss_sp = handler_stack;
    alternate.ss_size = handler_stack_bytes;
    if (sigaltstack(&alternate, nullptr) != 0) fail("sigaltstack");
  }

  setup.report_fd = s.report_fd;
  setup.own_stack = s.stack.end != 0;
  setup.stack = setup.own_stack ? s.stack : own_stack_of_thread();
  setup.guard_below = s.guard_below;
  setup.guard_above = s.guard_above;
  std::copy(s.core.begin(), s.core.end(), setup.core);
  setup.core_count = static_cast<std::uint32_t>(s.core.size());
  std::copy(s.registers.begin(), s.registers.end(), setup.registers);
  setup.register_count = static_cast<std::uint32_t>(s.registers.size());
  setup.divide_by_zero_traps = s.divide_by_zero_traps;
  crash_division_count = 0;
  scratch.record.note[0] = '\0';
  setup.locked_count = 0;
  setup.after = s.after;
  setup.after_context = s.after_context;
  setup.program = program_code();

  for (int signal : fatal_signals) set_handler(signal, on_fatal, 0);
  set_handler(SIGVTALRM, on_cpu_period, SA_RESTART);
  set_handler(SIGALRM, on_blocked_period, SA_RESTART);
  if (!on_exit_registered) on_exit_registered = on_exit(on_exit_of_core, nullptr) == 0;
  setup.installed = true;
  if (s.sandbox && !setup.filter) {
    sandbox_files(s.readable);
    setup.filter = setup.sandbox = sandbox_calls(s.may_fork);
    setup.may_fork = s.may_fork;
  }
  if (s.trap_exits && !setup.filter) setup.filter = sandbox_exits();
  setup.cpu_period_ms = s.guard_hangs ? s.cpu_period_ms : 0;
  setup.blocked_period_s = s.guard_hangs ? s.blocked_period_s : 0;
  set_timers(setup.cpu_period_ms, setup.blocked_period_s);
  begin_record(CrashEnd::installed);
  write_record();
  setup.lock = s.lock_host_memory;
  crash_state.lock = s.lock_host_memory;
  fence.reset();
  if (s.fence_image && !s.core.empty()) {
    std::uintptr_t begin = s.core[0].begin, end = s.core[0].end;
    for (const CrashRange& r : s.core) {
      begin = std::min(begin, r.begin);
      end = std::max(end, r.end);
    }
    fence = std::make_unique<ImageFence>(begin, end);
  }
  if (mprotect(&setup, sizeof setup, PROT_READ) != 0) fail("mprotect");
}

void crash_uninstall() {
  if (!setup.installed) return;
  if (mprotect(&setup, sizeof setup, PROT_READ | PROT_WRITE) != 0) fail("mprotect");
  set_timers(0, 0);
  for (int signal : fatal_signals)
    if (signal != SIGSYS || !setup.filter) sigaction(signal, &previous[signal], nullptr);
  sigaction(SIGVTALRM, &previous[SIGVTALRM], nullptr);
  sigaction(SIGALRM, &previous[SIGALRM], nullptr);
  crash_state = {};
  fence.reset();
  setup.report_fd = -1;
  setup.installed = false;
}

void crash_begin_loading() {
  crash_state.tick = -1;
  crash_state.tick_check = ~static_cast<std::uint64_t>(-1);
  crash_state.inside = crash_loading;
}

void crash_end_loading() { crash_state.inside = 0; }

void crash_resume() {
  if (!setup.installed) return;
  begin_record(CrashEnd::installed);
  write_record();
  set_timers(setup.cpu_period_ms, setup.blocked_period_s);
}

void crash_lock_memory() {
  if (setup.lock && scratch.steps_to_search-- == 0) {
    const std::uint64_t inside = std::exchange(crash_state.inside, 0);  // it reads a file
    mprotect(&setup, sizeof setup, PROT_READ | PROT_WRITE);
    find_lockable();
    mprotect(&setup, sizeof setup, PROT_READ);
    crash_state.inside = inside;
    scratch.steps_to_search = 1000;
  }
  scratch.is_locked = true;
  protect_all(1);
}

void crash_unlock_memory() {
  protect_all(0);
  scratch.is_locked = false;
}

CrashLockFigures crash_lock_figures() {
  CrashLockFigures f;
  f.mappings = setup.locked_count;
  for (std::uint32_t i = 0; i < setup.locked_count; ++i) f.bytes += setup.locked[i].end - setup.locked[i].begin;
  f.let_through = scratch.let_through;
  return f;
}

void crash_report_hang(const Target& target) {
  crash_state.inside = crash_inside;  // where it waits is the core's doing
  scratch.reporting = true;
  begin_record(CrashEnd::hang_waiting);
  if (const auto* const native = dynamic_cast<const NativeTarget*>(&target)) {
    CrashRecord& r = scratch.record;
    const CoreStack at = native->core_stack();
    r.registers[3] = at.rbx;
    r.registers[reg_rbp] = at.rbp;
    r.registers[reg_rsp] = at.sp;
    r.registers[12] = at.r12;
    r.registers[13] = at.r13;
    r.registers[14] = at.r14;
    r.registers[15] = at.r15;
    r.registers[reg_rip] = at.pc;
    const NativeTarget::Waiting waiting = native->waiting();
    r.wait_addresses[0] = waiting.addresses[0];
    r.wait_addresses[1] = waiting.addresses[1];
  }
  finish_record();
  leave(128 + SIGVTALRM);
}

// Lines: kind, detail, registers, then for each frame its pc, function, file and line between tabs.
void crash_report_fault(const TargetFault& fault) {
  crash_state.inside = crash_inside;
  crash_state.tick = fault.tick;
  crash_state.tick_check = ~static_cast<std::uint64_t>(fault.tick);
  scratch.reporting = true;
  begin_record(CrashEnd::target);
  std::string text = fault.kind + "\n" + fault.detail + "\n" + fault.registers + "\n";
  for (const TargetFault::Place& place : fault.frames)
    text +=
        std::to_string(place.pc) + "\t" + place.function + "\t" + place.file + "\t" + std::to_string(place.line) + "\n";
  CrashRecord& r = scratch.record;
  const long put = pensim_system_call(SYS_pwrite64, setup.report_fd, reinterpret_cast<long>(text.data()),
                                      static_cast<long>(text.size()), crash_maps_offset);
  r.maps_bytes = put > 0 ? static_cast<std::uint32_t>(put) : 0;
  write_record();
  leave(128 + SIGSEGV);
}

void crash_note(const char* why) {
  CrashRecord& r = scratch.record;
  std::strncpy(r.note, why, sizeof r.note - 1);
}

void crash_complete() {
  crash_state.inside = 0;
  set_timers(0, 0);
  if (!setup.installed) return;
  begin_record(CrashEnd::completed);
  write_record();
}

}  // namespace pensim
