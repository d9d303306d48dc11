#include "firmware_shim/emulated/cortex_m.h"

#include <sys/mman.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "firmware_shim/address_text.h"

namespace pensim {
namespace {

namespace fiber = boost::context::detail;

constexpr std::size_t stack_bytes = 1u << 20;
constexpr std::uint32_t it_bits = 0x0600FC00u, number_bits = 0x1FFu, thumb_bit = 1u << 24, align_bit = 1u << 9;
// FPCA, with SFPA, which libunicorn's processor looks at too: without it the next float instruction would start a new
// context, with an empty FPSCR.
constexpr std::uint32_t spsel = 2, fpca = 4, floats = 0xC;
constexpr std::uint32_t basic_frame = 0x20, extended_frame = 0x68;
constexpr std::uint32_t entry_cycles = 12, exit_cycles = 10;  // recalled, as in thumb.h

void require(uc_err error, const char* what) {
  if (error != UC_ERR_OK) throw std::runtime_error(std::string("libunicorn: ") + what + ": " + uc_strerror(error));
}

int cpu_model(CortexModel model) {
  switch (model) {
    case CortexModel::m0:
      return UC_CPU_ARM_CORTEX_M0;
    case CortexModel::m3:
      return UC_CPU_ARM_CORTEX_M3;
    case CortexModel::m4:
      return UC_CPU_ARM_CORTEX_M4;
    case CortexModel::m33:
      break;
  }
  return UC_CPU_ARM_CORTEX_M33;
}

}  // namespace

CortexM::CortexM(CortexModel model, bool each_instruction)
    : model_(model), fpu_(model == CortexModel::m4 || model == CortexModel::m33), each_instruction_(each_instruction) {
  require(uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &uc_), "open");
  try {
    require(uc_ctl_set_cpu_model(uc_, cpu_model(model)), "processor model");
    uc_hook block = 0, interrupt = 0, invalid = 0;
    const int often = each_instruction ? UC_HOOK_CODE : UC_HOOK_BLOCK;
    require(uc_hook_add(uc_, &block, often, reinterpret_cast<void*>(&on_block), this, 1, 0), "hook");
    require(uc_hook_add(uc_, &interrupt, UC_HOOK_INTR, reinterpret_cast<void*>(&on_interrupt), this, 1, 0), "hook");
    require(uc_hook_add(uc_, &invalid, UC_HOOK_MEM_INVALID, reinterpret_cast<void*>(&on_invalid), this, 1, 0), "hook");
    stack_ = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack_ == MAP_FAILED) throw std::runtime_error("no memory for the stack of the emulator");
    ::mprotect(stack_, page_bytes, PROT_NONE);
  } catch (...) {
    uc_close(uc_);
    throw;
  }
  guest_ = fiber::make_fcontext(static_cast<char*>(stack_) + stack_bytes, stack_bytes, &CortexM::run);
  guest_ = fiber::jump_fcontext(guest_, this).fctx;  // to its first stop, idle
}

CortexM::~CortexM() {
  // The guest's fiber stands somewhere inside uc_emu_start; nothing in there needs unwinding once it has been stopped.
  if (event_.kind != CortexEvent::Kind::idle) reset(0, 0);
  uc_close(uc_);
  ::munmap(stack_, stack_bytes);
}

void CortexM::map(std::uint32_t address, std::uint32_t bytes, std::uint8_t* memory, bool writable, bool executable) {
  constexpr std::uint32_t read = UC_PROT_READ, write = UC_PROT_WRITE, run = UC_PROT_EXEC;
  const std::uint32_t rights = read | (writable ? write : 0u) | (executable ? run : 0u);
  require(uc_mem_map_ptr(uc_, address, bytes, rights, memory), ("memory at " + hex(address)).c_str());
  memory_.push_back({address, address + bytes, memory, writable, executable});
  if (executable) code_.push_back({address, bytes, std::make_unique<Block[]>(bytes / 2)});
}

void CortexM::map_registers(std::uint32_t address, std::uint32_t bytes, uc_cb_mmio_read_t read,
                            uc_cb_mmio_write_t write, void* context) {
  require(uc_mmio_map(uc_, address, bytes, read, context, write, context), ("registers at " + hex(address)).c_str());
}

void CortexM::set_stubs(std::uint32_t begin, std::uint32_t end) {
  stubs_begin_ = begin;
  stubs_bytes_ = end - begin;
  uc_hook stub = 0;
  require(uc_hook_add(uc_, &stub, UC_HOOK_CODE, reinterpret_cast<void*>(&on_stub), this, begin, end - 1), "hook");
}

// ---- running ----

void CortexM::run(fiber::transfer_t from) {
  auto* self = static_cast<CortexM*>(from.data);
  self->host_ = from.fctx;
  for (;;) {
    self->abandoned_ = false;
    self->leave({});
    while (!self->abandoned_) {
      const uc_err error = uc_emu_start(self->uc_, self->pc_ | 1u, 1, 0, 0);  // no instruction lies at an odd address
      if (!self->abandoned_) self->classify(error);
    }
  }
}

void CortexM::leave(CortexEvent event) {
  event_ = event;
  moved_ = false;
  host_ = fiber::jump_fcontext(host_, nullptr).fctx;
  if (abandoned_) uc_emu_stop(uc_);
}

CortexEvent CortexM::resume() {
  guest_ = fiber::jump_fcontext(guest_, nullptr).fctx;
  return event_;
}

void CortexM::reset(std::uint32_t pc, std::uint32_t stack) {
  if (event_.kind != CortexEvent::Kind::idle) {
    abandoned_ = true;
    resume();
  }
  for (int r = UC_ARM_REG_R0; r <= UC_ARM_REG_R12; ++r) set(r, 0);
  set(UC_ARM_REG_XPSR, thumb_bit);
  set(UC_ARM_REG_CONTROL, 0);
  set(UC_ARM_REG_PRIMASK, 0);
  set(UC_ARM_REG_FAULTMASK, 0);
  set(UC_ARM_REG_BASEPRI, 0);
  set(UC_ARM_REG_MSP, stack);
  set(UC_ARM_REG_PSP, 0);
  set(UC_ARM_REG_SP, stack);
  set(UC_ARM_REG_LR, 0xFFFFFFFFu);
  if (fpu_) {
    set(UC_ARM_REG_FPEXC, 0x40000000u);
    for (int s = UC_ARM_REG_S0; s <= UC_ARM_REG_S31; ++s) set(s, 0);
    set(UC_ARM_REG_FPSCR, 0);
  }
  masks_ = false;
  conditional_ = 0;
  cycles_ = instructions_ = 0;
  next_block_ = 0;
  go_on_at(pc);
}

// uc_emu_start has come back by itself.
void CortexM::classify(uc_err error) {
  pc_ = get(UC_ARM_REG_PC) & ~1u;
  const auto before = [&](std::uint32_t bytes) {
    std::uint32_t word = 0;
    if (const std::uint8_t* at = memory(pc_ - bytes, bytes)) std::memcpy(&word, at, bytes);
    return word;
  };
  const std::uint32_t short_hint = before(2), long_hint = before(4);
  if (error == UC_ERR_OK && (short_hint == 0xBF30 || long_hint == 0x8003F3AFu)) {
    leave({CortexEvent::Kind::wait_for_interrupt, 0});
    return;
  }
  if (error == UC_ERR_INSN_INVALID && (short_hint == 0xBF20 || long_hint == 0x8002F3AFu)) {
    leave({CortexEvent::Kind::wait_for_event, 0});
    return;
  }
  if (error == UC_ERR_INSN_INVALID && (short_hint == 0xBF10 || long_hint == 0x8001F3AFu)) return;  // YIELD
  if (error == UC_ERR_OK) return;  // a change of PC between two instructions
  fault_.pc = pc_;
  switch (error) {
    case UC_ERR_READ_UNMAPPED:
    case UC_ERR_READ_PROT:
    case UC_ERR_WRITE_UNMAPPED:
    case UC_ERR_WRITE_PROT:
      fault_.kind = CortexFault::Kind::access;
      fault_.write = error == UC_ERR_WRITE_UNMAPPED || error == UC_ERR_WRITE_PROT;
      fault_.read_only = error == UC_ERR_WRITE_PROT;
      locate_access();
      fault_.text = std::string(fault_.write ? "write to " : "read of ") + hex(fault_.address);
      break;
    case UC_ERR_FETCH_UNMAPPED:
    case UC_ERR_FETCH_PROT:
      fault_.kind = CortexFault::Kind::fetch;
      fault_.address = pc_;
      fault_.text = "jump to " + hex(pc_) + ", where there is no code";
      break;
    default:
      fault_.kind = CortexFault::Kind::instruction;
      fault_.address = pc_;
      fault_.text = "undefined instruction";
      break;
  }
  leave({CortexEvent::Kind::fault, 0});
}

// libunicorn says where the block begins, not which of its instructions it was.
void CortexM::locate_access() {
  const std::uint8_t* code = memory(block_, block_bytes_);
  if (!code) return;
  std::array<std::uint32_t, 16> r{};
  const std::array<std::uint32_t, 17> now = registers();
  std::copy_n(now.begin(), 16, r.begin());
  r[15] = block_;
  if (const auto at = accessing_instruction(code, block_bytes_, block_, r, fault_.address)) fault_.pc = block_ + *at;
  pc_ = fault_.pc;
}

const CortexM::Block& CortexM::block(std::uint32_t address, std::uint32_t bytes) {
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const Code& c = code_[i];
    if (address - c.begin >= c.bytes) continue;
    Block& b = c.blocks[(address - c.begin) / 2];
    if (b.bytes != bytes) {
      const std::uint8_t* at = memory(address, bytes);
      const BlockCost cost = at ? block_cost(at, bytes, model_) : BlockCost{};
      b = {bytes, cost.cycles, cost.instructions, cost.conditional, cost.masks, 255, cost.reads};
      if (at && each_instruction_ && model_ != CortexModel::m0) b.aligned = aligned_register(at, bytes);
    }
    return b;
  }
  static const Block outside{};
  return outside;
}

// A block of instructions, or one of them, is about to run.
void CortexM::on_block(uc_engine*, std::uint64_t address, std::uint32_t size, void* context) {
  auto& self = *static_cast<CortexM*>(context);
  const auto at = static_cast<std::uint32_t>(address);
  if (at - self.stubs_begin_ < self.stubs_bytes_) return;  // the host's
  // libunicorn does not tell how much of an IT is left, so an exception could not come back into it.
  const bool inside = self.each_instruction_ && self.conditional_ > 0;
  if (inside) --self.conditional_;
  if (!inside && (self.masks_ || self.cycles_ >= self.cycle_limit_ || self.instructions_ >= self.instruction_limit_)) {
    self.masks_ = false;
    self.pc_ = at;
    self.leave({CortexEvent::Kind::due, 0});
    if (self.moved_ || self.abandoned_) return;  // it is not run now
  }
  const Block& b = self.block(at, size);
  if (b.aligned != 255 && !inside && self.is_misaligned(at, b)) {
    self.leave({CortexEvent::Kind::fault, 0});
    return;
  }
  if (at != self.next_block_) self.cycles_ += refill_cycles;
  self.cycles_ += b.cycles;
  self.instructions_ += b.instructions;
  self.readings_ += b.reads;
  self.masks_ = b.masks;
  if (b.conditional) self.conditional_ = b.conditional;
  self.block_ = at;
  self.block_bytes_ = size;
  self.next_block_ = at + size;
}

bool CortexM::is_misaligned(std::uint32_t address, const Block& block) {
  const std::uint32_t at = get(UC_ARM_REG_R0 + block.aligned);
  if (at % 4 == 0) return false;
  pc_ = address;
  fault_ = {};
  fault_.kind = CortexFault::Kind::unaligned;
  fault_.address = at;
  fault_.pc = address;
  fault_.text = "LDM, LDRD or their kind at " + hex(at) + ", which is not aligned";
  return true;
}

void CortexM::on_stub(uc_engine*, std::uint64_t address, std::uint32_t, void* context) {
  auto& self = *static_cast<CortexM*>(context);
  const std::uint32_t index = (static_cast<std::uint32_t>(address) - self.stubs_begin_) / 4;
  if (self.quick && self.quick(self.quick_context, index)) return;
  self.pc_ = self.get(UC_ARM_REG_LR) & ~1u;
  self.leave({CortexEvent::Kind::call, index});
}

void CortexM::on_interrupt(uc_engine*, std::uint32_t number, void* context) {
  auto& self = *static_cast<CortexM*>(context);
  // As libunicorn's processor numbers them.
  constexpr std::uint32_t software = 2, breakpoint = 7, exception_exit = 8, no_coprocessor = 17, invalid_state = 18,
                          data_abort = 4, unaligned = 22;
  self.pc_ = self.get(UC_ARM_REG_PC) & ~1u;
  if (number == software) {
    self.leave({CortexEvent::Kind::supervisor_call, 0});
    return;
  }
  if (number == exception_exit) {
    self.leave({CortexEvent::Kind::exception_return, self.pc_ | 1u});
    return;
  }
  self.fault_ = {};
  self.fault_.pc = self.fault_.address = self.pc_;
  if (number == breakpoint) {
    self.fault_.kind = CortexFault::Kind::breakpoint;
    self.fault_.text = "BKPT without a debugger";
  } else if (number == invalid_state) {
    self.fault_.kind = CortexFault::Kind::state;
    self.fault_.text = "jump to an even address: a Cortex-M has no ARM state";
  } else if (number == unaligned || number == data_abort) {
    self.fault_.kind = CortexFault::Kind::unaligned;
    self.fault_.text = "access to an address that is not aligned";
  } else {
    self.fault_.kind = number == no_coprocessor ? CortexFault::Kind::no_coprocessor : CortexFault::Kind::instruction;
    self.fault_.text = number == no_coprocessor ? "a floating point instruction, but this processor has no FPU"
                                                : "exception " + std::to_string(number) + " of the processor";
  }
  self.leave({CortexEvent::Kind::fault, 0});
}

bool CortexM::on_invalid(uc_engine*, uc_mem_type, std::uint64_t address, int, std::int64_t, void* context) {
  auto& self = *static_cast<CortexM*>(context);
  self.fault_ = {};
  self.fault_.address = static_cast<std::uint32_t>(address);
  return false;
}

// ---- registers and memory ----

std::array<std::uint32_t, 17> CortexM::registers() const {
  std::array<std::uint32_t, 17> r{};
  for (int i = 0; i <= 12; ++i) r[static_cast<std::size_t>(i)] = get(UC_ARM_REG_R0 + i);
  r[13] = get(UC_ARM_REG_SP);
  r[14] = get(UC_ARM_REG_LR);
  r[15] = pc_;
  r[16] = get(UC_ARM_REG_XPSR);
  return r;
}

std::uint8_t* CortexM::memory(std::uint32_t address, std::uint32_t bytes, bool to_write) const {
  for (const Memory& m : memory_)
    if (address >= m.begin && address < m.end && bytes <= m.end - address && (m.writable || !to_write))
      return m.at + (address - m.begin);
  return nullptr;
}

bool CortexM::enter_exception(std::uint32_t handler, std::uint32_t number) {
  static const int stacked[] = {UC_ARM_REG_R0, UC_ARM_REG_R1,  UC_ARM_REG_R2,
                                UC_ARM_REG_R3, UC_ARM_REG_R12, UC_ARM_REG_LR};
  const std::uint32_t control = get(UC_ARM_REG_CONTROL), xpsr = get(UC_ARM_REG_XPSR), sp = get(UC_ARM_REG_SP);
  const bool extended = fpu_ && (control & fpca) != 0;
  const bool from_handler = (xpsr & number_bits) != 0;
  const std::uint32_t frame = (sp - (extended ? extended_frame : basic_frame)) & ~7u;
  std::uint8_t* at = memory(frame, extended ? extended_frame : basic_frame, true);
  if (!at) return false;
  std::uint32_t words[26] = {};
  for (std::size_t i = 0; i < 6; ++i) words[i] = get(stacked[i]);
  words[6] = pc_;
  words[7] = (xpsr & ~align_bit) | ((sp & 4) ? align_bit : 0u);
  if (extended) {
    for (int s = 0; s < 16; ++s) words[8 + s] = get(UC_ARM_REG_S0 + s);
    words[24] = get(UC_ARM_REG_FPSCR);
  }
  std::memcpy(at, words, extended ? extended_frame : basic_frame);
  std::uint32_t exc_return = extended ? 0xFFFFFFE1u : 0xFFFFFFF1u;
  if (!from_handler) exc_return |= (control & spsel) ? 0xCu : 0x8u;
  set(UC_ARM_REG_SP, frame);
  set(UC_ARM_REG_CONTROL, control & 1u);
  set(UC_ARM_REG_XPSR, (xpsr & ~(number_bits | it_bits)) | thumb_bit | number);
  set(UC_ARM_REG_LR, exc_return);
  go_on_at(handler);
  add_cycles(entry_cycles);
  return true;
}

bool CortexM::return_from_exception(std::uint32_t exc_return) {
  const bool extended = fpu_ && (exc_return & 0x10) == 0, to_thread = (exc_return & 8) != 0;
  const bool process_stack = to_thread && (exc_return & 4) != 0;
  const std::uint32_t frame = get(process_stack ? UC_ARM_REG_PSP : UC_ARM_REG_SP);
  const std::uint8_t* at = memory(frame, extended ? extended_frame : basic_frame);
  if (!at) return false;
  std::uint32_t words[26] = {};
  std::memcpy(words, at, extended ? extended_frame : basic_frame);
  if (to_thread != ((words[7] & number_bits) == 0)) return false;
  const std::uint32_t sp = frame + (extended ? extended_frame : basic_frame) + ((words[7] & align_bit) ? 4u : 0u);
  const std::uint32_t control = get(UC_ARM_REG_CONTROL);
  set(UC_ARM_REG_FAULTMASK, 0);
  if (process_stack) {
    // The main stack is where the handler leaves it.
    set(UC_ARM_REG_XPSR, words[7] & ~align_bit);
    set(UC_ARM_REG_CONTROL, (control & 1u) | spsel | (extended ? floats : 0u));
  } else {
    set(UC_ARM_REG_XPSR, words[7] & ~align_bit);
    set(UC_ARM_REG_CONTROL, (control & 1u) | (extended ? floats : 0u));
  }
  set(UC_ARM_REG_SP, sp);
  static const int stacked[] = {UC_ARM_REG_R0, UC_ARM_REG_R1,  UC_ARM_REG_R2,
                                UC_ARM_REG_R3, UC_ARM_REG_R12, UC_ARM_REG_LR};
  for (std::size_t i = 0; i < 6; ++i) set(stacked[i], words[i]);
  if (extended) {
    for (int s = 0; s < 16; ++s) set(UC_ARM_REG_S0 + s, words[8 + s]);
    set(UC_ARM_REG_FPSCR, words[24]);
  }
  go_on_at(words[6]);
  add_cycles(exit_cycles);
  return true;
}

CortexM::Context CortexM::save() const {
  Context c;
  for (std::size_t i = 0; i < 4; ++i) c.r[i] = get(UC_ARM_REG_R0 + static_cast<int>(i));
  c.r[4] = get(UC_ARM_REG_R12);
  c.lr = get(UC_ARM_REG_LR);
  c.sp = get(UC_ARM_REG_SP);
  c.xpsr = get(UC_ARM_REG_XPSR);
  c.control = get(UC_ARM_REG_CONTROL);
  c.pc = pc_;
  if (fpu_ && (c.control & fpca)) {
    for (std::size_t i = 0; i < 16; ++i) c.s[i] = get(UC_ARM_REG_S0 + static_cast<int>(i));
    c.fpscr = get(UC_ARM_REG_FPSCR);
  }
  return c;
}

void CortexM::restore(const Context& c) {
  for (std::size_t i = 0; i < 4; ++i) set(UC_ARM_REG_R0 + static_cast<int>(i), c.r[i]);
  set(UC_ARM_REG_R12, c.r[4]);
  set(UC_ARM_REG_LR, c.lr);
  set(UC_ARM_REG_SP, c.sp);
  set(UC_ARM_REG_XPSR, c.xpsr);
  if (fpu_) set(UC_ARM_REG_CONTROL, c.control);
  if (fpu_ && (c.control & fpca)) {
    for (std::size_t i = 0; i < 16; ++i) set(UC_ARM_REG_S0 + static_cast<int>(i), c.s[i]);
    set(UC_ARM_REG_FPSCR, c.fpscr);
  }
  go_on_at(c.pc);
}

void CortexM::begin_call(std::uint32_t function, std::uint32_t argument, std::uint32_t return_to) {
  set(UC_ARM_REG_XPSR, (get(UC_ARM_REG_XPSR) & ~it_bits) | thumb_bit);
  set(UC_ARM_REG_SP, get(UC_ARM_REG_SP) & ~7u);
  set(UC_ARM_REG_R0, argument);
  set(UC_ARM_REG_LR, return_to | 1u);
  go_on_at(function);
}

}  // namespace pensim
