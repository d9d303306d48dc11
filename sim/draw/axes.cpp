#include "sim/draw/axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pensim::dashboard {
namespace {

double stretch(const Axis& axis, double value) { return axis.log ? std::log10(std::max(value, 1e-300)) : value; }

// 2e-05 as 2·10⁻⁵.
std::string power_of_ten(double value) {
  static constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(value)) + 1e-9));
  const std::string mantissa = fmt::format("{:.3g}", value / std::pow(10.0, exponent));
  std::string out = mantissa == "1" ? "10" : mantissa == "-1" ? "-10" : mantissa + "·10";
  if (exponent < 0) out += "⁻";
  for (const char c : fmt::format("{}", std::abs(exponent))) out += digits[c - '0'];
  return out;
}

std::string log_label(double value) {
  return value >= 0.999e-3 && value < 1.001e4 ? fmt::format("{:g}", value) : power_of_ten(value);
}

std::string tick_label(double value, double step) {
  if (std::fabs(value) < step * 1e-6) value = 0;
  const double largest = std::max(std::fabs(value), step);
  if (value != 0 && (largest >= 1e6 || step < 1e-5)) return power_of_ten(value);
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

float Axis::pixel(double value) const {
  const double a = stretch(*this, from), b = stretch(*this, to);
  const double share = b == a ? 0.5 : (stretch(*this, value) - a) / (b - a);
  return static_cast<float>(std::clamp(pixel_from + share * (pixel_to - pixel_from), -1e6, 1e6));
}

double Axis::value(float p) const {
  const double a = stretch(*this, from), b = stretch(*this, to);
  const double v =
      a + (b - a) * (pixel_to == pixel_from ? 0.5 : (p - pixel_from) / (static_cast<double>(pixel_to) - pixel_from));
  return log ? std::pow(10.0, v) : v;
}

std::vector<AxisTick> axis_ticks(const Axis& axis, float distance) {
  std::vector<AxisTick> ticks;
  const double pixels = std::fabs(static_cast<double>(axis.pixel_to) - axis.pixel_from);
  if (!(pixels > 0) || !std::isfinite(axis.from) || !std::isfinite(axis.to) || axis.from == axis.to) return ticks;
  const double low = std::min(axis.from, axis.to), high = std::max(axis.from, axis.to);
  if (axis.log && low > 0) {
    const double decades = std::log10(high / low);
    const double wanted = std::max(pixels / distance, 1.0);
    const int first = static_cast<int>(std::floor(std::log10(low) - 1e-9)),
              last = static_cast<int>(std::ceil(std::log10(high) + 1e-9));
    const int every = std::max(1, static_cast<int>(std::ceil(decades / wanted)));
    const bool inner = every == 1;  // 2..9 as lines; 2 and 5 with labels where there is room
    const bool labels_2_5 = inner && wanted / std::max(decades, 1e-9) >= 4;
    for (int decade = first; decade <= last && ticks.size() < 2000; ++decade) {
      for (int digit = 1; digit <= (inner ? 9 : 1); ++digit) {
        const double value = digit * std::pow(10.0, decade);
        if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
        const bool labelled =
            (digit == 1 && (decade - first) % every == 0) || (labels_2_5 && (digit == 2 || digit == 5));
        ticks.push_back({value, labelled ? log_label(value) : "", !labelled});
      }
    }
    return ticks;
  }
  const double least = (high - low) * std::min(distance / pixels, 1.0);
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  const double step = power * (least <= power * 1.0000001 ? 1 : least <= power * 2 ? 2 : least <= power * 5 ? 5 : 10);
  if (!(step > 0) || !std::isfinite(step)) return ticks;
  const double first = std::ceil(low / step - 1e-9);
  for (int i = 0; i < 1000; ++i) {
    const double value = (first + i) * step;
    if (value > high + step * 1e-9) break;
    ticks.push_back({value, tick_label(value, step), false});
  }
  return ticks;
}

void round_limits(double& low, double& high) {
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) {
    low = 0;
    high = 1;
    return;
  }
  if (high - low <= 1e-9 * std::max(std::fabs(low), std::fabs(high)) || high == low) {
    const double margin = low == 0 ? 1.0 : std::fabs(low) * 0.1;
    low -= margin;
    high += margin;
  }
  const double span = high - low, power = std::pow(10.0, std::floor(std::log10(span / 5)));
  const double ratio = span / 5 / power, step = power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10) / 2;
  low = std::floor(low / step - 0.1) * step;
  high = std::ceil(high / step + 0.1) * step;
}

ImVec2 text_size(Font which, const std::string& text) {
  ImFont* f = font(which);
  const ImVec2 size = f->CalcTextSizeA(f->FontSize, 1e9f, 0, text.c_str());
  return {std::ceil(size.x), size.y};
}

void draw_text(ImDrawList* list, Font which, float x, float y, ImU32 colour, const std::string& text) {
  ImFont* f = font(which);
  list->AddText(f, f->FontSize, {std::floor(x + 0.5f), std::floor(y + 0.5f)}, colour, text.c_str());
}

std::string fit_text(Font which, const std::string& text, float width) {
  if (text_size(which, text).x <= width) return text;
  std::string cut = text;
  while (!cut.empty()) {
    while (!cut.empty() && (cut.back() & 0xc0) == 0x80) cut.pop_back();  // the rest of a UTF-8 character
    if (!cut.empty()) cut.pop_back();
    while (!cut.empty() && cut.back() == ' ') cut.pop_back();
    if (text_size(which, cut + "…").x <= width) return cut.empty() ? "" : cut + "…";
  }
  return "";
}

void draw_x_labels(ImDrawList* list, const Rect& plot, const Axis& x, Font labels) {
  const float line = font(labels)->FontSize, gap = std::floor(line * 0.4f);
  float free_from = -1e9f;  // labels never touch
  for (const AxisTick& tick : axis_ticks(x, line * 5.5f)) {
    if (tick.label.empty()) continue;
    const float width = text_size(labels, tick.label).x,
                left = std::min(std::floor(x.pixel(tick.value)) + 0.5f - width / 2, list->GetClipRectMax().x - width);
    if (left < free_from) continue;
    draw_text(list, labels, left, plot.y1 + gap, theme().dim, tick.label);
    free_from = left + width + line * 0.8f;
  }
}

void draw_axes(ImDrawList* list, const Rect& plot, const Axis& x, const Axis& y, Font labels, bool x_labels) {
  const Theme& t = theme();
  const float line = font(labels)->FontSize, gap = std::floor(line * 0.4f),
              hair = std::max(1.0f, std::floor(line / 12));
  const auto at = [](float p) { return std::floor(p) + 0.5f; };
  for (const AxisTick& tick : axis_ticks(x, line * 5.5f)) {
    const float p = at(x.pixel(tick.value));
    list->AddLine({p, plot.y0}, {p, plot.y1}, tick.minor ? with_alpha(t.grid, 0.6f) : t.grid, hair);
  }
  if (x_labels) draw_x_labels(list, plot, x, labels);
  for (const AxisTick& tick : axis_ticks(y, line * 1.9f)) {
    const float p = at(y.pixel(tick.value));
    list->AddLine({plot.x0, p}, {plot.x1, p}, tick.minor ? with_alpha(t.grid, 0.6f) : t.grid, hair);
    if (tick.label.empty()) continue;
    const ImVec2 size = text_size(labels, tick.label);
    const float top = std::clamp(p - size.y / 2, plot.y0 - size.y / 2, plot.y1 - size.y / 2);
    draw_text(list, labels, plot.x0 - gap - size.x, top, t.dim, tick.label);
  }
  list->AddLine({at(plot.x0), plot.y0}, {at(plot.x0), plot.y1}, t.border, hair);
  list->AddLine({plot.x0, at(plot.y1)}, {plot.x1, at(plot.y1)}, t.border, hair);
}

void draw_dashed(ImDrawList* list, const ImVec2* points, int count, ImU32 colour, float thickness, float on,
                 float off) {
  float left = on;
  bool drawing = true;
  for (int i = 1; i < count; ++i) {
    ImVec2 a = points[i - 1];
    const ImVec2 b = points[i];
    float length = std::hypot(b.x - a.x, b.y - a.y);
    if (!(length < 1e5f)) continue;
    while (length > 0) {
      const float step = std::min(left, length), share = step / length;
      const ImVec2 next = {a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share};
      if (drawing) list->AddLine(a, next, colour, thickness);
      a = next;
      length -= step;
      left -= step;
      if (left <= 0) {
        drawing = !drawing;
        left = drawing ? on : off;
      }
    }
  }
}

}  // namespace pensim::dashboard
