// finding_text.h - what the runtime of a core found (pen_runtime.h), as the sentence that every kind of target gives.
#pragma once

#include <cstdint>
#include <string>

namespace pensim {

// `kind`: PEN_FINDING_*; `uart_baud`: 0 if it is not known. A place in the code is given by its address.
std::string finding_text(std::uint32_t kind, const std::string& text, std::uint32_t number, std::uint32_t uart_baud);

}  // namespace pensim
