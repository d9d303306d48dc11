#include "sim/recording/pen_fields.h"

#include <charconv>
#include <cstring>

#include "sim/recording/source.h"

namespace pensim {
namespace {

using As = PenField::As;

std::int64_t number(const PenField& field, const unsigned char* at) {
  const auto load = [&](auto value) {
    std::memcpy(&value, at, sizeof value);
    return static_cast<std::int64_t>(value);
  };
  switch (field.as) {
    case As::u8:
      return load(std::uint8_t{});
    case As::u16:
      return load(std::uint16_t{});
    case As::u32:
      return load(std::uint32_t{});
    case As::i16:
      return load(std::int16_t{});
    default:
      return load(std::int32_t{});
  }
}

bool parse(const char*& from, const char* end, std::int64_t low, std::int64_t high, std::int64_t& value) {
  const auto [stop, error] = std::from_chars(from, end, value);
  if (error != std::errc() || stop == from || value < low || value > high) return false;
  from = stop;
  return true;
}

}  // namespace

const std::vector<PenField>& pen_in_fields() {
  static const std::vector<PenField> all = [] {
    std::vector<PenField> f = {{As::u32, "in.time_us", offsetof(PenIn, time_us), 4}};
    for (const DerivedSignal& d : derived_signals())
      if (d.rule == DerivedSignal::Rule::counts)
        f.push_back({As::u16, "in." + d.name, static_cast<std::size_t>(d.word) * 2, 2});
    f.push_back({As::u16, "in.pins", offsetof(PenIn, pins), 2});
    f.push_back({As::u8, "in.edge_count", offsetof(PenIn, edge_count), 1});
    f.push_back({As::u8, "in.edge_overflow", offsetof(PenIn, edge_overflow), 1});
    f.push_back({As::u8, "in.uart_count", offsetof(PenIn, uart_count), 1});
    f.push_back({As::u8, "in.reset_cause", offsetof(PenIn, reset_cause), 1});
    f.push_back({As::u8, "in.nvm_status", offsetof(PenIn, nvm_status), 1});
    f.push_back({As::u8, "in.nvm_length", offsetof(PenIn, nvm_length), 1});
    f.push_back({As::u16, "in.reserved", offsetof(PenIn, reserved), 2});
    f.push_back({As::edges, "in.edges", offsetof(PenIn, edges), sizeof PenIn{}.edges});
    f.push_back({As::bytes, "in.uart", offsetof(PenIn, uart), PEN_UART_BYTES});
    f.push_back({As::bytes, "in.nvm_data", offsetof(PenIn, nvm_data), PEN_NVM_BYTES});
    for (std::size_t i = 0; i < PEN_AUX; ++i)
      f.push_back({As::i32, "in.aux." + std::to_string(i), offsetof(PenIn, aux) + 4 * i, 4});
    return f;
  }();
  return all;
}

const std::vector<PenField>& pen_out_fields() {
  static const std::vector<PenField> all = [] {
    std::vector<PenField> f = {{As::i16, "out.duty_q15", offsetof(PenOut, duty_q15), 2},
                               {As::u8, "out.bridge_mode", offsetof(PenOut, bridge_mode), 1},
                               {As::u8, "out.watchdog", offsetof(PenOut, watchdog), 1},
                               {As::i16, "out.stepper_steps", offsetof(PenOut, stepper_steps), 2},
                               {As::u16, "out.pins", offsetof(PenOut, pins), 2},
                               {As::u16, "out.watchdog_timeout_ms", offsetof(PenOut, watchdog_timeout_ms), 2},
                               {As::u16, "out.nvm_address", offsetof(PenOut, nvm_address), 2},
                               {As::u8, "out.nvm_command", offsetof(PenOut, nvm_command), 1},
                               {As::u8, "out.nvm_bank", offsetof(PenOut, nvm_bank), 1},
                               {As::u8, "out.nvm_length", offsetof(PenOut, nvm_length), 1},
                               {As::u8, "out.uart_count", offsetof(PenOut, uart_count), 1},
                               {As::bytes, "out.uart", offsetof(PenOut, uart), PEN_UART_BYTES},
                               {As::bytes, "out.nvm_data", offsetof(PenOut, nvm_data), PEN_NVM_BYTES}};
    for (std::size_t i = 0; i < PEN_AUX; ++i)
      f.push_back({As::i32, "out.aux." + std::to_string(i), offsetof(PenOut, aux) + 4 * i, 4});
    return f;
  }();
  return all;
}

std::string field_text(const PenField& field, const void* pen_struct) {
  const unsigned char* at = static_cast<const unsigned char*>(pen_struct) + field.at;
  if (field.as == As::bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::size_t size = field.size;
    while (size > 0 && at[size - 1] == 0) --size;
    std::string text;
    for (std::size_t i = 0; i < size; ++i) (text += digits[at[i] >> 4]) += digits[at[i] & 15];
    return text;
  }
  if (field.as == As::edges) {
    PenEdge edges[PEN_EDGES], zero{};
    std::memcpy(edges, at, sizeof edges);
    std::size_t count = PEN_EDGES;
    while (count > 0 && std::memcmp(&edges[count - 1], &zero, sizeof zero) == 0) --count;
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      const PenEdge& e = edges[i];
      if (i) text += ' ';
      text += std::to_string(e.time_us) + ':' + std::to_string(e.line) + ':' + std::to_string(e.level);
      if (e.reserved) text += ':' + std::to_string(e.reserved);
    }
    return text;
  }
  return std::to_string(number(field, at));
}

bool field_from_text(const PenField& field, const std::string& text, void* pen_struct) {
  unsigned char* at = static_cast<unsigned char*>(pen_struct) + field.at;
  std::memset(at, 0, field.size);
  const char *from = text.data(), *const end = from + text.size();
  if (field.as == As::bytes) {
    if (text.size() % 2 != 0 || text.size() / 2 > field.size) return false;
    for (std::size_t i = 0; i < text.size() / 2; ++i) {
      const auto [stop, error] = std::from_chars(from + 2 * i, from + 2 * i + 2, at[i], 16);
      if (error != std::errc() || stop != from + 2 * i + 2) return false;
    }
    return true;
  }
  if (field.as == As::edges) {
    PenEdge edges[PEN_EDGES] = {};
    for (std::size_t i = 0; from < end; ++i) {
      std::int64_t time = 0, line = 0, level = 0, reserved = 0;
      if (i == PEN_EDGES || !parse(from, end, 0, 0xFFFFFFFF, time) || from == end || *from++ != ':' ||
          !parse(from, end, 0, 255, line) || from == end || *from++ != ':' || !parse(from, end, 0, 255, level))
        return false;
      if (from < end && *from == ':' && !parse(++from, end, 0, 65535, reserved)) return false;
      if (from < end && (*from++ != ' ' || from == end)) return false;
      edges[i] = {static_cast<std::uint32_t>(time), static_cast<std::uint8_t>(line), static_cast<std::uint8_t>(level),
                  static_cast<std::uint16_t>(reserved)};
    }
    std::memcpy(at, edges, sizeof edges);
    return true;
  }
  const std::int64_t bits = static_cast<std::int64_t>(field.size) * 8;
  const bool is_signed = field.as == As::i16 || field.as == As::i32;
  std::int64_t value = 0;
  if (!parse(from, end, is_signed ? -(std::int64_t{1} << (bits - 1)) : 0,
             (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1, value) ||
      from != end)
    return false;
  std::memcpy(at, &value, field.size);
  return true;
}

}  // namespace pensim
