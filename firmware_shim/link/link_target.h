// link_target.h - a core on a board behind a byte stream (protocol: firmware_shim/device/pen_frame.h).
//
// Lockstep. One question per tick: the board does one tick and answers. PenOut is a function of the PenIn since the
// last power-on, so the run has the hash of a native core, whatever the line loses and however long it takes.
//
// Real time. The board runs on its own timer; step() waits until the wall clock shows the virtual time of the next
// exchange, so the plant is paced by it. Between exchanges PenOut is held, and what shows in one tick only (edges,
// bytes, results of the memory) is gathered for the next question. Such a run is not reproducible, and says so.
//
// Loss. Without an answer for LinkOptions.timeout_s the link is lost. abort: step() throws. freeze: virtual time stands
// until the answer is there, for freeze_limit_s at most, then step() throws; lockstep keeps its hash. hold: the last
// PenOut is held, its ONCE fields zero; virtual time then goes by the wall clock; what the board missed it never sees,
// but for edges, bytes and results, which are gathered. A board that started anew has lost its core: step() throws.
// What is thrown is a std::runtime_error with a sentence: trouble of the set-up, no fault of the firmware.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firmware_shim/link/board_line.h"
#include "firmware_shim/target.h"

namespace pensim {

// Asks whether the board is there and the right one, without touching what runs on it. Throws std::runtime_error with a
// sentence: no board, another protocol, seam or data model, another build than expected.
BoardIdentity identify_board(const TargetSpec&);

// The same, then a new session on the board; it stays with this process until the target is gone.
std::unique_ptr<Target> open_link(const TargetSpec&);

// Why this board will not do; "" if it will. expected_build: LinkOptions.expects.
std::string board_refusal(const BoardIdentity&, const std::string& expected_build);

// Changes of a board's state, from its answer to a tick, applied to the state of the last one: PenLinkState and watched
// bytes. False: they are not that.
bool take_state(const std::uint8_t* changes, std::uint32_t length, std::uint8_t* state, std::uint32_t bytes);

// What the ticks of several PenIn bring to one: newest levels, the ONCE fields of all (edges and bytes beyond the room
// wait in `rest`; beyond eight edges the overflow flag says so).
void gather_input(const PenIn& in, PenIn& gathered, std::string& uart_rest);

}  // namespace pensim
