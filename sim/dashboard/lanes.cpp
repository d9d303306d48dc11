#include "sim/dashboard/lanes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/legend.h"
#include "sim/dashboard/value_names.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/quantity.h"

namespace pensim::dashboard {
namespace {

struct LaneSpan {
  float x0 = 0, x1 = 0;
  bool changing = false;  // more than one value in one pixel
  float value = 0;
};

std::vector<LaneSpan> lane_spans(const Curve& c, const Axis& x) {
  std::vector<LaneSpan> spans;
  const auto add = [&](float x0, float x1, bool changing, float value) {
    if (!spans.empty() && spans.back().changing == changing && (changing || spans.back().value == value) &&
        x0 - spans.back().x1 < 0.5f)
      spans.back().x1 = x1;
    else
      spans.push_back({x0, x1, changing, value});
  };
  if (c.samples) {
    for (std::size_t i = 0; i + 1 < c.value.size(); ++i)
      if (std::isfinite(c.value[i])) add(x.pixel(c.at_s[i]), x.pixel(c.at_s[i + 1]), false, c.value[i]);
  } else {
    const float step = (x.pixel_to - x.pixel_from) / static_cast<float>(c.columns);
    for (int i = 0; i < c.columns; ++i) {
      const MinMax& m = c.column[static_cast<std::size_t>(i)];
      if (std::isfinite(m.min))
        add(x.pixel_from + step * static_cast<float>(i), x.pixel_from + step * static_cast<float>(i + 1),
            m.min != m.max, m.max);
    }
  }
  return spans;
}

// How long a switch or state lasts at the pointer, and how often it comes.
void pulse_tooltip(App& app, const std::string& name, double at) {
  const std::optional<Pulse> pulse = pulse_at(app.main, name, at);
  if (!pulse) return;
  std::string words = fmt::format("{}: {} for {}\n{} to {}", label_of(name), value_words(app, name, pulse->value),
                                  format_quantity(pulse->to_s - pulse->from_s, "s"), format_time(pulse->from_s, 1e-5),
                                  format_time(pulse->to_s, 1e-5));
  if (pulse->next_s)
    words += fmt::format("\nperiod {}, {} Hz, duty {} %", format_quantity(*pulse->next_s - pulse->from_s, "s"),
                         format_number(1 / (*pulse->next_s - pulse->from_s)),
                         format_number(100 * (pulse->to_s - pulse->from_s) / (*pulse->next_s - pulse->from_s), 3));
  ImGui::BeginTooltip();
  ImGui::TextUnformatted(words.c_str());
  ImGui::EndTooltip();
}

}  // namespace

void draw_lane(App& app, ImDrawList* list, const Rect& lane, const Axis& x, const std::string& name, float gutter) {
  const Theme& t = theme();
  const float small = font(Font::small)->FontSize;
  const std::string label = name.substr(name.rfind('.') + 1);
  const std::string shown = fit_text(Font::small, label, gutter - small * 0.5f);
  const float text_y = (lane.y0 + lane.y1 - small) / 2;
  draw_text(list, Font::small, lane.x0 - small * 0.4f - text_size(Font::small, shown).x, text_y, t.dim, shown);
  const bool onoff = is_switch(name);
  const int columns = std::max(1, static_cast<int>(lane.width()));
  struct Half {
    const Document* document;
    float strength;
  };
  std::vector<Half> halves{{&app.main, 1}};
  for (const auto& [document, strength] : {Half{&app.other, 1}, Half{&app.ghost, 0.45f}})
    if (document->recording && can_read(*document->recording, name)) halves.push_back({document, strength});
  const float height = lane.height() / static_cast<float>(halves.size());
  list->PushClipRect({lane.x0, lane.y0}, {lane.x1, lane.y1}, true);
  for (std::size_t h = 0; h < halves.size(); ++h) {
    const float y0 = lane.y0 + height * static_cast<float>(h), y1 = y0 + height - 1;
    for (const LaneSpan& s :
         lane_spans(read_curve(app.plots, *halves[h].document, name, app.time.from_s, app.time.to_s, columns), x)) {
      const float x0 = std::max(s.x0, lane.x0), x1 = std::min(std::max(s.x1, s.x0 + 1), lane.x1);
      if (x1 <= x0) continue;
      if (onoff) {
        const ImU32 ink = with_alpha(signal_colour(name), halves[h].strength);
        if (s.changing || s.value > 0.5f)
          list->AddRectFilled({x0, y0}, {x1, y1}, with_alpha(ink, s.changing ? 0.35f : 0.6f));
        list->AddLine({x0, s.value > 0.5f ? y0 + 0.5f : y1 - 0.5f}, {x1, s.value > 0.5f ? y0 + 0.5f : y1 - 0.5f}, ink);
        continue;
      }
      const ImU32 ink =
          s.changing ? t.dim
                     : t.palette[1 + static_cast<std::size_t>(std::abs(std::lround(s.value))) % (palette_size - 1)];
      list->AddRectFilled({x0, y0}, {std::max(x1 - 1, x0 + 1), y1}, with_alpha(ink, 0.32f * halves[h].strength), 2);
      list->AddRectFilled({x0, y0}, {std::min(x0 + 2, x1), y1}, with_alpha(ink, halves[h].strength));
      if (!s.changing && height >= small)
        draw_text(list, Font::small, x0 + 5, (y0 + y1 - small) / 2, t.ink,
                  fit_text(Font::small, value_words(app, name, static_cast<double>(s.value)), x1 - x0 - 8));
    }
  }
  list->PopClipRect();
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (ImGui::IsWindowHovered() && lane.contains(mouse) && !ImGui::IsMouseDown(0))
    pulse_tooltip(app, name, x.value(mouse.x));
}

}  // namespace pensim::dashboard
