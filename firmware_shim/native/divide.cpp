#include "firmware_shim/native/divide.h"

#include <cstdint>
#include <cstring>

namespace pensim {
namespace {

// The handler runs in a damaged process: see crash.cpp.
#define PENSIM_IN_HANDLER __attribute__((no_sanitize("address", "undefined")))

constexpr int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

struct Division {
  bool good = false, is_signed = false;
  int bytes = 4;              // of the divisor
  std::uint64_t divisor = 0;  // zero-extended
  std::uint64_t next = 0;     // behind the instruction
};

PENSIM_IN_HANDLER std::uint64_t reg(const ucontext_t& context, unsigned number) {
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[order[number]]);
}

PENSIM_IN_HANDLER std::uint64_t cut(std::uint64_t value, int bytes) {
  return bytes == 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

template <class T>
PENSIM_IN_HANDLER T load(std::uint64_t address) {
  return *reinterpret_cast<const T __attribute__((aligned(1), may_alias))*>(address);
}

PENSIM_IN_HANDLER std::uint64_t load_bytes(std::uint64_t address, int bytes) {
  switch (bytes) {
    case 1:
      return load<std::uint8_t>(address);
    case 2:
      return load<std::uint16_t>(address);
    case 4:
      return load<std::uint32_t>(address);
    default:
      return load<std::uint64_t>(address);
  }
}

// DIV and IDIV: F6 /6, F6 /7, F7 /6, F7 /7, with a register or memory.
PENSIM_IN_HANDLER Division decode(const ucontext_t& context) {
  Division d;
  auto at = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  unsigned rex = 0;
  bool short_operand = false, short_address = false;
  for (int i = 0; i < 14; ++i) {
    const auto byte = load<std::uint8_t>(at);
    if (byte == 0x66)
      short_operand = true;
    else if (byte == 0x67)
      short_address = true;
    else if (byte == 0x64 || byte == 0x65)
      return d;  // relative to FS or GS: nothing of a core
    else if (byte != 0x2e && byte != 0x36 && byte != 0x3e && byte != 0x26 && byte != 0xf2 && byte != 0xf3)
      break;
    ++at;
  }
  if ((load<std::uint8_t>(at) & 0xf0) == 0x40) rex = load<std::uint8_t>(at++);
  const auto opcode = load<std::uint8_t>(at++);
  if (opcode != 0xf6 && opcode != 0xf7) return d;
  d.bytes = opcode == 0xf6 ? 1 : rex & 8 ? 8 : short_operand ? 2 : 4;
  const auto modrm = load<std::uint8_t>(at++);
  const unsigned mode = modrm >> 6, what = modrm >> 3 & 7;
  unsigned base = modrm & 7;
  if (what < 6) return d;
  d.is_signed = what == 7;
  if (mode == 3) {
    const unsigned number = base | (rex & 1) << 3;
    const bool high_byte = d.bytes == 1 && rex == 0 && number >= 4;  // AH, CH, DH, BH
    d.divisor = cut(high_byte ? reg(context, number - 4) >> 8 : reg(context, number), d.bytes);
    d.next = at;
    d.good = true;
    return d;
  }
  std::uint64_t address = 0;
  bool to_next = false;
  if (base == 4) {
    const auto sib = load<std::uint8_t>(at++);
    const unsigned index = (sib >> 3 & 7) | (rex & 2) << 2;
    base = sib & 7;
    if (index != 4) address += reg(context, index) << (sib >> 6);
    if (base == 5 && mode == 0) {
      address += static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(at)});
      at += 4;
    } else {
      address += reg(context, base | (rex & 1) << 3);
    }
  } else if (base == 5 && mode == 0) {
    address += static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(at)});
    at += 4;
    to_next = true;
  } else {
    address += reg(context, base | (rex & 1) << 3);
  }
  if (mode == 1) {
    address += static_cast<std::uint64_t>(std::int64_t{load<std::int8_t>(at)});
    at += 1;
  } else if (mode == 2) {
    address += static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(at)});
    at += 4;
  }
  if (to_next) address += at;
  if (short_address) address = cut(address, 4);
  d.divisor = load_bytes(address, d.bytes);
  d.next = at;
  d.good = true;
  return d;
}

PENSIM_IN_HANDLER void put(ucontext_t& context, int bytes, std::uint64_t quotient, std::uint64_t remainder) {
  auto& rax = context.uc_mcontext.gregs[REG_RAX];
  auto& rdx = context.uc_mcontext.gregs[REG_RDX];
  const auto replace = [](long long& whole, std::uint64_t value, std::uint64_t mask) {
    whole = static_cast<long long>((static_cast<std::uint64_t>(whole) & ~mask) | (value & mask));
  };
  switch (bytes) {
    case 1:
      replace(rax, (remainder & 0xff) << 8 | (quotient & 0xff), 0xffff);
      break;
    case 2:
      replace(rax, quotient, 0xffff);
      replace(rdx, remainder, 0xffff);
      break;
    default:  // 32 bits clear the upper half
      rax = static_cast<long long>(cut(quotient, bytes));
      rdx = static_cast<long long>(cut(remainder, bytes));
      break;
  }
}

}  // namespace

PENSIM_IN_HANDLER Divided step_over_division(ucontext_t& context, bool by_zero_traps) {
  const Division d = decode(context);
  if (!d.good) return Divided::no_division;
  const std::uint64_t dividend = cut(reg(context, 0), d.bytes);  // its lower half
  const std::uint64_t smallest = std::uint64_t{1} << (8 * d.bytes - 1);
  if (d.divisor == 0) {
    if (by_zero_traps) return Divided::by_zero;
    if (d.bytes < 8) {
      put(context, d.bytes, 0, dividend);
    } else {
      const bool negative = d.is_signed && (dividend & smallest);
      const std::uint64_t largest = d.is_signed ? smallest - 1 : ~std::uint64_t{0};
      put(context, d.bytes, dividend == 0 ? 0 : negative ? smallest : largest, 0);
    }
    context.uc_mcontext.gregs[REG_RIP] = static_cast<long long>(d.next);
    return Divided::by_zero;
  }
  if (!d.is_signed || d.divisor != cut(~std::uint64_t{0}, d.bytes)) return Divided::no_division;
  put(context, d.bytes, smallest, 0);
  context.uc_mcontext.gregs[REG_RIP] = static_cast<long long>(d.next);
  return Divided::overflow;
}

}  // namespace pensim
