// address_text.h - addresses as text, and in pages of 4 KiB.
#pragma once

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

namespace pensim {

inline std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08" PRIx64, value);
  return text;
}

inline constexpr std::uintptr_t page_bytes = 4096;
constexpr std::uintptr_t page_down(std::uintptr_t address) { return address & ~(page_bytes - 1); }
constexpr std::uintptr_t page_up(std::uintptr_t address) { return page_down(address + page_bytes - 1); }

}  // namespace pensim
