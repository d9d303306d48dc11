#include "sim/exchange/csv_export.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>

#include "sim/input/input_error.h"
#include "sim/input/quantity.h"
#include "sim/platform/file.h"
#include "sim/platform/walk.h"
#include "sim/recording/pen_fields.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

constexpr const char* line_end = "\r\n";

// Rows are put together in memory and written in large pieces.
class Csv {
 public:
  Csv(std::FILE* out, const std::string& name) : out_(out), name_(name) {}

  void cell(const std::string& text) {
    separate();
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
      buffer_ += text;
      return;
    }
    buffer_ += '"';
    for (const char c : text) {
      if (c == '"') buffer_ += '"';
      buffer_ += c;
    }
    buffer_ += '"';
  }
  void cell(float value) {  // the shortest text that reads back as the same number
    separate();
    char text[32];
    buffer_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  void cell(std::int64_t value) {
    separate();
    char text[24];
    buffer_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  void time(Nanoseconds t) {  // seconds, exact
    separate();
    char text[40];
    const int n = std::snprintf(text, sizeof text, "%lld.%09lld", static_cast<long long>(t / ns_per_s),
                                static_cast<long long>(t % ns_per_s));
    std::size_t size = static_cast<std::size_t>(n);
    while (text[size - 1] == '0' && text[size - 2] != '.') --size;
    buffer_.append(text, size);
  }
  void end_row() {
    buffer_ += line_end;
    first_ = true;
    if (buffer_.size() > 1 << 16) flush();
  }
  void raw(const std::string& text) { buffer_ += text; }
  void flush() {
    errno = 0;
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), out_) != buffer_.size() || std::fflush(out_) != 0)
      throw InputError({{name_, 0, 0}, std::string("cannot be written: ") + std::strerror(errno), ""});
    buffer_.clear();
  }

 private:
  void separate() {
    if (!first_) buffer_ += ',';
    first_ = false;
  }

  std::FILE* out_;
  const std::string& name_;
  std::string buffer_;
  bool first_ = true;
};

std::string header_of(const SignalInfo& s) {
  return s.unit.empty() || s.unit == "1" ? s.name : s.name + " [" + s.unit + "]";
}

std::string uart_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7F) return std::string(1, c);
  char text[8];
  std::snprintf(text, sizeof text, "\\x%02x", byte);
  return text;
}

// The values of one signal in rising ticks, read in pieces.
class Held {
 public:
  Held(const Recording& recording, const std::string& name, Tick last)
      : recording_(recording), name_(name), last_(last) {}
  float at(Tick tick) {
    if (tick > end_) {
      end_ = std::min(tick + piece, last_);
      range_ = recording_.range(name_, tick, end_);
      index_ = 0;
    }
    if (range_.value.empty()) return std::numeric_limits<float>::quiet_NaN();
    const auto n = static_cast<std::int64_t>(range_.value.size());
    if (range_.period_ticks > 0)
      return range_.value[static_cast<std::size_t>(
          std::clamp<std::int64_t>(tick / range_.period_ticks - range_.first, 0, n - 1))];
    while (index_ + 1 < n && range_.tick[static_cast<std::size_t>(index_ + 1)] <= tick) ++index_;
    return range_.value[static_cast<std::size_t>(index_)];
  }

 private:
  static constexpr Tick piece = 1 << 14;
  const Recording& recording_;
  std::string name_;
  Tick last_, end_ = -1;
  std::int64_t index_ = 0;
  SampleRange range_;
};

}  // namespace

void export_signals(const Recording& recording, const CsvOptions& options, std::FILE* out, const std::string& name) {
  std::vector<std::string> names = options.signals;
  if (names.empty())
    for (const SignalInfo& s : recording.signals())
      if (!parse_signal_name(s.name).of_needle()) names.push_back(s.name);
  const Tick last = options.to < 0 ? recording.ticks() - 1 : std::min(options.to, recording.ticks() - 1);
  Csv csv(out, name);
  csv.cell(std::string("time [s]"));
  std::vector<Held> columns;
  for (const std::string& signal : names) {
    const SignalInfo* info = recording.find(signal);
    if (!info) {
      std::vector<std::string> known;
      for (const SignalInfo& s : recording.signals()) known.push_back(s.name);
      const std::string near = nearest_name(signal, known);
      throw InputError({{"--signals", 0, 0},
                        "the recording has no signal '" + signal + "'",
                        near.empty() ? "" : "did you mean '" + near + "'?"});
    }
    csv.cell(header_of(*info));
    columns.emplace_back(recording, signal, last);
  }
  csv.end_row();
  const auto row = [&](Tick tick) {
    csv.time(tick * recording.tick_ns());
    for (Held& column : columns) csv.cell(column.at(tick));
    csv.end_row();
  };
  if (recording.meta().sparse && options.every <= 1) {
    if (!names.empty())
      for (const Tick tick : recording.range(names[0], options.from, last).tick)
        if (tick >= options.from) row(tick);
  } else {
    for (Tick tick = std::max<Tick>(options.from, 0); tick <= last; tick += std::max<Tick>(options.every, 1)) row(tick);
  }
  csv.flush();
}

void export_strokes(const Recording& recording, std::FILE* out, const std::string& name) {
  Csv csv(out, name);
  csv.cell(std::string("begin [s]"));
  csv.cell(std::string("end [s]"));
  for (const SignalInfo& column : recording.stroke_columns()) csv.cell(header_of(column));
  for (int i = 0; i < recording.stroke_needles(); ++i)
    csv.cell("needle." + std::to_string(i) + ".penetration_peak [m]");
  csv.end_row();
  for (const StrokeRow& row : recording.strokes()) {
    csv.time(row.begin * recording.tick_ns());
    csv.time(row.end * recording.tick_ns());
    for (std::size_t i = 0; i < recording.stroke_columns().size(); ++i) csv.cell(row.value[i]);
    for (int i = 0; i < recording.stroke_needles(); ++i) csv.cell(row.needle_peak[i]);
    csv.end_row();
  }
  csv.flush();
}

void export_uart(const Recording& recording, std::FILE* out, const std::string& name) {
  struct Line {
    Tick at = -1;  // of the first byte; -1: none yet
    std::string text;
  };
  Csv csv(out, name);
  for (const char* column : {"time [s]", "direction", "text"}) csv.cell(std::string(column));
  csv.end_row();
  Line lines[2];
  const auto end_line = [&](bool to_core) {
    Line& line = lines[to_core];
    if (line.at < 0) return;
    csv.time(line.at * recording.tick_ns());
    csv.cell(std::string(to_core ? "to core" : "from core"));
    csv.cell(line.text);
    csv.end_row();
    line = {};
  };
  for (const RecordedUart& piece : recording.uart())
    for (const char c : piece.bytes) {
      Line& line = lines[piece.to_core];
      if (line.at < 0) line.at = piece.at;
      if (c == '\n')
        end_line(piece.to_core);
      else if (c != '\r')
        line.text += uart_text(c);
    }
  for (const bool to_core : {true, false}) end_line(to_core);
  csv.flush();
}

void export_complete(const Recording& recording, std::FILE* out, const std::string& name) {
  if (!recording.has_io())
    throw InputError({{recording.path(), 0, 0},
                      recording.meta().sparse ? "a sparse log has no PenIn of every tick"
                                              : "a rig has no firmware core, so no PenIn and PenOut",
                      "leave --complete out"});
  Csv csv(out, name);
  csv.raw("# pensim complete log" + std::string(line_end));
  csv.raw("# seam_version: " + std::to_string(recording.meta().seam_version) + line_end);
  csv.raw("# tick_ns: " + std::to_string(recording.tick_ns()) + line_end);
  csv.raw("# started_at_reset: " + std::string(recording.meta().started_at_reset ? "yes" : "no") + line_end);
  if (!recording.meta().firmware.empty()) csv.raw("# firmware: " + recording.meta().firmware + line_end);
  csv.cell(std::string("tick"));
  for (const auto* fields : {&pen_in_fields(), &pen_out_fields()})
    for (const PenField& field : *fields) csv.cell(field.name);
  csv.end_row();
  constexpr Tick piece = 4096;
  std::vector<PenIn> in(piece);
  std::vector<PenOut> outs(piece);
  for (Tick from = 0; from < recording.ticks(); from += piece) {
    const Tick n = std::min(piece, recording.ticks() - from);
    recording.io(from, n, in.data(), outs.data());
    for (Tick k = 0; k < n; ++k) {
      csv.cell(from + k);
      for (const PenField& field : pen_in_fields()) csv.cell(field_text(field, &in[static_cast<std::size_t>(k)]));
      for (const PenField& field : pen_out_fields()) csv.cell(field_text(field, &outs[static_cast<std::size_t>(k)]));
      csv.end_row();
    }
  }
  csv.flush();
}

namespace {

Tick tick_of(const char* option, const std::string& text, Nanoseconds tick_ns) {
  double t = 0;
  try {
    t = parse_quantity(text, "s");
  } catch (const std::exception& error) {
    throw InputError({{option, 0, 0}, error.what(), "write a time such as '1.5 s' or '20 ms'"});
  }
  const double ticks = t * 1e9 / static_cast<double>(tick_ns);
  if (!(ticks >= 0 && ticks < 1e15))
    throw InputError({{option, 0, 0}, "'" + text + "' is no time within a recording", "write a time such as '1.5 s'"});
  return static_cast<Tick>(std::llround(ticks));
}

[[noreturn]] void cannot_write(const std::string& path, const std::string& why, const std::string& help = "") {
  throw InputError({{path, 0, 0}, "cannot be written: " + why, help});
}

// Whole under its name, or not at all. A pipe or a device is written to as it stands.
void write_export(const ExportArguments& a, const std::function<void(std::FILE*, const std::string&)>& write) {
  const std::vector<std::string> own = {"time [s]", "begin [s],end [s]", "# pensim complete log"};
  if (same_file(a.out, a.recording)) cannot_write(a.out, "it is the recording", "give another --out");
  std::error_code error;
  const bool there = std::filesystem::exists(a.out, error);
  for (const std::string& path : {a.out, a.out + ".prev"})
    if (const std::string why = there || path == a.out ? place_refusal(path, own, a.force) : ""; !why.empty())
      cannot_write(a.out, (path == a.out ? "" : path + ": ") + why,
                   "give another --out, or take --force to replace a file");
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, std::fclose);
  if (!special_file(a.out).empty()) {
    file.reset(std::fopen(a.out.c_str(), "wb"));
    if (!file) cannot_write(a.out, std::strerror(errno));
    write(file.get(), a.out);
    return;
  }
  try {
    NewFile whole(a.out);
    file.reset(fdopen(dup(whole.descriptor()), "wb"));
    if (!file) cannot_write(a.out, std::strerror(errno));
    write(file.get(), a.out);
    if (std::fclose(file.release()) != 0) cannot_write(a.out, std::strerror(errno));
    whole.put(NewFile::Old::kept);
  } catch (const std::system_error& defect) {
    cannot_write(a.out, defect.code().message());
  }
}

}  // namespace

int command_export(const ExportArguments& a) {
  const Recording recording = Recording::open(a.recording);
  CsvOptions options;
  for (std::size_t at = 0; at < a.signals.size();) {
    const std::size_t end = std::min(a.signals.find(',', at), a.signals.size());
    std::string name = a.signals.substr(at, end - at);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (!name.empty()) options.signals.push_back(name);
    at = end + 1;
  }
  if (!a.from.empty()) options.from = tick_of("--from", a.from, recording.tick_ns());
  if (!a.to.empty()) options.to = tick_of("--to", a.to, recording.tick_ns());
  if (!a.every.empty()) {
    options.every = tick_of("--every", a.every, recording.tick_ns());
    const double exact = parse_quantity(a.every, "s") * 1e9 / static_cast<double>(recording.tick_ns());
    if (options.every < 1 || std::fabs(exact - static_cast<double>(options.every)) > 1e-6)
      throw InputError(
          {{"--every", 0, 0},
           "'" + a.every + "' is no whole number of ticks of " + std::to_string(recording.tick_ns() / 1000) + " us",
           "write a multiple of the tick"});
  }
  const auto write = [&](std::FILE* out, const std::string& name) {
    if (a.complete)
      export_complete(recording, out, name);
    else if (a.strokes)
      export_strokes(recording, out, name);
    else if (a.uart || options.signals == std::vector<std::string>{"uart"})
      export_uart(recording, out, name);
    else
      export_signals(recording, options, out, name);
  };
  if (a.out.empty())
    write(stdout, "standard output");
  else
    write_export(a, write);
  return 0;
}

}  // namespace pensim
