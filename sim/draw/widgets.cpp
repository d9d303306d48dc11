#include "sim/draw/widgets.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "sim/vocabulary/verdict.h"

namespace pensim::dashboard {

void draw_icon(ImDrawList* list, Icon icon, const Rect& room, ImU32 colour, bool mirrored) {
  // In a square of 16 units around the middle.
  const float u = std::min(room.width(), room.height()) / 16, cx = (room.x0 + room.x1) / 2,
              cy = (room.y0 + room.y1) / 2;
  const float line = std::max(1.0f, 1.5f * u);
  const auto at = [&](float x, float y) { return ImVec2{cx + (mirrored ? 8 - x : x - 8) * u, cy + (y - 8) * u}; };
  const auto bar = [&](float x0, float y0, float x1, float y1) {
    const ImVec2 a = at(x0, y0), b = at(x1, y1);
    list->AddRectFilled({std::min(a.x, b.x), a.y}, {std::max(a.x, b.x), b.y}, colour);
  };
  switch (icon) {
    case Icon::play:
      list->AddTriangleFilled(at(4, 2), at(14, 8), at(4, 14), colour);
      break;
    case Icon::pause:
      bar(4, 2.5f, 6.7f, 13.5f);
      bar(9.3f, 2.5f, 12, 13.5f);
      break;
    case Icon::to_begin:
      bar(2.5f, 3, 4.2f, 13);
      list->AddTriangleFilled(at(13, 3), at(13, 13), at(5, 8), colour);
      break;
    case Icon::to_end:
      bar(11.8f, 3, 13.5f, 13);
      list->AddTriangleFilled(at(3, 3), at(11, 8), at(3, 13), colour);
      break;
    case Icon::tick:
      list->AddTriangleFilled(at(6, 4), at(11, 8), at(6, 12), colour);
      break;
    case Icon::control:
      list->AddTriangleFilled(at(3, 4), at(8, 8), at(3, 12), colour);
      list->AddTriangleFilled(at(8, 4), at(13, 8), at(8, 12), colour);
      break;
    case Icon::stroke: {  // one period of a sine
      ImVec2 points[13];
      for (int i = 0; i < 13; ++i)
        points[i] = at(1.5f + static_cast<float>(i) * 9.0f / 12, 8 - 4.5f * std::sin(static_cast<float>(i) * 0.5236f));
      list->AddPolyline(points, 13, colour, 0, line);
      list->AddTriangleFilled(at(11, 5), at(15.5f, 8), at(11, 11), colour);
      break;
    }
    case Icon::event:
      list->AddLine(at(4, 2), at(4, 14), colour, line);
      list->AddTriangleFilled(at(4, 2.5f), at(13, 5.8f), at(4, 9), colour);
      break;
    case Icon::plus:
      bar(7.1f, 3, 8.9f, 13);
      bar(3, 7.1f, 13, 8.9f);
      break;
    case Icon::cross:
      list->AddLine(at(4, 4), at(12, 12), colour, line);
      list->AddLine(at(12, 4), at(4, 12), colour, line);
      break;
    case Icon::sun:
      list->AddCircleFilled(at(8, 8), 3.2f * u, colour, 24);
      for (int i = 0; i < 8; ++i) {
        const float a = static_cast<float>(i) * 0.7854f;
        list->AddLine(at(8 + 5 * std::cos(a), 8 + 5 * std::sin(a)), at(8 + 7 * std::cos(a), 8 + 7 * std::sin(a)),
                      colour, line);
      }
      break;
    case Icon::moon:
      for (int i = 0; i < 20; ++i) {  // the disc less a disc beside it, in slices
        const auto edge = [&](int k, ImVec2 middle, float radius) {
          const float y = 2.0f + 12.0f * static_cast<float>(k) / 20,
                      d = radius * radius - (y - middle.y) * (y - middle.y);
          return d > 0 ? middle.x - std::sqrt(d) : 12.5f;
        };
        const ImVec2 disc{8, 8}, cut{11, 6.5f};
        const auto right = [&](int k) {
          const float y = 2.0f + 12.0f * static_cast<float>(k) / 20, d = 36 - (y - 8) * (y - 8);
          return std::min(edge(k, cut, 5.2f), d > 0 ? 8 + std::sqrt(d) : 8.0f);
        };
        const float y0 = 2.0f + 12.0f * static_cast<float>(i) / 20, y1 = 2.0f + 12.0f * static_cast<float>(i + 1) / 20;
        list->AddQuadFilled(at(std::min(edge(i, disc, 6), 8.0f), y0), at(right(i), y0), at(right(i + 1), y1),
                            at(std::min(edge(i + 1, disc, 6), 8.0f), y1), colour);
      }
      break;
    case Icon::help: {
      list->AddCircle(at(8, 8), 6.5f * u, colour, 28, line);
      const ImVec2 curve[] = {at(5.9f, 6.5f), at(6.2f, 5.2f), at(7.2f, 4.5f), at(8.6f, 4.5f), at(9.7f, 5.1f),
                              at(10, 6.3f),   at(9.5f, 7.3f), at(8.4f, 8),    at(8, 9.4f)};
      list->AddPolyline(curve, 9, colour, 0, line);
      list->AddCircleFilled(at(8, 11.4f), 0.95f * u, colour, 12);
      break;
    }
    case Icon::library:
      for (const float x : {2.5f, 9.0f})
        for (const float y : {2.5f, 9.0f}) bar(x, y, x + 4.5f, y + 4.5f);
      break;
    case Icon::redo:
      mirrored = !mirrored;
      [[fallthrough]];
    case Icon::undo: {
      const ImVec2 curve[] = {at(4, 6),         at(9, 6),      at(11.6f, 6.8f), at(13, 9),
                              at(12.2f, 11.6f), at(10, 12.8f), at(6, 12.8f)};
      list->AddPolyline(curve, 7, colour, 0, line);
      list->AddTriangleFilled(at(1.5f, 6), at(6, 2.5f), at(6, 9.5f), colour);
      break;
    }
    case Icon::save:
      list->AddRect(at(2.5f, 2.5f), at(13.5f, 13.5f), colour, u, 0, line);
      bar(5, 3, 11, 6.5f);
      bar(5, 9.5f, 11, 13);
      break;
    case Icon::search:
      list->AddCircle(at(6.8f, 6.8f), 4.3f * u, colour, 24, line);
      list->AddLine(at(10, 10), at(14, 14), colour, line * 1.3f);
      break;
  }
}

bool icon_button(const char* id, Icon icon, const std::string& hint, bool mirrored, bool on, bool enabled) {
  const Theme& t = theme();
  const float size = ImGui::GetFrameHeight();
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton(id, {size, size}) && enabled;
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float round = ImGui::GetStyle().FrameRounding;
  if (on)
    list->AddRectFilled(p, {p.x + size, p.y + size}, ImGui::IsItemActive() ? mix(t.accent, t.ink, 0.2f) : t.accent,
                        round);
  else if (enabled && hovered)
    list->AddRectFilled(p, {p.x + size, p.y + size},
                        ImGui::GetColorU32(ImGui::IsItemActive() ? ImGuiCol_ButtonActive : ImGuiCol_ButtonHovered),
                        round);
  const float inset = std::floor(size * 0.24f);
  draw_icon(list, icon, {p.x + inset, p.y + inset, p.x + size - inset, p.y + size - inset},
            on        ? t.on_accent
            : enabled ? t.ink
                      : t.faint,
            mirrored);
  tooltip(hint);
  return pressed;
}

// Words of a requirement and of a run; any other, "" among them, is not judged.
ImU32 verdict_colour(const std::string& verdict) {
  const Theme& t = theme();
  if (const std::optional<RunVerdict> run = verdict_named(verdict))
    return *run == RunVerdict::pass ? t.good : *run == RunVerdict::measured ? t.accent : t.bad;
  const std::optional<Outcome> outcome = outcome_named(verdict);
  return outcome == Outcome::vacuous || outcome == Outcome::invalid ? t.warn : t.dim;
}

std::string verdict_word(const std::string& verdict) {
  std::string words = verdict.empty() ? "not judged" : verdict;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

ImVec2 chip_size(const std::string& words) {
  const ImVec2 size = text_size(Font::small, words);
  return {size.x + std::floor(size.y * 1.1f), std::floor(size.y * 1.45f)};
}

void draw_chip(ImDrawList* list, float x, float y, ImU32 colour, const std::string& words) {
  const ImVec2 size = chip_size(words), inside = text_size(Font::small, words);
  list->AddRectFilled({x, y}, {x + size.x, y + size.y}, with_alpha(colour, 0.16f), size.y / 2);
  draw_text(list, Font::small, x + (size.x - inside.x) / 2, y + (size.y - inside.y) / 2, colour, words);
}

void begin_panel(const char* id, const std::string& title, ImVec2 size) {
  const Theme& t = theme();
  ImGui::PushStyleColor(ImGuiCol_ChildBg, t.panel);
  ImGui::BeginChild(
      id, size, true,
      ImGuiWindowFlags_AlwaysUseWindowPadding | ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleColor();
  if (title.empty()) return;
  text(Font::small, t.dim, fit_text(Font::small, title, ImGui::GetContentRegionAvail().x));
}

void end_panel() { ImGui::EndChild(); }

void draw_empty(const std::string& what, const std::string& what_to_do) {
  const Theme& t = theme();
  const ImVec2 p = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = ImGui::GetFontSize() * 1.4f, wrap = std::min(room.x * 0.9f, ImGui::GetFontSize() * 34);
  ImFont *big = font(Font::text), *small = font(Font::small);
  const ImVec2 a = big->CalcTextSizeA(big->FontSize, 1e9f, wrap, what.c_str()),
               b = small->CalcTextSizeA(small->FontSize, 1e9f, wrap, what_to_do.c_str());
  const float y = std::floor(p.y + std::max(0.0f, (room.y - a.y - b.y - line * 0.4f) / 2));
  list->AddText(big, big->FontSize, {std::floor(p.x + (room.x - a.x) / 2), y}, t.ink, what.c_str(), nullptr, wrap);
  list->AddText(small, small->FontSize, {std::floor(p.x + (room.x - b.x) / 2), std::floor(y + a.y + line * 0.4f)},
                t.dim, what_to_do.c_str(), nullptr, wrap);
  ImGui::Dummy(room);
}

bool list_keys(int& mark, bool& moved, int count) {
  const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key)); };
  const int before = mark;
  constexpr int page = 10;
  if (pressed(ImGuiKey_DownArrow)) ++mark;
  if (pressed(ImGuiKey_UpArrow)) --mark;
  if (pressed(ImGuiKey_PageDown)) mark += page;
  if (pressed(ImGuiKey_PageUp)) mark -= page;
  mark = before < 0 && mark <= before ? std::min(before, count - 1) : std::clamp(mark, 0, std::max(count - 1, 0));
  if (count == 0) mark = -1;
  moved = mark != before;
  return mark >= 0 && (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Enter), false) ||
                       ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_KeyPadEnter), false));
}

void escape_closes() {
  if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Escape))) ImGui::CloseCurrentPopup();
}

bool choose(const char* id, const std::string& shown, float width, const std::vector<std::string>& entries,
            int& chosen) {
  ImGui::SetNextItemWidth(width);
  if (!ImGui::BeginCombo(id, shown.c_str(), ImGuiComboFlags_HeightLargest | ImGuiComboFlags_NoArrowButton))
    return false;
  ImGuiStorage* memory = ImGui::GetStateStorage();
  const ImGuiID key = ImGui::GetID("mark");
  int mark = ImGui::IsWindowAppearing() ? chosen : memory->GetInt(key, chosen), taken = -1;
  bool moved = false;
  if (list_keys(mark, moved, static_cast<int>(entries.size())) && !ImGui::IsWindowAppearing()) taken = mark;
  memory->SetInt(key, mark);
  for (int i = 0; i < static_cast<int>(entries.size()); ++i) {
    ImGui::PushID(i);
    if (ImGui::Selectable(entries[static_cast<std::size_t>(i)].c_str(), i == mark)) taken = i;
    if (i == mark && moved) ImGui::SetScrollHereY();
    ImGui::PopID();
  }
  if (taken >= 0) ImGui::CloseCurrentPopup();
  escape_closes();
  ImGui::EndCombo();
  if (taken < 0 || taken == chosen) return false;
  chosen = taken;
  return true;
}

bool matches(const std::string& search, const std::string& text) {
  const auto lower = [](std::string s) {
    for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return s;
  };
  const std::string where = lower(text), what = lower(search);
  for (std::size_t i = 0; i < what.size();) {
    const std::size_t end = std::min(what.find(' ', i), what.size());
    if (end > i && where.find(what.substr(i, end - i)) == std::string::npos) return false;
    i = end + 1;
  }
  return true;
}

void tooltip(const std::string& words) {
  if (words.empty() || !ImGui::IsItemHovered()) return;
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * 30);
  ImGui::TextUnformatted(words.c_str());
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

void text(Font which, ImU32 colour, const std::string& words) {
  ImGui::PushFont(font(which));
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextUnformatted(words.c_str());
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

}  // namespace pensim::dashboard
