#include "sim/exchange/field_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <set>

#include "sim/exchange/csv_reader.h"
#include "sim/exchange/log_column.h"
#include "sim/input/input_error.h"
#include "sim/input/printable.h"
#include "sim/input/quantity.h"
#include "sim/recording/block_writer.h"
#include "sim/recording/pen_fields.h"
#include "sim/recording/source.h"

namespace pensim {
namespace {

constexpr double longest_s = 48 * 3600.0;
constexpr std::uintmax_t memory_max = 256u << 20;  // logs that are larger go through a file

// What "# key: value" lines say.
struct Header {
  Nanoseconds tick_ns = default_tick_ns;
  std::int64_t seam_version = PEN_SHIM_VERSION;
  int started_at_reset = -1;  // not said
  std::string firmware, firmware_version, title;
};

void take_comment(CsvReader& csv, const std::string& line, Header& header) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) return;
  const auto trimmed = [](std::string text) {
    text.erase(0, text.find_first_not_of(" \t"));
    text.erase(text.find_last_not_of(" \t") + 1);
    return text;
  };
  std::string key = trimmed(line.substr(1, colon - 1));
  const std::string value = trimmed(line.substr(colon + 1));
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return c == ' ' ? '_' : static_cast<char>(std::tolower(c)); });
  const auto integer = [&](std::int64_t low, std::int64_t high, std::int64_t& into) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || stop != value.data() + value.size() || number < low || number > high)
      csv.problem(static_cast<int>(colon) + 2,
                  fmt::format("{} is '{}'; expected a number from {} to {}", key, value, low, high));
    else
      into = number;
  };
  if (key == "tick_ns") {
    integer(1000, 1'000'000, header.tick_ns);
  } else if (key == "tick_us") {
    std::int64_t us = header.tick_ns / 1000;
    integer(1, 1000, us);
    header.tick_ns = us * 1000;
  } else if (key == "seam_version") {
    integer(1, 65535, header.seam_version);
  } else if (key == "started_at_reset") {
    const std::optional<bool> on = parse_switch(value);
    if (!on)
      csv.problem(static_cast<int>(colon) + 2, fmt::format("started_at_reset is '{}'; expected yes or no", value));
    else
      header.started_at_reset = *on;
  } else if (key == "firmware") {
    // "reference_pen 1.4.2": a name has no blanks.
    const std::size_t blank = value.find(':') == std::string::npos ? value.find_first_of(" \t") : std::string::npos;
    header.firmware = value.substr(0, blank);
    if (blank != std::string::npos) header.firmware_version = trimmed(value.substr(blank));
  } else if (key == "title") {
    header.title = value;
  }
}

RecordingMeta meta_of(const std::string& path, const Header& header) {
  RecordingMeta meta;
  meta.source = "field log";
  meta.seam_version = static_cast<std::uint32_t>(header.seam_version);
  meta.tick_ns = header.tick_ns;
  meta.title = header.title.empty() ? std::filesystem::path(path).filename().string() : header.title;
  meta.scenario_path = path;
  meta.firmware = header.firmware;
  meta.end_cause = "end of the log";
  if (!header.firmware_version.empty())
    meta.notes.push_back("the log says version " + header.firmware_version + " of its firmware " + header.firmware);
  return meta;
}

bool check_width(CsvReader& csv, const std::vector<Cell>& cells, std::size_t columns) {
  if (cells.size() == columns) return true;
  csv.problem(
      cells.size() > columns ? cells[columns].column : cells.back().column,
      fmt::format("{} cells where the header has {} columns", cells.size(), columns),
      cells.size() > columns ? "write decimals with a point, and put text that holds a comma in quotation marks" : "");
  return false;
}

// Complete logs.

// While a core runs, its clock goes on by a tick from row to row; it wraps, and begins anew after a reset.
void check_clock(CsvReader& csv, const PenIn& before, const PenIn& now, Nanoseconds tick_ns) {
  if (before.reset_cause == 0 || now.reset_cause != before.reset_cause) return;
  const std::int64_t step_ns = std::int64_t{now.time_us - before.time_us} * 1000;
  if (std::abs(step_ns - tick_ns) < tick_ns) return;  // the clock of a board is not exactly ours
  csv.problem(
      1,
      fmt::format("in.time_us goes on from {} to {}, expected a tick of {} ns", before.time_us, now.time_us, tick_ns),
      "rows are missing or doubled: a complete log has one row per tick, without a gap");
}

Recording import_complete(const std::string& path, CsvReader& csv, const std::vector<Cell>& names, Header& header) {
  struct Column {
    const PenField* field = nullptr;  // null: tick
    bool out = false;
  };
  std::vector<Column> columns;
  std::set<std::string> seen;
  for (const Cell& name : names) {
    if (!seen.insert(name.text).second) csv.problem(name.column, fmt::format("column '{}' stands twice", name.text));
    Column column;
    for (const auto* fields : {&pen_in_fields(), &pen_out_fields()})
      for (const PenField& field : *fields)
        if (field.name == name.text) column = {&field, fields == &pen_out_fields()};
    if (!column.field && name.text != "tick") {
      std::vector<std::string> known;
      for (const auto* fields : {&pen_in_fields(), &pen_out_fields()})
        for (const PenField& field : *fields) known.push_back(field.name);
      const std::string near = nearest_name(name.text, known);
      csv.problem(name.column, fmt::format("a complete log has no column '{}'", name.text),
                  near.empty() ? "" : "did you mean '" + near + "'?");
    }
    columns.push_back(column);
  }
  std::string missing;
  for (const auto* fields : {&pen_in_fields(), &pen_out_fields()})
    for (const PenField& field : *fields)
      if (!seen.count(field.name) && field.name.find(".aux.") == std::string::npos && field.name != "in.reserved")
        missing += ' ' + field.name;
  if (!missing.empty())
    csv.problem(1, "a complete log (it has a column in.time_us) lacks" + missing,
                "add them, or write a sparse log: see docs/recording.md");
  csv.finish();

  RecordingPlan plan;
  plan.tick_ns = header.tick_ns;
  std::error_code error;
  const bool large = std::filesystem::file_size(path, error) > memory_max;
  auto store = std::make_unique<BlockStore>(plan, large ? std::filesystem::temp_directory_path().string() : "");
  BlockWriter writer(*store);
  const float no_row = 0.0f;  // a log has PenIn and PenOut only
  std::vector<Cell> cells;
  PenIn before{};
  for (Tick tick = 0; csv.row(cells, [](const std::string&) {}); ++tick) {
    PenIn in{};
    PenOut out{};
    if (!check_width(csv, cells, columns.size())) continue;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!columns[i].field) {
        std::int64_t number = -1;
        const std::string& text = cells[i].text;
        const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc() || stop != text.data() + text.size() || number != tick) {
          csv.problem(cells[i].column, fmt::format("tick is '{}', expected {}", text, tick),
                      "a complete log has one row per tick, without a gap");
          csv.finish();  // all that follow are off too
        }
      } else if (!field_from_text(*columns[i].field, cells[i].text, columns[i].out ? static_cast<void*>(&out) : &in)) {
        csv.problem(cells[i].column, fmt::format("'{}' is no value of {}", cells[i].text, columns[i].field->name),
                    columns[i].field->as == PenField::As::edges
                        ? "edges are written as time_us:line:level, with blanks between"
                    : columns[i].field->as == PenField::As::bytes ? "bytes are written in hexadecimal"
                                                                  : "write a whole number in the range of the field");
      }
    }
    check_clock(csv, before, in, header.tick_ns);
    before = in;
    writer.tick(&no_row, in, out);
  }
  csv.finish();
  if (writer.ticks() == 0) csv.problem(0, "the log has no rows");
  csv.finish();
  writer.close();
  RecordingMeta meta = meta_of(path, header);
  meta.started_at_reset = header.started_at_reset != 0;
  const BlockStore& blocks = *store;
  return Recording(open_block_source(blocks, std::move(store)), std::move(meta));
}

// Sparse logs.

// Limits that a value of a signal has by itself.
std::string refusal(const SignalInfo& info, double value) {
  if (info.unit == "count" && (value < 0 || value > 4095)) return "expected counts from 0 to 4095";
  if (info.name.compare(0, 4, "pin.") == 0 && value != 0.0 && value != 1.0) return "expected 0 or 1";
  if (std::fabs(value) > static_cast<double>(std::numeric_limits<float>::max())) return "it is too large";
  return "";
}

Recording import_sparse(const std::string& path, CsvReader& csv, const std::vector<Cell>& names, Header& header) {
  RecordingMeta meta;
  std::vector<RecordedTolerance> tolerances;
  std::vector<LogColumn> columns;
  LogChannels log;
  std::vector<std::size_t> channel(names.size(), 0);
  std::size_t time_column = names.size();
  bool any_text = false;
  std::string computed;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    columns.push_back(parse_column(csv, names[i], tolerances));
    const LogColumn& c = columns.back();
    if (c.role == LogColumn::Role::time) {
      if (time_column != names.size()) csv.problem(names[i].column, "a second column of time");
      time_column = i;
    } else if (c.role == LogColumn::Role::signal) {
      if (!seen.insert(c.info.name).second) csv.problem(names[i].column, fmt::format("'{}' stands twice", c.info.name));
      channel[i] = log.signals.size();
      log.signals.push_back(c.info);
    } else if (c.role == LogColumn::Role::text) {
      any_text = true;
    } else if (c.role == LogColumn::Role::computed) {
      computed += (computed.empty() ? "" : ", ") + c.info.name;
    }
  }
  if (time_column == names.size())
    csv.problem(1, "the log has no column of time",
                "name one time_s (or time_ms, time_us); a complete log has in.time_us instead");
  if (log.signals.empty() && !any_text)
    csv.problem(1,
                "the log has no column with a signal or an event" +
                    (computed.empty() ? "" : "; " + computed + " cannot be logged"),
                "see docs/recording.md for the names");
  csv.finish();
  log.values.resize(log.signals.size());

  constexpr float nothing = std::numeric_limits<float>::quiet_NaN();  // before the first value of a channel
  double first_s = 0, last_s = 0;
  bool any = false;
  std::vector<Cell> cells;
  while (csv.row(cells, [](const std::string&) {})) {
    if (!check_width(csv, cells, columns.size())) continue;
    const auto number = [&](std::size_t i, double& value) {
      const std::string& text = cells[i].text;
      const char* from = text.data() + (text.size() > 1 && text[0] == '+' ? 1 : 0);
      const auto [stop, error] = std::from_chars(from, text.data() + text.size(), value);
      if (error == std::errc() && stop == text.data() + text.size() && std::isfinite(value)) return true;
      if (const std::optional<bool> on = parse_switch(text); on && columns[i].role == LogColumn::Role::signal) {
        value = *on ? 1.0 : 0.0;
        return true;
      }
      csv.problem(cells[i].column, fmt::format("'{}' is no number", text.substr(0, 40)),
                  columns[i].role == LogColumn::Role::signal ? "leave the cell empty where nothing was logged" : "");
      return false;
    };
    double time = 0;
    if (!number(time_column, time)) continue;
    time = in_si(columns[time_column].unit, time);
    if (!any) first_s = last_s = time;
    if (time < last_s) {
      csv.problem(cells[time_column].column, fmt::format("time goes back from {} s to {} s", last_s, time),
                  "sort the log, or cut it at the restart of its clock");
      continue;
    }
    if (time - first_s > longest_s) {
      csv.problem(cells[time_column].column,
                  fmt::format("{} s after the first row; a log may span 48 h", time - first_s),
                  "is the unit of the time right?");
      csv.finish();
    }
    last_s = time;
    const Tick tick = std::llround((time - first_s) * 1e9 / static_cast<double>(header.tick_ns));
    const bool same = any && tick == log.ticks.back();
    any = true;
    if (!same) {
      log.ticks.push_back(tick);
      for (std::vector<float>& values : log.values) values.push_back(values.empty() ? nothing : values.back());
    }
    std::string event;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (cells[i].text.empty()) continue;
      if (columns[i].role == LogColumn::Role::text)
        event += (event.empty() ? "" : ", ") + columns[i].name + ' ' + cells[i].text;
      if (columns[i].role != LogColumn::Role::signal) continue;
      double value = 0;
      if (!number(i, value)) continue;
      value = in_si(columns[i].unit, value);
      if (const std::string why = refusal(columns[i].info, value); !why.empty())
        csv.problem(cells[i].column,
                    fmt::format("'{}' is no value of {}: {}", cells[i].text, columns[i].info.name, why));
      else
        log.values[channel[i]].back() = static_cast<float>(value);
    }
    if (!event.empty()) log.events.push_back({tick, event});
  }
  if (!any) csv.problem(0, "the log has no rows");
  csv.finish();
  log.end = log.ticks.back() + 1;

  meta = meta_of(path, header);
  meta.sparse = true;
  meta.started_at_reset = header.started_at_reset == 1;
  meta.tolerances = tolerances;
  meta.notes.push_back(
      fmt::format("sparse log: {} {} at {} instants; values are held, missing channels rest, and only logged outputs "
                  "at logged instants are compared",
                  log.signals.size(), log.signals.size() == 1 ? "channel" : "channels", log.ticks.size()));
  if (!computed.empty())
    meta.notes.push_back("not taken, since strokes and faults are what a simulation knows: " + computed);
  if (first_s != 0) meta.notes.push_back(fmt::format("time 0 is {} s of the log", first_s));
  return Recording(make_log_source(std::move(log)), std::move(meta));
}

}  // namespace

Recording import_log(const std::string& path) {
  if (is_hdf5(path))
    throw InputError({{path, 0, 0},
                      "is a recording already, no log in CSV",
                      "pensim judge, replay, diff, export and dashboard take it as it is"});
  CsvReader csv(path);
  Header header;
  std::vector<Cell> names;
  if (!csv.row(names, [&](const std::string& line) { take_comment(csv, line, header); })) {
    csv.finish();
    throw InputError({{path, 0, 0}, "is empty", "a log begins with a line of column names: see docs/recording.md"});
  }
  csv.finish();
  const bool complete = std::any_of(names.begin(), names.end(), [](const Cell& c) { return c.text == "in.time_us"; });
  return complete ? import_complete(path, csv, names, header) : import_sparse(path, csv, names, header);
}

std::string imported_path(const ImportArguments& a) {
  return a.out.empty() ? std::filesystem::path(a.log).replace_extension(".h5").string() : a.out;
}

int command_import(const ImportArguments& a) {
  const Recording recording = import_log(a.log);
  const std::string out = imported_path(a);
  recording.write(out);
  std::string text = fmt::format("{}: {} log, {} ticks of {} us ({:.6g} s)\n", printable(out),
                                 recording.meta().sparse ? "sparse" : "complete", recording.ticks(),
                                 static_cast<double>(recording.tick_ns()) / 1000.0, recording.duration_s());
  for (const std::string& note : recording.meta().notes) text += "  " + printable(note) + '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace pensim
