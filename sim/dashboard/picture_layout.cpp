#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/dashboard/picture.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim::dashboard {
namespace {

double at(const Recording& r, const char* name, Tick tick, double otherwise = 0) {
  if (!r.has(name)) return otherwise;
  const double value = static_cast<double>(r.at(name, tick));
  return std::isfinite(value) ? value : otherwise;
}

// The last stroke that began at or before `tick`; -1 if there is none.
int stroke_at(const std::vector<StrokeRow>& strokes, Tick tick) {
  const auto it =
      std::upper_bound(strokes.begin(), strokes.end(), tick, [](Tick t, const StrokeRow& s) { return t < s.begin; });
  return static_cast<int>(it - strokes.begin()) - 1;
}

// Between the boundaries of a stroke the cam turns evenly; outside of one the angle is that of the extension below the
// screw's.
double cam_angle(const Recording& r, const PenView& view, const PenMoment& m, Tick tick, int stroke) {
  const auto& strokes = r.strokes();
  if (stroke >= 0 && tick < strokes[static_cast<std::size_t>(stroke)].end) {
    const StrokeRow& s = strokes[static_cast<std::size_t>(stroke)];
    return 2 * std::numbers::pi * static_cast<double>(tick - s.begin) /
           static_cast<double>(std::max<Tick>(s.end - s.begin, 1));
  }
  const double driven =
      std::clamp(1 - (m.extension_m - m.screw_m + 2 * view.eccentricity_m) / view.eccentricity_m, -1.0, 1.0);
  const bool out = at(r, "needle.extension", std::max<Tick>(tick - 1, 0)) <= m.extension_m;
  const double angle = std::acos(driven);
  return out ? angle : 2 * std::numbers::pi - angle;
}

}  // namespace

PenMoment pen_moment(const Recording& r, const PenView& view, double at_s) {
  PenMoment m;
  if (r.ticks() <= 0) return m;
  const Tick tick =
      std::clamp<Tick>(static_cast<Tick>(std::floor(at_s / seconds(r.tick_ns()) + 1e-6)), 0, r.ticks() - 1);
  m.at_s = seconds(tick * r.tick_ns());
  m.has_depth = r.has("needle.extension") && r.has("needle.tip_depth");
  m.extension_m = at(r, "needle.extension", tick);
  m.tip_depth_m = at(r, "needle.tip_depth", tick);
  m.indentation_m = at(r, "skin.indentation", tick);
  m.tilt_rad = at(r, "operator.tilt", tick);
  m.gap_m = at(r, "nose.gap", tick, m.extension_m * std::cos(m.tilt_rad) - m.tip_depth_m);
  m.press_N = at(r, "hand.press", tick);
  m.force_N = at(r, "needle.force", tick);
  m.speed_Hz = at(r, "motor.speed", tick);
  m.has_set_depth = r.has("user.depth");
  m.set_depth_m = at(r, "user.depth", tick);
  m.screw_m = at(r, "screw.position", tick, m.set_depth_m);
  m.glide_m_per_s = at(r, "operator.glide", tick);
  m.contact = view.rig ? m.tip_depth_m > 0 : at(r, "skin.contact", tick) != 0;
  m.in_skin = at(r, "needle.in_skin", tick);
  m.penetration_max_m = at(r, "needle.penetration_max", tick);

  const std::size_t needles = view.along_m.size();
  const auto& strokes = r.strokes();
  const int stroke = stroke_at(strokes, tick);
  m.penetration_m.assign(needles, 0.0);
  m.each_needle = r.has("needle.0.penetration");
  double peak = 0;
  for (std::size_t i = 0; i < needles; ++i) {
    if (m.each_needle)
      m.penetration_m[i] = at(r, needle_penetration_signal(static_cast<int>(i)).c_str(), tick);
    else if (stroke >= 0 && i < needles_max)
      peak = std::max(
          peak, m.penetration_m[i] = static_cast<double>(strokes[static_cast<std::size_t>(stroke)].needle_peak[i]));
  }
  if (!m.each_needle) {  // in the ratio of the peaks of this stroke; none known: all as the mean
    const bool ratio = peak > 0 && static_cast<int>(needles) <= r.stroke_needles();
    const double mean = at(r, "needle.penetration", tick);
    const int in = static_cast<int>(m.in_skin);
    std::vector<double> sorted = m.penetration_m;
    std::sort(sorted.rbegin(), sorted.rend());
    const double least = in > 0 && in <= static_cast<int>(needles) ? sorted[static_cast<std::size_t>(in - 1)] : 0;
    for (double& p : m.penetration_m) p = in == 0 ? 0 : !ratio ? mean : p >= least ? p / peak * m.penetration_max_m : 0;
  }
  m.cam_rad = view.rig ? 0 : cam_angle(r, view, m, tick, stroke);
  for (int s = stroke - 1; s >= 0 && m.channels.size() < 64; --s) {
    const StrokeRow& row = strokes[static_cast<std::size_t>(s)];
    const double age = seconds((tick - (row.begin + row.end) / 2) * r.tick_ns());
    if (age > 2 * view.hole_closing_s || r.stroke_needles() < static_cast<int>(needles)) break;
    PenMoment::Channel channel{age, {}};
    for (std::size_t i = 0; i < needles; ++i) channel.depth_m.push_back(static_cast<double>(row.needle_peak[i]));
    m.channels.push_back(std::move(channel));
  }
  return m;
}

Point of_pen(const PictureLayout& layout, double x, double z) {
  const double s = std::sin(layout.tilt_rad), c = std::cos(layout.tilt_rad);
  return {layout.nose.x + x * c - z * s, layout.nose.z + z * c + x * s};
}

PictureLayout picture_layout(const PenView& view, const PenMoment& m) {
  PictureLayout out;
  out.tilt_rad = m.tilt_rad;
  out.nose = {0, -m.gap_m};
  out.sink_m = std::max(0.0, -m.gap_m);
  const double beyond = m.indentation_m - out.sink_m;
  out.patch_m = out.sink_m + (beyond > 0 ? 0.65 * beyond : beyond);
  if (m.in_skin == 0 && m.indentation_m <= 0 && out.sink_m == 0) out.patch_m = m.indentation_m;

  double closest = 1e9;
  for (const double across : view.across_m)
    if (std::fabs(across) < closest - 1e-9) closest = std::fabs(across), out.cut_across_m = across;
  for (std::size_t i = 0; i < view.along_m.size(); ++i) {
    NeedleLayout n;
    n.index = static_cast<int>(i);
    n.across_m = view.across_m[i];
    n.cut = std::fabs(n.across_m - out.cut_across_m) < 1e-9;
    n.tip = of_pen(out, view.along_m[i], m.extension_m);
    n.root = of_pen(out, view.along_m[i], m.extension_m - view.needle_length_m);
    n.penetration_m = i < m.penetration_m.size() ? m.penetration_m[i] : 0;
    // A needle in the skin says where the surface is; one that only pushes takes it along; one above it leaves it
    // alone.
    n.surface_m = n.penetration_m > 0
                      ? n.tip.z - n.penetration_m
                      : std::max(out.patch_m, std::min(n.tip.z, std::max(m.indentation_m, out.patch_m)));
    out.needles.push_back(n);
  }
  std::stable_sort(out.needles.begin(), out.needles.end(), [&](const NeedleLayout& a, const NeedleLayout& b) {
    return std::fabs(a.across_m - out.cut_across_m) > std::fabs(b.across_m - out.cut_across_m);
  });
  for (const PenMoment::Channel& channel : m.channels) {
    for (const NeedleLayout& n : out.needles) {
      const double depth = channel.depth_m[static_cast<std::size_t>(n.index)];
      if (!n.cut || depth <= 0) continue;
      out.hole_x_m.push_back(n.tip.x - m.glide_m_per_s * channel.age_s);
      out.hole_fresh.push_back(std::exp(-channel.age_s / view.hole_closing_s));
      out.hole_m.push_back(depth * out.hole_fresh.back());
    }
  }
  return out;
}

SurfaceAt surface_parts(const PenView& view, const PictureLayout& layout, double x) {
  // Under the nose the sink, from its inner edge on the patch, beyond its outer edge back to 0.
  const double tilt = std::tan(layout.tilt_rad), r = std::fabs(x);
  const double inner = view.nose_inner_m > 0 ? view.nose_inner_m : view.footprint_radius_m,
               outer = std::max(view.nose_outer_m, inner);
  const auto smooth = [](double t) {
    t = std::clamp(t, 0.0, 1.0);
    return t * t * (3 - 2 * t);
  };
  const double face = std::max(0.0, layout.nose.z + x * tilt);  // the face of the nose at x
  double z;
  if (r < inner) {
    const double plate = std::min(view.footprint_radius_m, inner * 0.9);
    z = layout.patch_m +
        (face - layout.patch_m) *
            (view.nose_inner_m > 0 ? smooth((r - plate * 0.75) / (inner - plate * 0.75)) : smooth(r / inner));
  } else if (r < outer) {
    z = face;
  } else {
    const double edge = std::max(0.0, layout.nose.z + (x > 0 ? outer : -outer) * tilt);
    z = edge * std::exp(-(r - outer) / 1.6e-3);
  }
  // Each needle draws the surface to where it is.
  const double width = std::max(2.2 * view.shaft_diameter_m, 0.3e-3);
  double away = 0, sum = 0;
  for (const NeedleLayout& n : layout.needles) {
    if (!n.cut) continue;
    const double w = std::exp(-std::fabs(x - n.tip.x) / (0.45 * width));
    away += w * w * (n.surface_m - z);
    sum += w;
    if (std::fabs(x - n.tip.x) < 1e-9) return {z, n.surface_m - z};
  }
  return {z, sum > 0 ? away / std::max(sum, 1.0) : 0};
}

}  // namespace pensim::dashboard
