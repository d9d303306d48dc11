#include "sim/draw/raster.h"

#include <imgui.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <new>
#include <string_view>
#include <system_error>
#include <tuple>

#include "sim/input/input_error.h"
#include "sim/platform/file.h"

namespace pensim::dashboard {
namespace {

using i64 = std::int64_t;

constexpr int sub = 256;                // 24.8 fixed point
constexpr i64 steepest = i64{1} << 34;  // gradients of slivers are cut there; what they interpolate is clamped anyway

struct Texture {
  const unsigned char* alpha = nullptr;
  int width = 0, height = 0;
};

struct Vertex {
  i64 x, y;          // 24.8 pixels
  i64 attribute[6];  // u, v in texels, red, green, blue, alpha; 16 fractional bits
};

i64 floor_div(i64 a, i64 b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }  // b > 0
i64 ceil_div(i64 a, i64 b) { return -floor_div(-a, b); }

i64 fixed(float v, int fraction) {
  if (!(std::fabs(v) <= 32768.0f)) v = v > 0 ? 32768.0f : -32768.0f;  // NaN goes to an edge, too
  return static_cast<i64>(std::floor(static_cast<double>(v) * fraction + 0.5));
}

void blend(std::uint32_t& pixel, unsigned red, unsigned green, unsigned blue, unsigned alpha) {
  const auto mix = [&](unsigned over, unsigned under) {
    const unsigned v = over * alpha + under * (255 - alpha) + 128;
    return (v + (v >> 8)) >> 8;  // v / 255, rounded
  };
  pixel = mix(red, pixel & 255) | mix(green, pixel >> 8 & 255) << 8 | mix(blue, pixel >> 16 & 255) << 16 | 0xff000000u;
}

// u, v with 16 fractional bits; texel centres stand at halves.
unsigned sample(const Texture& t, i64 u, i64 v) {
  const i64 su = u - 32768, sv = v - 32768;
  const auto x = static_cast<int>(su >> 16), y = static_cast<int>(sv >> 16);
  const auto fx = static_cast<unsigned>(su >> 8 & 255), fy = static_cast<unsigned>(sv >> 8 & 255);
  const int x0 = std::clamp(x, 0, t.width - 1), x1 = std::clamp(x + 1, 0, t.width - 1);
  const unsigned char* top = t.alpha + static_cast<std::ptrdiff_t>(std::clamp(y, 0, t.height - 1)) * t.width;
  const unsigned char* low = t.alpha + static_cast<std::ptrdiff_t>(std::clamp(y + 1, 0, t.height - 1)) * t.width;
  const unsigned a = top[x0] * (256 - fx) + top[x1] * fx, b = low[x0] * (256 - fx) + low[x1] * fx;
  return (a * (256 - fy) + b * fy + 32768) >> 16;
}

struct Scissor {
  int x0, y0, x1, y1;
};

void triangle(const Vertex& p, const Vertex& q, const Vertex& r, const Texture& texture, const Scissor& scissor,
              Image& image) {
  i64 area = (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
  if (area == 0) return;
  const Vertex* corner[3] = {&p, area > 0 ? &q : &r, area > 0 ? &r : &q};  // clockwise on the screen
  area = std::abs(area);

  const auto [low, high] = std::minmax({p.y, q.y, r.y});
  const int y_begin = std::max(static_cast<int>(ceil_div(low - sub / 2, sub)), scissor.y0);
  const int y_end = std::min(static_cast<int>(floor_div(high - sub / 2, sub)) + 1, scissor.y1);

  const bool flat =
      std::equal(p.attribute, p.attribute + 6, q.attribute) && std::equal(p.attribute, p.attribute + 6, r.attribute);
  i64 along_x[6] = {}, along_y[6] = {}, least[6] = {}, most[6] = {};
  for (int i = 0; i < 6; ++i) {
    std::tie(least[i], most[i]) = std::minmax({p.attribute[i], q.attribute[i], r.attribute[i]});
    if (flat) continue;
    const Vertex &a = *corner[0], &b = *corner[1], &c = *corner[2];
    const i64 ab = b.attribute[i] - a.attribute[i], ac = c.attribute[i] - a.attribute[i];
    along_x[i] = std::clamp((ab * (c.y - a.y) - ac * (b.y - a.y)) * sub / area, -steepest, steepest);
    along_y[i] = std::clamp((ac * (b.x - a.x) - ab * (c.x - a.x)) * sub / area, -steepest, steepest);
  }
  const auto colour = [&](i64 v) { return static_cast<unsigned>((v + 32768) >> 16); };
  const unsigned flat_alpha =
      flat ? (sample(texture, p.attribute[0], p.attribute[1]) * colour(p.attribute[5]) + 127) / 255 : 0;
  if (flat && flat_alpha == 0) return;

  for (int y = y_begin; y < y_end; ++y) {
    const i64 cy = static_cast<i64>(y) * sub + sub / 2;
    i64 begin = scissor.x0, end = scissor.x1;
    for (int e = 0; e < 3 && begin < end; ++e) {
      // Inside where dx * (y - a.y) - dy * (x - a.x) > 0, or == 0 on a top or left edge.
      const Vertex &a = *corner[e], &b = *corner[(e + 1) % 3];
      const i64 dx = b.x - a.x, dy = b.y - a.y;
      const bool top_left = dy < 0 || (dy == 0 && dx > 0);
      const i64 c = dx * (cy - a.y) + dy * a.x - dy * (sub / 2) - (top_left ? 0 : 1);  // inside: c - dy * sub * x >= 0
      if (dy == 0) {
        if (c < 0) begin = end;
      } else if (dy > 0) {
        end = std::min(end, floor_div(c, dy * sub) + 1);
      } else {
        begin = std::max(begin, ceil_div(-c, -dy * sub));
      }
    }
    if (begin >= end) continue;
    std::uint32_t* row = image.pixels.data() + static_cast<std::ptrdiff_t>(y) * image.width;
    if (flat) {
      const unsigned red = colour(p.attribute[2]), green = colour(p.attribute[3]), blue = colour(p.attribute[4]);
      if (flat_alpha == 255)
        std::fill(row + begin, row + end, red | green << 8 | blue << 16 | 0xff000000u);
      else
        for (i64 x = begin; x < end; ++x) blend(row[x], red, green, blue, flat_alpha);
      continue;
    }
    i64 value[6];
    const i64 from_x = begin * sub + sub / 2 - corner[0]->x, from_y = cy - corner[0]->y;
    for (int i = 0; i < 6; ++i)
      value[i] = corner[0]->attribute[i] + along_x[i] * from_x / sub + along_y[i] * from_y / sub;
    for (i64 x = begin; x < end; ++x) {
      i64 v[6];
      for (int i = 0; i < 6; ++i) {
        v[i] = std::clamp(value[i], least[i], most[i]);
        value[i] += along_x[i];
      }
      const unsigned alpha = (sample(texture, v[0], v[1]) * colour(v[5]) + 127) / 255;
      if (alpha) blend(row[x], colour(v[2]), colour(v[3]), colour(v[4]), alpha);
    }
  }
}

}  // namespace

void rasterise(const ImDrawData& data, ImFontAtlas& atlas, Image& image) {
  Texture texture;
  unsigned char* alpha = nullptr;
  atlas.GetTexDataAsAlpha8(&alpha, &texture.width, &texture.height);
  texture.alpha = alpha;
  std::vector<Vertex> vertices;
  for (int n = 0; n < data.CmdListsCount; ++n) {
    const ImDrawList& list = *data.CmdLists[n];
    vertices.clear();
    for (const ImDrawVert& v : list.VtxBuffer) {
      const auto channel = [&](int shift) { return static_cast<i64>(v.col >> shift & 255) << 16; };
      vertices.push_back({fixed(v.pos.x - data.DisplayPos.x, sub),
                          fixed(v.pos.y - data.DisplayPos.y, sub),
                          {fixed(v.uv.x * static_cast<float>(texture.width), 65536),
                           fixed(v.uv.y * static_cast<float>(texture.height), 65536), channel(IM_COL32_R_SHIFT),
                           channel(IM_COL32_G_SHIFT), channel(IM_COL32_B_SHIFT), channel(IM_COL32_A_SHIFT)}});
    }
    for (const ImDrawCmd& command : list.CmdBuffer) {
      if (command.UserCallback) continue;
      const auto edge = [](float v, float origin, int limit) {
        return static_cast<int>(std::clamp(v - origin, 0.0f, static_cast<float>(limit)));
      };
      const Scissor scissor{edge(command.ClipRect.x, data.DisplayPos.x, image.width),
                            edge(command.ClipRect.y, data.DisplayPos.y, image.height),
                            edge(command.ClipRect.z, data.DisplayPos.x, image.width),
                            edge(command.ClipRect.w, data.DisplayPos.y, image.height)};
      for (unsigned i = 0; i + 2 < command.ElemCount; i += 3) {
        const auto corner = [&](unsigned k) -> const Vertex& {
          return vertices[command.VtxOffset + list.IdxBuffer[static_cast<int>(command.IdxOffset + i + k)]];
        };
        triangle(corner(0), corner(1), corner(2), texture, scissor, image);
      }
    }
  }
}

namespace {

// A chunk of text: length, type, keyword and value, CRC-32.
constexpr std::string_view software{"\x00\x00\x00\x0ftEXtSoftware\x00pensim\x81\x9e\x31\x55", 27};
constexpr std::size_t behind_header = 8 + 25;  // signature, IHDR

}  // namespace

bool is_own_png(const std::string& path) {
  std::string begin(behind_header + software.size(), ' ');
  std::ifstream file(path, std::ios::binary);
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin.ends_with(software);
}

void write_png(const std::string& path, const Image& image) {
  stbi_write_png_compression_level = 9;
  // Opaque: three channels make a smaller file.
  std::vector<unsigned char> rgb(image.pixels.size() * 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) rgb[3 * i + c] = static_cast<unsigned char>(image.pixels[i] >> 8 * c);
  std::string png;
  const auto put = [](void* to, void* bytes, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  };
  if (!stbi_write_png_to_func(put, &png, image.width, image.height, 3, rgb.data(), image.width * 3))
    throw std::bad_alloc();
  png.insert(behind_header, software);
  try {
    replace_file(path, png);
  } catch (const std::system_error& error) {
    throw InputError({{path, 0, 0},
                      "the picture cannot be written: " + error.code().message(),
                      "name a file in a folder that exists and can be written"});
  }
}

}  // namespace pensim::dashboard
