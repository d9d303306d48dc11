// The simulator's end of a link: bytes from anybody, in pieces. What is taken for an answer to a tick becomes a state
// whose counts stay within their arrays; what is taken for a crash of the core becomes a verdict.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "firmware_shim/link/board_fault.h"
#include "firmware_shim/link/link_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pensim;
  if (size < 2) return 0;
  const std::uint32_t watched = data[0] % (PEN_LINK_WATCHES * PEN_LINK_WATCH_BYTES + 1);
  const std::uint32_t bytes = static_cast<std::uint32_t>(sizeof(PenLinkState)) + watched;
  std::uint8_t state[PEN_LINK_STATE_BYTES] = {};
  PenDecoder decoder{};
  const auto take = [&](const std::uint8_t* payload, std::uint32_t count) {
    if (count == sizeof(PenLinkFinding)) {
      PenLinkFinding finding;
      std::memcpy(&finding, payload, sizeof finding);
      finding.text[sizeof finding.text - 1] = '\0';
      if (board_fault(finding, "", [](std::uint32_t, std::uint32_t&) { return false; }).kind.size() >
          sizeof finding.text)
        std::abort();
      board_place(finding);
    }
    if (!take_state(payload, count, state, bytes)) return;
    PenLinkState told;
    std::memcpy(&told, state, sizeof told);
    if (told.out.uart_count > PEN_UART_BYTES || told.out.nvm_length > PEN_NVM_BYTES) std::abort();
  };
  // As bytes of a line...
  const std::uint32_t piece = 1 + data[1] % 64;
  for (std::size_t at = 2; at < size;) {
    std::uint32_t used = 0;
    PenFrame frame;
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(piece, size - at));
    if (pen_frame_decode(&decoder, 9, data + at, count, &used, &frame) != 0) {
      if (frame.count > PEN_LINK_PAYLOAD) std::abort();
      take(frame.payload, frame.count);
    }
    if (used == 0 || used > count) std::abort();
    at += used;
  }
  // ...and as the content of a frame that is whole.
  std::uint8_t frame[PEN_LINK_FRAME];
  const auto payload = static_cast<std::uint32_t>(std::min<std::size_t>(size - 2, PEN_LINK_PAYLOAD));
  const std::uint32_t length = pen_frame_encode(9, PEN_LINK_TICK | PEN_LINK_ANSWER, 1, data + 2, payload, frame);
  std::uint32_t used = 0;
  PenFrame whole;
  PenDecoder fresh{};
  if (length == 0 || pen_frame_decode(&fresh, 9, frame, length, &used, &whole) == 0 || used != length ||
      whole.count != payload || std::memcmp(whole.payload, data + 2, payload) != 0)
    std::abort();
  take(whole.payload, whole.count);
  return 0;
}
