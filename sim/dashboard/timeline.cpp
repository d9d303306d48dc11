// The fault calendar: a lane for every fault and setting that occurs, one for what is done to the core.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/timeline_edit.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"

namespace pensim::dashboard {
namespace {

using Part = TimelineState::Part;
using Block = TimelineState::Block;

struct Lane {
  std::string name;
  Command::Kind kind = Command::Kind::set;  // poke stands for all that is done to the core
  std::vector<int> commands;
};

struct View {  // where things are in this frame
  Rect area;   // lanes over time
  Axis x;
  float lane = 0;  // height of a lane
  double tick_s = 0;
  Tick run_end = 0;
  double s(Tick t) const { return static_cast<double>(t) * tick_s; }
  float at(Tick t) const { return x.pixel(s(t)); }
  double s_per_pixel() const { return (x.to - x.from) / static_cast<double>(area.width()); }
};

bool pressed(ImGuiKey key) { return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key), false); }

std::vector<Lane> lanes_of(const std::vector<Command>& commands) {
  std::vector<Lane> lanes;
  for (const Command::Kind kind : {Command::Kind::fault, Command::Kind::poke, Command::Kind::set})
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const Command& c = commands[i];
      const bool to_core = c.kind != Command::Kind::fault && c.kind != Command::Kind::set;
      if (to_core ? kind != Command::Kind::poke : c.kind != kind) continue;
      const std::string name = to_core ? "core" : c.name;
      auto lane =
          std::find_if(lanes.begin(), lanes.end(), [&](const Lane& l) { return l.kind == kind && l.name == name; });
      if (lane == lanes.end()) lane = lanes.insert(lanes.end(), {name, kind, {}});
      lane->commands.push_back(static_cast<int>(i));
    }
  return lanes;
}

std::string described(const Command& c, const View& v) {
  const Nanoseconds tick_ns = std::llround(v.tick_s * 1e9);
  const std::string value = value_text(c), at = format_time(v.s(c.at), 1e-5);
  switch (c.kind) {
    case Command::Kind::fault:
      return fmt::format("{}{}\nfrom {} {}{}\n{}", c.name, value.empty() ? "" : ": " + value, at,
                         c.duration ? "for " : "", length_text(c, tick_ns), meaning_of(c));
    case Command::Kind::set:
      return fmt::format("{}: {}\nat {}{}\n{}", c.name, value, at, c.over ? ", over " + length_text(c, tick_ns) : "",
                         meaning_of(c));
    case Command::Kind::poke:
      return fmt::format("{} = {}\nat {}\nwritten into the core's memory", c.name, value, at);
    case Command::Kind::uart:
      return fmt::format("console: {}\nat {}\n{}", value, at, meaning_of(c));
    case Command::Kind::reset:
      return fmt::format("reset: {}\nat {}\n{}", value, at, meaning_of(c));
  }
  return "";
}

ImU32 colour_of(const Command& c) {
  const Theme& t = theme();
  if (c.kind == Command::Kind::fault) return t.bad;
  return c.kind == Command::Kind::set ? signal_colour(c.name) : c.kind == Command::Kind::reset ? t.warn : t.accent;
}

// Words in a stretch of a lane, if there is room for them.
void draw_words(ImDrawList* list, const View& v, float from, float to, float y, ImU32 colour, const std::string& words,
                bool backed = false) {
  from = std::max(from, v.area.x0) + 4;
  to = std::min(to, v.area.x1) - 2;
  const ImVec2 size = text_size(Font::small, words);
  if (size.x > to - from || y < v.area.y0 - 1 || y + v.lane > v.area.y1 + 1) return;
  if (backed)
    list->AddRectFilled({from - 1, y + 3}, {from + size.x + 2, y + v.lane - 1}, with_alpha(theme().panel, 0.8f), 2);
  draw_text(list, Font::small, std::floor(from), std::floor(y + (v.lane - size.y) / 2), colour, words);
}

void draw_fault(App& app, ImDrawList* list, const View& v, const Command& c, int index, float y, Block& block) {
  const ImU32 colour = colour_of(c);
  const bool chosen = app.selected.command == index;
  block = {v.at(c.at), std::max(v.at(end_of(c, v.run_end)), v.at(c.at) + 2), y + 1, y + v.lane - 1};
  const float x0 = std::max(block.x0, v.area.x0 - 9), x1 = std::min(block.x1, v.area.x1 + 9);
  list->AddRectFilled({x0, block.y0}, {x1, block.y1}, with_alpha(colour, chosen ? 0.5f : 0.32f), 3);
  list->AddRect({x0, block.y0}, {x1, block.y1}, chosen ? theme().ink : colour, 3, 0, chosen ? 1.6f * app.scale : 1.0f);
  list->PushClipRect({x0, block.y0}, {x1, block.y1}, true);  // hatched: not colour alone
  for (float x = x0 - std::fmod(x0 - block.x0, 9.0f); x < x1; x += 9)
    list->AddLine({x, block.y1}, {x + v.lane / 2, block.y0}, with_alpha(colour, 0.35f));
  list->PopClipRect();
  const std::string value = value_text(c), length = length_text(c, std::llround(v.tick_s * 1e9));
  draw_words(list, v, block.x0, block.x1, y, theme().ink, value.empty() ? length : value + ", " + length);
}

// The setting over time as a filled step line, ramps as slopes; the value at the left of each piece.
void draw_settings(App& app, ImDrawList* list, const View& v, const std::vector<Command>& commands, const Lane& lane,
                   float y) {
  double low = initial_value(app, lane.name), high = low;
  for (const int i : lane.commands)
    low = std::min(low, commands[static_cast<std::size_t>(i)].value),
    high = std::max(high, commands[static_cast<std::size_t>(i)].value);
  const auto level = [&](double value) {
    const double share = high > low ? (value - low) / (high - low) : 1;
    return y + v.lane - 2 - static_cast<float>(share) * (v.lane - 5);
  };
  double value = initial_value(app, lane.name);
  const ImU32 colour = signal_colour(lane.name);
  const float bottom = y + v.lane - 1;
  const auto piece = [&](double from_s, double from, double to_s, double to) {
    if (to_s <= from_s || to_s < v.x.from || from_s > v.x.to) return;
    const ImVec2 a{v.x.pixel(from_s), level(from)}, b{v.x.pixel(to_s), level(to)};
    const ImVec2 shape[] = {{a.x, bottom}, a, b, {b.x, bottom}};
    list->AddConvexPolyFilled(shape, 4, with_alpha(colour, 0.16f));
    list->AddLine(a, b, colour, 1.4f * app.scale);
  };
  double before_s = 0;
  for (std::size_t k = 0; k < lane.commands.size(); ++k) {
    const int index = lane.commands[k];
    const Command& c = commands[static_cast<std::size_t>(index)];
    const double at = v.s(c.at), next = k + 1 < lane.commands.size()
                                            ? v.s(commands[static_cast<std::size_t>(lane.commands[k + 1])].at)
                                            : v.s(v.run_end);
    piece(before_s, value, at, value);
    double reached = c.value, end = at + v.s(c.over);
    // another command ends the ramp
    if (c.over > 0 && end > next) reached = value + (c.value - value) * (next - at) / (end - at), end = next;
    if (c.over > 0)
      piece(at, value, end, reached);
    else if (at >= v.x.from && at <= v.x.to)
      list->AddLine({v.at(c.at), level(value)}, {v.at(c.at), level(c.value)}, colour, 1.4f * app.scale);
    value = reached;
    before_s = end;
    const bool chosen = app.selected.command == index;
    Block& block = app.timeline.blocks[static_cast<std::size_t>(index)];
    block = {v.at(c.at), v.at(c.at + c.over), y + 1, y + v.lane - 1};
    list->AddRectFilled({block.x0 - 1.5f, block.y0}, {block.x0 + 1.5f, block.y1}, chosen ? theme().ink : colour, 1);
    // its end, to be dragged
    if (chosen) list->AddRectFilled({block.x1 + 5, block.y0 + 3}, {block.x1 + 7, block.y1 - 3}, theme().dim, 1);
    draw_words(list, v, block.x0 + (chosen ? 6.0f : 0.0f), v.x.pixel(next), y, theme().ink, value_text(c),
               c.over > 0 || (c.value > low && c.value < high));
  }
  piece(before_s, value, v.s(v.run_end), value);
}

void draw_flag(App& app, ImDrawList* list, const View& v, const Command& c, int index, float next, float y,
               Block& block) {
  const ImU32 colour = app.selected.command == index ? theme().ink : colour_of(c);
  const float x = v.at(c.at);
  block = {x, x, y + 1, y + v.lane - 1};
  list->AddLine({x, block.y0}, {x, block.y1}, colour, 1.5f * app.scale);
  list->AddTriangleFilled({x, block.y0}, {x + 8 * app.scale, block.y0 + 3.5f * app.scale},
                          {x, block.y0 + 7 * app.scale}, colour);
  const std::string value = value_text(c);
  draw_words(list, v, x + 8 * app.scale, next, y, theme().ink,
             c.kind == Command::Kind::poke   ? c.name + " = " + value
             : c.kind == Command::Kind::uart ? "console: " + value
                                             : "reset: " + value);
}

// --- the mouse ---

struct Hit {
  int command = -1;
  Part part = Part::none;
};

Hit hit_test(const App& app, const std::vector<Command>& commands, ImVec2 mouse) {
  Hit best;
  float nearest = 1e9f;
  for (std::size_t i = 0; i < app.timeline.blocks.size(); ++i) {
    const Block& b = app.timeline.blocks[i];
    if (mouse.y < b.y0 || mouse.y > b.y1) continue;
    const bool fault = commands[i].kind == Command::Kind::fault, set = commands[i].kind == Command::Kind::set;
    const float edge = std::min(5.0f, std::max(1.0f, (b.x1 - b.x0) / 4)), grip = set ? 11.0f : 5.0f;
    if (mouse.x < b.x0 - 5 || mouse.x > b.x1 + grip) continue;
    const float distance = std::max({0.0f, b.x0 - mouse.x, mouse.x - b.x1}) + (fault ? (b.x1 - b.x0) * 1e-4f : 0);
    if (distance >= nearest) continue;
    nearest = distance;
    Part part = Part::whole;
    if (fault) part = mouse.x > b.x1 - edge ? Part::end : mouse.x < b.x0 + edge ? Part::begin : Part::whole;
    if (set && mouse.x > b.x1 + 4) part = Part::end;
    if (set && commands[i].over > 0 && mouse.x > b.x1 - 4) part = Part::end;
    best = {static_cast<int>(i), part};
  }
  return best;
}

Tick snap(const App& app, const View& v, double at_s, int but) {
  return snapped(app, at_s, but, 1e-3 / v.s_per_pixel(), 6 * v.s_per_pixel(), ImGui::GetIO().KeyAlt);
}

// What the dragged command has become with the mouse at `mouse_s`.
Command dragged(const App& app, const View& v, double mouse_s) {
  const TimelineState& state = app.timeline;
  const double to_s = mouse_s - state.grabbed_s;
  return dragged(state.before, state.dragging, to_s >= v.s(v.run_end) ? v.run_end : snap(app, v, to_s, state.command),
                 v.run_end);
}

void begin_edit(App& app, const View& v, int index) {
  TimelineState& state = app.timeline;
  const Command& c = app.session->timeline()[static_cast<std::size_t>(index)];
  const Nanoseconds tick_ns = std::llround(v.tick_s * 1e9);
  const auto put = [](char(&to)[64], const std::string& from) {
    std::memset(to, 0, sizeof to);
    from.copy(to, sizeof to - 1);
  };
  if (value_text(c).size() >= sizeof state.value) {
    app.message = "This text is too long to be edited here: save the run as a scenario and edit that.";
    return;
  }
  put(state.value, value_text(c));
  put(state.at, format_quantity(v.s(c.at), "s"));
  put(state.length, length_text(c, tick_ns));
  state.before = c;
  state.problem.clear();
  state.editing = index;
  state.focus = true;
}

void duplicate(App& app, const View& v, int index) {
  Command c = app.session->timeline()[static_cast<std::size_t>(index)];
  const Tick length = end_of(c, v.run_end) - c.at, tenth = static_cast<Tick>((v.x.to - v.x.from) / 10 / v.tick_s);
  c.at = std::min(c.at + (c.duration > 0 || c.over > 0 ? length : std::max<Tick>(tenth, 1)),
                  std::max<Tick>(v.run_end - 1, 0));
  post_command(app, c, app.message);
}

void place(App& app, const View& v, Tick at) {
  TimelineState& state = app.timeline;
  const Command c = new_command(app, state.placing, state.placing_fault, at);
  state.list = false;  // the lanes are wanted now
  if (post_command(app, c, app.message) && !unit_of(c).empty() && value_text(c) != "on" && value_text(c) != "off")
    begin_edit(app, v, app.selected.command);
}

void handle_mouse(App& app, const View& v, const std::vector<Command>& commands) {
  TimelineState& state = app.timeline;
  ImGuiIO& io = ImGui::GetIO();
  ImGui::SetCursorScreenPos({v.area.x0, v.area.y0});
  ImGui::InvisibleButton("lanes", {v.area.width(), v.area.height()});
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  const double mouse_s = v.x.value(io.MousePos.x);
  const Hit hit = hovered ? hit_test(app, commands, io.MousePos) : Hit{};
  if (hovered && io.MouseWheel != 0) {
    const double factor = std::pow(0.8, static_cast<double>(io.MouseWheel));
    show_stretch(app, mouse_s + (app.time.from_s - mouse_s) * factor, mouse_s + (app.time.to_s - mouse_s) * factor);
  }
  if (ImGui::IsItemActivated()) {
    app.selected.command = hit.command;
    state.moved = state.panning = false;
    state.command = hit.command;
    state.dragging = app.session ? hit.part : Part::none;
    state.grabbed_s = mouse_s;
    if (hit.command >= 0) {
      state.before = state.now = commands[static_cast<std::size_t>(hit.command)];
      state.grabbed_s -= v.s(state.dragging == Part::end ? end_of(state.before, v.run_end) : state.before.at);
      if (app.session && ImGui::IsMouseDoubleClicked(0)) {
        state.dragging = Part::none;
        begin_edit(app, v, hit.command);
      }
    }
  }
  if (active && ImGui::IsMouseDragging(0, 3)) {
    state.moved = true;
    if (state.dragging != Part::none) {
      state.now = dragged(app, v, mouse_s);
    } else if (state.command < 0) {
      state.panning = true;
      const double shift = state.grabbed_s - mouse_s;
      show_stretch(app, app.time.from_s + shift, app.time.to_s + shift);
    }
  }
  if (ImGui::IsItemDeactivated()) {
    if (state.dragging != Part::none && state.moved) replace_command(app, state.command, state.now, app.message);
    if (state.command < 0 && !state.moved && hovered) seek(app, std::clamp(mouse_s, 0.0, duration_s(app)));
    state.dragging = Part::none;
    state.command = -1;
    state.panning = false;
  }
  const Part part = state.dragging != Part::none ? state.dragging : hit.part;
  if (app.session && (part == Part::begin || part == Part::end)) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (state.dragging != Part::none && state.moved)
    tooltip(described(state.now, v) + (io.KeyAlt ? "" : "\n(alt: no snapping)"));
  else if (hit.command >= 0 && state.editing < 0 && !ImGui::IsPopupOpen("command"))
    tooltip(described(commands[static_cast<std::size_t>(hit.command)], v));
  if (app.session && hovered && ImGui::IsMouseReleased(1)) {
    state.menu = hit.command;
    state.menu_s = mouse_s;
    app.selected.command = hit.command;
    ImGui::OpenPopup("command");
  }
}

void draw_menu(App& app, const View& v) {
  TimelineState& state = app.timeline;
  if (!ImGui::BeginPopup("command")) return;
  escape_closes();
  const auto& timeline = app.session->timeline();
  if (state.menu >= 0 && state.menu < static_cast<int>(timeline.size())) {
    Command c = timeline[static_cast<std::size_t>(state.menu)];
    if (ImGui::MenuItem("Edit ...", "double click")) begin_edit(app, v, state.menu);
    if (ImGui::MenuItem("Duplicate")) duplicate(app, v, state.menu);
    if (c.kind == Command::Kind::fault && c.duration > 0 && ImGui::MenuItem("Until the end of the run")) {
      c.duration = 0;
      replace_command(app, state.menu, c, app.message);
    }
    if (ImGui::MenuItem("Delete", "delete")) erase_command(app, state.menu);
  } else if (ImGui::MenuItem("Add a fault or setting here ...")) {
    state.list = state.focus_search = true;
    state.place_s = state.menu_s;
  }
  ImGui::EndPopup();
}

// --- the list of what can be placed ---

struct Entry {
  const char *name, *unit, *meaning;
  double low, high;
  bool fault;
};

std::vector<Entry> entries_of(const char* search) {
  std::vector<Entry> out;
  for (const FaultKind& f : fault_kinds)
    if (matches(search, std::string(f.name) + " " + f.meaning))
      out.push_back({f.name, f.unit, f.meaning, f.low, f.high, true});
  for (const Settable& s : settables)
    if (matches(search, std::string(s.name) + " " + s.meaning))
      out.push_back({s.name, s.unit, s.meaning, s.low, s.high, false});
  return out;
}

// Where a click or Return in the list places.
Tick place_of(const App& app, const View& v) {
  return std::clamp<Tick>(std::llround(app.timeline.place_s.value_or(app.cursor_s) / v.tick_s), 0,
                          std::max<Tick>(v.run_end - 1, 0));
}

void draw_entry(App& app, const View& v, const Entry& e, bool marked) {
  TimelineState& state = app.timeline;
  const Theme& t = theme();
  const auto& [name, unit, meaning, low, high, fault] = e;
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = std::floor(font(Font::small)->FontSize * 1.5f);
  ImGui::InvisibleButton(name, {width, height});
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (marked || ImGui::IsItemHovered() || ImGui::IsItemActive())
    list->AddRectFilled(p, {p.x + width, p.y + height}, marked ? with_alpha(t.accent, 0.25f) : with_alpha(t.ink, 0.08f),
                        3);
  if (marked && state.mark.moved) ImGui::SetScrollHereY();
  list->AddRectFilled({p.x + 2, p.y + 4}, {p.x + 5, p.y + height - 4}, fault ? t.bad : signal_colour(name), 1);
  draw_text(list, Font::small, p.x + 10, p.y + std::floor(height * 0.15f), t.ink,
            fit_text(Font::small, name, width - 12));
  const bool onto_lanes = v.area.contains(ImGui::GetIO().MousePos);
  if (ImGui::IsItemActivated()) state.placing = name, state.placing_fault = fault;
  if (ImGui::IsItemDeactivated() && state.placing == name) {
    if (onto_lanes)
      place(app, v, snap(app, v, v.x.value(ImGui::GetIO().MousePos.x), -1));
    else if (ImGui::IsItemHovered())
      place(app, v, place_of(app, v));
    state.placing.clear();
  }
  if (state.placing.empty())
    tooltip(fmt::format(
        "{}\n{}", meaning,
        !*unit ? "no value" : fmt::format("{} to {}", format_quantity(low, unit), format_quantity(high, unit))));
}

void draw_list(App& app, const View& v, ImVec2 bottom_left) {
  TimelineState& state = app.timeline;
  const float unit = ImGui::GetFontSize();
  ImGui::SetNextWindowPos(bottom_left, ImGuiCond_Always, {0, 1});
  ImGui::SetNextWindowSize({unit * 18, std::min(unit * 24, bottom_left.y - unit)});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme().raised);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, theme().panel);
  ImGui::Begin("add to the timeline", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  if (state.focus_search) ImGui::SetKeyboardFocusHere();
  state.focus_search = false;
  ImGui::SetNextItemWidth(-1);
  if (ImGui::InputTextWithHint("##search", "search faults and settings", state.search, sizeof state.search))
    state.mark = {*state.search ? 0 : -1, true};
  const std::vector<Entry> entries = entries_of(state.search);
  if (list_keys(state.mark.at, state.mark.moved, static_cast<int>(entries.size())) && state.list) {
    const Entry& e = entries[static_cast<std::size_t>(state.mark.at)];
    state.placing = e.name, state.placing_fault = e.fault;
    place(app, v, place_of(app, v));
    state.placing.clear();
  }
  const std::string where = state.place_s ? "at " + format_time(*state.place_s, v.s_per_pixel()) : "at the cursor";
  const float foot = font(Font::small)->FontSize * 2.6f + ImGui::GetStyle().ItemSpacing.y;
  ImGui::BeginChild("entries", {0, -foot});
  if (entries.empty()) text(Font::small, theme().dim, "No fault or setting with that name.");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i == 0 || entries[i].fault != entries[i - 1].fault)
      text(Font::small, theme().dim, entries[i].fault ? "Faults" : "Settings");
    draw_entry(app, v, entries[i], state.mark.at == static_cast<int>(i));
  }
  ImGui::EndChild();
  ImGui::PushTextWrapPos(0);
  text(Font::small, theme().faint, "Drag onto the timeline, or click or Return to place it " + where + ".");
  ImGui::PopTextWrapPos();
  ImGui::End();
  ImGui::PopStyleColor(2);
}

// --- the editor ---

void draw_editor(App& app, const View& v) {
  TimelineState& state = app.timeline;
  const auto& timeline = app.session->timeline();
  if (state.editing >= static_cast<int>(timeline.size()) ||
      timeline[static_cast<std::size_t>(state.editing)].at != state.before.at ||
      timeline[static_cast<std::size_t>(state.editing)].name != state.before.name) {  // taken back meanwhile
    state.editing = -1;
    return;
  }
  const Command c = timeline[static_cast<std::size_t>(state.editing)];
  const float unit = ImGui::GetFontSize(), width = unit * 20;
  ImGui::SetNextWindowPos(
      {std::clamp(v.at(c.at), v.area.x0, std::max(v.area.x0, v.area.x1 - width)), v.area.y0 - unit * 2.2f},
      ImGuiCond_Always, {0, 1});
  ImGui::SetNextWindowSize({width, 0});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme().raised);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, theme().panel);
  ImGui::Begin("edit the command", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_AlwaysAutoResize);
  text(Font::text, theme().ink,
       c.kind == Command::Kind::uart    ? "console"
       : c.kind == Command::Kind::reset ? "reset"
                                        : c.name);
  ImGui::PushTextWrapPos(0);
  text(Font::small, theme().dim, meaning_of(c));
  ImGui::PopTextWrapPos();
  bool entered = false;
  const auto field = [&](const char* label, char(&buffer)[64]) {
    ImGui::AlignTextToFramePadding();
    text(Font::small, theme().dim, label);
    ImGui::SameLine(unit * 4.5f);
    ImGui::SetNextItemWidth(-1);
    if (state.focus) ImGui::SetKeyboardFocusHere();
    state.focus = false;
    entered = ImGui::InputText(fmt::format("##{}", label).c_str(), buffer, sizeof buffer,
                               ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll) ||
              entered;
  };
  const bool has_value = !unit_of(c).empty() || c.kind == Command::Kind::uart || c.kind == Command::Kind::reset;
  if (has_value) field("value", state.value);
  field("at", state.at);
  if (c.kind == Command::Kind::fault) field("for", state.length);
  if (c.kind == Command::Kind::set) field("ramp over", state.length);
  ImGui::PushTextWrapPos(0);
  if (!state.problem.empty()) text(Font::small, theme().bad, state.problem);
  text(Font::small, theme().faint, "Enter changes it, Escape closes.");
  ImGui::PopTextWrapPos();
  ImGui::End();
  ImGui::PopStyleColor(2);
  if (!entered) return;
  try {
    const Command changed = edited(c, state.value, state.at, state.length, std::llround(v.tick_s * 1e9));
    if (replace_command(app, state.editing, changed, state.problem))
      state.editing = -1;
    else
      state.focus = true;
  } catch (const QuantityError& e) {
    state.problem = std::string(e.what()) + (e.hint.empty() ? "" : ": " + e.hint);
    state.focus = true;
  }
}

// --- lanes ---

void draw_lanes(App& app, View& v, std::vector<Command> commands, float gutter) {
  TimelineState& state = app.timeline;
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float small = font(Font::small)->FontSize, left = v.area.x0 - gutter;
  if (state.dragging != Part::none && state.moved && state.command < static_cast<int>(commands.size()))
    commands[static_cast<std::size_t>(state.command)] = state.now;
  state.blocks.assign(commands.size(), {-1e6f, -1e6f, -1, -1});

  const std::vector<Lane> lanes = lanes_of(commands);
  const auto count = static_cast<float>(std::max<std::size_t>(lanes.size(), 1));
  v.lane = std::floor(std::clamp(v.area.height() / count, small + 3, small * 1.9f));
  const float most = std::max(0.0f, v.lane * count - v.area.height());
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (ImGui::IsWindowHovered() && mouse.x < v.area.x0 && mouse.y >= v.area.y0 && mouse.y < v.area.y1)
    state.scroll -= ImGui::GetIO().MouseWheel * v.lane;
  state.scroll = std::clamp(state.scroll, 0.0f, most);

  // Axis, what is not computed yet, what lies beyond the run.
  for (const AxisTick& tick : axis_ticks(v.x, small * 6)) {
    const float x = v.x.pixel(tick.value), half = text_size(Font::small_number, tick.label).x / 2;
    list->AddLine({x, v.area.y0}, {x, v.area.y1}, t.grid);
    if (!tick.minor && x - half >= v.area.x0 && x + half <= v.area.x1 - small)
      draw_text(list, Font::small_number, x - half, v.area.y1 + 1, t.dim, tick.label);
  }
  draw_text(list, Font::small_number, v.area.x1 - text_size(Font::small_number, "s").x, v.area.y1 + 1, t.dim, "s");
  list->PushClipRect({left, v.area.y0}, {v.area.x1, v.area.y1}, true);
  const float computed = std::clamp(v.x.pixel(computed_s(app)), v.area.x0, v.area.x1),
              end = std::clamp(v.at(v.run_end), v.area.x0, v.area.x1);
  if (computed < end) list->AddRectFilled({computed, v.area.y0}, {end, v.area.y1}, with_alpha(t.ink, 0.05f));
  if (end < v.area.x1) list->AddRectFilled({end, v.area.y0}, {v.area.x1, v.area.y1}, with_alpha(t.background, 0.7f));

  for (std::size_t k = 0; k < lanes.size(); ++k) {
    const Lane& lane = lanes[k];
    const float y = v.area.y0 + v.lane * static_cast<float>(k) - state.scroll;
    if (y + v.lane <= v.area.y0 || y >= v.area.y1) continue;
    if (y >= v.area.y0 - 1 && y + v.lane <= v.area.y1 + 1)
      draw_text(list, Font::small, left, std::floor(y + (v.lane - small) / 2),
                lane.kind == Command::Kind::set ? t.dim : t.ink, fit_text(Font::small, lane.name, gutter - 8));
    list->PushClipRect({v.area.x0, v.area.y0}, {v.area.x1, v.area.y1}, true);
    list->AddLine({v.area.x0, y + v.lane - 0.5f}, {v.area.x1, y + v.lane - 0.5f}, t.grid);
    if (lane.kind == Command::Kind::set) draw_settings(app, list, v, commands, lane, y);
    for (std::size_t i = 0; i < lane.commands.size() && lane.kind != Command::Kind::set; ++i) {
      const int index = lane.commands[i];
      const Command& c = commands[static_cast<std::size_t>(index)];
      Block& block = state.blocks[static_cast<std::size_t>(index)];
      const Tick next =
          i + 1 < lane.commands.size() ? commands[static_cast<std::size_t>(lane.commands[i + 1])].at : v.run_end;
      if (lane.kind == Command::Kind::fault)
        draw_fault(app, list, v, c, index, y, block);
      else
        draw_flag(app, list, v, c, index, v.at(next), y, block);
    }
    list->PopClipRect();
  }
  if (most > 0) {  // how far it is scrolled
    const float share = v.area.height() / (v.lane * count),
                top = v.area.y0 + state.scroll / (v.lane * count) * v.area.height();
    list->AddRectFilled({v.area.x1 - 3, top}, {v.area.x1, top + share * v.area.height()}, with_alpha(t.ink, 0.3f), 2);
  }
  const float cursor = v.x.pixel(app.cursor_s);
  if (cursor >= v.area.x0 && cursor <= v.area.x1)
    list->AddLine({cursor, v.area.y0}, {cursor, v.area.y1}, t.accent, 1.5f * app.scale);
  if (!state.placing.empty() && v.area.contains(mouse)) {  // where it would be
    const Command c = new_command(app, state.placing, state.placing_fault, snap(app, v, v.x.value(mouse.x), -1));
    const float x0 = v.at(c.at), x1 = std::max(v.at(end_of(c, v.run_end)), x0 + 3);
    list->AddRectFilled({x0, v.area.y0}, {x1, v.area.y1}, with_alpha(colour_of(c), 0.35f), 3);
  }
  list->PopClipRect();
}

// The line of the title: the list, or what a recording allows.
void draw_title(App& app, ImVec2 at, float right) {
  TimelineState& state = app.timeline;
  ImGui::PushFont(font(Font::small));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {6, 0});
  ImGui::SetCursorScreenPos(at);
  std::string hint = "drag a block to move it, an edge to change its length, double click to edit";
  if (app.session) {
    if (icon_button("add", Icon::plus, "Faults and settings: search, click or drag onto the timeline", false,
                    state.list)) {
      state.list = !state.list;
      state.focus_search = state.list;
      state.place_s.reset();
    }
    ImGui::SameLine(0, 6);
    if (ImGui::Button("Setup")) app.overlay = {}, app.overlay.set_up = true;
    tooltip("Change skin, pen, cartridge, operator or seed: reruns from the start  (p)");
  } else {
    const RecordingMeta& meta = app.main.recording->meta();
    hint = meta.scenario_text.empty() ? "this recording does not contain a scenario" : "as recorded";
    if (!meta.scenario_text.empty() && meta.kind == RecordingKind::pen && !app.other.recording &&
        ImGui::Button("Open as a live run")) {
      try {
        open_live(app);
      } catch (const InputError& e) {
        app.message = e.what();
      }
    }
  }
  ImGui::SameLine(0, 10);
  const ImVec2 p = ImGui::GetCursorScreenPos();
  if (text_size(Font::small, hint).x < right - p.x)
    draw_text(ImGui::GetWindowDrawList(), Font::small, p.x, at.y, theme().faint, hint);
  ImGui::PopStyleVar();
  ImGui::PopFont();
}

}  // namespace

void draw_timeline(App& app) {
  TimelineState& state = app.timeline;
  if (!app.main.recording) return draw_empty("No run", "Open a scenario or a recording from the library.");
  if (app.main.recording->meta().kind == RecordingKind::rig)
    return draw_empty("No timeline", "A testing machine follows its own program: insertion, hold, retraction.");
  const ImVec2 p = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float small = font(Font::small)->FontSize;
  draw_title(app, {p.x + text_size(Font::small, "TIMELINE").x + 12, p.y - ImGui::GetStyle().ItemSpacing.y - small},
             p.x + room.x);
  if (!app.main.recording) return;

  const std::vector<Command>& commands = commands_on_show(app);
  if (app.selected.command >= static_cast<int>(commands.size())) app.selected.command = -1;
  float gutter = small * 6;
  for (const Command& c : commands)
    gutter = std::max(
        gutter,
        text_size(Font::small, c.kind == Command::Kind::set || c.kind == Command::Kind::fault ? c.name : "core").x +
            12);
  gutter = std::floor(std::min(gutter, room.x * 0.3f));
  View v;
  v.area = {p.x + gutter, p.y, p.x + room.x, p.y + room.y - font(Font::small_number)->FontSize - 3};
  v.x = {app.time.from_s, app.time.to_s, v.area.x0, v.area.x1, false};
  v.tick_s = seconds(app.main.recording->tick_ns());
  v.run_end = static_cast<Tick>(std::llround(duration_s(app) / v.tick_s));
  if (v.area.height() < small * 2 || v.area.width() < small * 6)
    return draw_empty("No room for the timeline", "Make the window larger.");
  state.area = {v.area.x0, v.area.x1, v.area.y0, v.area.y1};

  draw_lanes(app, v, commands, gutter);
  if (commands.empty()) {
    ImGui::SetCursorScreenPos({v.area.x0, v.area.y0});
    draw_empty("No commands yet", app.session
                                      ? "Drag a fault or a setting here."
                                      : "No commands were given in this run, or the recording does not contain them.");
  }
  handle_mouse(app, v, commands);
  if (!app.session) return;
  draw_menu(app, v);
  if (state.list) draw_list(app, v, {p.x, p.y - small - ImGui::GetStyle().WindowPadding.y * 2});
  if (state.editing >= 0) draw_editor(app, v);
  if (pressed(ImGuiKey_Escape)) {
    state.list = false;
    state.editing = -1;
    state.dragging = Part::none;
    state.placing.clear();
  }
  if (pressed(ImGuiKey_Delete) && !ImGui::GetIO().WantTextInput && app.selected.command >= 0 &&
      state.dragging == Part::none)
    erase_command(app, app.selected.command);
}

}  // namespace pensim::dashboard
