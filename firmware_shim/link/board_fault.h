// board_fault.h - how the core of a board has crashed, from what the board said of it (device/pen_frame.h,
// PEN_LINK_CRASH): kind, sentence, registers, calls.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "firmware_shim/device/pen_frame.h"
#include "firmware_shim/target.h"

namespace pensim {

// `image`: the file that the board runs, for names and lines; "" if it is not known: then there are addresses only.
// `read` gives a word of the board's memory, false where there is none; asked for the core's stack.
TargetFault board_fault(const PenLinkFinding& crash, const std::string& image,
                        const std::function<bool(std::uint32_t address, std::uint32_t& word)>& read);

// Of a PEN_LINK_PLACE.
TargetFault::Place board_place(const PenLinkFinding&);

}  // namespace pensim
