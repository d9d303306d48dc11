// picture.h - where everything of the picture stands, in metres, without a pixel. x along the skin (the direction of
// glide), z into the skin, both zero where the axis of the pen meets the undeformed surface.
#pragma once

#include <vector>

#include "sim/dashboard/pen_view.h"

namespace pensim::dashboard {

struct Point {
  double x = 0, z = 0;
};

// What was recorded at one instant.
struct PenMoment {
  double at_s = 0;
  bool has_depth = false;  // extension and tip depth are recorded; nothing of the needles is drawn
                           // otherwise
  double extension_m = 0, tip_depth_m = 0, indentation_m = 0, gap_m = 0, tilt_rad = 0;
  double press_N = 0, force_N = 0, speed_Hz = 0, set_depth_m = 0, screw_m = 0, glide_m_per_s = 0;
  bool contact = false, has_set_depth = false;
  double in_skin = 0, penetration_max_m = 0;
  std::vector<double> penetration_m;  // per needle
  bool each_needle = false;           // those are recorded; else shared out after the peaks of the stroke
  double cam_rad = 0;                 // 0: retracted dead centre
  struct Channel {
    double age_s = 0;
    std::vector<double> depth_m;
  };
  std::vector<Channel> channels;  // earlier strokes, latest first
};
PenMoment pen_moment(const Recording& recording, const PenView& view, double at_s);

struct NeedleLayout {
  int index = 0;
  Point tip, root;  // root: at the plate
  double across_m = 0;
  double surface_m = 0;  // z of the skin at this needle
  double penetration_m = 0;
  bool cut = false;  // stands in the plane of the cut
};

struct PictureLayout {
  std::vector<NeedleLayout> needles;  // from the back to the plane of the cut
  double cut_across_m = 0;            // the plane: through the row closest to the middle of the array
  double patch_m = 0;                 // z of the surface under the array, between needles
  double sink_m = 0;                  // ... under the nose
  Point nose;                         // middle of the nose's face
  double tilt_rad = 0;
  std::vector<double> hole_x_m, hole_m, hole_fresh;  // channels in the cut: place, depth below the surface, 1 new .. 0
                                                     // closed
};

// Tips stand where tip depth, tilt and the place on the plate put them; the surface at a needle in the skin is its tip
// less its penetration. Between needles the surface is drawn, not recorded: it takes back 0.35 of what the needles push
// it in beyond the nose [E].
// Scatter of the needles' heights is not recorded.
PictureLayout picture_layout(const PenView& view, const PenMoment& moment);

// The surface at x in the plane of the cut: what nose and array push in together, and what each needle adds around
// itself.
struct SurfaceAt {
  double broad_m = 0, local_m = 0;
};
SurfaceAt surface_parts(const PenView& view, const PictureLayout& layout, double x_m);
inline double surface_m(const PenView& view, const PictureLayout& layout, double x_m) {
  const SurfaceAt s = surface_parts(view, layout, x_m);
  return s.broad_m + s.local_m;
}

// A point of the pen (x across its axis, z along it from the face of the nose) in the picture.
Point of_pen(const PictureLayout& layout, double x_m, double z_m);

}  // namespace pensim::dashboard
