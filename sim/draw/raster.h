// raster.h - pictures without a window, GL or display: a software rasteriser of ImDrawData and PNG files.
//
// The pixels are the same from every compiler: vertices are rounded to 24.8 fixed point, everything after that is
// integers. A pixel is covered when its centre is inside the triangle; a centre on an edge belongs to the top or left
// edge (no gap, no double blend). The texture is the alpha of the font atlas, sampled bilinearly. Not drawn: other
// textures, user callbacks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct ImDrawData;
struct ImFontAtlas;

namespace pensim::dashboard {

struct Image {
  int width = 0, height = 0;
  std::vector<std::uint32_t> pixels;  // 0xAABBGGRR, as ImU32; row by row from the top
};

// Draws over `image`, whose size is that of the frame.
void rasterise(const ImDrawData& data, ImFontAtlas& atlas, Image& image);

// Puts it in place of what was there. Throws InputError when the file cannot be written.
void write_png(const std::string& path, const Image& image);
// Whether write_png made a file: such a picture says so.
bool is_own_png(const std::string& path);

}  // namespace pensim::dashboard
