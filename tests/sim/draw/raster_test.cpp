// The rasteriser against areas that can be counted, and pictures that must not change.
#include "sim/draw/raster.h"

#include <gtest/gtest.h>
#include <imgui.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

#include "sim/draw/headless.h"
#include "sim/draw/theme.h"
#include "sim/input/input_error.h"

namespace pensim::dashboard {
namespace {

constexpr ImU32 red = IM_COL32(255, 0, 0, 255), half_white = IM_COL32(255, 255, 255, 128);

// What `draw` adds to a bare list, on black.
template <class Draw>
Image draw_list(int width, int height, Draw draw) {
  Headless screen(width, height, 1, true);
  screen.frame([&] {
    ImDrawList* list = ImGui::GetForegroundDrawList();
    list->AddRectFilled({0, 0}, {static_cast<float>(width), static_cast<float>(height)}, IM_COL32_BLACK);
    draw(list);
  });
  return screen.picture();
}

void triangle(ImDrawList* list, ImVec2 a, ImVec2 b, ImVec2 c, ImU32 colour) {
  const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
  list->PrimReserve(3, 3);
  for (int i = 0; i < 3; ++i)
    list->PrimWriteIdx(static_cast<ImDrawIdx>(list->_VtxCurrentIdx + static_cast<unsigned>(i)));
  for (const ImVec2 p : {a, b, c}) list->PrimWriteVtx(p, white, colour);
}

int count(const Image& image, std::uint32_t colour) {
  return static_cast<int>(std::count(image.pixels.begin(), image.pixels.end(), colour));
}

TEST(Raster, RectangleCoversItsPixelsExactly) {
  const Image image = draw_list(40, 30, [](ImDrawList* list) { list->AddRectFilled({5, 7}, {25, 19}, red); });
  EXPECT_EQ(count(image, red), 20 * 12);
  EXPECT_EQ(image.pixels[7 * 40 + 5], red);
  EXPECT_EQ(image.pixels[18 * 40 + 24], red);
  EXPECT_EQ(image.pixels[6 * 40 + 5], IM_COL32_BLACK);
  EXPECT_EQ(image.pixels[19 * 40 + 24], IM_COL32_BLACK);
}

// Neighbours share an edge through pixel centres: each pixel is blended once, whatever the winding.
TEST(Raster, SharedEdgesAreDrawnOnce) {
  const Image image = draw_list(64, 64, [](ImDrawList* list) {
    const ImVec2 middle = {31.5f, 29.5f},
                 ring[] = {{4.5f, 3.5f}, {58.5f, 2.25f}, {61.5f, 60.5f}, {3.0f, 57.5f}, {1.5f, 29.5f}};
    for (int i = 0; i < 5; ++i) {
      if (i % 2)
        triangle(list, middle, ring[i], ring[(i + 1) % 5], half_white);
      else
        triangle(list, ring[(i + 1) % 5], ring[i], middle, half_white);
    }
  });
  const int once = count(image, IM_COL32(128, 128, 128, 255));
  EXPECT_EQ(once + count(image, IM_COL32_BLACK), 64 * 64);  // none twice
  // Shoelace area of the ring; a pixel is covered by its centre, so the count is off by at most half the perimeter.
  EXPECT_NEAR(once, 3266, 110);
}

TEST(Raster, ColoursRunLinearly) {
  const Image image = draw_list(256, 8, [](ImDrawList* list) {
    list->AddRectFilledMultiColor({0, 0}, {256, 8}, IM_COL32_BLACK, IM_COL32_WHITE, IM_COL32_WHITE, IM_COL32_BLACK);
  });
  for (int x = 0; x < 256; ++x)
    EXPECT_NEAR(static_cast<int>(image.pixels[static_cast<std::size_t>(4 * 256 + x)] & 255), (x + 0.5) * 255 / 256,
                1.01)
        << x;
}

TEST(Raster, ScissorCuts) {
  const Image image = draw_list(40, 30, [](ImDrawList* list) {
    list->PushClipRect({10, 10}, {20, 15});
    list->AddRectFilled({0, 0}, {40, 30}, red);
    list->PopClipRect();
  });
  EXPECT_EQ(count(image, red), 50);
}

// Coordinates that make no sense are cut, not followed.
TEST(Raster, SurvivesAnyCoordinates) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const Image image = draw_list(32, 32, [&](ImDrawList* list) {
    for (const float v : {nan, inf, -inf, 1e30f, -1e30f, 40000.0f}) {
      triangle(list, {v, 1}, {3, v}, {v, v}, half_white);
      triangle(list, {v, 0}, {16, 16}, {0, 31}, half_white);
    }
    triangle(list, {-1e6f, -1e6f}, {1e6f, -1e6f}, {16, 1e6f}, red);  // covers all
  });
  EXPECT_EQ(image.pixels[16 * 32 + 16], red);
}

// More than 65 536 vertices need VtxOffset.
TEST(Raster, ManyVertices) {
  const Image image = draw_list(400, 200, [](ImDrawList* list) {
    for (int y = 0; y < 200; y += 2)
      for (int x = 0; x < 400; x += 2)
        list->AddRectFilled({static_cast<float>(x), static_cast<float>(y)},
                            {static_cast<float>(x + 1), static_cast<float>(y + 1)}, red);
  });
  EXPECT_EQ(count(image, red), 200 * 100);
}

TEST(Raster, TextIsDrawnAndTheSameEachTime) {
  const auto text = [](ImDrawList* list) {
    list->AddText(font(Font::heading), 20, {4, 4}, IM_COL32_WHITE, "0.2 ± 3.0 µm ≤ Ω °C");
  };
  const Image a = draw_list(320, 40, text), b = draw_list(320, 40, text);
  EXPECT_EQ(a.pixels, b.pixels);
  EXPECT_GT(count(a, IM_COL32_WHITE), 100);
  EXPECT_GT(320 * 40 - count(a, IM_COL32_WHITE) - count(a, IM_COL32_BLACK), 300);  // smooth edges
}

TEST(Raster, EveryCharacterThatIsUsedHasAGlyph) {
  Headless screen(64, 64, 2, false);
  for (const ImWchar c : {0xb5, 0x3bc, 0xb1, 0x2264, 0x2265, 0xb0, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x221e,
                          0x394, 0xb2, 0x2026, 0xb7, 0x2713})
    for (const Font f : {Font::text, Font::small, Font::heading, Font::number, Font::small_number})
      EXPECT_NE(font(f)->FindGlyphNoFallback(c), nullptr) << std::hex << c << " in font " << static_cast<int>(f);
}

TEST(Raster, PngOfAFolderThatIsNotThereIsASentence) {
  const Image image{2, 2, std::vector<std::uint32_t>(4, red)};
  EXPECT_THROW(write_png("/nowhere/at/all.png", image), InputError);
  const std::string path = testing::TempDir() + "raster_test.png";
  write_png(path, image);
  std::ifstream file(path, std::ios::binary);
  char magic[8] = {};
  file.read(magic, 8);
  EXPECT_EQ(std::string(magic + 1, 3), "PNG");
  EXPECT_TRUE(is_own_png(path));
  write_png(path, image);
  EXPECT_TRUE(is_own_png(path));
  std::ofstream(path, std::ios::binary) << "\x89PNG of somebody else, with a long enough beginning to be compared";
  EXPECT_FALSE(is_own_png(path));
  EXPECT_FALSE(is_own_png("/nowhere/at/all.png"));
}

}  // namespace
}  // namespace pensim::dashboard
