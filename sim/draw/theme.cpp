#include "sim/draw/theme.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <utility>

namespace pensim::dashboard {
namespace {

constexpr ImU32 rgb(unsigned hex) { return IM_COL32(hex >> 16 & 255, hex >> 8 & 255, hex & 255, 255); }

constexpr Theme dark_theme = {rgb(0x0e1116),
                              rgb(0x161b22),
                              rgb(0x1f262f),
                              rgb(0x2b333e),
                              rgb(0x222932),
                              rgb(0xe8ecf1),
                              rgb(0x9ba7b5),
                              rgb(0x8a95a3),
                              rgb(0x4ea1f7),
                              rgb(0x08121f),
                              rgb(0x3ec297),
                              rgb(0xff7a59),
                              rgb(0xf2bb3f),
                              {rgb(0xe8ecf1), rgb(0x4ea1f7), rgb(0xf0a030), rgb(0x25c09a), rgb(0xff7a59), rgb(0xd98cc0),
                               rgb(0x7fd0f5), rgb(0xe9dc57), rgb(0xa79bff)}};
constexpr Theme light_theme = {rgb(0xeef1f5),
                               rgb(0xffffff),
                               rgb(0xf2f5f8),
                               rgb(0xd3dae2),
                               rgb(0xe6eaef),
                               rgb(0x141b24),
                               rgb(0x4d5967),
                               rgb(0x626d7a),
                               rgb(0x0b66c3),
                               rgb(0xffffff),
                               rgb(0x00795a),
                               rgb(0xc2410c),
                               rgb(0x8a5c00),
                               {rgb(0x141b24), rgb(0x0072b2), rgb(0xc97a00), rgb(0x009e73), rgb(0xd55e00),
                                rgb(0xb5508f), rgb(0x2f9bd6), rgb(0x8a7f00), rgb(0x6a55d6)}};
const Theme* current = &dark_theme;

// The first file that is there.
const char* first_of(std::initializer_list<const char*> paths) {
  for (const char* path : paths)
    if (access(path, R_OK) == 0) return path;
  return nullptr;
}

constexpr const char* dejavu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

ImVec4 to_vector(ImU32 colour) { return ImGui::ColorConvertU32ToFloat4(colour); }

}  // namespace

const Theme& theme(bool dark) { return dark ? dark_theme : light_theme; }
const Theme& theme() { return *current; }

void apply_theme(bool dark, float scale) {
  const Theme& t = theme(dark);
  current = &t;
  ImGuiStyle style;
  style.WindowPadding = {12, 10};
  style.FramePadding = {9, 5};
  style.ItemSpacing = {8, 7};
  style.ItemInnerSpacing = {7, 5};
  style.CellPadding = {8, 4};
  style.ScrollbarSize = 11;
  style.GrabMinSize = 12;
  style.WindowRounding = style.ChildRounding = 7;
  style.FrameRounding = style.GrabRounding = style.PopupRounding = style.ScrollbarRounding = 5;
  style.WindowBorderSize = style.PopupBorderSize = 1;
  style.ChildBorderSize = style.FrameBorderSize = 0;
  style.ScaleAllSizes(scale);
  const std::pair<ImGuiCol, ImU32> colours[] = {{ImGuiCol_Text, t.ink},
                                                {ImGuiCol_TextDisabled, t.faint},
                                                {ImGuiCol_WindowBg, t.background},
                                                {ImGuiCol_ChildBg, t.panel},
                                                {ImGuiCol_PopupBg, t.raised},
                                                {ImGuiCol_Border, t.border},
                                                {ImGuiCol_BorderShadow, 0},
                                                {ImGuiCol_FrameBg, t.raised},
                                                {ImGuiCol_FrameBgHovered, mix(t.raised, t.ink, 0.06f)},
                                                {ImGuiCol_FrameBgActive, mix(t.raised, t.accent, 0.25f)},
                                                {ImGuiCol_ScrollbarBg, 0},
                                                {ImGuiCol_ScrollbarGrab, t.border},
                                                {ImGuiCol_ScrollbarGrabHovered, t.faint},
                                                {ImGuiCol_ScrollbarGrabActive, t.dim},
                                                {ImGuiCol_CheckMark, t.accent},
                                                {ImGuiCol_SliderGrab, t.accent},
                                                {ImGuiCol_SliderGrabActive, t.accent},
                                                {ImGuiCol_Button, t.raised},
                                                {ImGuiCol_ButtonHovered, mix(t.raised, t.ink, 0.10f)},
                                                {ImGuiCol_ButtonActive, mix(t.raised, t.accent, 0.40f)},
                                                {ImGuiCol_Header, mix(t.panel, t.accent, 0.20f)},
                                                {ImGuiCol_HeaderHovered, mix(t.panel, t.ink, 0.07f)},
                                                {ImGuiCol_HeaderActive, mix(t.panel, t.accent, 0.30f)},
                                                {ImGuiCol_Separator, t.border},
                                                {ImGuiCol_SeparatorHovered, t.accent},
                                                {ImGuiCol_SeparatorActive, t.accent},
                                                {ImGuiCol_Tab, t.panel},
                                                {ImGuiCol_TabHovered, mix(t.panel, t.accent, 0.30f)},
                                                {ImGuiCol_TabActive, mix(t.panel, t.accent, 0.20f)},
                                                {ImGuiCol_TableHeaderBg, t.panel},
                                                {ImGuiCol_TableBorderStrong, t.border},
                                                {ImGuiCol_TableBorderLight, t.grid},
                                                {ImGuiCol_TableRowBg, 0},
                                                {ImGuiCol_TableRowBgAlt, with_alpha(t.ink, 0.025f)},
                                                {ImGuiCol_TextSelectedBg, with_alpha(t.accent, 0.35f)},
                                                {ImGuiCol_DragDropTarget, t.accent},
                                                {ImGuiCol_NavHighlight, t.accent},
                                                {ImGuiCol_ModalWindowDimBg, with_alpha(t.background, 0.6f)}};
  for (const auto& [index, colour] : colours) style.Colors[index] = to_vector(colour);
  ImGui::GetStyle() = style;
}

void load_fonts(float scale) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  atlas.TexDesiredWidth = scale > 1.6f ? 2048 : 1024;
  const char* sans = first_of({"/usr/share/fonts/opentype/inter/Inter-Regular.otf", dejavu});
  const char* bold = first_of(
      {"/usr/share/fonts/opentype/inter/Inter-SemiBold.otf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"});
  const char* mono = first_of({"/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
                               "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"});
  // Latin, Greek, dashes and quotes, superscripts, arrows, minus, infinity, approximately and less-or-equal signs, the
  // triangle of verdicts.
  static const ImWchar ranges[] = {0x20,   0xff,   0x391,  0x3c9,  0x2010, 0x2026, 0x2030, 0x2033, 0x2070,
                                   0x209c, 0x2190, 0x2195, 0x2212, 0x2212, 0x221e, 0x221e, 0x2248, 0x2248,
                                   0x2264, 0x2265, 0x25b2, 0x25bc, 0x2713, 0x2717, 0};
  const std::pair<const char*, float> faces[] = {
      {sans, 15.5f}, {sans, 13.0f}, {bold, 20.0f}, {mono, 14.0f}, {mono, 12.5f}};
  for (const auto& [path, size] : faces) {
    ImFontConfig config;
    config.OversampleH = 2;
    config.OversampleV = 1;
    config.PixelSnapH = true;
    config.SizePixels = std::floor(size * scale + 0.5f);
    if (!path) {
      atlas.AddFontDefault(&config);
      continue;
    }
    atlas.AddFontFromFileTTF(path, config.SizePixels, &config, ranges);
    if (path != dejavu && access(dejavu, R_OK) == 0) {  // what the face lacks
      config.MergeMode = true;
      atlas.AddFontFromFileTTF(dejavu, config.SizePixels, &config, ranges);
    }
  }
  atlas.Build();
  ImGui::GetIO().FontDefault = atlas.Fonts[0];
}

ImFont* font(Font which) { return ImGui::GetIO().Fonts->Fonts[static_cast<int>(which)]; }

ImU32 signal_colour(const std::string& name) {
  static const std::pair<const char*, int> known[] = {{"user.depth", 0},
                                                      {"screw.position", 8},
                                                      {"needle.extension", 1},
                                                      {"needle.tip_depth", 2},
                                                      {"skin.indentation", 5},
                                                      {"needle.penetration", 3},
                                                      {"needle.penetration_max", 4},
                                                      {"needle.force", 4},
                                                      {"stroke.rate", 1},
                                                      {"user.rate", 0},
                                                      {"stroke.period", 6},
                                                      {"stroke.dwell", 3},
                                                      {"stroke.drag", 2},
                                                      {"motor.speed", 1},
                                                      {"motor.current", 2},
                                                      {"motor.voltage", 3},
                                                      {"core.pwm_duty", 5},
                                                      {"battery.voltage", 7},
                                                      {"battery.state_of_charge", 3},
                                                      {"hand.press", 8},
                                                      {"stroke.force_peak", 4},
                                                      {"stroke.penetration_peak", 4},
                                                      {"stroke.penetration_mean", 3},
                                                      {"stroke.penetration_min", 6},
                                                      {"stroke.extension_peak", 1},
                                                      {"motor.temperature", 4},
                                                      {"housing.temperature", 2},
                                                      {"insertion.travel", 1},
                                                      {"insertion.energy", 5},
                                                      {"skin.channel_depth", 8}};
  for (const auto& [signal, index] : known)
    if (name == signal) return current->palette[index];
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return current->palette[1 + hash % (palette_size - 1)];
}

ImU32 with_alpha(ImU32 colour, float alpha) {
  const auto a =
      static_cast<ImU32>(static_cast<float>(colour >> IM_COL32_A_SHIFT & 255) * std::clamp(alpha, 0.0f, 1.0f) + 0.5f);
  return (colour & ~IM_COL32_A_MASK) | a << IM_COL32_A_SHIFT;
}

ImU32 mix(ImU32 a, ImU32 b, float share_of_b) {
  const auto channel = [&](int shift) {
    const auto x = static_cast<float>(a >> shift & 255), y = static_cast<float>(b >> shift & 255);
    return static_cast<ImU32>(x + (y - x) * share_of_b + 0.5f) << shift;
  };
  return channel(IM_COL32_R_SHIFT) | channel(IM_COL32_G_SHIFT) | channel(IM_COL32_B_SHIFT) | IM_COL32_A_MASK;
}

}  // namespace pensim::dashboard
