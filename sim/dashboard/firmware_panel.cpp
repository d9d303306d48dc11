#include "sim/dashboard/firmware_panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "sim/dashboard/compare.h"
#include "sim/dashboard/curve.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/transport.h"
#include "sim/dashboard/value_names.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"
#include "sim/session/core_names.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim::dashboard {
namespace {

std::string cause_name(int cause) {
  if (cause == 0) return "off";
  const ResetCause* known = reset_cause(cause);
  return known ? known->words : fmt::format("cause {}", cause);
}

// Bytes as they can be shown: a line end is a line end, the rest escaped.
std::string printable(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    if (b >= 0x20 && b < 0x7f)
      out += c;
    else if (c != '\n' && c != '\r')
      out += fmt::format("\\x{:02x}", b);
  }
  return out;
}

}  // namespace

std::vector<StateSpan> state_spans(const Recording& r, const std::string& signal, Tick from, Tick to,
                                   std::size_t most) {
  std::vector<StateSpan> spans;
  from = std::max<Tick>(from, 0);
  to = std::min(to, r.ticks());
  if (!r.has(signal) || to <= from) return spans;
  const SampleRange s = r.range(signal, from, to - 1);
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    const Tick at =
        std::max(from, s.period_ticks > 0 ? (s.first + static_cast<std::int64_t>(i)) * s.period_ticks : s.tick[i]);
    const auto value = std::isfinite(s.value[i]) ? static_cast<std::int64_t>(std::llround(s.value[i])) : 0;
    if (!spans.empty() && (spans.back().value == value || spans.size() >= most)) continue;
    if (!spans.empty()) spans.back().to = at;
    spans.push_back({at, to, value});
  }
  return spans;
}

std::vector<LogLine> event_log(const Recording& r) {
  std::vector<LogLine> log;
  for (const RecordedText& f : r.findings()) log.push_back({f.at, LogLine::Kind::finding, f.text});
  for (const RecordedText& c : r.commands()) log.push_back({c.at, LogLine::Kind::command, command_words(c.text)});
  if (r.has("core.resets") && r.ticks() > 0) {
    for (const StateSpan& s : state_spans(r, "core.resets", 0, r.ticks())) {
      if (s.from == 0) continue;
      // The cause stands in the first tick that the core sees after its boot.
      std::string cause;
      if (r.has("core.reset_cause"))
        for (Tick t = s.from; t < std::min(s.from + 400, r.ticks()) && cause.empty(); ++t)
          if (const float c = r.at("core.reset_cause", t); c > 0) cause = ", " + cause_name(static_cast<int>(c));
      log.push_back({s.from, LogLine::Kind::reset, fmt::format("reset {}{}", s.value, cause)});
    }
  }
  // Bytes of one direction that follow each other are one line, up to a line end.
  for (const bool to_core : {false, true}) {
    std::string line;
    Tick at = 0, last = 0;
    const auto flush = [&] {
      if (!line.empty())
        log.push_back({at, to_core ? LogLine::Kind::uart_in : LogLine::Kind::uart_out, printable(line)});
      line.clear();
    };
    for (const RecordedUart& u : r.uart()) {
      if (u.to_core != to_core) continue;
      if (!line.empty() && u.at - last > 1000) flush();
      for (const char c : u.bytes) {
        if (line.empty()) at = u.at;
        if (c == '\n')
          flush();
        else
          line += c;
      }
      last = u.at;
    }
    flush();
  }
  std::stable_sort(log.begin(), log.end(), [](const LogLine& a, const LogLine& b) { return a.at < b.at; });
  return log;
}

Command poke_command(const std::string& symbol, const std::string& typed, Tick at) {
  Command c;
  c.at = at;
  c.kind = Command::Kind::poke;
  c.name = symbol;
  const std::size_t a = typed.find_first_not_of(' '), b = typed.find_last_not_of(' ');
  if (a == std::string::npos)
    throw InputError({{"poke", 0, 0}, "nothing was typed", "type a number, or the name of an enumerator"});
  const std::string word = typed.substr(a, b - a + 1);
  char* end = nullptr;
  c.value = std::strtod(word.c_str(), &end);
  if (*end == 0 && std::isfinite(c.value)) return c;
  if (!std::isalpha(static_cast<unsigned char>(word[0])) && word[0] != '_')
    throw InputError(
        {{"poke", 0, 0}, "'" + word + "' is not a number", "type a number such as 12.5, or the name of an enumerator"});
  c.value = 0;
  c.text = word;
  return c;
}

namespace {

template <class F>
void change(App& app, F f) {
  try {
    f(*app.session);
    app.firmware.problem.clear();
  } catch (const InputError& e) {
    app.firmware.problem = e.what();
  }
}

Tick cursor_tick(const App& app) {
  return std::llround(app.playback.target_s.value_or(app.cursor_s) / seconds(app.main.recording->tick_ns()));
}

// Where the core of this run runs; a live one may be put elsewhere.
void draw_target(App& app) {
  FirmwareState& s = app.firmware;
  const std::string now = target_words(s.firmware);
  if (now.empty()) return;  // the recording does not say
  if (!app.session || s.builds.size() < 2) {
    text(Font::small, theme().dim, "target: " + now);
    return;
  }
  std::vector<std::string> words;
  for (const std::string& build : s.builds) words.push_back(target_words(build));
  int chosen = static_cast<int>(std::find(s.builds.begin(), s.builds.end(), s.firmware) - s.builds.begin());
  if (choose("##target", "target: " + now, ImGui::GetFontSize() * 13, words, chosen)) {
    const std::string build = s.builds[static_cast<std::size_t>(chosen)];
    change(app, [&](Session& session) { session.set_override("firmware=" + build); });
  }
  tooltip(
      "The same sources as code of this machine or as the ARM code of the pen. The scenario is run again from the "
      "start; both have the same hash.");
}

void draw_strip(App& app, const std::string& signal) {
  const Theme& t = theme();
  const Recording& r = *app.main.recording;
  const float unit = ImGui::GetFontSize(), height = std::floor(unit * 1.9f), width = ImGui::GetContentRegionAvail().x;
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const double tick_s = seconds(r.tick_ns());
  const Axis x{app.time.from_s, std::max(app.time.to_s, app.time.from_s + tick_s), p.x, p.x + width, false};
  ImGui::PushID(signal.c_str());
  if (ImGui::InvisibleButton("strip", {std::max(width, 10.0f), height})) seek(app, x.value(ImGui::GetIO().MousePos.x));
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->PushClipRect(p, {p.x + width, p.y + height}, true);
  for (const StateSpan& s : state_spans(r, signal, static_cast<Tick>(app.time.from_s / tick_s),
                                        static_cast<Tick>(app.time.to_s / tick_s) + 1)) {
    const float a = std::max(x.pixel(static_cast<double>(s.from) * tick_s), x.pixel_from),
                b = std::clamp(x.pixel(static_cast<double>(s.to) * tick_s), a + 1.5f, std::max(x.pixel_to, a + 1.5f));
    const ImU32 colour = t.palette[1 + static_cast<std::size_t>(std::abs(s.value)) % (palette_size - 1)];
    list->AddRectFilled({a, p.y}, {b - 1, p.y + height}, with_alpha(colour, 0.30f), 3);
    list->AddRectFilled({a, p.y}, {std::min(a + 2, b), p.y + height}, colour);
    const std::string name = value_words(app, signal, static_cast<double>(s.value));
    // the name stands in the part that is seen
    const float seen_a = std::max(a, p.x), seen_b = std::min(b, p.x + width);
    draw_text(list, Font::small, seen_a + 6, p.y + (height - font(Font::small)->FontSize) / 2, t.ink,
              fit_text(Font::small, name, seen_b - seen_a - 9));
    if (ImGui::IsItemHovered() && ImGui::GetIO().MousePos.x >= a && ImGui::GetIO().MousePos.x < b)
      ImGui::SetTooltip("%s\n%s to %s", name.c_str(), format_time(static_cast<double>(s.from) * tick_s).c_str(),
                        format_time(static_cast<double>(s.to) * tick_s).c_str());
  }
  const float cursor = x.pixel(app.cursor_s);
  list->AddLine({cursor, p.y}, {cursor, p.y + height}, t.accent, 1.5f);
  list->PopClipRect();
  ImGui::PopID();
}

// Name, value, history over what is on show, and a box to write another value.
void draw_watch(App& app, const std::string& signal) {
  const Theme& t = theme();
  FirmwareState& s = app.firmware;
  const float unit = ImGui::GetFontSize(), height = std::floor(unit * 1.6f), width = ImGui::GetContentRegionAvail().x;
  const std::string symbol = signal.substr(3);
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const float box = app.session ? unit * 4.5f : 0, name_w = std::floor((width - box) * 0.36f),
              value_w = std::floor((width - box) * 0.22f);
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::PushID(signal.c_str());
  ImGui::Dummy({width - box - 4, height});
  tooltip(signal);
  draw_text(list, Font::small, p.x, p.y + unit * 0.3f, t.ink, fit_text(Font::small, symbol, name_w - 6));
  draw_text(
      list, Font::small_number, p.x + name_w, p.y + unit * 0.35f, signal_colour(signal),
      fit_text(Font::small_number, value_words(app, signal, value_at(app.main, signal, app.cursor_s)), value_w - 6));
  const float x0 = p.x + name_w + value_w, x1 = p.x + width - box - unit * 1.2f;
  if (const int columns = static_cast<int>((x1 - x0) / 2); columns > 4) {
    const Recording& r = *app.main.recording;
    const double tick_s = seconds(r.tick_ns());
    const auto from = static_cast<Tick>(app.time.from_s / tick_s),
               to = std::max(static_cast<Tick>(app.time.to_s / tick_s), from + columns);
    const std::vector<MinMax> history = r.envelope(signal, from, to, columns);
    double low = 1e300, high = -1e300;
    for (const MinMax& m : history)
      if (std::isfinite(m.min) && std::isfinite(m.max))
        low = std::min(low, static_cast<double>(m.min)), high = std::max(high, static_cast<double>(m.max));
    if (low <= high) {
      const Axis y{low == high ? low - 1 : low, low == high ? high + 1 : high, p.y + height - 3, p.y + 3, false};
      for (std::size_t i = 0; i < history.size(); ++i)
        if (std::isfinite(history[i].min)) {
          const float px = x0 + 2 * static_cast<float>(i);
          list->AddRectFilled({px, std::min(y.pixel(static_cast<double>(history[i].max)) - 0.7f,
                                            y.pixel(static_cast<double>(history[i].min)) - 1.4f)},
                              {px + 2, y.pixel(static_cast<double>(history[i].min)) + 0.7f}, signal_colour(signal));
        }
    }
  }
  if (app.session) {
    ImGui::SameLine(width - box);
    ImGui::SetNextItemWidth(box);
    char buffer[sizeof s.poke] = {};
    if (s.poking == symbol) std::copy(std::begin(s.poke), std::end(s.poke), buffer);
    const bool enter =
        ImGui::InputTextWithHint("##poke", "poke", buffer, sizeof buffer, ImGuiInputTextFlags_EnterReturnsTrue);
    if (ImGui::IsItemActive() || enter) s.poking = symbol, std::copy(std::begin(buffer), std::end(buffer), s.poke);
    tooltip(
        "Writes the variable at the time of the cursor: type a number or an enumerator, then Enter. This adds a "
        "command to the timeline.");
    if (enter) {
      change(app, [&](Session& session) { session.post(poke_command(symbol, buffer, cursor_tick(app))); });
      if (s.problem.empty()) s.poking.clear(), s.poke[0] = 0;
    }
  }
  ImGui::PopID();
}

void draw_add_watch(App& app) {
  FirmwareState& s = app.firmware;
  const float unit = ImGui::GetFontSize();
  ImGui::SetNextItemWidth(unit * 13);
  if (ImGui::InputTextWithHint("##search", "watch a variable", s.search, sizeof s.search)) s.mark = {0, true};
  if (!s.search[0]) {
    tooltip("Searches the variables of the core by name. A new watch reruns the scenario from the start.");
    return;
  }
  if (s.searched != s.search) {
    s.searched = s.search;
    try {
      s.found = core_variables(s.firmware, s.search, 40);
      s.problem.clear();
    } catch (const InputError& e) {
      s.found.clear();
      s.problem = e.what();
    }
  }
  const bool enter = list_keys(s.mark.at, s.mark.moved, static_cast<int>(s.found.size()));
  ImGui::BeginChild("found", {0, std::min(unit * 12, unit * 1.5f * static_cast<float>(s.found.size() + 1))}, false);
  if (s.found.empty()) text(Font::small, theme().dim, "No variable with that name.");
  for (int i = 0; i < static_cast<int>(s.found.size()); ++i) {
    const auto [name, type] = s.found[static_cast<std::size_t>(i)];
    const bool pressed = ImGui::Selectable(fmt::format("{}   {}", name, type).c_str(), s.mark.at == i);
    if (s.mark.at == i && s.mark.moved) ImGui::SetScrollHereY();
    if (pressed || (enter && s.mark.at == i)) {
      const std::string symbol = name;
      change(app, [&](Session& session) { session.add_watch(symbol); });
      if (s.problem.empty()) s.search[0] = 0;
    }
  }
  ImGui::EndChild();
}

void draw_log(App& app) {
  const Theme& t = theme();
  const Recording& r = *app.main.recording;
  const double tick_s = seconds(r.tick_ns());
  const std::vector<LogLine> log = event_log(r);
  ImGui::BeginChild("log", {0, app.session ? -ImGui::GetFrameHeight() - 8 : 0}, false);
  if (log.empty()) text(Font::small, t.dim, "No events yet.");
  for (const LogLine& l : log) {
    const char* sign = l.kind == LogLine::Kind::finding   ? "▲"
                       : l.kind == LogLine::Kind::command ? "input"
                       : l.kind == LogLine::Kind::reset   ? "reset"
                       : l.kind == LogLine::Kind::uart_in ? "→ in"
                                                          : "← out";
    const ImU32 ink = l.kind == LogLine::Kind::finding   ? t.warn
                      : l.kind == LogLine::Kind::reset   ? t.bad
                      : l.kind == LogLine::Kind::command ? t.dim
                                                         : t.ink;
    const ImVec2 p = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = std::floor(ImGui::GetFontSize() * 1.3f),
                unit = ImGui::GetFontSize();
    ImGui::PushID(&l);
    if (ImGui::InvisibleButton("line", {std::max(width, 10.0f), height})) seek(app, static_cast<double>(l.at) * tick_s);
    if (ImGui::IsItemHovered())
      ImGui::GetWindowDrawList()->AddRectFilled(p, {p.x + width, p.y + height}, with_alpha(t.ink, 0.05f), 3);
    tooltip(l.text);
    ImGui::PopID();
    ImDrawList* list = ImGui::GetWindowDrawList();
    draw_text(list, Font::small_number, p.x, p.y + 2, t.faint, format_time(static_cast<double>(l.at) * tick_s));
    draw_text(list, Font::small, p.x + unit * 5.2f, p.y + 2, ink, sign);
    draw_text(list, Font::small_number, p.x + unit * 8.2f, p.y + 2, ink,
              fit_text(Font::small_number, l.text, width - unit * 8.2f));
  }
  ImGui::EndChild();
  if (!app.session) return;
  FirmwareState& s = app.firmware;
  ImGui::SetNextItemWidth(-1);
  if (ImGui::InputTextWithHint("##uart", "send to the console of the core, at the cursor (Enter)", s.uart,
                               sizeof s.uart, ImGuiInputTextFlags_EnterReturnsTrue) &&
      s.uart[0]) {
    Command c;
    c.at = cursor_tick(app);
    c.kind = Command::Kind::uart;
    c.text = std::string(s.uart) + "\n";
    change(app, [&](Session& session) { session.post(c); });
    if (s.problem.empty()) s.uart[0] = 0;
  }
}

}  // namespace

void draw_firmware(App& app) {
  if (!app.main.recording || app.main.recording->meta().kind == RecordingKind::rig || !app.main.recording->has_io()) {
    draw_empty("No firmware", "A testing machine or a sparse log has no core to watch.");
    return;
  }
  const Theme& t = theme();
  const Recording& r = *app.main.recording;
  const float unit = ImGui::GetFontSize();
  std::vector<std::string> watched;
  for (const SignalInfo& s : r.signals())
    if (parse_signal_name(s.name).is(SignalName::Form::variable)) watched.push_back(s.name);
  for (const std::string& signal : watched) value_names(app, signal);
  // What the core is, and how it is.
  std::string head = r.meta().firmware_name.empty() ? r.meta().firmware : r.meta().firmware_name;
  const auto add = [&](const char* name, const std::string& words) {
    const double value = r.has(name) ? value_at(app.main, name, app.cursor_s) : std::nan("");
    if (std::isfinite(value)) head += fmt::format("    {} {:.0f}", words, value);
  };
  if (r.has("core.cpu_load"))
    if (const double load = value_at(app.main, "core.cpu_load", app.cursor_s); std::isfinite(load))
      head += fmt::format("    load {} %", format_number(100 * load, 3));
  add("core.resets", "resets");
  add("core.interrupts_lost", "interrupts lost");
  add("nvm.writes", "memory writes");
  text(Font::small, t.ink, fit_text(Font::small, head, ImGui::GetContentRegionAvail().x));
  draw_target(app);
  for (const std::string& signal : watched)
    if (!value_names(app, signal).empty()) draw_strip(app, signal);
  if (watched.empty())
    text(Font::small, t.dim,
         app.session ? "No variable is watched: search for one below."
                     : "No variable was recorded: use `pensim run --watch VARIABLE`, or open the scenario.");
  for (const std::string& signal : watched) draw_watch(app, signal);
  if (app.session) {
    draw_add_watch(app);
  }
  draw_rebuild(app);
  if (!app.firmware.problem.empty()) {
    ImGui::PushTextWrapPos(0);
    text(Font::small, t.bad, app.firmware.problem);
    ImGui::PopTextWrapPos();
  }
  ImGui::Dummy({1, unit * 0.2f});
  draw_log(app);
}

}  // namespace pensim::dashboard
