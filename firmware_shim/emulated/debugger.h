// debugger.h - a debugger (gdb) at an emulated core: it stops the guest between two instructions, and with it virtual
// time. Without one nothing of this exists; with one every instruction is looked at, so that a run is some ten times
// slower, and its hash is the same.
//
// Not offered: stopping in the runtime, which is the host's; writing registers at a watchpoint, where the guest stands
// in the middle of an instruction.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "firmware_shim/emulated/cortex_m.h"
#include "firmware_shim/gdb/gdb_server.h"

namespace pensim {

class EmulatedDebugger final : public GdbGuest {
 public:
  // Before the guest has run: listens at the address, says so on stderr and waits for the debugger, which finds the
  // guest before its first instruction. `time` is the answer to `monitor time`.
  EmulatedDebugger(CortexM& cpu, const std::string& address, std::function<std::string()> time);
  ~EmulatedDebugger() override;

  // At the event `debug`: the debugger has its say, then the guest may go on.
  void stopped();
  // The guest cannot go on: a last look.
  void faulted(bool bad_access);

  ArmRegisters registers() const override;
  void set_registers(const ArmRegisters&) override;
  bool read_memory(std::uint32_t address, std::uint8_t* to, std::size_t bytes) const override;
  bool write_memory(std::uint32_t address, const std::uint8_t* from, std::size_t bytes) override;
  void breakpoint(std::uint32_t address, bool set) override;
  void watchpoint(std::uint32_t address, std::uint32_t bytes, Watch, bool set) override;
  std::string monitor(const std::string& command) override;

 private:
  struct Watchpoint {
    std::uint32_t address, bytes;
    Watch kind;
    bool operator==(const Watchpoint&) const = default;
  };
  void talk();
  static void on_instruction(uc_engine*, std::uint64_t address, std::uint32_t size, void* self);
  static void on_access(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t value, void* self);

  CortexM& cpu_;
  std::function<std::string()> time_;
  GdbServer server_;
  GdbStop why_;
  bool step_ = true;  // stop before the next instruction
  std::uint32_t pc_ = 0, until_look_ = 0;
  std::set<std::uint32_t> breakpoints_;
  std::vector<Watchpoint> watchpoints_;
};

}  // namespace pensim
