#include "firmware_shim/native/places.h"

#include <cinttypes>
#include <cstdio>
#include <exception>

#include "firmware_shim/address_text.h"
#include "firmware_shim/symbols/symbols.h"

namespace pensim {
namespace {

}  // namespace

Frame place_in_core(const std::string& core_file, std::uint64_t image_begin, std::uint64_t pc) {
  // A process of which nothing is left but one register and one object, where it was linked.
  Registers registers{};
  registers[reg_rip] = pc;
  const StackCopy stack;
  const std::uint64_t end = image_begin + 0x1000000;
  char maps[96];
  std::snprintf(maps, sizeof maps, "%" PRIx64 "-%" PRIx64 " r-xp 00000000 00:00 0 /core\n", image_begin, end);
  const std::vector<Frame> frames = backtrace(registers, stack, maps, core_file, image_begin, end, 1);
  return frames.empty() ? Frame{pc, "", "", 0, "", false} : frames.front();
}

std::string place_text(const std::string& core_file, std::uint64_t image_begin, std::uint64_t pc) {
  const Frame frame = place_in_core(core_file, image_begin, pc);
  if (frame.function.empty()) return hex(pc);
  if (frame.file.empty()) return frame.function;
  return frame.function + " (" + frame.file + ":" + std::to_string(frame.line) + ")";
}

std::string variable_in_core(const std::string& core_file, std::uint64_t address) {
  try {
    for (const SymbolLine& line : CoreSymbols(core_file).list("", true))
      if (address >= line.address && address - line.address < line.size_bytes) return line.name;
  } catch (const std::exception&) {
    // no file, no names
  }
  return hex(address);
}

}  // namespace pensim
