#include "firmware_shim/emulated/thumb.h"

#include <bit>

namespace pensim {
namespace {

struct Instruction {
  std::uint32_t first = 0, second = 0;  // half-words; the second of a long one
  std::uint32_t bytes = 2;
};

Instruction fetch(const std::uint8_t* code) {
  const auto half = [&](std::uint32_t at) { return static_cast<std::uint32_t>(code[at] | code[at + 1] << 8); };
  Instruction i;
  i.first = half(0);
  if (i.first >= 0xE800) {
    i.second = half(2);
    i.bytes = 4;
  }
  return i;
}

std::uint32_t ones(std::uint32_t bits) { return static_cast<std::uint32_t>(std::popcount(bits)); }

struct Cost {
  std::uint32_t cycles = 1;
  bool memory = false;  // a single load or store: one after another takes a cycle less
};

Cost short_cost(std::uint32_t h) {
  if ((h & 0xF000) == 0x5000 || (h & 0xE000) == 0x6000 || (h & 0xF000) == 0x8000 || (h & 0xF000) == 0x9000 ||
      (h & 0xF800) == 0x4800)
    return {2, true};
  if ((h & 0xFE00) == 0xB400 || (h & 0xFE00) == 0xBC00) return {1 + ones(h & 0x1FF), false};  // PUSH, POP
  if ((h & 0xF000) == 0xC000) return {1 + ones(h & 0xFF), false};                             // STM, LDM
  return {};
}

Cost floating_cost(const Instruction& i) {
  const bool transfer = (i.first & 0xEE00) == 0xEC00;  // VLDR, VSTR, VLDM, VSTM, VMOV of two
  if (transfer) {
    if ((i.first & 0x0FE0) == 0x0C40) return {2, false};  // VMOV of two registers
    if ((i.first & 0x0120) == 0x0100) return {2, true};   // VLDR, VSTR
    return {1 + (i.second & 0xFF), false};                // VLDM, VSTM, VPUSH, VPOP
  }
  if (i.second & 0x10) return {1, false};  // VMOV, VMRS, VMSR
  const std::uint32_t operation = (i.first >> 4) & 0xB;
  if (operation == 0x8) return {14, false};                                                             // VDIV
  if (operation == 0x0 || operation == 0x1 || operation == 0x9 || operation == 0xA) return {3, false};  // with addition
  if (operation == 0xB && (i.first & 0xF) == 0x1 && (i.second & 0xC0) == 0xC0) return {14, false};      // VSQRT
  return {};
}

Cost long_cost(const Instruction& i, CortexModel model) {
  const std::uint32_t h = i.first;
  if ((h & 0xEC00) == 0xEC00) return floating_cost(i);
  if ((h & 0xFE40) == 0xE800) return {1 + ones(i.second), false};  // LDM, STM
  if ((h & 0xFE40) == 0xE840) {
    const bool exclusive_or_table = (h & 0xFF00) == 0xE800 && (h & 0x20) == 0 && (h & 0xF0) <= 0xD0 && (h & 0x100) == 0;
    return {exclusive_or_table ? 2u : 3u, false};  // LDREX, TBB: 2; LDRD, STRD: 1 + 2
  }
  if ((h & 0xFE00) == 0xF800) return {2, true};  // LDR, STR and their kin
  if ((h & 0xFF80) == 0xFB80) {                  // long multiplications, divisions
    if ((h & 0xD0) == 0x90) return {12, false};
    return {model == CortexModel::m3 ? 5u : 1u, false};
  }
  if ((h & 0xFF80) == 0xFB00 && (i.second & 0xF000) != 0xF000) return {model == CortexModel::m3 ? 2u : 1u, false};
  return {};
}

bool reads_memory(const Instruction& i) {
  const std::uint32_t h = i.first;
  if (i.bytes == 2) {
    if ((h & 0xF000) == 0x5000) return (h & 0x0E00) >= 0x0600;  // LDRSB and the loads behind it
    return ((h & 0xE000) == 0x6000 || (h & 0xF000) == 0x8000 || (h & 0xF000) == 0x9000) && (h & 0x0800) != 0;
  }
  return (h & 0xFE00) == 0xF800 && (h & 0x0010) != 0 && (h & 0xF) != 15;
}

bool changes_masks(const Instruction& i) {
  if (i.bytes == 2) return (i.first & 0xFFE0) == 0xB660;                 // CPS
  return (i.first & 0xFFE0) == 0xF380 && (i.second & 0xFF00) == 0x8800;  // MSR
}

// IT: how many instructions stand under its conditions; 0 of others.
std::uint8_t condition_length(std::uint32_t h) {
  if ((h & 0xFF00) != 0xBF00 || (h & 0xF) == 0) return 0;
  return static_cast<std::uint8_t>(4 - std::countr_zero(h & 0xF));
}

}  // namespace

BlockCost block_cost(const std::uint8_t* code, std::uint32_t bytes, CortexModel model) {
  BlockCost cost;
  bool after_memory = false;
  for (std::uint32_t at = 0; at + 2 <= bytes;) {
    const bool whole = at + 4 <= bytes || code[at + 1] < 0xE8;
    if (!whole) break;
    const Instruction i = fetch(code + at);
    const Cost c = i.bytes == 2 ? short_cost(i.first) : long_cost(i, model);
    cost.cycles += c.cycles - (c.memory && after_memory && model != CortexModel::m0 ? 1u : 0u);
    after_memory = c.memory;
    cost.masks = changes_masks(i);
    cost.reads = cost.reads || reads_memory(i);
    cost.conditional = i.bytes == 2 ? condition_length(i.first) : 0;
    ++cost.instructions;
    at += i.bytes;
  }
  return cost;
}

std::uint8_t aligned_register(const std::uint8_t* code, std::uint32_t bytes) {
  constexpr std::uint8_t none = 255;
  if (bytes < 2 || (code[1] >= 0xE8 && bytes < 4)) return none;
  const Instruction i = fetch(code);
  const std::uint32_t h = i.first, n = h & 15;
  if (i.bytes == 2) return (h & 0xF000) == 0xC000 ? static_cast<std::uint8_t>((h >> 8) & 7) : none;
  const bool several = (h & 0xFE40) == 0xE800;
  const bool two = (h & 0xFE40) == 0xE840 && (h & 0x120) != 0, exclusive = (h & 0xFFE0) == 0xE840;
  const bool floats = (h & 0xFE00) == 0xEC00 && (h & 0x0FE0) != 0x0C40 && (i.second & 0x0E00) == 0x0A00;
  return (several || two || exclusive || floats) && n != 13 && n != 15 ? static_cast<std::uint8_t>(n) : none;
}

namespace {

struct Access {
  std::uint32_t begin = 0, bytes = 0;
};

std::optional<Access> short_access(std::uint32_t h, std::uint32_t pc, const std::array<std::uint32_t, 16>& r) {
  const std::uint32_t n = (h >> 3) & 7, five = (h >> 6) & 31;
  if ((h & 0xF800) == 0x4800) return Access{((pc + 4) & ~3u) + (h & 0xFF) * 4, 4};
  if ((h & 0xF000) == 0x5000) return Access{r[n] + r[(h >> 6) & 7], 4};
  if ((h & 0xF000) == 0x6000) return Access{r[n] + five * 4, 4};
  if ((h & 0xF000) == 0x7000) return Access{r[n] + five, 1};
  if ((h & 0xF000) == 0x8000) return Access{r[n] + five * 2, 2};
  if ((h & 0xF000) == 0x9000) return Access{r[13] + (h & 0xFF) * 4, 4};
  if ((h & 0xFE00) == 0xB400) return Access{r[13] - 4 * ones(h & 0x1FF), 4 * ones(h & 0x1FF)};
  if ((h & 0xFE00) == 0xBC00) return Access{r[13], 4 * ones(h & 0x1FF)};
  if ((h & 0xF000) == 0xC000) return Access{r[(h >> 8) & 7], 4 * ones(h & 0xFF)};
  return {};
}

std::optional<Access> long_access(const Instruction& i, std::uint32_t pc, const std::array<std::uint32_t, 16>& r) {
  const std::uint32_t h = i.first, n = h & 15, base = n == 15 ? ((pc + 4) & ~3u) : r[n];
  const auto offset = [&](std::uint32_t by, bool up) { return up ? base + by : base - by; };
  if ((h & 0xFE00) == 0xEC00) {  // VLDR, VSTR, VLDM, VSTM
    const std::uint32_t by = (i.second & 0xFF) * 4;
    const bool up = h & 0x80, before = h & 0x100;
    if (before && !(h & 0x20)) return Access{offset(by, up), 8};
    return Access{before ? base - by : base, by};
  }
  if ((h & 0xFE40) == 0xE800) return Access{(h & 0x100) ? base - 4 * ones(i.second) : base, 4 * ones(i.second)};
  if ((h & 0xFE40) == 0xE840) {
    if (h & 0x120) return Access{(h & 0x100) ? offset((i.second & 0xFF) * 4, h & 0x80) : base, 8};
    return Access{base + (i.second & 0xFF) * 4, 8};
  }
  if ((h & 0xFE00) == 0xF800) {
    const std::uint32_t bytes = 1u << ((h >> 5) & 3);
    if (n == 15) return Access{offset(i.second & 0xFFF, h & 0x80), bytes};
    if (h & 0x80) return Access{base + (i.second & 0xFFF), bytes};
    if ((i.second & 0x800) == 0) return Access{base + (r[i.second & 15] << ((i.second >> 4) & 3)), bytes};
    return Access{(i.second & 0x400) ? offset(i.second & 0xFF, i.second & 0x200) : base, bytes};
  }
  return {};
}

}  // namespace

std::optional<std::uint32_t> accessing_instruction(const std::uint8_t* code, std::uint32_t bytes, std::uint32_t pc,
                                                   const std::array<std::uint32_t, 16>& registers,
                                                   std::uint32_t address) {
  for (std::uint32_t at = 0; at + 2 <= bytes;) {
    if (at + 4 > bytes && code[at + 1] >= 0xE8) break;
    const Instruction i = fetch(code + at);
    const std::optional<Access> access =
        i.bytes == 2 ? short_access(i.first, pc + at, registers) : long_access(i, pc + at, registers);
    if (access && address - access->begin < access->bytes) return at;
    at += i.bytes;
  }
  return {};
}

}  // namespace pensim
