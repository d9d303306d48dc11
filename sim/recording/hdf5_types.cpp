#include "sim/recording/hdf5_types.h"

#include <algorithm>

#include "sim/recording/block_format.h"
#include "sim/recording/source.h"

namespace pensim::hdf5 {
namespace bf = block_format;

std::string member_name(std::string signal) {
  if (signal.compare(0, 7, "stroke.") == 0) signal.erase(0, 7);
  std::replace(signal.begin(), signal.end(), '.', '_');
  return signal;
}

Id pen_in_type() {
  Id type = compound(bf::in_head);
  member(type, "time_us", 0, H5T_STD_U32LE);
  for (const DerivedSignal& signal : derived_signals())
    if (signal.rule == DerivedSignal::Rule::counts)
      member(type, member_name(signal.name).c_str(), static_cast<std::size_t>(signal.word) * 2, H5T_STD_U16LE);
  member(type, "pins", offsetof(PenIn, pins), H5T_STD_U16LE);
  member(type, "edge_count", offsetof(PenIn, edge_count), H5T_STD_U8LE);
  member(type, "edge_overflow", offsetof(PenIn, edge_overflow), H5T_STD_U8LE);
  member(type, "uart_count", offsetof(PenIn, uart_count), H5T_STD_U8LE);
  member(type, "reset_cause", offsetof(PenIn, reset_cause), H5T_STD_U8LE);
  member(type, "nvm_status", offsetof(PenIn, nvm_status), H5T_STD_U8LE);
  member(type, "nvm_length", offsetof(PenIn, nvm_length), H5T_STD_U8LE);
  member(type, "reserved", offsetof(PenIn, reserved), H5T_STD_U16LE);
  return type;
}

Id pen_out_type() {
  Id type = compound(bf::out_head);
  member(type, "duty_q15", offsetof(PenOut, duty_q15), H5T_STD_I16LE);
  member(type, "bridge_mode", offsetof(PenOut, bridge_mode), H5T_STD_U8LE);
  member(type, "watchdog", offsetof(PenOut, watchdog), H5T_STD_U8LE);
  member(type, "stepper_steps", offsetof(PenOut, stepper_steps), H5T_STD_I16LE);
  member(type, "pins", offsetof(PenOut, pins), H5T_STD_U16LE);
  member(type, "watchdog_timeout_ms", offsetof(PenOut, watchdog_timeout_ms), H5T_STD_U16LE);
  member(type, "nvm_address", offsetof(PenOut, nvm_address), H5T_STD_U16LE);
  member(type, "nvm_command", offsetof(PenOut, nvm_command), H5T_STD_U8LE);
  member(type, "nvm_bank", offsetof(PenOut, nvm_bank), H5T_STD_U8LE);
  member(type, "nvm_length", offsetof(PenOut, nvm_length), H5T_STD_U8LE);
  member(type, "uart_count", offsetof(PenOut, uart_count), H5T_STD_U8LE);
  return type;
}

const std::vector<IoField>& io_fields() {
  using Part = IoField::Part;
  const auto in = [](const char* name, Element element, std::size_t at) {
    const auto part = element == Element::u8 ? (at % 2 == 0 ? Part::low : Part::high) : Part::whole;
    return IoField{true, name, element, static_cast<int>(at / 2), part};
  };
  const auto out = [&](const char* name, Element element, std::size_t at) {
    IoField field = in(name, element, at);
    field.in = false;
    field.word += bf::in_words;
    return field;
  };
  static const std::vector<IoField> fields = {
      in("time_us", Element::u32, offsetof(PenIn, time_us)),
      in("pins", Element::u16, offsetof(PenIn, pins)),
      in("edge_count", Element::u8, offsetof(PenIn, edge_count)),
      in("edge_overflow", Element::u8, offsetof(PenIn, edge_overflow)),
      in("uart_count", Element::u8, offsetof(PenIn, uart_count)),
      in("nvm_status", Element::u8, offsetof(PenIn, nvm_status)),
      in("nvm_length", Element::u8, offsetof(PenIn, nvm_length)),
      in("reserved", Element::u16, offsetof(PenIn, reserved)),
      out("bridge_mode", Element::u8, offsetof(PenOut, bridge_mode)),
      out("watchdog", Element::u8, offsetof(PenOut, watchdog)),
      out("stepper_steps", Element::i16, offsetof(PenOut, stepper_steps)),
      out("pins", Element::u16, offsetof(PenOut, pins)),
      out("watchdog_timeout_ms", Element::u16, offsetof(PenOut, watchdog_timeout_ms)),
      out("nvm_address", Element::u16, offsetof(PenOut, nvm_address)),
      out("nvm_command", Element::u8, offsetof(PenOut, nvm_command)),
      out("nvm_bank", Element::u8, offsetof(PenOut, nvm_bank)),
      out("nvm_length", Element::u8, offsetof(PenOut, nvm_length)),
      out("uart_count", Element::u8, offsetof(PenOut, uart_count))};
  return fields;
}

Id in_rest_type() {
  Id edge = compound(sizeof(PenEdge));
  member(edge, "time_us", offsetof(PenEdge, time_us), H5T_STD_U32LE);
  member(edge, "line", offsetof(PenEdge, line), H5T_STD_U8LE);
  member(edge, "level", offsetof(PenEdge, level), H5T_STD_U8LE);
  member(edge, "reserved", offsetof(PenEdge, reserved), H5T_STD_U16LE);
  Id type = compound(sizeof(InRest));
  member(type, "tick", 0, H5T_STD_I64LE);
  member(type, "edges", offsetof(InRest, edges), array_type(edge, PEN_EDGES));
  member(type, "uart", offsetof(InRest, uart), array_type(H5T_STD_U8LE, PEN_UART_BYTES));
  member(type, "nvm_data", offsetof(InRest, nvm_data), array_type(H5T_STD_U8LE, PEN_NVM_BYTES));
  member(type, "aux", offsetof(InRest, aux), array_type(H5T_STD_I32LE, PEN_AUX));
  return type;
}

Id out_rest_type() {
  Id type = compound(sizeof(OutRest));
  member(type, "tick", 0, H5T_STD_I64LE);
  member(type, "uart", offsetof(OutRest, uart), array_type(H5T_STD_U8LE, PEN_UART_BYTES));
  member(type, "nvm_data", offsetof(OutRest, nvm_data), array_type(H5T_STD_U8LE, PEN_NVM_BYTES));
  member(type, "aux", offsetof(OutRest, aux), array_type(H5T_STD_I32LE, PEN_AUX));
  return type;
}

Id strokes_type(const std::vector<SignalInfo>& columns, int needles) {
  Id type = compound(sizeof(StrokeRow));
  member(type, "begin_tick", offsetof(StrokeRow, begin), H5T_STD_I64LE);
  member(type, "end_tick", offsetof(StrokeRow, end), H5T_STD_I64LE);
  for (std::size_t i = 0; i < columns.size(); ++i)
    member(type, member_name(columns[i].name).c_str(), offsetof(StrokeRow, value) + i * sizeof(float), H5T_IEEE_F32LE);
  if (needles > 0)
    member(type, "needle_penetration_peak", offsetof(StrokeRow, needle_peak),
           array_type(H5T_IEEE_F32LE, static_cast<hsize_t>(needles)));
  return type;
}

Id needle_places_type() {
  Id type = compound(sizeof(NeedlePlaceRow));
  member(type, "along_m", offsetof(NeedlePlaceRow, along_m), H5T_IEEE_F64LE);
  member(type, "across_m", offsetof(NeedlePlaceRow, across_m), H5T_IEEE_F64LE);
  return type;
}

std::string link_name(const std::string& name) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    if (c == '/' || c == '%' || static_cast<unsigned char>(c) < 0x20) {
      out += '%';
      out += hex[static_cast<unsigned char>(c) >> 4];
      out += hex[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  return out.empty() || out == "." ? "%" + out : out;
}

std::string name_of_link(const std::string& link) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (link == "%") return "";
  if (link == "%.") return ".";
  std::string out;
  for (std::size_t i = 0; i < link.size(); ++i) {
    if (link[i] == '%' && i + 2 < link.size() && digit(link[i + 1]) >= 0 && digit(link[i + 2]) >= 0) {
      out += static_cast<char>(digit(link[i + 1]) * 16 + digit(link[i + 2]));
      i += 2;
    } else {
      out += link[i];
    }
  }
  return out;
}

}  // namespace pensim::hdf5
