#include "firmware_shim/link/board_fault.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "firmware_shim/native/backtrace.h"

namespace pensim {
namespace {

using ReadWord = std::function<bool(std::uint32_t, std::uint32_t&)>;

// CFSR and HFSR (DDI 0403E, B3.2.15).
enum : std::uint32_t {
  fetch_denied = 1u << 0,
  stacking_denied = 1u << 4 | 1u << 5,
  mmfar_valid = 1u << 7,
  fetch_bus = 1u << 8,
  imprecise = 1u << 10,
  stacking_bus = 1u << 12 | 1u << 13,
  bfar_valid = 1u << 15,
  undefined = 1u << 16,
  no_thumb = 1u << 17,
  bad_return = 1u << 18,
  no_coprocessor = 1u << 19,
  unaligned = 1u << 24,
  divided_by_zero = 1u << 25,
  debug_event = 1u << 31,  // of HFSR
};
constexpr std::uint32_t near_null = 256, near_stack = 64u << 20;

std::string hex(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

using Said = std::pair<const char*, std::string>;  // kind, sentence

Said of_access(const PenLinkRegisters& r) {
  const std::uint32_t address = (r.cfsr & mmfar_valid) != 0 ? r.mmfar : r.bfar;
  if (r.r[13] < r.stack_begin + 256 && address < r.stack_begin && r.stack_begin - address < near_stack)
    return {"stack_overflow", "access to " + hex(address) + ", below the stack"};
  std::string text = "access to " + hex(address);
  if (address < near_null) text += ", near the null pointer";
  if ((r.cfsr & mmfar_valid) != 0 && address >= near_null) text += ", which is flash";
  return {"segfault", text};
}

Said of_fault(const PenLinkRegisters& r) {
  if ((r.cfsr & (stacking_denied | stacking_bus)) != 0 || r.r[15] == 0)
    return {"stack_overflow",
            "the stack of " + std::to_string((r.stack_end - r.stack_begin) / 1024) + " KiB is used up"};
  if ((r.cfsr & (mmfar_valid | bfar_valid)) != 0) return of_access(r);
  if ((r.cfsr & (fetch_denied | fetch_bus)) != 0) return {"segfault", "call of " + hex(r.r[15]) + ", where no code is"};
  if ((r.cfsr & imprecise) != 0)
    return {"segfault", "a write to memory that is not there, some instructions before this one"};
  if ((r.cfsr & divided_by_zero) != 0) return {"divide", "division by zero"};
  if ((r.cfsr & unaligned) != 0) return {"bus_error", "an unaligned access that the processor does not allow"};
  if ((r.cfsr & no_thumb) != 0) return {"illegal_instruction", "a jump to an even address, which is no Thumb code"};
  if ((r.cfsr & bad_return) != 0) return {"illegal_instruction", "a return from an exception that there was not"};
  if ((r.cfsr & no_coprocessor) != 0) return {"illegal_instruction", "an instruction of the FPU, which is off"};
  if ((r.cfsr & undefined) != 0) return {"illegal_instruction", "undefined instruction, or a trap"};
  if ((r.hfsr & debug_event) != 0) return {"illegal_instruction", "bkpt, and no debugger is there"};
  return {"segfault", "the processor took a fault and gives no reason"};
}

Said said_of(std::uint32_t crash, const PenLinkRegisters& r) {
  switch (crash) {
    case PEN_CRASH_NO_RETURN:
      return {"hang", "the core has not come back from its tick for 2 s of the board's clock"};
    case PEN_CRASH_EXIT:
      return {"exit", "the core ended itself with exit code " + std::to_string(static_cast<int>(r.exit_code))};
    case PEN_CRASH_ABORT:
      return {"abort", "abort() or a failed assertion"};
    case PEN_CRASH_WAITS:
      return {"hang", "waits for 1 s of virtual time for what nobody will change"};
    default:
      return of_fault(r);
  }
}

std::string registers_text(const PenLinkRegisters& r) {
  std::string text = "pc " + hex(r.r[15]) + ", lr " + hex(r.r[14]) + ", sp " + hex(r.r[13]) + ", xpsr " + hex(r.xpsr) +
                     ", cfsr " + hex(r.cfsr) + ", hfsr " + hex(r.hfsr);
  for (unsigned i = 0; i < 13; ++i) text += ", r" + std::to_string(i) + " " + hex(r.r[i]);
  return text;
}

// Where `bl` or `blx` would return to.
bool is_return_address(std::uint32_t word, const ReadWord& read) {
  std::uint32_t before = 0;
  if ((word & 1u) == 0 || word < 8 || !read((word & ~1u) - 4, before)) return false;
  const std::uint32_t first = before & 0xFFFFu, second = before >> 16;
  return ((first & 0xF800u) == 0xF000u && (second & 0xD000u) == 0xD000u) || (second & 0xFF87u) == 0x4780u;
}

// The calls; where pc was lost with the stack, from the innermost return address that still lies on it.
std::vector<Frame> frames_of(const PenLinkRegisters& r, const std::string& image, const ReadWord& read) {
  ArmWords registers{};
  std::copy_n(r.r, registers.size(), registers.begin());
  if (r.r[15] != 0) return arm_backtrace(registers, 0, read, image);
  constexpr std::uint32_t most_words = 64;
  const std::uint32_t begin = std::max(r.stack_begin, r.r[13] & ~3u),
                      end = std::min(r.stack_end, begin + 4 * most_words);
  for (std::uint32_t at = begin; at < end; at += 4) {
    std::uint32_t word = 0;
    if (!read(at, word) || !is_return_address(word, read)) continue;
    registers[15] = (word & ~1u) - 2;
    registers[13] = at + 4;
    std::vector<Frame> frames = arm_backtrace(registers, 0, read, image);
    if (!frames.empty() && frames.front().line > 0) return frames;
  }
  return {};
}

}  // namespace

TargetFault::Place board_place(const PenLinkFinding& f) {
  TargetFault::Place place;
  place.pc = f.address;
  const std::string text = f.text;
  const std::size_t tab = text.find('\t');
  place.function = text.substr(0, tab);
  if (tab != std::string::npos) place.file = text.substr(tab + 1);
  place.line = static_cast<int>(f.number);
  return place;
}

TargetFault board_fault(const PenLinkFinding& crash, const std::string& image, const ReadWord& read) {
  TargetFault fault;
  if (crash.number == PEN_CRASH_NAMED) {
    const std::string text = crash.text;
    const std::size_t line = text.find('\n');
    fault.kind = text.substr(0, line);
    fault.detail = line == std::string::npos ? "" : text.substr(line + 1);
    std::replace(fault.detail.begin(), fault.detail.end(), '\n', ' ');
    return fault;
  }
  PenLinkRegisters r;
  std::memcpy(&r, crash.text, sizeof r);
  const auto [kind, detail] = said_of(crash.number, r);
  fault.kind = kind;
  fault.detail = detail;
  fault.registers = registers_text(r);
  std::vector<Frame> frames;
  if (!image.empty()) frames = frames_of(r, image, read);
  if (frames.empty()) fault.frames.push_back({crash.address, "", "", 0});
  for (const Frame& f : frames) fault.frames.push_back({f.pc, f.function, f.file, f.line});
  return fault;
}

}  // namespace pensim
