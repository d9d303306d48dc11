#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/dashboard/app.h"
#include "sim/dashboard/compare_panel.h"
#include "sim/dashboard/curve.h"
#include "sim/dashboard/display_units.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/transport.h"
#include "sim/dashboard/widgets.h"
#include "sim/input_error.h"

namespace pensim::dashboard {

std::optional<double> event_time(const Recording& r, Alignment what, const std::string& command) {
  const double tick_s = seconds(r.tick_ns());
  const auto first_above = [&](const char* name, double level) -> std::optional<double> {
    if (!r.has(name)) return std::nullopt;
    const Samples s = r.samples(name);
    for (std::size_t i = 0; i < s.value.size(); ++i)
      if (static_cast<double>(s.value[i]) > level) return static_cast<double>(s.period_ticks > 0 ? static_cast<Tick>(i) * s.period_ticks : s.tick[i]) * tick_s;
    return std::nullopt;
  };
  switch (what) {
    case Alignment::time: return 0.0;
    case Alignment::contact: return first_above("skin.contact", 0.5);
    case Alignment::puncture: return first_above("needle.punctured", 0.5);
    case Alignment::stroke: if (r.strokes().empty()) return std::nullopt; return static_cast<double>(r.strokes().front().begin) * tick_s;
    case Alignment::command:
      for (const RecordedText& c : r.commands())
        if (c.text == command) return static_cast<double>(c.at) * tick_s;
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> alignment_shift(const Recording& main, const Recording& other, Alignment what, const std::string& command) {
  const auto a = event_time(main, what, command), b = event_time(other, what, command);
  if (!a || !b) return std::nullopt;
  return *a - *b;
}

std::vector<MarginRow> margin_rows(const Recording& main, const Recording& other) {
  std::vector<MarginRow> rows;
  for (const RecordedVerdict& v : main.verdicts()) rows.push_back({v.id, v.unit, v.outcome, "", v.margin, 0, v.at_s});
  for (const RecordedVerdict& v : other.verdicts()) {
    auto it = std::find_if(rows.begin(), rows.end(), [&](const MarginRow& row) { return row.id == v.id; });
    if (it == rows.end()) it = rows.insert(rows.end(), {v.id, v.unit, "", "", 0, 0, v.at_s});
    it->other_outcome = v.outcome;
    it->other_margin = v.margin;
    if (it->unit != v.unit && !it->outcome.empty()) it->comparable = false;
  }
  const auto rank = [](const MarginRow& r) { return r.outcome != r.other_outcome ? 0 : r.change() != 0 ? 1 : 2; };
  std::stable_sort(rows.begin(), rows.end(), [&](const MarginRow& a, const MarginRow& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return rank(a) == 1 && a.relative_change() < b.relative_change();
  });
  return rows;
}

double MarginRow::change() const {
  const auto decided = [](const std::string& o) { return o == "pass" || o == "fail"; };
  if (!comparable || !decided(outcome) || !decided(other_outcome) || !std::isfinite(margin) || !std::isfinite(other_margin)) return 0;
  return other_margin - margin;
}

double MarginRow::relative_change() const { return change() / std::max(std::fabs(margin), 1e-12); }

namespace {

std::string sign_of(const std::string& outcome) { return outcome == "pass" ? "✓" : outcome == "fail" ? "✗" : outcome.empty() ? "–" : "▲"; }

void draw_alignment(App& app) {
  static constexpr const char* names[] = {"time", "first contact", "first puncture", "first stroke", "a command"};
  CompareState& s = app.compare;
  const float unit = ImGui::GetFontSize();
  text(Font::small, theme().dim, "aligned on");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(unit * 10);
  ImGui::Combo("##align", &s.align, names, 5);
  const auto what = static_cast<Alignment>(s.align);
  const auto& commands = app.main.recording->commands();
  if (what == Alignment::command) {
    ImGui::SameLine();
    ImGui::SetNextItemWidth(std::min(unit * 16, ImGui::GetContentRegionAvail().x));
    if (ImGui::BeginCombo("##command", s.command.empty() ? "choose" : s.command.c_str())) {
      for (const RecordedText& c : commands)
        if (ImGui::Selectable(c.text.c_str(), c.text == s.command)) s.command = c.text;
      ImGui::EndCombo();
    }
  }
  if (s.aligned != s.align || s.aligned_command != s.command || !s.aligned_once) {
    s.shift = alignment_shift(*app.main.recording, *app.other.recording, what, s.command);
    s.aligned = s.align, s.aligned_command = s.command, s.aligned_once = true;
    app.other.shift_s = s.shift.value_or(0);
  }
  if (!s.shift) text(Font::small, theme().warn, "One of the two has no such event: they stand on the same clock.");
  else if (*s.shift != 0) text(Font::small_number, theme().ink, fmt::format("the other is moved by {:+.3f} ms", *s.shift * 1e3));
}

}  // namespace

void draw_compare(App& app) {
  if (!app.main.recording || !app.other.recording) {
    draw_empty("Nothing to compare", "Open two recordings: `pensim dashboard A.h5 B.h5`, or pick two in the library.");
    return;
  }
  const Theme& t = theme();
  CompareState& s = app.compare;
  const Recording &a = *app.main.recording, &b = *app.other.recording;
  const Mark mark_a = mark_of(a), mark_b = mark_of(b);
  if (s.a != mark_a || s.b != mark_b) {
    s.a = mark_a, s.b = mark_b;
    s.difference = diff(a, b);
    s.rows = margin_rows(a, b);
    s.aligned_once = false;
  }
  const float unit = ImGui::GetFontSize(), width = ImGui::GetContentRegionAvail().x;
  text(Font::small, t.accent, fit_text(Font::small, "A  " + app.main.label + (a.path().empty() ? "" : "   " + a.path()), width));
  text(Font::small, t.palette[2], fit_text(Font::small, "B  " + app.other.label + (b.path().empty() ? "" : "   " + b.path()), width));
  draw_alignment(app);

  // Where they part.
  const Difference& d = s.difference;
  if (!d.comparable()) {
    text(Font::small, t.warn, d.why_not);
  } else if (d.equal()) {
    text(Font::text, t.good, fmt::format("✓ equal, every bit of {} ticks", d.ticks));
  } else {
    const FieldDifference& first = d.fields.front();
    const double at = seconds(first.first * d.tick_ns);
    if (ImGui::Button(fmt::format("part at {} (tick {})", format_time(at, 5e-5), first.first).c_str())) seek(app, at);
    tooltip("Moves the cursor there.");
    const auto shown = std::min<std::size_t>(d.fields.size(), 6);
    for (std::size_t i = 0; i < shown; ++i) {
      const FieldDifference& f = d.fields[i];
      const ImVec2 p = ImGui::GetCursorScreenPos();
      ImGui::PushID(static_cast<int>(i));
      if (ImGui::InvisibleButton("field", {width, std::floor(unit * 1.3f)})) seek(app, seconds(f.first * d.tick_ns));
      ImGui::PopID();
      tooltip(fmt::format("{} samples differ; first at tick {}: {} and {}", f.count, f.first, f.a, f.b));
      ImDrawList* list = ImGui::GetWindowDrawList();
      draw_text(list, Font::small, p.x, p.y, t.ink, fit_text(Font::small, f.field, width * 0.4f));
      draw_text(list, Font::small_number, p.x + width * 0.42f, p.y, t.dim, fit_text(Font::small_number, fmt::format("{}   {} → {}", format_time(seconds(f.first * d.tick_ns)), f.a, f.b), width * 0.58f));
    }
    if (d.fields.size() > shown) text(Font::small, t.faint, fmt::format("and {} more fields", d.fields.size() - shown));
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(d.others.size(), 4); ++i) text(Font::small, t.dim, fit_text(Font::small, d.others[i], width));

  if (!app.session && a.meta().kind != RecordingKind::rig && ImGui::Button("Rerun the present core against A")) {
    try {
      auto session = Session::of_recording(a);
      session->run_to(session->duration());
      app.session = std::move(session);
      app.other = std::move(app.main);
      app.main = {};
      app.main.recording = &app.session->recording();
      app.main.label = "rerun of " + app.other.label;
      app.main.requirements = app.session->scenario().requirements;
      app.plots.curves.clear();
    } catch (const InputError& e) {
      app.message = e.what();
    }
    return;
  }

  ImGui::Dummy({1, unit * 0.2f});
  ImGui::BeginChild("margins", {0, 0}, false);
  const float inner = ImGui::GetContentRegionAvail().x, column = unit * 6.2f, id_w = std::max(inner - 3 * column, unit * 5);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto right = [&](float edge, float y, ImU32 ink, const std::string& words) { draw_text(list, Font::small_number, edge - text_size(Font::small_number, words).x, y, ink, words); };
  ImVec2 p = ImGui::GetCursorScreenPos();
  ImGui::Dummy({inner, std::floor(unit * 1.2f)});
  draw_text(list, Font::small, p.x, p.y, t.dim, "requirement");
  right(p.x + id_w + column, p.y, t.accent, "margin A");
  right(p.x + id_w + 2 * column, p.y, t.palette[2], "margin B");
  right(p.x + id_w + 3 * column - 4, p.y, t.dim, "change");
  for (const MarginRow& row : s.rows) {
    p = ImGui::GetCursorScreenPos();
    ImGui::PushID(row.id.c_str());
    const float height = std::floor(unit * 1.35f);
    if (ImGui::InvisibleButton("margin", {std::max(inner, 10.0f), height})) app.selected.requirement = row.id, seek(app, row.at_s);
    if (ImGui::IsItemHovered() || app.selected.requirement == row.id) list->AddRectFilled(p, {p.x + inner, p.y + height}, with_alpha(t.ink, 0.06f), 3);
    ImGui::PopID();
    const auto margin = [&](const std::string& outcome, double m) {
      if (outcome != "pass" && outcome != "fail") return outcome.empty() ? "–" : verdict_word(outcome);
      return sign_of(outcome) + " " + (std::isinf(m) ? std::string("yes or no") : format_difference(m, row.unit, 3));
    };
    const auto ink = [&](const std::string& outcome) { return outcome == "pass" ? t.good : outcome == "fail" ? t.bad : t.dim; };
    draw_text(list, Font::small, p.x, p.y + 1, t.ink, fit_text(Font::small, row.id, id_w - 4));
    right(p.x + id_w + column, p.y + 1, ink(row.outcome), margin(row.outcome, row.margin));
    right(p.x + id_w + 2 * column, p.y + 1, ink(row.other_outcome), margin(row.other_outcome, row.other_margin));
    const double change = row.change();
    if (change != 0) right(p.x + id_w + 3 * column - 4, p.y + 1, change < 0 ? t.bad : t.good, fmt::format("{}{:+.1f} %", change < 0 ? "▼ " : "▲ ", 100 * row.relative_change()));
    else if (row.outcome != row.other_outcome) right(p.x + id_w + 3 * column - 4, p.y + 1, t.warn, "verdict");
  }
  ImGui::EndChild();
}

}  // namespace pensim::dashboard
