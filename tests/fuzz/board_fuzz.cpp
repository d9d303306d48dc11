// The board's end of a link: bytes from anybody, and well-formed questions with any content. The agent answers them or
// not, reaches no memory that it was not given, and hands the core nothing that is unsound.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "firmware_shim/device/pen_agent.h"

namespace {

constexpr std::uint32_t session = 0x01020304;

struct Board {
  std::vector<std::uint8_t> input;
  std::size_t at = 0;
  std::uint32_t now_us = 0;
  std::uint8_t memory[256] = {};
  PenAgent agent{};
};

std::uint32_t read_bytes(void* context, void* to, std::uint32_t room, std::uint32_t wait_us) {
  auto& b = *static_cast<Board*>(context);
  b.now_us += wait_us + 7;
  const std::size_t count = std::min<std::size_t>({room, b.input.size() - b.at, 61});
  if (count == 0) b.agent.stop = 1;
  std::memcpy(to, b.input.data() + b.at, count);
  b.at += count;
  return static_cast<std::uint32_t>(count);
}

void write_bytes(void*, const void* bytes, std::uint32_t count) {
  const auto* frame = static_cast<const std::uint8_t*>(bytes);
  if (count < 2 || count > PEN_LINK_FRAME || frame[count - 1] != 0) std::abort();
}

int reach(Board& b, std::uint64_t address, std::uint32_t count) {
  return address >= 0x1000 && address <= 0x1000 + sizeof b.memory && count <= 0x1000 + sizeof b.memory - address;
}

// Each piece of the input: a byte that says how it goes on the wire, a length, and the bytes.
void put_pieces(const std::uint8_t* data, std::size_t size, std::vector<std::uint8_t>& line) {
  std::uint16_t sequence = 0;
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::uint8_t how = data[at];
    const std::size_t count = std::min<std::size_t>(data[at + 1], size - at - 2);
    const std::uint8_t* const bytes = data + at + 2;
    at += 2 + count;
    if (how >= 0xE0) {
      line.insert(line.end(), bytes, bytes + count);
      continue;
    }
    std::uint8_t frame[PEN_LINK_FRAME];
    const auto type = static_cast<std::uint8_t>(how & 15);
    const bool free = type == PEN_LINK_INFO || type == PEN_LINK_ECHO || type == PEN_LINK_START;
    if (!free) sequence = static_cast<std::uint16_t>(sequence + (how >> 4 == 13 ? 2 : how >> 4 == 12 ? 0 : 1));
    const std::uint32_t length = pen_frame_encode(free ? 0 : session, type, free ? how : sequence, bytes,
                                                  static_cast<std::uint32_t>(count), frame);
    line.insert(line.end(), frame, frame + length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Board b;
  PenAgentBoard functions{};
  functions.context = &b;
  functions.read = read_bytes;
  functions.write = write_bytes;
  functions.now_us = [](void* c) { return static_cast<Board*>(c)->now_us += 3; };
  functions.read_memory = [](void* c, std::uint64_t address, void* to, std::uint32_t count) {
    auto& board = *static_cast<Board*>(c);
    if (!reach(board, address, count)) return 0;
    std::memcpy(to, board.memory + (address - 0x1000), count);
    return 1;
  };
  functions.write_memory = [](void* c, std::uint64_t address, const void* from, std::uint32_t count) {
    auto& board = *static_cast<Board*>(c);
    if (!reach(board, address, count)) return 0;
    std::memcpy(board.memory + (address - 0x1000), from, count);
    return 1;
  };
  functions.identity.tick_us = 50;
  pen_agent_init(&b.agent, &functions);
  const std::uint32_t mode = size > 0 && data[0] % 2 == 1 ? PEN_LINK_REAL_TIME : PEN_LINK_LOCKSTEP;
  const PenLinkStart start{session, 0, mode, 0};
  std::uint8_t frame[PEN_LINK_FRAME];
  const std::uint32_t length = pen_frame_encode(0, PEN_LINK_START, 1, &start, sizeof start, frame);
  b.input.assign(frame, frame + length);
  if (size > 1) put_pieces(data + 1, size - 1, b.input);
  PenIn in;
  for (int ticks = 0; ticks < 10000;) switch (pen_agent_next(&b.agent, &in)) {
      case PEN_AGENT_TICK: {
        if (pen_in_is_sound(&in) == 0) std::abort();
        PenOut out{};
        out.uart_count = static_cast<std::uint8_t>(ticks % 9);
        out.stepper_steps = static_cast<std::int16_t>(in.adc[0]);
        if (ticks % 50 == 0) pen_agent_finding(&b.agent, PEN_LINK_SENTENCE, 0, "a finding", 0);
        if (ticks % 997 == 996) {
          const PenLinkRegisters registers{};
          pen_agent_crash(&b.agent, PEN_CRASH_FAULT, 4, &registers, sizeof registers);
          for (std::uint32_t i = 0; i <= PEN_AGENT_PLACES; ++i) pen_agent_place(&b.agent, 4, "f\tcore.c", i);
        } else
          pen_agent_done(&b.agent, &out, 0, 0, 0);
        ++ticks;
        break;
      }
      case PEN_AGENT_RESET:
        ++ticks;
        break;
      default:
        return 0;
    }
  return 0;
}
