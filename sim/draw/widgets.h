// widgets.h - small pieces that several panels share.
#pragma once

#include <string>
#include <vector>

#include "sim/draw/axes.h"

namespace pensim::dashboard {

enum class Icon {
  play,
  pause,
  to_begin,
  to_end,
  tick,
  control,
  stroke,
  event,
  plus,
  cross,
  sun,
  moon,
  help,
  library,
  undo,
  redo,
  save,
  search
};

// Drawn, not written: the same at every size. `mirrored` points to the left.
void draw_icon(ImDrawList* list, Icon icon, const Rect& room, ImU32 colour, bool mirrored = false);
bool icon_button(const char* id, Icon icon, const std::string& hint, bool mirrored = false, bool on = false,
                 bool enabled = true);

// A rounded label in the colour of a verdict (pass, fail, vacuous, not_applicable, invalid, measured, firmware_fault,
// error).
ImU32 verdict_colour(const std::string& verdict);
std::string verdict_word(const std::string& verdict);
void draw_chip(ImDrawList* list, float x, float y, ImU32 colour, const std::string& text);  // y: top
ImVec2 chip_size(const std::string& text);

// A panel: surface and title; what follows is drawn into the room that is left. end_panel() always.
void begin_panel(const char* id, const std::string& title, ImVec2 size);
void end_panel();

// A sentence in the middle of the room, for what is empty: what it is, and what to do.
void draw_empty(const std::string& what, const std::string& what_to_do);

// The keys of a list of `count` entries: up, down and page keys move `mark` (-1: none), Return takes the marked entry:
// true. `moved` says that it is another one now.
bool list_keys(int& mark, bool& moved, int count);
// A box with a list to choose from, by mouse or by the keys of a list; Escape closes it. True if `chosen` is another
// one.
bool choose(const char* id, const std::string& shown, float width, const std::vector<std::string>& entries,
            int& chosen);
void escape_closes();  // inside a popup
// Every word of the search stands somewhere in the text, in any order and case.
bool matches(const std::string& search, const std::string& text);

void tooltip(const std::string& text);                         // for the last item, when hovered
void text(Font which, ImU32 colour, const std::string& text);  // as ImGui::TextUnformatted

}  // namespace pensim::dashboard
