#include "sim/dashboard/legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "sim/dashboard/compare.h"
#include "sim/dashboard/curve.h"
#include "sim/dashboard/value_names.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"

namespace pensim::dashboard {

std::string label_of(const std::string& name) {
  static const std::pair<const char*, const char*> known[] = {{"user.depth", "set depth"},
                                                              {"screw.position", "screw"},
                                                              {"needle.extension", "extension"},
                                                              {"needle.tip_depth", "tip depth"},
                                                              {"skin.indentation", "indentation"},
                                                              {"needle.penetration", "penetration, mean"},
                                                              {"needle.penetration_max", "penetration, deepest"},
                                                              {"needle.force", "needle force"},
                                                              {"hand.press", "hand press"},
                                                              {"stroke.rate", "stroke rate"},
                                                              {"user.rate", "set rate"},
                                                              {"stroke.period", "period"},
                                                              {"stroke.dwell", "dwell"},
                                                              {"stroke.drag", "drag"},
                                                              {"stroke.jitter", "jitter"},
                                                              {"motor.speed", "speed"},
                                                              {"motor.current", "current"},
                                                              {"motor.voltage", "voltage"},
                                                              {"battery.voltage", "battery"},
                                                              {"core.pwm_duty", "duty"},
                                                              {"skin.channel_depth", "channel depth"},
                                                              {"insertion.travel", "machine"},
                                                              {"insertion.force", "machine force"},
                                                              {"insertion.nose_force", "nose force"},
                                                              {"insertion.energy", "work"}};
  for (const auto& [signal, label] : known)
    if (name == signal) return label;
  return name;
}

LegendNumbers legend_numbers(App& app, const Plot& plot, const std::string& name, double at) {
  const DisplayUnit unit = shown_unit(*app.main.recording, name);
  const bool words = is_switch(name) || !value_names(app, name).empty();
  const auto read = [&](const Document& d) {
    return d.recording && can_read(*d.recording, name) ? value_at(d, name, at) : std::nan("");
  };
  const auto shown = [&](double value) {
    return std::isnan(value) ? std::string("–")
           : words           ? value_words(app, name, value)
                             : format_number(unit.shown(value));
  };
  if (!app.other.recording) return {shown(read(app.main)), "", ""};
  const double a = read(first_of(app)), b = read(second_of(app)), change = (b - a) * unit.factor;
  const std::string difference = std::isnan(change) ? "–"
                                 : words            ? std::string(a == b ? "=" : "differs")
                                                    : format_number(change, 3);
  if (plot.difference) return {difference, "", ""};
  return {shown(a), shown(b), difference};
}

std::string legend_label(const App& app, const std::string& name, double at) {
  if ((name == "stroke.rate" || name == "stroke.period") && !overdue_spans(app.main, at, at).empty())
    return label_of(name) + (name == "stroke.rate" ? ", at most" : ", at least");
  if (!is_per_stroke(*app.main.recording, name)) return label_of(name);
  const int stroke = whole_stroke_at(app.main, at);
  return stroke > 0 ? fmt::format("{}, stroke {}", label_of(name), stroke) : label_of(name);
}

std::string legend_hint(const App& app, const std::string& name, double at) {
  const Recording& r = *app.main.recording;
  const SignalInfo* info = r.find(name);
  std::string hint = name + (info ? "\n" + info->meaning : "\ndifference of successive periods");
  if (const int stroke = whole_stroke_at(app.main, at); stroke > 0 && is_per_stroke(r, name)) {
    const StrokeRow& row = r.strokes()[static_cast<std::size_t>(stroke) - 1];
    hint += fmt::format("\nof stroke {}, {} to {}: the last whole one", stroke,
                        format_time(seconds(row.begin * r.tick_ns()) + app.main.shift_s, 1e-4),
                        format_time(seconds(row.end * r.tick_ns()) + app.main.shift_s, 1e-4));
  }
  return hint + "\nDrag it onto another plot; middle click removes it.";
}

void draw_legend(App& app, Plot& plot, int index, const Rect& room) {
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool two = app.other.recording && !plot.difference;
  const float small = font(Font::small)->FontSize, line = std::floor(small * 1.22f), height = two ? 2 * line : line;
  const double at = app.plots.hover_s.value_or(app.cursor_s);
  const int count = static_cast<int>(plot.signals.size()),
            fit = std::max(1, static_cast<int>((room.height() + line * 0.2f) / height)),
            shown = count <= fit ? count : std::max(1, static_cast<int>((room.height() - line) / height));
  const bool hovered = ImGui::IsWindowHovered() && room.contains(ImGui::GetIO().MousePos);
  if (hovered && ImGui::GetIO().MouseWheel != 0) plot.legend_first -= ImGui::GetIO().MouseWheel > 0 ? 1 : -1;
  plot.legend_first = std::clamp(plot.legend_first, 0, count - shown);
  std::string removed;
  for (int i = 0; i < shown; ++i) {
    const std::string& name = plot.signals[static_cast<std::size_t>(i + plot.legend_first)];
    const float y = room.y0 + height * static_cast<float>(i);
    ImGui::SetCursorScreenPos({room.x0, y});
    ImGui::PushID(index * 1000 + i);
    if (ImGui::InvisibleButton("entry", {room.width(), height}))
      app.selected.signal = app.selected.signal == name ? "" : name;
    if (ImGui::IsItemClicked(ImGuiMouseButton_Middle)) removed = name;
    if (ImGui::BeginDragDropSource()) {
      ImGui::SetDragDropPayload("signal", name.c_str(), name.size() + 1);
      ImGui::TextUnformatted(name.c_str());
      ImGui::EndDragDropSource();
    }
    tooltip(legend_hint(app, name, at));
    if (ImGui::IsItemHovered() || app.selected.signal == name)
      list->AddRectFilled({room.x0, y}, {room.x1, y + height}, with_alpha(t.ink, 0.06f), 3);
    ImGui::PopID();
    const LegendNumbers numbers = legend_numbers(app, plot, name, at);
    const std::string unit = shown_unit(*app.main.recording, name).text;
    const float mark = small * 0.75f, label_x = room.x0 + 2 + mark * 1.6f,
                unit_width = text_size(Font::small, "mm/s").x, right = room.x1 - 2;
    list->AddRectFilled({room.x0 + 2, y + line / 2 - 1.5f * app.scale},
                        {room.x0 + 2 + mark, y + line / 2 + 1.5f * app.scale}, signal_colour(name), 1);
    const float unit_x = right - (two ? text_size(Font::small, unit).x : unit_width);
    draw_text(list, Font::small, unit_x, y + line * 0.1f, t.dim, fit_text(Font::small, unit, unit_width));
    const std::string label = legend_label(app, name, at);
    if (!two) {
      const float words_right =
          unit.empty() && !numbers.value.empty() && std::isalpha(static_cast<unsigned char>(numbers.value[0]))
              ? right
              : unit_x - small * 0.4f;
      const std::string value = fit_text(Font::small_number, numbers.value, (words_right - label_x) * 0.72f);
      const float x = words_right - text_size(Font::small_number, value).x;
      draw_text(list, Font::small_number, x, y + line * 0.1f, t.ink, value);
      draw_text(list, Font::small, label_x, y + line * 0.1f, t.dim, fit_text(Font::small, label, x - label_x - 4));
      continue;
    }
    draw_text(list, Font::small, label_x, y + line * 0.1f, t.dim, fit_text(Font::small, label, unit_x - label_x - 4));
    const std::pair<const char*, const std::string*> parts[] = {
        {"A", &numbers.value}, {"B", &numbers.second}, {"B−A", &numbers.change}};
    float x = label_x;
    for (int k = 0; k < 3; ++k) {
      const float width = (right - label_x) * (k == 2 ? 0.38f : 0.31f),
                  letter = text_size(Font::small, parts[k].first).x;
      draw_text(list, Font::small, x, y + line * 1.05f, t.faint, parts[k].first);
      draw_text(list, Font::small_number, x + letter + small * 0.3f, y + line * 1.05f, t.ink,
                fit_text(Font::small_number, *parts[k].second, width - letter - small * 0.5f));
      x += width;
    }
  }
  if (shown < count) {
    ImGui::SetCursorScreenPos({room.x0, room.y0 + height * static_cast<float>(shown)});
    ImGui::PushID(index * 1000 + 999);
    const std::string more = fmt::format("{} more: wheel or click", count - shown);
    if (ImGui::InvisibleButton("more", {room.width(), line}))
      plot.legend_first = plot.legend_first + shown < count ? std::min(plot.legend_first + shown, count - shown) : 0;
    draw_text(list, Font::small, room.x0 + 2, room.y0 + height * static_cast<float>(shown) + line * 0.1f,
              ImGui::IsItemHovered() ? t.ink : t.dim, fit_text(Font::small, more, room.width()));
    ImGui::PopID();
  }
  if (!removed.empty()) std::erase(plot.signals, removed);
}

}  // namespace pensim::dashboard
