#include "sim/dashboard/measures.h"

#include <fmt/format.h>

#include <cmath>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/legend.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"

namespace pensim::dashboard {
namespace {

// Columns of the table between the marks, in three pages where there is no room for all.
struct MeasureColumn {
  const char* head;
  const char* unit;  // "" for that of the signal
  int page;
  double (*value)(const Stretch&, const DisplayUnit&);
};

constexpr const char* measure_pages[] = {"levels", "edges", "step"};
const std::vector<MeasureColumn>& measure_columns() {
  using S = const Stretch&;
  using U = const DisplayUnit&;
  static const std::vector<MeasureColumn> columns = {
      {"at A", "", 0, [](S m, U u) { return u.shown(m.a); }},
      {"at B", "", 0, [](S m, U u) { return u.shown(m.b); }},
      {"B − A", "", 0, [](S m, U u) { return (m.b - m.a) * u.factor; }},
      {"mean", "", 0, [](S m, U u) { return u.shown(m.mean); }},
      {"sd", "", 0, [](S m, U u) { return m.deviation * u.factor; }},
      {"rms", "", 1, [](S m, U u) { return u.offset == 0 ? u.shown(m.rms) : NAN; }},
      {"min", "", 0, [](S m, U u) { return u.shown(m.min); }},
      {"max", "", 0, [](S m, U u) { return u.shown(m.max); }},
      {"pk-pk", "", 1, [](S m, U u) { return (m.max - m.min) * u.factor; }},
      {"rises", "1", 1, [](S m, U) { return m.whole ? static_cast<double>(m.rises) : NAN; }},
      {"frequency", "Hz", 1, [](S m, U) { return m.frequency_Hz; }},
      {"overshoot", "%", 2, [](S m, U) { return 100 * m.overshoot_1; }},
      {"rise", "ms", 2, [](S m, U) { return 1e3 * m.rise_s; }},
      {"settling", "ms", 2, [](S m, U) { return 1e3 * m.settling_s; }}};
  return columns;
}

const char* hint_of(const MeasureColumn& c) {
  const std::string head = c.head;
  return head == "overshoot"   ? "beyond the mean of the last tenth before B, over the height of the step from A"
         : head == "rise"      ? "from 10 to 90 % of the step from A to the mean of the last tenth before B"
         : head == "settling"  ? "from A until it stays within 2 % of the step"
         : head == "rises"     ? "through the middle between min and max, with a tenth of hysteresis"
         : head == "frequency" ? "of these rises"
         : head == "sd"        ? "standard deviation"
                               : "";
}

const Stretch& measured(App& app, const std::string& name, std::pair<double, double> marks) {
  auto [known, is_new] = app.plots.measured.try_emplace(name);
  if (is_new) known->second = measure_stretch(app.main, name, marks.first, marks.second);
  return known->second;
}

}  // namespace

void draw_measures(App& app) {
  const Theme& t = theme();
  PlotsState& state = app.plots;
  const std::pair<double, double> marks{*app.mark_a_s, *app.mark_b_s};
  if (state.measured_marks != marks) {
    state.measured.clear();
    state.measured_marks = marks;
  }
  Plot& plot = state.plots[static_cast<std::size_t>(state.active)];
  const float unit = ImGui::GetFontSize(), width = ImGui::GetContentRegionAvail().x;
  const bool all = width > unit * 62;
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {all ? unit * 0.3f : ImGui::GetStyle().CellPadding.x, 1});
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {unit * 0.4f, 0});
  std::vector<MeasureColumn> columns;
  for (const MeasureColumn& c : measure_columns())
    if (all || c.page == state.measure_page) columns.push_back(c);
  if (ImGui::BeginTable("measures", static_cast<int>(columns.size()) + 1,
                        ImGuiTableFlags_SizingStretchProp | ImGuiTableFlags_BordersInnerH)) {
    ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthStretch, all ? 2.2f : 1.6f);
    for (const MeasureColumn& c : columns) ImGui::TableSetupColumn(c.head, ImGuiTableColumnFlags_WidthStretch, 1);
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    if (ImGui::SmallButton("Copy")) ImGui::SetClipboardText(measures_csv(app).c_str());
    tooltip("Copies the whole table as CSV to the clipboard.");
    if (!all) {
      ImGui::SameLine();
      if (ImGui::SmallButton(measure_pages[state.measure_page])) state.measure_page = (state.measure_page + 1) % 3;
      tooltip("levels, edges, step: the next page of the table");
    }
    for (const MeasureColumn& c : columns) {
      ImGui::TableNextColumn();
      text(Font::small, t.dim, fit_text(Font::small, c.head, ImGui::GetContentRegionAvail().x));
      tooltip(hint_of(c));
    }
    for (const std::string& name : plot.signals) {
      if (!can_read(*app.main.recording, name)) continue;
      const Stretch& m = measured(app, name, marks);
      const DisplayUnit u = shown_unit(*app.main.recording, name);
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      const std::string label = label_of(name) + (u.text.empty() ? "" : ", " + u.text);
      text(Font::small, signal_colour(name), fit_text(Font::small, label, ImGui::GetContentRegionAvail().x));
      tooltip(m.by_stroke ? fmt::format("{}: {} strokes, each counts once", name, m.count)
                          : name + ": weighted by the time for which each value is held");
      for (const MeasureColumn& c : columns) {
        ImGui::TableNextColumn();
        const double v = c.value(m, u);
        const std::string number = std::isnan(v)      ? "–"
                                   : c.unit[0] == '1' ? fmt::format("{:.0f}", v)
                                                      : format_number(v) + (c.unit[0] ? std::string(" ") + c.unit : "");
        text(Font::small_number, t.ink, fit_text(Font::small_number, number, ImGui::GetContentRegionAvail().x));
        tooltip(std::isnan(v) ? "" : fmt::format("{} {}", v, c.unit[0] == '1' ? "" : c.unit[0] ? c.unit : u.text));
      }
    }
    ImGui::EndTable();
  }
  ImGui::PopStyleVar(2);
}

std::string measures_csv(App& app) {
  if (!app.mark_a_s || !app.mark_b_s || app.plots.plots.empty()) return "";
  std::string out = "signal,unit";
  for (const MeasureColumn& c : measure_columns()) {
    std::string head = c.head;
    if (head == "B − A") head = "B-A";
    out += "," + head + (c.unit[0] && c.unit[0] != '1' ? std::string(" ") + c.unit : "");
  }
  out += "\n";
  for (const std::string& name : app.plots.plots[static_cast<std::size_t>(app.plots.active)].signals) {
    if (!can_read(*app.main.recording, name)) continue;
    const Stretch m = measure_stretch(app.main, name, *app.mark_a_s, *app.mark_b_s);
    const DisplayUnit u = shown_unit(*app.main.recording, name);
    out += name + "," + u.text;
    for (const MeasureColumn& c : measure_columns()) {
      const double v = c.value(m, u);
      out += std::isnan(v) ? "," : fmt::format(",{}", v);
    }
    out += "\n";
  }
  return out;
}

}  // namespace pensim::dashboard
