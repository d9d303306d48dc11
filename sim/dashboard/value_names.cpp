#include "sim/dashboard/value_names.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "sim/draw/display_units.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"
#include "sim/session/core_names.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim::dashboard {
namespace {

using Names = std::map<std::int64_t, std::string>;

Names causes() {
  Names out{{0, "running"}};
  for (const ResetCause& cause : reset_causes) out[&cause - reset_causes + 1] = cause.words;
  return out;
}

double number_of(const std::string& word) { return std::strtod(word.c_str(), nullptr); }

std::string quantity_words(const std::string& value, const std::string& unit) {
  return format_quantity(number_of(value), unit.empty() ? "1" : unit);
}

}  // namespace

const Names& value_names(App& app, const std::string& signal) {
  static const Names none, mode{{0, "standard"}, {1, "eye area"}},
      cause = causes(), link{{0, "none"}, {1, "linked"}, {2, "late"}, {3, "lost"}};
  if (signal == "core.reset_cause") return cause;
  if (signal == "user.mode") return mode;
  if (signal == "link.state") return link;
  if (!parse_signal_name(signal).is(SignalName::Form::variable)) return none;
  FirmwareState& s = app.firmware;
  const std::string& firmware = app.main.recording->meta().firmware;
  if (s.firmware != firmware) {
    s.names.clear(), s.found.clear(), s.searched.clear(), s.firmware = firmware;
    try {
      s.builds = builds_of_core(firmware);
    } catch (const InputError&) {  // not here any more
      s.builds = {firmware};
    }
  }
  const auto [known, is_new] = s.names.try_emplace(signal);
  if (is_new) {
    try {
      known->second = core_enumerators(firmware, signal.substr(3));
    } catch (const InputError&) {  // the core is not here, or another one: numbers are shown
    }
  }
  return known->second;
}

std::string value_words(App& app, const std::string& signal, double value) {
  const Names& names = value_names(app, signal);
  const auto it = std::isfinite(value) ? names.find(std::llround(value)) : names.end();
  if (it != names.end()) return it->second;
  return is_switch(signal) && (value == 0 || value == 1) ? value == 1 ? "on" : "off" : format_number(value, 5);
}

bool is_switch(const std::string& signal) {
  return signal.rfind("pin.", 0) == 0 || signal == "skin.contact" || signal == "user.start";
}

std::string command_words(const std::string& recorded) {
  std::istringstream in(recorded);
  std::string kind, name, to, value, last, length, unit, more;
  in >> kind >> name >> to >> value;
  if (to != "to" || value.empty() || (kind != "set" && kind != "fault" && kind != "poke")) return recorded;
  in >> last >> length >> unit;
  if ((in >> more) || (!last.empty() && unit != "s")) return recorded;
  if (kind == "poke")
    return last.empty() ? fmt::format("poke {} = {}", name, fmt::format("{}", number_of(value))) : recorded;
  std::string words = kind + " " + name;
  const Settable* settable = kind == "set" ? find_settable(name) : nullptr;
  const FaultKind* fault = kind == "fault" ? find_fault(name) : nullptr;
  if (settable && settable->form == Settable::Form::on_off)
    words += number_of(value) == 0 ? " off" : " on";
  else if (kind == "set" || (fault && *fault->unit))
    words += " to " + quantity_words(value, settable ? settable->unit : fault ? fault->unit : "1");
  if (number_of(length) > 0) words += " " + last + " " + quantity_words(length, "s");
  return words;
}

}  // namespace pensim::dashboard
