// places.h - addresses of a core's file as its author knows them, while a run goes on: milliseconds each.
#pragma once

#include <cstdint>
#include <string>

#include "firmware_shim/native/backtrace.h"

namespace pensim {

// Function and line that an address of code, as linked, belongs to: the innermost inlined function. `function` is ""
// where the file says nothing. `image_begin`: of its lowest segment, as linked.
Frame place_in_core(const std::string& core_file, std::uint64_t image_begin, std::uint64_t pc);

// "manage (manage.c:5)", "manage", or the address.
std::string place_text(const std::string& core_file, std::uint64_t image_begin, std::uint64_t pc);

// The variable at an address as linked, or the address.
std::string variable_in_core(const std::string& core_file, std::uint64_t address);

}  // namespace pensim
