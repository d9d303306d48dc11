#include "sim/dashboard/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "sim/dashboard/panels.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"

namespace pensim::dashboard {
namespace {

constexpr ImU32 rgb(unsigned hex) { return IM_COL32(hex >> 16 & 255, hex >> 8 & 255, hex & 255, 255); }

struct Paint {  // what the picture adds to the theme
  ImU32 corneum, epidermis, dermis, fat, bone, cut_edge, steel, steel_edge, nose, nose_edge, plate, hole;
};
const Paint dark_paint = {rgb(0xc9a183), rgb(0xa8615a), rgb(0x6e3f42), rgb(0x6a5a34), rgb(0x8c8675), rgb(0xe7c6ae),
                          rgb(0xd5dce4), rgb(0x7d8996), rgb(0x2c3540), rgb(0x66727f), rgb(0x46525f), rgb(0x2a1517)};
const Paint light_paint = {rgb(0xd9b08c), rgb(0xd98d80), rgb(0xf2c6bd), rgb(0xf7e3a6), rgb(0xe9e2cf), rgb(0x9a5f45),
                           rgb(0x8794a2), rgb(0x3f4a56), rgb(0xd9e0e8), rgb(0x6f7c8a), rgb(0xaab5c1), rgb(0x8b3f3c)};

// A window onto the picture: metres to pixels, the same both ways.
struct View {
  Rect room;
  double x = 0, z = 0;  // in the middle of the room
  double pixels_per_m = 1;
  ImVec2 at(Point p) const {
    return {static_cast<float>((room.x0 + room.x1) / 2 + (p.x - x) * pixels_per_m),
            static_cast<float>((room.y0 + room.y1) / 2 + (p.z - z) * pixels_per_m)};
  }
  double left() const { return x - room.width() / 2 / pixels_per_m; }
  double right() const { return x + room.width() / 2 / pixels_per_m; }
  double top() const { return z - room.height() / 2 / pixels_per_m; }
  double bottom() const { return z + room.height() / 2 / pixels_per_m; }
};

struct Scene {
  ImDrawList* list;
  const Theme& t;
  const Paint& paint;
  const PenView& pen;
  const PenMoment& moment;
  const PictureLayout& layout;
  float unit;                 // size of the small font
  std::vector<Rect>& labels;  // of this view so far
  Rect& room;                 // of this view
};

void arrow(ImDrawList* list, ImVec2 from, ImVec2 to, ImU32 colour, float thick) {
  const float dx = to.x - from.x, dy = to.y - from.y, length = std::hypot(dx, dy);
  if (length < 1) return;
  const float ux = dx / length, uy = dy / length, head = std::min(length, thick * 4);
  const ImVec2 neck{to.x - ux * head, to.y - uy * head};
  list->AddLine(from, neck, colour, thick);
  list->AddTriangleFilled(to, {neck.x - uy * head * 0.5f, neck.y + ux * head * 0.5f},
                          {neck.x + uy * head * 0.5f, neck.y - ux * head * 0.5f}, colour);
}

bool taken(const Scene& s, const Rect& room) {
  return std::any_of(s.labels.begin(), s.labels.end(), [&](const Rect& r) {
    return room.x0 < r.x1 && r.x0 < room.x1 && room.y0 < r.y1 && r.y0 < room.y1;
  });
}

// Text on a patch of the background, so that it can be read over anything. It gives way to those that are there, up or
// down; where there is no room for it, it is left out: what matters more is drawn first.
void label(const Scene& s, float x, float y, ImU32 colour, const std::string& words, Font which = Font::small_number) {
  const ImVec2 size = text_size(which, words);
  const float step = size.y + 3;
  x = std::clamp(x, s.room.x0 + 4, std::max(s.room.x0 + 4, s.room.x1 - size.x - 4));
  for (const int k : {0, 1, -1, 2, -2, 3, -3}) {
    const float at = y + static_cast<float>(k) * step;
    const Rect patch{x - 3, at - 1, x + size.x + 3, at + size.y + 1};
    if (patch.y0 < s.room.y0 || patch.y1 > s.room.y1 || taken(s, patch)) continue;
    s.list->AddRectFilled({patch.x0, patch.y0}, {patch.x1, patch.y1}, with_alpha(s.t.panel, 0.78f), 3);
    draw_text(s.list, which, x, at, colour, words);
    s.labels.push_back(patch);
    return;
  }
}

// --- skin ---

// The boundaries of the layers follow the surface the less the deeper they lie; the dent of one needle fades first.
double layer_z(const SurfaceAt& s, double depth_m) {
  return depth_m + s.broad_m * std::exp(-depth_m / 5e-3) + s.local_m * std::exp(-depth_m / 0.4e-3);
}

void draw_skin(const Scene& s, const View& v) {
  const PenView& p = s.pen;
  const double sc = p.stratum_corneum_m, ep = sc + p.epidermis_m, de = ep + p.dermis_m, far = 1;
  const std::pair<double, ImU32> layers[] = {{0, s.paint.corneum},
                                             {sc, s.paint.epidermis},
                                             {ep, s.paint.dermis},
                                             {de, s.paint.fat},
                                             {p.bone_m > 0 ? p.bone_m : far, s.paint.bone}};
  const int columns = std::max(2, static_cast<int>(v.room.width() / 2));
  std::vector<SurfaceAt> surface;
  std::vector<float> px;
  for (int i = 0; i <= columns; ++i) {
    const double x = v.left() + (v.right() - v.left()) * i / columns;
    px.push_back(v.at({x, 0}).x);
    surface.push_back(surface_parts(p, s.layout, x));
  }
  // Columns side by side without smoothed edges, which would show as seams.
  const ImDrawListFlags flags = s.list->Flags;
  s.list->Flags &= ~ImDrawListFlags_AntiAliasedFill;
  for (int k = 0; k < 5; ++k) {
    const double below = k == 4 ? far : layers[k + 1].first;
    for (int i = 0; i < columns; ++i) {
      const auto a = static_cast<std::size_t>(i), b = a + 1;
      const auto y = [&](std::size_t c, double depth) {
        return std::clamp(v.at({0, layer_z(surface[c], depth)}).y, v.room.y0 - 5, v.room.y1 + 5);
      };
      const float y0 = y(a, layers[k].first), y1 = y(b, layers[k].first), y2 = y(b, below), y3 = y(a, below);
      if (y2 <= y1 && y3 <= y0) continue;
      s.list->AddQuadFilled({px[a], y0}, {px[b], y1}, {px[b], y2}, {px[a], y3}, layers[k].second);
    }
  }
  s.list->Flags = flags;
  // Fibres of the dermis, lobules of the fat: only where there is room for them.
  const auto inside = [&](Point q) { return v.room.contains(v.at(q)); };
  const ImU32 fibre = with_alpha(mix(s.paint.dermis, s.t.ink, 0.5f), 0.20f),
              lobule = with_alpha(mix(s.paint.fat, s.t.ink, 0.6f), 0.20f);
  if (p.dermis_m * v.pixels_per_m > 25) {
    const double step = 0.16e-3;
    for (int row = 1; ep + row * step < de - 0.05e-3; ++row) {
      for (double x = std::floor(v.left() / 0.5e-3) * 0.5e-3 + (row % 3) * 0.17e-3; x < v.right(); x += 0.5e-3) {
        ImVec2 points[6];
        bool all = true;
        for (int i = 0; i < 6; ++i) {
          const double q = x + i * 0.065e-3;
          const Point at{q,
                         layer_z(surface_parts(p, s.layout, q), ep + row * step) + 0.018e-3 * std::sin(q * 14e3 + row)};
          all = all && inside(at);
          points[i] = v.at(at);
        }
        if (all) s.list->AddPolyline(points, 6, fibre, 0, 1);
      }
    }
  }
  const double cell = 0.62e-3;
  const double fat_end = p.bone_m > 0 ? p.bone_m : v.bottom() + cell;
  for (int row = 0; row < 40; ++row) {
    const double depth = de + cell * (0.55 + 0.86 * row);
    if (depth + cell / 2 > fat_end || depth > v.bottom() + 2e-3) break;
    for (double x = std::floor(v.left() / cell) * cell + (row % 2) * cell / 2; x < v.right() + cell; x += cell) {
      const ImVec2 c = v.at({x, layer_z(surface_parts(p, s.layout, x), depth)});
      if (c.y > v.room.y0 && c.y < v.room.y1 + 30)
        s.list->AddCircle(c, static_cast<float>(cell * 0.47 * v.pixels_per_m), lobule, 24, 1);
    }
  }
  // Boundaries.
  std::vector<ImVec2> line(px.size());
  for (const double depth : {0.0, ep, de, p.bone_m > 0 ? p.bone_m : de}) {
    for (std::size_t i = 0; i < px.size(); ++i) line[i] = {px[i], v.at({0, layer_z(surface[i], depth)}).y};
    const bool top = depth == 0;
    s.list->AddPolyline(line.data(), static_cast<int>(line.size()),
                        top ? s.paint.cut_edge : with_alpha(s.paint.cut_edge, 0.45f), 0, top ? 1.6f : 1.0f);
  }
  // Channels of earlier strokes.
  for (std::size_t i = 0; i < s.layout.hole_x_m.size(); ++i) {
    const double x = s.layout.hole_x_m[i];
    if (x < v.left() || x > v.right()) continue;
    const double z = surface_m(p, s.layout, x), half = p.shaft_diameter_m * 0.32 * s.layout.hole_fresh[i];
    const ImU32 dark = with_alpha(s.paint.hole, 0.35f + 0.45f * static_cast<float>(s.layout.hole_fresh[i]));
    const ImVec2 a = v.at({x - half, z}), b = v.at({x + half, z}), c = v.at({x, z + s.layout.hole_m[i]});
    s.list->AddTriangleFilled({std::min(a.x, c.x - 0.8f), a.y}, {std::max(b.x, c.x + 0.8f), b.y}, c, dark);
  }
}

// Names and thickness at the right edge, each at its layer, pushed apart where layers are thin; without the thickness,
// or not at all, where other words stand.
void draw_layer_names(const Scene& s, const View& v) {
  const PenView& p = s.pen;
  const double sc = p.stratum_corneum_m, ep = sc + p.epidermis_m, de = ep + p.dermis_m;
  struct Name {
    double from, to;
    std::string words, size;
  };
  const auto length = [](double m) {
    return m < 0.1e-3 ? fmt::format(" {:.0f} µm", m * 1e6) : fmt::format(" {:.2f} mm", m * 1e3);
  };
  std::vector<Name> names = {{0, sc, "stratum corneum", length(sc)},
                             {sc, ep, "epidermis", length(ep - sc)},
                             {ep, de, "dermis", length(de - ep)},
                             {de, p.bone_m > 0 ? p.bone_m : 1, "fat", ""}};
  if (p.bone_m > 0) names.push_back({p.bone_m, 1, "bone", " at" + length(p.bone_m)});
  const SurfaceAt surface = surface_parts(p, s.layout, v.right());
  const float line = s.unit * 1.25f;
  float free = v.room.y0 + 2;
  for (const Name& n : names) {
    const double z0 = std::max(layer_z(surface, n.from), v.top()), z1 = std::min(layer_z(surface, n.to), v.bottom());
    if (z1 <= z0) continue;
    const float middle =
        std::clamp(v.at({0, n.to >= 1 ? z0 + std::min((z1 - z0) / 2, 14.0 / v.pixels_per_m) : (z0 + z1) / 2}).y,
                   v.room.y0 + line / 2, v.room.y1 - line / 2);
    const float y = std::max(middle - line / 2, free);
    if (y + line > v.room.y1) break;
    for (const std::string& words : {n.words + n.size, n.words}) {
      const ImVec2 size = text_size(Font::small, words);
      const float x = v.room.x1 - size.x - 6;
      if (x < v.room.x0 + 4 || taken(s, {x - 3, y - 1, x + size.x + 3, y + size.y + 1})) continue;
      if (std::fabs(y + line / 2 - middle) > 3)
        s.list->AddLine({v.room.x1 - 2, middle}, {v.room.x1 - 5, y + line / 2}, s.t.ink, 1);
      label(s, x, y, s.t.ink, words, Font::small);
      free = y + line + 1;
      break;
    }
  }
}

// --- pen ---

void fill_pen(const Scene& s, const View& v, std::initializer_list<Point> corners, ImU32 fill, ImU32 edge,
              float thick = 1) {
  ImVec2 points[8];
  int n = 0;
  for (const Point c : corners) points[n++] = v.at(of_pen(s.layout, c.x, c.z));
  s.list->AddConvexPolyFilled(points, n, fill);
  s.list->AddPolyline(points, n, edge, ImDrawFlags_Closed, thick);
}

void draw_needle(const Scene& s, const View& v, const NeedleLayout& n) {
  const PenView& p = s.pen;
  const double r = p.shaft_diameter_m / 2, tip = p.tip_diameter_m / 2,
               cone = std::max(0.0, (r - tip) / std::tan(std::max(p.half_cone_angle_rad, 0.01)));
  const double x = p.along_m[static_cast<std::size_t>(n.index)], z = s.moment.extension_m, root = z - p.needle_length_m;
  const double shoulder = std::max(z - cone, root);
  const float alpha = n.cut ? 1.0f : 0.30f;
  ImVec2 points[6];
  const Point corners[6] = {{x - r, root}, {x - r, shoulder}, {x - tip, z},
                            {x + tip, z},  {x + r, shoulder}, {x + r, root}};
  for (int i = 0; i < 6; ++i) points[i] = v.at(of_pen(s.layout, corners[i].x, corners[i].z));
  s.list->AddConvexPolyFilled(points, 6, with_alpha(s.paint.steel, alpha));
  if (!n.cut) return;
  // Light from the left: a bright line and a shaded edge.
  const Point shine[2] = {{x - r * 0.35, root}, {x - r * 0.35, shoulder}};
  s.list->AddLine(v.at(of_pen(s.layout, shine[0].x, shine[0].z)), v.at(of_pen(s.layout, shine[1].x, shine[1].z)),
                  with_alpha(IM_COL32_WHITE, 0.55f), std::max(1.0f, static_cast<float>(r * 0.3 * v.pixels_per_m)));
  s.list->AddPolyline(points, 6, s.paint.steel_edge, 0, 1);
}

void draw_pen(const Scene& s, const View& v) {
  const PenView& p = s.pen;
  const double far = 30e-3, inner = p.nose_inner_m, outer = p.nose_outer_m;
  for (const NeedleLayout& n : s.layout.needles) draw_needle(s, v, n);
  // The plate that carries the needles; its rod comes from the drive.
  double reach = p.shaft_diameter_m;
  for (const double a : p.along_m) reach = std::max(reach, std::fabs(a) + p.shaft_diameter_m);
  const double root = s.moment.extension_m - p.needle_length_m, half = reach + 0.25e-3;
  fill_pen(s, v, {{-half, root - 1.0e-3}, {half, root - 1.0e-3}, {half, root}, {-half, root}}, s.paint.plate,
           s.paint.nose_edge);
  fill_pen(s, v, {{-0.7e-3, -far}, {0.7e-3, -far}, {0.7e-3, root - 1.0e-3}, {-0.7e-3, root - 1.0e-3}}, s.paint.plate,
           s.paint.nose_edge);
  if (inner > 0) {
    const double round = std::min(0.35e-3, (outer - inner) / 3);
    for (const double side : {-1.0, 1.0})
      fill_pen(s, v,
               {{side * inner, -far},
                {side * (outer + 0.6e-3), -far},
                {side * (outer + 0.6e-3), -3.2e-3},
                {side * outer, -round},
                {side * (outer - round), 0},
                {side * (inner + round), 0},
                {side * inner, -round}},
               s.paint.nose, s.paint.nose_edge, 1.3f);
  }
}

// --- dimensions ---

// A vertical dimension between two depths at pixel x, with its value beside it.
void dimension(const Scene& s, const View& v, float x, double z0, double z1, ImU32 colour, const std::string& words,
               bool left) {
  const float y0 = v.at({0, z0}).y, y1 = v.at({0, z1}).y, bar = 4;
  s.list->AddLine({x - bar, y0}, {x + bar, y0}, colour, 1.3f);
  s.list->AddLine({x - bar, y1}, {x + bar, y1}, colour, 1.3f);
  if (std::fabs(y1 - y0) > 14) {
    const float d = y1 > y0 ? 1.0f : -1.0f;
    arrow(s.list, {x, (y0 + y1) / 2}, {x, y1 - d}, colour, 1.3f);
    arrow(s.list, {x, (y0 + y1) / 2}, {x, y0 + d}, colour, 1.3f);
  } else {
    s.list->AddLine({x, y0}, {x, y1}, colour, 1.3f);
  }
  const ImVec2 size = text_size(Font::small_number, words);
  const float y = std::clamp((y0 + y1) / 2 - size.y / 2, v.room.y0 + 2, v.room.y1 - size.y - 2);
  const float beside =
      left && x - size.x - 8 > v.room.x0 + 4 ? x - size.x - 8 : std::min(x + 8, v.room.x1 - size.x - 6);
  label(s, beside, y, colour, words);
}

std::string mm(double m) { return fmt::format("{:.2f} mm", m * 1e3 + 0.0); }

void draw_scale_bar(const Scene& s, const View& v) {
  const double wanted = 70 / v.pixels_per_m, power = std::pow(10.0, std::floor(std::log10(wanted))),
               length = power * (wanted >= 5 * power   ? 5
                                 : wanted >= 2 * power ? 2
                                                       : 1);
  const float w = static_cast<float>(length * v.pixels_per_m), x = v.room.x0 + 10, y = v.room.y1 - 9;
  const std::string words =
      length >= 1e-3 ? fmt::format("{:g} mm", length * 1e3) : fmt::format("{:g} µm", length * 1e6);
  const Rect back{x - 4, y - s.unit - 8, x + std::max(w, text_size(Font::small_number, words).x) + 4, y + 4};
  s.list->AddRectFilled({back.x0, back.y0}, {back.x1, back.y1}, with_alpha(s.t.panel, 0.78f), 3);
  s.labels.push_back(back);
  s.list->AddRectFilled({x, y - 1.5f}, {x + w, y + 0.5f}, s.t.ink);
  s.list->AddRectFilled({x, y - 4}, {x + 1.5f, y + 3}, s.t.ink);
  s.list->AddRectFilled({x + w - 1.5f, y - 4}, {x + w, y + 3}, s.t.ink);
  draw_text(s.list, Font::small_number, x, y - s.unit - 6, s.t.ink, words);
}

const NeedleLayout* deepest_in_cut(const PictureLayout& layout) {
  const NeedleLayout* best = nullptr;
  for (const NeedleLayout& n : layout.needles)
    if (n.cut && (!best || n.penetration_m > best->penetration_m)) best = &n;
  return best;
}

// --- the two views ---

void begin_view(const Scene& s, const View& v) {
  s.labels.clear();
  s.room = v.room;
  s.list->PushClipRect({v.room.x0, v.room.y0}, {v.room.x1, v.room.y1}, true);
  s.list->AddRectFilled({v.room.x0, v.room.y0}, {v.room.x1, v.room.y1}, mix(s.t.panel, s.t.background, 0.6f));
}

void end_view(const Scene& s, const View& v) {
  s.list->PopClipRect();
  s.list->AddRect({v.room.x0, v.room.y0}, {v.room.x1, v.room.y1}, s.t.border, 4);
}

// Two waves across the view with nothing between them: here the scale is interrupted.
void draw_break(const Scene& s, const View& v, double z) {
  const float y = v.at({0, z}).y, wave = 4, apart = 7;
  const ImU32 air = mix(s.t.panel, s.t.background, 0.6f);
  std::vector<ImVec2> upper, lower;
  for (float x = v.room.x0; x <= v.room.x1 + 2; x += 2) {
    const float d = wave * std::sin((x - v.room.x0) * 0.16f);
    upper.push_back({x, y - apart / 2 + d});
    lower.push_back({x, y + apart / 2 + d});
  }
  for (std::size_t i = 0; i + 1 < upper.size(); ++i)
    s.list->AddQuadFilled(upper[i], upper[i + 1], lower[i + 1], lower[i], air);
  for (const auto* line : {&upper, &lower})
    s.list->AddPolyline(line->data(), static_cast<int>(line->size()), with_alpha(s.t.dim, 0.8f), 0, 1);
}

void draw_nose_view(const Scene& scene, const Rect& room) {
  View v{room};
  const double half = std::max(scene.pen.nose_outer_m, scene.pen.footprint_radius_m) + 0.9e-3;
  v.pixels_per_m = std::min(room.width() / (2 * half), room.height() / 6.5e-3);
  // The surface stands so that nose and skin both have room; of a pen that is lifted farther a piece of the air is left
  // out.
  const double high = room.height() / v.pixels_per_m, gap = scene.moment.gap_m, most = high * 0.40;
  const bool broken = gap > most;
  PictureLayout nearer = scene.layout;
  if (broken) {
    nearer.nose.z += gap - most;
    for (NeedleLayout& n : nearer.needles) n.tip.z += gap - most, n.root.z += gap - most;
  }
  const Scene s{scene.list, scene.t,    scene.paint,  scene.pen, scene.moment,
                nearer,     scene.unit, scene.labels, scene.room};
  v.z = broken ? -high * 0.32 : high * 0.08;
  begin_view(s, v);
  draw_skin(scene, v);
  draw_pen(s, v);
  if (broken) draw_break(s, v, -most / 2);
  const ImU32 c_set = s.t.palette[0], c_ext = signal_colour("needle.extension"),
              c_in = signal_colour("needle.penetration_max");
  // Axis of the pen.
  const ImVec2 axis[2] = {v.at(of_pen(s.layout, 0, -20e-3)), v.at(of_pen(s.layout, 0, 4e-3))};
  draw_dashed(s.list, axis, 2, with_alpha(s.t.dim, 0.8f), 1, 9, 4);
  if (!s.moment.contact && s.moment.gap_m > 0.05e-3 && !s.pen.rig) {
    std::string words = mm(s.moment.gap_m) + " above the skin" + (broken ? ", not to scale" : "");
    if (text_size(Font::small_number, words).x > room.width() - 16) words = mm(s.moment.gap_m) + " above";
    label(s, room.x0 + 8, v.at({0, broken ? -most / 2 : s.layout.nose.z / 2}).y - s.unit * 0.6f, s.t.ink, words);
  }
  if (s.moment.has_depth) {
    // Beside the array: what was asked for on the outside, what is there inside.
    const double face = s.layout.nose.z, c = std::cos(s.layout.tilt_rad);
    float x = room.x0 + std::max(14.0f, text_size(Font::small_number, "set 0.00 mm").x + 14);
    if (s.moment.has_set_depth)
      dimension(s, v, x, face, face + s.moment.set_depth_m * c, c_set, "set " + mm(s.moment.set_depth_m), true);
    x = room.x1 - std::max(14.0f, text_size(Font::small_number, "ext −0.00 mm").x + 16);
    dimension(s, v, x, face, face + s.moment.extension_m * c, c_ext, fmt::format("ext {}", mm(s.moment.extension_m)),
              false);
    const ImVec2 guide[2] = {v.at({v.left(), s.layout.nose.z}), v.at({v.right(), s.layout.nose.z})};
    draw_dashed(s.list, guide, 2, with_alpha(s.t.dim, 0.7f), 1, 3, 4);
    if (const NeedleLayout* n = deepest_in_cut(s.layout); n && n->penetration_m > 0)
      label(s, v.at(n->tip).x + 8, v.at(n->tip).y + 3, c_in, "in " + mm(s.moment.penetration_max_m));
  }
  if (!s.pen.rig && s.moment.press_N > 0.005) {
    const float length = std::clamp(12 + 9 * static_cast<float>(s.moment.press_N), 14.0f, room.height() * 0.3f),
                x = room.x0 + room.width() * 0.5f - 1;
    const ImU32 c = signal_colour("hand.press");
    arrow(s.list, {x, room.y0 + 4}, {x, room.y0 + 4 + length}, c, 3);
    label(s, x + 9, room.y0 + 6, c, fmt::format("press {:.2f} N", s.moment.press_N));
  }
  if (std::fabs(s.moment.tilt_rad) > 0.005)
    label(s, room.x0 + 8, room.y0 + 6, s.t.dim,
          fmt::format("tilt {:.1f}°", s.moment.tilt_rad * 180 / std::numbers::pi));
  draw_scale_bar(s, v);
  end_view(s, v);
}

void draw_skin_view(const Scene& s, const Rect& room) {
  View v{room};
  const NeedleLayout* n = deepest_in_cut(s.layout);
  const double pitch =
      s.pen.along_m.size() > 1
          ? std::fabs(s.layout.needles.back().tip.x - s.layout.needles[s.layout.needles.size() - 2].tip.x)
          : 1e-3;
  // About two needles, and the dermis if it fits.
  const double high = std::max(1.15e-3, 1.25 * (s.pen.stratum_corneum_m + s.pen.epidermis_m + s.pen.dermis_m));
  v.pixels_per_m = std::max(room.height() / high, room.width() / std::max(3 * pitch, 3.2e-3));
  v.x = n ? n->tip.x : 0;
  const double tall = room.height() / v.pixels_per_m;
  const double rest = s.layout.patch_m;
  v.z = rest + tall * 0.2;
  begin_view(s, v);
  draw_skin(s, v);
  draw_pen(s, v);
  if (n && s.moment.has_depth && n->penetration_m > 0) {
    const ImU32 c = signal_colour("needle.penetration");
    const float x = v.at(n->tip).x - static_cast<float>(s.pen.shaft_diameter_m * v.pixels_per_m) - 12;
    dimension(s, v, x, n->surface_m, n->tip.z, c, mm(n->penetration_m), x > room.x0 + 8 * s.unit);
  }
  const std::string words = s.moment.in_skin > 0
                                ? fmt::format("{:.0f} of {} in skin{}", s.moment.in_skin, s.pen.along_m.size(),
                                              s.moment.each_needle ? "" : " (est.)")
                            : s.moment.indentation_m > 1e-6 && s.moment.contact ? "indented, not punctured"
                                                                                : "no needle in the skin";
  label(s, room.x0 + 8, room.y0 + 6, s.t.ink, fit_text(Font::small, words, room.width() - 16), Font::small);
  if (s.moment.force_N > 0.005)
    label(s, room.x0 + 8, room.y0 + 8 + s.unit * 1.35f, signal_colour("needle.force"),
          fmt::format("force {:.2f} N", s.moment.force_N));
  draw_scale_bar(s, v);
  draw_layer_names(s, v);
  end_view(s, v);
}

// Cam, rod and motor in a column of their own, to a scale of their own.
void draw_drive(const Scene& s, const Rect& room) {
  ImDrawList* list = s.list;
  list->PushClipRect({room.x0, room.y0}, {room.x1, room.y1}, true);
  const float middle = std::floor((room.x0 + room.x1) / 2), w = room.width(), h = room.height();
  const float motor_h = std::clamp(h * 0.17f, 22.0f, 60.0f), motor_w = std::min(w * 0.56f, motor_h * 1.4f);
  // e 22 % of the width at most: disc, eccentric and rod fit.
  const float e = std::min(w * 0.17f, h * 0.10f), disc = e * 2.1f;
  const float cam_y = room.y0 + motor_h + 10 + disc, c = static_cast<float>(std::cos(s.moment.cam_rad)),
              sn = static_cast<float>(std::sin(s.moment.cam_rad));
  const ImVec2 hub{middle, cam_y}, pin{middle + e * sn, cam_y - e * c};
  list->AddRectFilled({middle - motor_w / 2, room.y0 + 2}, {middle + motor_w / 2, room.y0 + 2 + motor_h}, s.paint.nose,
                      4);
  list->AddRect({middle - motor_w / 2, room.y0 + 2}, {middle + motor_w / 2, room.y0 + 2 + motor_h}, s.paint.nose_edge,
                4);
  for (int i = 1; i < 5; ++i) {
    const float x = middle - motor_w / 2 + motor_w * static_cast<float>(i) / 5;
    list->AddLine({x, room.y0 + 6}, {x, room.y0 + motor_h - 2}, with_alpha(s.paint.nose_edge, 0.5f), 1);
  }
  list->AddLine({middle, room.y0 + 2 + motor_h}, hub, s.paint.nose_edge, 3);
  list->AddCircleFilled(hub, disc, s.paint.plate, 48);
  list->AddCircle(hub, disc, s.paint.nose_edge, 48, 1.3f);
  list->AddCircle(hub, e, with_alpha(s.paint.nose_edge, 0.6f), 40, 1);
  // The pin drives the rod; the plate at its end follows to the same scale.
  const float rod = disc + e + 10, end_y = pin.y + rod + disc * 0.4f;
  list->AddLine(pin, {middle, end_y}, s.paint.steel, std::max(3.0f, e * 0.3f));
  list->AddCircleFilled(pin, std::max(3.5f, e * 0.28f), s.t.accent, 24);
  list->AddCircleFilled(hub, 2.5f, s.paint.nose_edge, 12);
  const float plate = w * 0.30f;
  list->AddRectFilled({middle - plate, end_y}, {middle + plate, end_y + 6}, s.paint.plate, 2);
  list->AddRect({middle - plate, end_y}, {middle + plate, end_y + 6}, s.paint.nose_edge, 2);
  for (int i = -1; i <= 1; ++i) {
    const float x = middle + static_cast<float>(i) * plate * 0.6f;
    list->AddTriangleFilled({x - 2, end_y + 6}, {x + 2, end_y + 6}, {x, end_y + 16}, s.paint.steel);
  }
  float y = cam_y + e + rod + disc * 0.4f + 24;
  const auto line = [&](const std::string& name, const std::string& value, ImU32 colour) {
    if (y + s.unit > room.y1) return;
    const ImVec2 size = text_size(Font::small_number, value);
    if (size.x + text_size(Font::small, name).x + 6 < w) draw_text(list, Font::small, room.x0 + 2, y, s.t.dim, name);
    draw_text(list, Font::small_number, room.x1 - size.x - 2, y, colour, value);
    y += s.unit * 1.35f;
  };
  line("cam", fmt::format("{:.0f}°", s.moment.cam_rad * 180 / std::numbers::pi), s.t.ink);
  line("speed", fmt::format("{:.1f} Hz", s.moment.speed_Hz), signal_colour("motor.speed"));
  line("screw", mm(s.moment.screw_m), signal_colour("screw.position"));
  line("force", fmt::format("{:.2f} N", s.moment.force_N), signal_colour("needle.force"));
  line("in", fmt::format("{:.0f} of {}", s.moment.in_skin, s.pen.along_m.size()), s.t.ink);
  list->PopClipRect();
}

}  // namespace

void draw_picture(App& app) {
  if (!app.main.recording || app.main.recording->ticks() <= 0) {
    draw_empty("Pen and skin", "Play the run: the pen is drawn at the cursor.");
    return;
  }
  const Recording& r = *app.main.recording;
  PictureState& state = app.picture;
  Mark mark = mark_of(r);
  mark.ticks = 0, mark.strokes = mark.commands = 0;  // parameters do not change while it grows
  if (state.mark != mark) state.view = pen_view(r.meta()), state.mark = mark;
  const PenMoment moment = pen_moment(r, state.view, app.cursor_s);
  if (!moment.has_depth) {
    draw_empty("Nothing to draw",
               "This recording has no needle.extension and needle.tip_depth: a log of a real pen does not contain the "
               "positions of its needles.");
    return;
  }
  if (!state.view.known()) {
    draw_empty(
        "Nothing to draw",
        "This recording does not say what its pen and skin look like: it was made by an earlier version. Run its "
        "scenario again.");
    return;
  }
  const PictureLayout layout = picture_layout(state.view, moment);
  const Theme& t = theme();
  std::vector<Rect> labels;
  Rect view_room;
  const Scene scene{ImGui::GetWindowDrawList(),
                    t,
                    app.dark ? dark_paint : light_paint,
                    state.view,
                    moment,
                    layout,
                    font(Font::small)->FontSize,
                    labels,
                    view_room};

  const ImVec2 p = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  if (room.x < 60 || room.y < 60) return;
  Rect rest{p.x, p.y, p.x + room.x, p.y + room.y};
  // Head: where it is, and the choice of views.
  const float head = std::floor(scene.unit * 1.5f);
  std::string where = state.view.region;
  if (!state.view.condition.empty() && state.view.condition != "normal") where += ", " + state.view.condition;
  if (!where.empty()) where += "  ";
  const std::string views[] = {"nose", "skin", "both"};
  float x = rest.x1;
  for (int i = 2; i >= 0; --i) {
    const float w = text_size(Font::small, views[i]).x + scene.unit;
    x -= w;
    ImGui::SetCursorScreenPos({x, p.y});
    if (ImGui::InvisibleButton(views[i].c_str(), {w, head})) state.zoom = static_cast<PictureState::Zoom>(i);
    const bool on = static_cast<int>(state.zoom) == i, hovered = ImGui::IsItemHovered();
    tooltip(i == 0   ? "Whole nose"
            : i == 1 ? "The skin around the deepest needle"
                     : "Both, side by side where there is space");
    draw_text(scene.list, Font::small, x + scene.unit / 2, p.y + 1, on ? t.accent : hovered ? t.ink : t.dim, views[i]);
  }
  draw_text(scene.list, Font::small, p.x, p.y + 1, t.dim,
            fit_text(Font::small, where + format_time(moment.at_s), x - p.x - 8));
  rest.y0 += head + 3;

  const float gap = 6;
  if (!state.view.rig && rest.width() >= 330 && rest.height() > 130) {
    // Wide enough for its longest line, however large the letters are.
    const float words = text_size(Font::small, "screw").x + text_size(Font::small_number, "0.00 mm").x + scene.unit;
    const float column = std::clamp(rest.width() * 0.19f, std::max(78.0f, std::min(words, rest.width() * 0.25f)),
                                    std::max(150.0f, words));
    draw_drive(scene, {rest.x0, rest.y0, rest.x0 + column, rest.y1});
    rest.x0 += column + gap;
  }
  // Two views stand beside each other, or one above the other, whichever keeps them larger; the small room holds the
  // nose and an inset.
  if (state.zoom == PictureState::Zoom::nose)
    draw_nose_view(scene, rest);
  else if (state.zoom == PictureState::Zoom::skin)
    draw_skin_view(scene, rest);
  else if (rest.width() > rest.height() * 1.15f) {
    const float half = std::floor(rest.x0 + (rest.width() - gap) * 0.55f);
    draw_nose_view(scene, {rest.x0, rest.y0, half, rest.y1});
    draw_skin_view(scene, {half + gap, rest.y0, rest.x1, rest.y1});
  } else {
    const float half = std::floor(rest.y0 + (rest.height() - gap) * 0.55f);
    draw_nose_view(scene, {rest.x0, rest.y0, rest.x1, half});
    draw_skin_view(scene, {rest.x0, half + gap, rest.x1, rest.y1});
  }
  ImGui::SetCursorScreenPos(p);
  ImGui::Dummy(room);
}

}  // namespace pensim::dashboard
