// cortex_m.h - one Cortex-M: its instructions by libunicorn, its exceptions by us.
//
// libunicorn has no interrupt controller: it runs instructions until one of them needs somebody. The guest runs on a
// stack of its own (a fiber) inside one long uc_emu_start; resume() lets it go on until the next event and comes back
// with that, at a cost of about 0.1 us, where a uc_emu_start for each call would take 3. Between two events the host
// may read and write registers and memory, enter an exception, or make the guest call a function.
//
// Exceptions: entry with the basic or, when the FPU was used (CONTROL.FPCA), the extended frame, stacked at once (no
// lazy stacking); 8-byte alignment of the stack; EXC_RETURN for MSP and PSP; CONTROL.SPSEL; IPSR. Which exception is
// taken when is the caller's.
//
// Not modelled: MPU, privilege (unprivileged code may do everything), security extension (M33), bit-banding, caches,
// wait states, imprecise faults, without each_instruction the faults of LDM, LDRD and
// their kind at addresses that are no multiple of 4.
#pragma once

#include <unicorn/unicorn.h>

#include <algorithm>
#include <array>
#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firmware_shim/emulated/thumb.h"

namespace pensim {

struct CortexEvent {
  enum class Kind : std::uint8_t {
    idle,              // after reset, before the first instruction
    call,              // a stub was called; number: its index. Going on returns to its caller
    exception_return,  // number: EXC_RETURN
    supervisor_call,
    wait_for_interrupt,  // WFI
    wait_for_event,      // WFE
    due,                 // the budget is used up, or masks were changed
    debug,               // before an instruction or in the middle of an access: stop_for_debugger() was called
    fault                // of the guest: `fault`; it cannot go on
  };
  Kind kind = Kind::idle;
  std::uint32_t number = 0;
};

struct CortexFault {
  enum class Kind : std::uint8_t { access, fetch, instruction, breakpoint, state, no_coprocessor, unaligned };
  Kind kind = Kind::access;
  std::uint32_t address = 0, pc = 0;
  bool write = false, read_only = false;  // of an access
  std::string text;                       // one sentence
};

class CortexM {
 public:
  // each_instruction: `due` comes between any two instructions instead of two blocks of them (counted timing).
  CortexM(CortexModel model, bool each_instruction);
  ~CortexM();
  CortexM(const CortexM&) = delete;
  CortexM& operator=(const CortexM&) = delete;

  // Memory of the guest; `bytes` in whole pages, `memory` stays while this lives.
  void map(std::uint32_t address, std::uint32_t bytes, std::uint8_t* memory, bool writable, bool executable);
  // Addresses whose accesses are calls, made while the guest stands in the middle of a block: they must neither run nor
  // change it.
  void map_registers(std::uint32_t address, std::uint32_t bytes, uc_cb_mmio_read_t read, uc_cb_mmio_write_t write,
                     void* context);
  void set_stubs(std::uint32_t begin, std::uint32_t end);
  // Asked first at each stub; true: done, the guest goes on without an event. Must not wait.
  bool (*quick)(void* context, std::uint32_t index) = nullptr;
  void* quick_context = nullptr;

  // Stops the guest for good and starts it anew: resume() runs from `pc`.
  void reset(std::uint32_t pc, std::uint32_t stack);
  CortexEvent resume();
  // From a hook of the debugger, in the guest.
  void stop_for_debugger(std::uint32_t pc) {
    pc_ = pc;
    leave({CortexEvent::Kind::debug, 0});
  }
  uc_engine* engine() const { return uc_; }  // for hooks; before the guest has run
  // Stop the guest with `due` after so many cycles or instructions from now.
  void set_budget(std::uint64_t cycles, std::uint64_t instructions) {
    cycle_limit_ = cycles_ + std::min(cycles, ~cycles_);
    instruction_limit_ = instructions_ + std::min(instructions, ~instructions_);
  }
  bool instructions_used_up() const { return instructions_ >= instruction_limit_; }
  // `due` comes as soon as it can.
  void stop_soon() { cycle_limit_ = 0; }
  std::uint64_t cycles() const { return cycles_; }
  std::uint64_t instructions() const { return instructions_; }
  // Blocks of instructions so far that read memory.
  std::uint64_t readings() const { return readings_; }
  void add_cycles(std::uint32_t cycles) { cycles_ += cycles; }
  const CortexFault& fault() const { return fault_; }

  std::uint32_t get(int uc_register) const {
    std::uint32_t value = 0;
    uc_reg_read(uc_, uc_register, &value);
    return value;
  }
  void set(int uc_register, std::uint32_t value) { uc_reg_write(uc_, uc_register, &value); }
  // Where the guest goes on.
  std::uint32_t pc() const { return pc_; }
  void go_on_at(std::uint32_t pc) {
    moved_ = true;
    pc_ = pc & ~1u;
    set(UC_ARM_REG_PC, pc | 1u);
  }
  // It is known to go on there by itself.
  void stands_at(std::uint32_t pc) { pc_ = pc & ~1u; }
  std::array<std::uint32_t, 17> registers() const;  // r0..r15, xPSR

  // Nothing unless it is all in one piece of memory (writable, if asked for).
  std::uint8_t* memory(std::uint32_t address, std::uint32_t bytes, bool to_write = false) const;

  // False: the frame does not fit into writable memory.
  bool enter_exception(std::uint32_t handler, std::uint32_t number);
  bool return_from_exception(std::uint32_t exc_return);

  // The registers that a call may change, to put them back after one made out of turn.
  struct Context {
    std::array<std::uint32_t, 5> r{};  // r0..r3, r12
    std::array<std::uint32_t, 16> s{};
    std::uint32_t lr = 0, pc = 0, xpsr = 0, fpscr = 0, sp = 0, control = 0;
  };
  Context save() const;
  void restore(const Context&);
  void begin_call(std::uint32_t function, std::uint32_t argument, std::uint32_t return_to);

 private:
  struct Memory {
    std::uint32_t begin = 0, end = 0;
    std::uint8_t* at = nullptr;
    bool writable = false, executable = false;
  };
  struct Block {
    std::uint32_t bytes = 0, cycles = 0;
    std::uint32_t instructions = 0;
    std::uint8_t conditional = 0;
    bool masks = false;
    std::uint8_t aligned = 255;  // aligned_register
    bool reads = false;
  };
  struct Code {
    std::uint32_t begin = 0, bytes = 0;
    std::unique_ptr<Block[]> blocks;  // by half-word
  };
  static void run(boost::context::detail::transfer_t from);
  void leave(CortexEvent event);
  void classify(uc_err error);
  void locate_access();
  bool is_misaligned(std::uint32_t address, const Block& block);
  const Block& block(std::uint32_t address, std::uint32_t bytes);
  static void on_stub(uc_engine*, std::uint64_t address, std::uint32_t size, void* self);
  static void on_block(uc_engine*, std::uint64_t address, std::uint32_t size, void* self);
  static void on_interrupt(uc_engine*, std::uint32_t number, void* self);
  static bool on_invalid(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t value, void* self);

  uc_engine* uc_ = nullptr;
  CortexModel model_;
  bool fpu_, each_instruction_;
  std::vector<Memory> memory_;
  std::vector<Code> code_;
  std::uint32_t stubs_begin_ = 0, stubs_bytes_ = 0;
  std::uint64_t cycles_ = 0, instructions_ = 0, readings_ = 0, cycle_limit_ = ~0ull, instruction_limit_ = ~0ull;
  std::uint32_t next_block_ = 0;  // where the last block ends: beginning there is no branch
  std::uint32_t block_ = 0, block_bytes_ = 0;
  std::uint32_t conditional_ = 0;  // instructions under an IT that are still to come
  bool masks_ = false;             // the last block may have changed them
  bool abandoned_ = false;
  bool moved_ = false;  // pc_ is not where the event was
  std::uint32_t pc_ = 0;
  CortexEvent event_;
  CortexFault fault_;
  void* stack_ = nullptr;
  boost::context::detail::fcontext_t guest_ = nullptr, host_ = nullptr;
};

}  // namespace pensim
