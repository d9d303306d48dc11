// theme.h - colours, fonts and spacing of the dashboard and of charts.
#pragma once

#include <imgui.h>

#include <string>

namespace pensim::dashboard {

inline constexpr int palette_size = 9;

struct Theme {
  ImU32 background, panel, raised, border, grid;  // surfaces, from the back to the front; lines
  ImU32 ink, dim, faint;                          // text: values, labels, what is off
  ImU32 accent, on_accent;                        // what can be pressed, what is selected; text on it
  ImU32 good, bad, warn;                          // verdicts; never the only sign of one
  ImU32 palette[palette_size];                    // after Okabe and Ito (told apart with any colour vision); 0 is ink
};

const Theme& theme(bool dark);
const Theme& theme();  // the one last applied

// Style of ImGui; `scale` is the display's (1: 96 dots per inch). Needs a context.
void apply_theme(bool dark, float scale);

// Sizes at scale 1, in pixels: text 15.5, small 13, heading 20, number 14, small number 12.5.
enum class Font { text, small, heading, number, small_number };
// Fills the atlas of the current context. Inter and JetBrains Mono, or DejaVu, or what ImGui brings if a file is
// missing.
void load_fonts(float scale);
ImFont* font(Font);

// One colour per signal, the same everywhere.
ImU32 signal_colour(const std::string& name);

ImU32 with_alpha(ImU32 colour, float alpha);    // alpha 0..1 times that of the colour
ImU32 mix(ImU32 a, ImU32 b, float share_of_b);  // opaque

}  // namespace pensim::dashboard
