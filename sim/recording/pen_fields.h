// pen_fields.h - every field of PenIn and PenOut by name, for comparing and for logs as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firmware_shim/pen_shim.h"

namespace pensim {

struct PenField {
  enum class As : std::uint8_t { u8, u16, u32, i16, i32, edges, bytes } as;
  std::string name;      // "in.adc.battery", "out.duty_q15"
  std::size_t at, size;  // in PenIn or PenOut
};
const std::vector<PenField>& pen_in_fields();
const std::vector<PenField>& pen_out_fields();

// As text: numbers in decimal; edges as "time_us:line:level" with blanks between; bytes in hexadecimal. Trailing zeros
// of lists are left out, so that rest is "". field_from_text is the exact inverse; false if `text` is not such a text.
std::string field_text(const PenField& field, const void* pen_struct);
bool field_from_text(const PenField& field, const std::string& text, void* pen_struct);

}  // namespace pensim
