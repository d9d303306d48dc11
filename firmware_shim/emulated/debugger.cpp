#include "firmware_shim/emulated/debugger.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

namespace pensim {
namespace {

constexpr std::uint32_t instructions_between_looks = 20000;  // for Ctrl-C
constexpr int signal_interrupt = 2, signal_instruction = 4, signal_access = 11;

void require(uc_err error, const char* what) {
  if (error != UC_ERR_OK) throw std::runtime_error(std::string("libunicorn: ") + what + ": " + uc_strerror(error));
}

}  // namespace

EmulatedDebugger::EmulatedDebugger(CortexM& cpu, const std::string& address, std::function<std::string()> time)
    : cpu_(cpu), time_(std::move(time)), server_(address) {
  uc_hook code = 0, access = 0;
  require(uc_hook_add(cpu_.engine(), &code, UC_HOOK_CODE, reinterpret_cast<void*>(&on_instruction), this, 1, 0),
          "hook of instructions");
  require(uc_hook_add(cpu_.engine(), &access, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, reinterpret_cast<void*>(&on_access),
                      this, 1, 0),
          "hook of accesses");
  std::fprintf(stderr, "waiting for a debugger: (gdb) target remote %s\n",
               address.substr(address.find(':') + (address.starts_with("unix:") ? 1u : 0u)).c_str());
  server_.wait_for_client();
}

EmulatedDebugger::~EmulatedDebugger() { server_.ended(0); }

// ---- in the guest, before an instruction or an access ----

void EmulatedDebugger::on_instruction(uc_engine*, std::uint64_t address, std::uint32_t, void* context) {
  auto& self = *static_cast<EmulatedDebugger*>(context);
  if (!self.server_.connected()) return;
  self.pc_ = static_cast<std::uint32_t>(address);
  bool stop = self.step_ || self.breakpoints_.count(self.pc_) != 0;
  if (++self.until_look_ == instructions_between_looks) {
    self.until_look_ = 0;
    if (!stop && self.server_.interrupted()) {
      self.why_.signal = signal_interrupt;
      stop = true;
    }
  }
  if (stop) self.cpu_.stop_for_debugger(self.pc_);
}

void EmulatedDebugger::on_access(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t,
                                 void* context) {
  auto& self = *static_cast<EmulatedDebugger*>(context);
  if (self.watchpoints_.empty() || self.step_ || !self.server_.connected()) return;
  const auto begin = static_cast<std::uint32_t>(address), end = begin + static_cast<std::uint32_t>(size);
  const bool writes = type == UC_MEM_WRITE;
  for (const Watchpoint& w : self.watchpoints_) {
    if (begin >= w.address + w.bytes || end <= w.address) continue;
    if (w.kind == (writes ? Watch::read : Watch::write)) continue;
    self.why_ = {};
    self.why_.watched = true;
    self.why_.watch = w.kind;
    self.why_.watch_address = w.address;
    self.cpu_.stop_for_debugger(self.pc_);
    return;
  }
}

// ---- the debugger's say ----

void EmulatedDebugger::talk() {
  const GdbServer::Go go = server_.stopped(*this, std::exchange(why_, {}));
  step_ = go == GdbServer::Go::step;
  if (go == GdbServer::Go::detach) {
    breakpoints_.clear();
    watchpoints_.clear();
  }
  if (go != GdbServer::Go::kill) return;
  std::fprintf(stderr, "ended by the debugger\n");
  std::fflush(nullptr);
  ::_exit(128 + signal_interrupt);
}

void EmulatedDebugger::stopped() {
  if (server_.connected()) talk();
}

void EmulatedDebugger::faulted(bool bad_access) {
  if (!server_.connected()) return;
  why_.signal = bad_access ? signal_access : signal_instruction;
  talk();
}

ArmRegisters EmulatedDebugger::registers() const {
  ArmRegisters all;
  const std::array<std::uint32_t, 17> r = cpu_.registers();
  std::copy_n(r.begin(), 16, all.r);
  all.xpsr = r[16];
  for (int i = 0; i < 16; ++i) uc_reg_read(cpu_.engine(), UC_ARM_REG_D0 + i, &all.d[i]);
  all.fpscr = cpu_.get(UC_ARM_REG_FPSCR);
  return all;
}

void EmulatedDebugger::set_registers(const ArmRegisters& all) {
  const ArmRegisters before = registers();
  for (int i = 0; i <= 12; ++i)
    if (all.r[i] != before.r[i]) cpu_.set(UC_ARM_REG_R0 + i, all.r[i]);
  if (all.r[13] != before.r[13]) cpu_.set(UC_ARM_REG_SP, all.r[13]);
  if (all.r[14] != before.r[14]) cpu_.set(UC_ARM_REG_LR, all.r[14]);
  if (all.xpsr != before.xpsr) cpu_.set(UC_ARM_REG_XPSR, all.xpsr);
  for (int i = 0; i < 16; ++i)
    if (all.d[i] != before.d[i]) uc_reg_write(cpu_.engine(), UC_ARM_REG_D0 + i, &all.d[i]);
  if (all.fpscr != before.fpscr) cpu_.set(UC_ARM_REG_FPSCR, all.fpscr);
  if (all.r[15] != before.r[15]) cpu_.go_on_at(all.r[15]);
}

bool EmulatedDebugger::read_memory(std::uint32_t address, std::uint8_t* to, std::size_t bytes) const {
  const std::uint8_t* at = cpu_.memory(address, static_cast<std::uint32_t>(bytes));
  if (at != nullptr) std::memcpy(to, at, bytes);
  return at != nullptr;
}

bool EmulatedDebugger::write_memory(std::uint32_t address, const std::uint8_t* from, std::size_t bytes) {
  std::uint8_t* at = cpu_.memory(address, static_cast<std::uint32_t>(bytes), true);
  if (at != nullptr) std::memcpy(at, from, bytes);
  return at != nullptr;
}

void EmulatedDebugger::breakpoint(std::uint32_t address, bool set) {
  if (set)
    breakpoints_.insert(address);
  else
    breakpoints_.erase(address);
}

void EmulatedDebugger::watchpoint(std::uint32_t address, std::uint32_t bytes, Watch kind, bool set) {
  const Watchpoint wanted{address, bytes, kind};
  const auto at = std::find(watchpoints_.begin(), watchpoints_.end(), wanted);
  if (set && at == watchpoints_.end()) watchpoints_.push_back(wanted);
  if (!set && at != watchpoints_.end()) watchpoints_.erase(at);
}

std::string EmulatedDebugger::monitor(const std::string& command) {
  if (command == "time") return time_();
  if (command == "help") return "time   virtual time, cycles and instructions since the reset\n";
  return "";
}

}  // namespace pensim
