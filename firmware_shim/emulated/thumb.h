// thumb.h - what the emulator has to know of Thumb instructions: how long a block of them takes, and which one of a
// block has made a bad access.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace pensim {

enum class CortexModel : std::uint8_t { m0, m3, m4, m33 };

// Processor cycles by class of instruction, with memory without wait states: recalled from the Technical Reference
// Manuals of the Cortex-M4 and, where they differ, of the M0+, M3 and M33; not checked against them line by line and
// not measured on a board (docs/emulated.md).
// Data-dependent counts are taken at their upper end (division). A branch that is taken adds `refill_cycles`: the
// caller sees it where the next block begins.
struct BlockCost {
  std::uint32_t instructions = 0, cycles = 0;
  bool reads = false;            // it loads from memory, constants beside the code not counted
  std::uint8_t conditional = 0;  // its last instruction is an IT for so many
  bool masks = false;            // its last instruction may have changed PRIMASK, BASEPRI, FAULTMASK or CONTROL
};
inline constexpr std::uint32_t refill_cycles = 2;
BlockCost block_cost(const std::uint8_t* code, std::uint32_t bytes, CortexModel model);

// The register whose value has to be a multiple of 4 in an instruction that the processor never carries out elsewhere:
// LDM, STM, LDRD, STRD, LDREX, STREX and their kind for floats. 255 of others, and where it is SP or PC.
std::uint8_t aligned_register(const std::uint8_t* code, std::uint32_t bytes);

// The first instruction of the block whose access, with these registers, covers `address`: its offset in bytes.
// Registers of a block are those at its fault, so that instruction saw them; one before it whose registers changed
// since is not taken for it unless it would make the same access.
std::optional<std::uint32_t> accessing_instruction(const std::uint8_t* code, std::uint32_t bytes, std::uint32_t pc,
                                                   const std::array<std::uint32_t, 16>& registers,
                                                   std::uint32_t address);

}  // namespace pensim
