// The parent's side: what a child left behind, explained.
#include <linux/audit.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <system_error>

#include "firmware_shim/address_text.h"
#include "firmware_shim/native/crash.h"
#include "firmware_shim/native/crash_report.h"
#include "firmware_shim/native/places.h"
#include "firmware_shim/native/sandbox.h"

namespace pensim {
namespace {

// Nothing when there is no record, or one that is not to be believed.
std::optional<CrashRecord> read_record(int fd) {
  CrashRecord r;
  if (pread(fd, &r, sizeof r, 0) != static_cast<ssize_t>(sizeof r)) return {};
  if (r.magic != crash_magic || r.sum != crash_sum(r)) return {};
  if (r.stack_bytes > crash_stack_bytes || r.core_count > crash_ranges || r.maps_bytes > (64u << 20)) return {};
  return r;
}

std::string read_bytes(int fd, std::size_t bytes, std::int64_t offset) {
  std::string text(bytes, '\0');
  const ssize_t got = pread(fd, text.data(), bytes, offset);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

bool within(std::uint64_t address, const CrashRange& range) { return address >= range.begin && address < range.end; }

bool in_core(const CrashRecord& r, std::uint64_t address) {
  return std::any_of(r.core, r.core + r.core_count, [&](const CrashRange& c) { return within(address, c); });
}

CrashKind kind_of_signal(int signal) {
  switch (signal) {
    case SIGSEGV:
      return CrashKind::segfault;
    case SIGBUS:
      return CrashKind::bus_error;
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
      return CrashKind::illegal_instruction;
    case SIGFPE:
      return CrashKind::divide;
    case SIGABRT:
      return CrashKind::abort;
    default:
      return CrashKind::killed;
  }
}

bool stack_overflown(const CrashRecord& r) {
  if (r.signal != SIGSEGV || r.stack.end == 0) return false;
  if (within(r.fault_address, r.guard_below)) return true;
  // A large frame steps over the guard; a stack of the system has a guard of the kernel's.
  constexpr std::uint64_t far = 64u << 20, near = 1u << 20;
  const std::uint64_t sp = r.registers[reg_rsp];
  const bool left = sp < r.stack.begin && r.stack.begin - sp < far;
  const bool at_edge = sp >= r.stack.begin && sp - r.stack.begin < 65536 && r.fault_address < sp &&
                       sp - r.fault_address < near && r.fault_address < r.stack.begin + 65536;
  return left || at_edge;
}

// What a Cortex-M has at an address where nothing is here.
std::string of_a_cortex_m(std::uint64_t address) {
  constexpr struct {
    std::uint64_t begin, end;
    const char* what;
  } regions[] = {{0x08000000, 0x10000000, "flash"},
                 {0x10000000, 0x1FF00000, "core-coupled memory, or another vendor's flash"},
                 {0x1FF00000, 0x20000000, "system memory (boot loader, option bytes, serial number)"},
                 {0x22000000, 0x24000000, "the bit-band alias of the RAM"},
                 {0x40000000, 0x42000000, "a peripheral"},
                 {0x42000000, 0x44000000, "the bit-band alias of the peripherals"},
                 {0x44000000, 0x60000000, "a peripheral"},
                 {0xE0000000, 0xE0100000, "a register of the processor, which SHAPE registers brings"}};
  for (const auto& r : regions) {
    if (address < r.begin || address >= r.end) continue;
    const std::string what = std::string("not mapped; on a Cortex-M ") + r.what;
    return r.begin >= 0xE0000000 ? what : what + " (SHAPE registers: list it in `registers` of the port)";
  }
  return "";
}

// Whose memory an address is.
std::string owner(const CrashRecord& r, std::uint64_t address, const std::string& maps) {
  if (address < 65536)
    return "near the null pointer (a Cortex-M has its table of vectors there, and reading it is harmless)";
  if (within(address, r.guard_above)) return "above the top of the core's stack: a local variable was overrun";
  if (within(address, r.guard_below)) return "in the guard below the core's stack";
  if (r.own_stack && within(address, r.stack)) return "on the core's stack";
  std::uint64_t low = ~0ull, high = 0;
  for (std::uint32_t i = 0; i < r.core_count; ++i) {
    low = std::min<std::uint64_t>(low, r.core[i].begin);
    high = std::max<std::uint64_t>(high, r.core[i].end);
  }
  if (in_core(r, address)) return "read-only memory of the core";
  if (const std::string region = of_a_cortex_m(address); !region.empty()) return region;
  if (r.core_count && address >= high && address - high < (1u << 20))
    return std::to_string(address - high) + " bytes past the end of the core's memory";
  if (r.core_count && address < low && low - address < (1u << 20))
    return std::to_string(low - address) + " bytes before the core's memory";
  std::istringstream lines(maps);
  for (std::string line; std::getline(lines, line);) {
    unsigned long long begin = 0, end = 0;
    char rights[8] = "";
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %7s %*s %*s %*s %n", &begin, &end, rights, &name_at) < 3) continue;
    if (address < begin || address >= end) continue;
    const std::string name = name_at ? line.substr(static_cast<std::size_t>(name_at)) : "";
    if (name == "[heap]") return "memory of the simulator (its heap)";
    if (name == "[stack]") return "memory of the simulator (its stack)";
    if (name.empty() || name[0] != '/') return "memory of the simulator";
    return "memory of the simulator (" + name.substr(name.rfind('/') + 1) + ")";
  }
  return "not mapped";
}

std::string access_text(const CrashRecord& r, const std::string& maps) {
  if (r.trap == 13 || (r.signal == SIGSEGV && r.code == SI_KERNEL)) {
    return "access through an address that no pointer can have (a pointer or a return address was overwritten)";
  }
  if (r.code <= 0) return "sent by the process itself";  // kill, raise
  const std::uint64_t pc = r.registers[reg_rip];
  if ((r.error_code & 16) || pc == r.fault_address)
    return "call of " + hex(r.fault_address) + ", " +
           (in_core(r, pc) ? "data of the core" : owner(r, r.fault_address, maps));
  return (r.error_code & 2 ? "write to " : "read of ") + hex(r.fault_address) + ", " + owner(r, r.fault_address, maps);
}

// Of crash_note: "exception ", mangled type, line break, what(); or a sentence.
std::string reason(const std::string& note) {
  const std::string mark = "exception ";
  if (!note.starts_with(mark)) return note;
  const std::size_t line = note.find('\n');
  return "an exception that nobody catches: " + demangled(note.substr(mark.size(), line - mark.size()).c_str()) +
         (line == std::string::npos ? std::string() : ", " + note.substr(line + 1));
}

std::string signal_detail(const CrashRecord& r, CrashKind kind, const std::string& maps) {
  switch (kind) {
    case CrashKind::segfault:
      return access_text(r, maps);
    case CrashKind::bus_error:
      return r.code == BUS_ADRALN ? "misaligned access"
                                  : "access to " + hex(r.fault_address) + ", behind the end of a mapped file";
    case CrashKind::divide:
      return r.code == FPE_INTDIV || r.code == FPE_INTOVF
                 ? "integer division by zero (the port says .divide_by_zero_traps; without, it gives 0 as on a "
                   "Cortex-M)"
                 : "floating-point trap";
    case CrashKind::illegal_instruction:
      return r.signal == SIGTRAP ? "breakpoint instruction"
                                 : "trap or illegal instruction (__builtin_trap, unreachable code, data run as code)";
    case CrashKind::abort:
      if (r.note[0]) return "abort(): " + reason(std::string(r.note, strnlen(r.note, sizeof r.note)));
      return "abort() (an assertion, heap corruption, an uncaught exception, or a call of abort itself)";
    case CrashKind::stack_overflow: {
      char text[160];
      std::snprintf(text, sizeof text, "the stack of %zu KB is used up (stack pointer 0x%08" PRIx64 ")",
                    static_cast<std::size_t>(r.stack.end - r.stack.begin) / 1024, r.registers[reg_rsp]);
      return text;
    }
    default:
      return "";
  }
}

std::string refused_text(const CrashRecord& r) {
  constexpr std::int32_t x32 = 0x40000000;
  const std::string who = r.inside ? "the core" : "the simulator";
  if (r.architecture != AUDIT_ARCH_X86_64)
    return who + " made system call " + std::to_string(r.code) + " of 32-bit programs, which the sandbox refuses";
  if (r.code >= x32)
    return who + " called " + call_name(r.code - x32) + " by its x32 number, which the sandbox refuses";
  std::string text = who + " called " + call_name(r.code) + " of the PC's system, which the sandbox refuses";
  if (r.inside == crash_loading) text += " (while it was loaded)";
  return text + "; docs/security.md says what firmware may do";
}

// Frames of the runtime that is linked into every core, and of the C and C++ libraries, say nothing about the firmware.
bool of_runtime(const Frame& f) {
  for (const char* ours : {"firmware_shim/runtime/pen_", "firmware_shim/emulated/guest/", "firmware_shim/device/pen_",
                           "newlib/libc/", "/c++/", "libstdcxx/x32/include/", "libstdcxx/thumb"})
    if (f.file.find(ours) != std::string::npos) return true;
  return false;
}

void choose_place(CrashVerdict& v) {
  const Frame* chosen = nullptr;
  const auto first = [&](auto&& suits) {
    if (chosen) return;
    for (const Frame& f : v.frames)
      if (suits(f)) {
        chosen = &f;
        return;
      }
  };
  first([](const Frame& f) { return f.in_core && f.line > 0 && !of_runtime(f); });
  first([](const Frame& f) { return f.in_core && !f.function.empty() && !of_runtime(f); });
  first([](const Frame& f) { return f.in_core && f.line > 0; });
  first([&](const Frame& f) { return !v.by_core && f.line > 0; });
  first([](const Frame& f) { return !f.function.empty(); });
  if (!chosen) return;
  v.function = chosen->function;
  v.file = chosen->file;
  v.line = chosen->line;
}

// What crash_report_fault has written.
void read_target_fault(const std::string& text, CrashVerdict& v) {
  v.by_core = true;
  v.kind = CrashKind::segfault;
  std::istringstream lines(text);
  std::string kind, registers;
  std::getline(lines, kind);
  for (const CrashKind known :
       {CrashKind::segfault, CrashKind::bus_error, CrashKind::illegal_instruction, CrashKind::divide, CrashKind::abort,
        CrashKind::exit, CrashKind::stack_overflow, CrashKind::hang, CrashKind::refused_call})
    if (kind == crash_kind_name(known)) v.kind = known;
  std::getline(lines, v.detail);
  std::getline(lines, registers);
  if (!registers.empty()) v.detail += " (" + registers + ")";
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line);
    std::string pc, number;
    Frame frame;
    std::getline(parts, pc, '\t');
    std::getline(parts, frame.function, '\t');
    std::getline(parts, frame.file, '\t');
    std::getline(parts, number, '\t');
    frame.pc = std::strtoull(pc.c_str(), nullptr, 10);
    frame.line = std::atoi(number.c_str());
    frame.in_core = true;
    v.frames.push_back(std::move(frame));
  }
}

// No record that could be believed: only the way in which the process ended.
CrashVerdict from_status(int wait_status) {
  CrashVerdict v;
  v.suspect_scribble = true;
  if (wait_status == crash_own_process) {
    v.kind = CrashKind::killed;
    v.detail = "no report was left behind";
  } else if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    v.kind = kind_of_signal(signal);
    v.detail = std::string("ended by ") + strsignal(signal) + "; the crash handler left no report";
    if (v.kind == CrashKind::killed) v.suspect_scribble = false;
  } else {
    v.kind = CrashKind::exit;
    v.detail = "exit(" + std::to_string(WEXITSTATUS(wait_status)) + ") without a report";
  }
  return v;
}

}  // namespace

const char* crash_kind_name(CrashKind kind) {
  switch (kind) {
    case CrashKind::none:
      return "none";
    case CrashKind::segfault:
      return "segfault";
    case CrashKind::bus_error:
      return "bus_error";
    case CrashKind::illegal_instruction:
      return "illegal_instruction";
    case CrashKind::divide:
      return "divide";
    case CrashKind::abort:
      return "abort";
    case CrashKind::exit:
      return "exit";
    case CrashKind::stack_overflow:
      return "stack_overflow";
    case CrashKind::hang:
      return "hang";
    case CrashKind::refused_call:
      return "refused_call";
    case CrashKind::killed:
      return "killed";
  }
  return "?";
}

CrashReport::CrashReport() : fd_(memfd_create("crash", MFD_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
}

CrashReport::~CrashReport() { close(fd_); }

void CrashReport::clear() {
  if (ftruncate(fd_, 0) != 0) throw std::system_error(errno, std::generic_category(), "ftruncate");
}

CrashVerdict explain_crash(const CrashReport& report, int wait_status, const std::string& core_file) {
  const std::optional<CrashRecord> found = read_record(report.fd());
  if (!found) return from_status(wait_status);
  const CrashRecord& r = *found;
  const bool dead = wait_status != crash_own_process;
  CrashVerdict v;
  const bool tick_good = r.tick_check == ~static_cast<std::uint64_t>(r.tick);
  if (tick_good) v.at_tick = r.tick;

  if (r.end == CrashEnd::completed) {
    // After the end of the run nothing is the core's.
    if (dead && WIFSIGNALED(wait_status)) {
      v = from_status(wait_status);
      v.detail += " (the run was complete)";
    }
    return v;
  }
  if (r.end == CrashEnd::installed) {
    v = from_status(wait_status);
    if (dead && WIFEXITED(wait_status)) {
      // Our own exits pass the handler, which says so; without the filter a bare _exit() of the core looks like this.
      v.by_core = true;
      v.suspect_scribble = false;
      v.detail = "the process was ended with " + std::to_string(WEXITSTATUS(wait_status)) +
                 (r.filter ? " by a bare system call"
                           : " by _exit() (where from is not known: the kernel refused the exit filter)");
    }
    return v;
  }
  if (r.end == CrashEnd::exit_outside) {
    v.kind = CrashKind::exit;
    v.detail = "the simulator ended its run early with " + std::to_string(r.exit_code);
    return v;
  }

  const std::string maps = read_bytes(report.fd(), r.maps_bytes, crash_maps_offset);
  if (r.end == CrashEnd::target) {
    read_target_fault(maps, v);
    choose_place(v);
    return v;
  }
  StackCopy stack;
  stack.address = r.stack_address;
  const std::string bytes = read_bytes(report.fd(), r.stack_bytes, crash_stack_offset);
  stack.bytes.assign(bytes.begin(), bytes.end());
  Registers registers;
  std::copy(std::begin(r.registers), std::end(r.registers), registers.begin());
  std::uint64_t core_begin = 0, core_end = 0;
  if (r.core_count) {
    core_begin = ~0ull;
    for (std::uint32_t i = 0; i < r.core_count; ++i) {
      core_begin = std::min<std::uint64_t>(core_begin, r.core[i].begin);
      core_end = std::max<std::uint64_t>(core_end, r.core[i].end);
    }
  }
  v.frames = backtrace(registers, stack, maps, core_file, core_begin, core_end);

  const std::uint64_t pc = registers[reg_rip], sp = registers[reg_rsp];
  const bool core_on_stack = std::any_of(v.frames.begin(), v.frames.end(), [](const Frame& f) { return f.in_core; });
  if (r.inside == crash_inside || r.inside == crash_loading)
    v.by_core = true;
  else if (r.inside == 0)
    v.by_core = in_core(r, pc) || (r.own_stack && within(sp, r.stack));
  else
    v.by_core = core_on_stack;  // the flag itself was written over

  switch (r.end) {
    case CrashEnd::signal:
      v.kind = stack_overflown(r) ? CrashKind::stack_overflow : kind_of_signal(r.signal);
      v.detail = signal_detail(r, v.kind, maps);
      break;
    case CrashEnd::exit:
      v.kind = CrashKind::exit;
      v.detail = "the core ended the process with exit code " + std::to_string(r.exit_code);
      break;
    case CrashEnd::refused_call:
      v.kind = CrashKind::refused_call;
      v.detail = refused_text(r);
      break;
    case CrashEnd::hang_cpu:
      v.kind = CrashKind::hang;
      v.detail =
          r.inside == crash_loading
              ? "more than 2 s of processor time while it was loaded"
              : "more than 400 ms of processor time in one step without waiting for anything: a loop that reads no "
                "volatile, "
                "no clock and no more than 256 plain variables takes no virtual time; give it one (volatile, __WFI, "
                "pen_delay_us in the port) or take it out (-Wl,--wrap=FUNCTION, which the port then answers)";
      break;
    case CrashEnd::hang_blocked:
      v.kind = CrashKind::hang;
      v.detail = "blocked in a system call for more than 10 s";
      if (r.inside == crash_loading) v.detail += " while it was loaded";
      break;
    case CrashEnd::hang_waiting:
      v.kind = CrashKind::hang;
      v.detail = "waits for 1 s of virtual time for what nobody will change";
      if (r.wait_addresses[0]) v.detail += ", reading " + variable_in_core(core_file, r.wait_addresses[0]);
      if (r.wait_addresses[1]) v.detail += " and " + variable_in_core(core_file, r.wait_addresses[1]);
      break;
    default:
      break;
  }
  if (!v.by_core) {
    v.suspect_scribble = v.kind != CrashKind::hang;
    v.detail += v.detail.empty() ? "outside the core" : ", outside the core";
  }
  choose_place(v);
  return v;
}

std::string crash_text(const CrashVerdict& v) {
  std::string text = std::string(v.by_core ? "firmware fault: " : "error: ") + crash_kind_name(v.kind);
  if (!v.function.empty()) text += " in " + v.function;
  if (!v.file.empty()) text += " at " + v.file + (v.line ? ":" + std::to_string(v.line) : "");
  if (v.at_tick >= 0) text += ", tick " + std::to_string(v.at_tick);
  if (!v.detail.empty()) text += ": " + v.detail;
  text += '\n';
  std::size_t number = 0, runs = 0;
  for (std::size_t i = 0; i < v.frames.size(); ++i) {
    const Frame& f = v.frames[i];
    // A recursion is one line.
    if (i > 0 && i + 1 < v.frames.size() && f.pc == v.frames[i - 1].pc && f.function == v.frames[i - 1].function &&
        f.line == v.frames[i - 1].line) {
      ++runs;
      continue;
    }
    if (runs) text += "        ... " + std::to_string(runs) + " more of these\n";
    runs = 0;
    char start[32];
    std::snprintf(start, sizeof start, "  #%-3zu ", number++);
    text += start + (f.function.empty() ? hex(f.pc) : f.function);
    if (!f.file.empty()) text += " at " + f.file + (f.line ? ":" + std::to_string(f.line) : "");
    if (!f.in_core && !f.module.empty()) text += " (" + f.module + ")";
    text += '\n';
  }
  return text;
}

}  // namespace pensim
