#include "sim/exchange/log_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

std::string flat(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string after_number(const std::string& text, const char* stop) {
  std::string rest = text.substr(static_cast<std::size_t>(stop - text.data()));
  rest.erase(0, rest.find_first_not_of(' '));
  return rest;
}

}  // namespace

double in_si(const Unit& unit, double x) {
  const double scaled = (unit.ten >= 0 ? x * std::pow(10.0, unit.ten) : x / std::pow(10.0, -unit.ten)) * unit.factor;
  return unit.offset == 0.0 ? scaled : scaled + unit.offset;  // -0 stays -0
}

LogColumn parse_column(CsvReader& csv, const Cell& cell, std::vector<RecordedTolerance>& tolerances) {
  LogColumn column;
  std::string name = cell.text, unit_text;
  std::string tolerance_text;
  while (!name.empty() && name.back() == ']') {
    const std::size_t open = name.rfind('[');
    if (open == std::string::npos) break;
    const std::string inside = name.substr(open + 1, name.size() - open - 2);
    name.erase(open);
    name.erase(name.find_last_not_of(' ') + 1);
    double number = 0;
    const auto [stop, error] = std::from_chars(inside.data(), inside.data() + inside.size(), number);
    const std::string rest = after_number(inside, stop);
    if (error == std::errc() && inside != "1" && (rest.empty() || rest == "%"))
      tolerance_text = inside;
    else
      unit_text = inside;
  }
  column.name = name;
  if (name.empty() || name[0] == '#') return column;
  for (const char* text : {"state", "code", "event", "message"})
    if (name == text) {
      column.role = LogColumn::Role::text;
      return column;
    }

  std::string si_unit;
  const auto unit_suffix = [&](const std::string& stem) -> bool {  // name is stem, or stem_unit
    if (name == stem) return true;
    if (name.compare(0, stem.size() + 1, stem + "_") != 0) return false;
    std::string suffix = name.substr(stem.size() + 1);
    if (const std::size_t per = suffix.find("_per_"); per != std::string::npos) suffix.replace(per, 5, "/");
    if (!find_unit(suffix)) return false;
    unit_text = suffix;
    return true;
  };
  bool is_time = false;
  for (const char* stem : {"time", "timestamp", "t"}) is_time = is_time || unit_suffix(stem);
  if (is_time) {
    column.role = LogColumn::Role::time;
    si_unit = "s";
  } else if (make_signal(name, column.info)) {
    column.role = LogColumn::Role::signal;
  } else {
    std::size_t longest = 0;
    for (const SignalInfo& s : signal_table())
      if (flat(s.name).size() > longest && unit_suffix(flat(s.name))) {
        column.info = s;
        column.role = LogColumn::Role::signal;
        longest = flat(s.name).size();
      }
    SignalInfo aux;
    if (longest == 0 && name.compare(0, 4, "aux_") == 0 && make_signal("aux." + name.substr(4), aux)) {
      column.info = aux;
      column.role = LogColumn::Role::signal;
    }
  }
  if (column.role == LogColumn::Role::signal) {
    si_unit = column.info.unit;
    if (column.info.period == SignalPeriod::stroke || parse_signal_name(column.info.name).is(SignalName::Form::fault)) {
      column.role = LogColumn::Role::computed;
      return column;
    }
  }
  if (column.role == LogColumn::Role::skipped) {
    std::vector<std::string> known = {"time_s", "state", "code", "event", "message"};
    for (const SignalInfo& s : signal_table()) {
      known.push_back(s.name);
      known.push_back(flat(s.name));
    }
    const std::string near = nearest_name(name, known);
    csv.problem(cell.column, fmt::format("'{}' is no signal", name),
                near.empty() ? "name a signal, fw.<variable>, or let the header begin with # to skip the column"
                             : "did you mean '" + near + "'?");
    return column;
  }
  if (column.role == LogColumn::Role::time && unit_text.empty()) unit_text = "s";
  if (unit_text.empty()) {
    column.unit = find_unit(si_unit == "count" ? "1" : si_unit).value_or(Unit{});
    column.unit.ten = 0;
    column.unit.factor = 1.0;
    column.unit.offset = 0.0;
  } else {
    const std::optional<Unit> unit = find_unit(unit_text), expected = find_unit(si_unit);
    const bool plain = si_unit == "count" && (unit_text == "count" || unit_text == "counts" || unit_text == "1");
    if (plain) {
      column.unit = Unit{};
    } else if (!unit) {
      csv.problem(cell.column, fmt::format("'{}' is no unit", unit_text), "write " + quantity_example(si_unit));
    } else if (expected && !same_dimension(expected->dimension, unit->dimension)) {
      csv.problem(cell.column, fmt::format("{} is given in '{}' ({}), expected {}",
                                           column.role == LogColumn::Role::time ? "time" : column.info.name, unit_text,
                                           dimension_name(unit->dimension), dimension_name(expected->dimension)));
    } else {
      column.unit = *unit;
    }
  }
  if (!tolerance_text.empty() && column.role == LogColumn::Role::signal) {
    RecordedTolerance t{column.info.name, 0, false};
    const auto [stop, error] =
        std::from_chars(tolerance_text.data(), tolerance_text.data() + tolerance_text.size(), t.value);
    const std::string rest = after_number(tolerance_text, stop);
    t.relative = rest == "%";
    if (error != std::errc() || !(rest.empty() || t.relative) || !(t.value >= 0) || !std::isfinite(t.value)) {
      csv.problem(cell.column, fmt::format("'{}' is no tolerance", tolerance_text),
                  "write a percentage such as [5%], or a number in the unit of the column such as [0.1]");
    } else {
      Unit difference = column.unit;
      difference.offset = 0.0;
      t.value = t.relative ? t.value / 100.0 : in_si(difference, t.value);
      tolerances.push_back(t);
    }
  }
  return column;
}

}  // namespace pensim
