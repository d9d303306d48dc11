#include "sim/dashboard/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/dashboard/display_units.h"
#include "sim/dashboard/transport.h"
#include "sim/dashboard/widgets.h"
#include "sim/input_error.h"
#include "sim/quantity.h"

namespace pensim::dashboard {
namespace {

using Part = TimelineState::Part;

const Settable* settable_of(const std::string& name) {
  const auto it = std::find_if(std::begin(settables), std::end(settables), [&](const Settable& s) { return name == s.name; });
  return it == std::end(settables) ? nullptr : it;
}

const FaultKind* fault_of(const std::string& name) {
  const auto it = std::find_if(std::begin(fault_kinds), std::end(fault_kinds), [&](const FaultKind& f) { return name == f.name; });
  return it == std::end(fault_kinds) ? nullptr : it;
}

bool is_switch(const std::string& name) {
  const Settable* s = settable_of(name);
  return s && s->low == 0 && s->high == 1 && std::string(s->unit) == "1";
}

Tick length_of(const Command& c) { return c.kind == Command::Kind::fault ? c.duration : c.over; }

}  // namespace

std::vector<Command> commands_of(const App& app) {
  if (app.session) return app.session->timeline();
  std::vector<Command> out;
  if (!app.main.recording) return out;
  const auto json = nlohmann::json::parse(app.main.recording->meta().resolved_scenario, nullptr, false);
  if (!json.is_object() || !json.contains("commands") || !json["commands"].is_array()) return out;
  static const std::string kinds[] = {"set", "fault", "poke", "uart", "reset"};
  for (const auto& item : json["commands"]) {
    if (!item.is_object()) continue;
    Command c;
    c.at = item.value("at", Tick{0});
    const auto kind = std::find(std::begin(kinds), std::end(kinds), item.value("kind", std::string()));
    if (kind == std::end(kinds)) continue;
    c.kind = static_cast<Command::Kind>(kind - std::begin(kinds));
    c.name = item.value("name", std::string());
    c.value = item.contains("value") && item["value"].is_number() ? item["value"].get<double>() : 0;
    c.over = item.value("over", Tick{0});
    c.duration = item.value("duration", Tick{0});
    c.text = item.value("text", std::string());
    out.push_back(std::move(c));
  }
  return out;
}

std::string lane_of(const Command& c) { return c.kind == Command::Kind::set || c.kind == Command::Kind::fault ? c.name : ""; }

std::vector<std::string> lanes_of(const std::vector<Command>& commands) {
  const auto rank = [](const std::string& name) {
    if (name.empty()) return std::size_t{1000};
    if (const Settable* s = settable_of(name)) return 500 + static_cast<std::size_t>(s - settables);
    if (const FaultKind* f = fault_of(name)) return static_cast<std::size_t>(f - fault_kinds);
    return std::size_t{900};  // aux.<n>
  };
  std::vector<std::string> lanes;
  for (const Command& c : commands)
    if (std::find(lanes.begin(), lanes.end(), lane_of(c)) == lanes.end()) lanes.push_back(lane_of(c));
  std::stable_sort(lanes.begin(), lanes.end(), [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return lanes;
}

Command dragged(const Command& before, Part part, Tick tick, Tick duration) {
  Command c = before;
  const Tick last = std::max<Tick>(duration - 1, 0);
  const Tick length = length_of(before), end = length > 0 ? before.at + length : duration;
  if (part == Part::whole) {
    c.at = std::clamp<Tick>(tick, 0, last);
  } else if (part == Part::begin) {
    c.at = std::clamp<Tick>(tick, 0, std::max<Tick>(end - 1, 0));
    if (length > 0) (c.kind == Command::Kind::fault ? c.duration : c.over) = end - c.at;
  } else if (part == Part::end) {
    const Tick to = std::clamp<Tick>(tick, before.at + 1, std::max<Tick>(duration, before.at + 1));
    if (c.kind == Command::Kind::fault) c.duration = to >= duration ? 0 : to - before.at;  // to the end of the run
    else c.over = to - before.at;
  }
  return c;
}

Tick snap(const std::vector<Command>& commands, int except, Tick tick, Tick reach) {
  Tick best = tick, distance = reach + 1;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (static_cast<int>(i) == except) continue;
    for (const Tick edge : {commands[i].at, commands[i].at + length_of(commands[i])})
      if (std::abs(edge - tick) < distance) distance = std::abs(edge - tick), best = edge;
  }
  return best;
}

Command placed(const std::string& name, bool fault, Tick at, Tick length) {
  Command c;
  c.at = std::max<Tick>(at, 0);
  c.name = name;
  c.kind = fault ? Command::Kind::fault : Command::Kind::set;
  if (fault) c.duration = std::max<Tick>(length, 1);
  if (const FaultKind* f = fault_of(name); fault && f) c.value = f->magnitude;
  if (const Settable* s = settable_of(name); !fault && s) c.value = is_switch(name) ? 1 - s->start : s->start;
  return c;
}

std::string unit_of(const Command& c) {
  if (c.kind == Command::Kind::fault) return fault_of(c.name) ? fault_of(c.name)->unit : "";
  if (c.kind == Command::Kind::set) return settable_of(c.name) ? settable_of(c.name)->unit : "1";
  return "1";
}

std::string meaning_of(const Command& c) {
  if (const FaultKind* f = fault_of(c.name); c.kind == Command::Kind::fault && f) return f->meaning;
  if (const Settable* s = settable_of(c.name); c.kind == Command::Kind::set && s) return s->meaning;
  if (c.kind == Command::Kind::poke) return "a variable of the core is written";
  if (c.kind == Command::Kind::uart) return "bytes typed into the console";
  if (c.kind == Command::Kind::reset) return "the core is reset";
  return "an auxiliary input of the core";
}

std::string value_text(const Command& c) {
  if (c.kind == Command::Kind::uart) return c.text;
  if (c.kind == Command::Kind::reset) return "reset";
  if (c.kind == Command::Kind::poke) return fmt::format("{} = {}", c.name, c.text.empty() ? format_number(c.value) : c.text);
  if (c.kind == Command::Kind::set && is_switch(c.name)) return c.value > 0.5 ? "on" : "off";
  const std::string unit = unit_of(c);
  return unit.empty() ? "" : format_quantity(c.value, unit);
}

namespace {

double tick_seconds(const App& app) { return seconds(app.main.recording->tick_ns()); }
Tick run_ticks(const App& app) { return app.session ? app.session->duration() : app.main.recording->ticks(); }

// Everything that enters goes through here; what is refused is said.
template <class F>
void change(App& app, F f) {
  try {
    f(*app.session);
    app.message.clear();
  } catch (const InputError& e) {
    app.message = e.what();
  } catch (const QuantityError& e) {
    app.message = std::string(e.what()) + (e.hint.empty() ? "" : "  " + e.hint);
  }
}

std::string hint_of(const Command& c, double tick_s) {
  std::string text = c.name.empty() ? value_text(c) : c.name;
  if (const std::string value = value_text(c); !value.empty() && !c.name.empty() && c.kind != Command::Kind::poke) text += "  " + value;
  text += "\n" + meaning_of(c) + "\nat " + format_time(static_cast<double>(c.at) * tick_s);
  if (c.kind == Command::Kind::fault) text += c.duration > 0 ? ", for " + format_time(static_cast<double>(c.duration) * tick_s) : ", to the end of the run";
  else if (c.over > 0) text += ", over " + format_time(static_cast<double>(c.over) * tick_s);
  return text;
}

// Begins to edit: the fields as a user would write them.
void edit(App& app, int index, const Command& c) {
  TimelineState& s = app.timeline;
  const double tick_s = tick_seconds(app);
  s.editing = index;
  s.problem.clear();
  const auto put = [](auto& field, const std::string& text) { field[text.copy(field, sizeof field - 1)] = 0; };
  put(s.at, format_time(static_cast<double>(c.at) * tick_s));
  put(s.value, c.kind == Command::Kind::uart || c.kind == Command::Kind::poke ? (c.text.empty() ? format_number(c.value, 9) : c.text) : value_text(c));
  put(s.length, length_of(c) > 0 ? format_time(static_cast<double>(length_of(c)) * tick_s) : "");
  ImGui::OpenPopup("edit");
}

Command edited(const TimelineState& s, Command c, double tick_s) {
  const auto ticks = [&](const char* text) { return static_cast<Tick>(std::llround(parse_quantity(text, "s") / tick_s)); };
  c.at = ticks(s.at);
  const std::string value = s.value, unit = unit_of(c);
  if (c.kind == Command::Kind::uart) c.text = value;
  else if (const auto on = parse_switch(value); c.kind == Command::Kind::set && on) c.value = *on ? 1 : 0;
  else if (c.kind == Command::Kind::poke && !value.empty() && !std::isdigit(static_cast<unsigned char>(value[0])) && value[0] != '-') c.text = value;
  else if (!unit.empty() && c.kind != Command::Kind::reset) c.text.clear(), c.value = parse_quantity(value, unit);
  const Tick length = s.length[0] ? ticks(s.length) : 0;
  if (c.kind == Command::Kind::fault) c.duration = length;
  if (c.kind == Command::Kind::set) c.over = length;
  return c;
}

void draw_edit(App& app, const std::vector<Command>& commands) {
  TimelineState& s = app.timeline;
  if (!ImGui::BeginPopup("edit")) return;
  if (s.editing < 0 || s.editing >= static_cast<int>(commands.size())) {
    ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
    return;
  }
  const Command& c = commands[static_cast<std::size_t>(s.editing)];
  const float unit = ImGui::GetFontSize();
  text(Font::text, theme().ink, c.name.empty() ? value_text(c) : c.name);
  text(Font::small, theme().dim, meaning_of(c));
  bool enter = false;
  const auto field = [&](const char* name, auto& buffer, const char* hint) {
    ImGui::SetNextItemWidth(unit * 10);
    enter |= ImGui::InputTextWithHint(name, hint, buffer, sizeof buffer, ImGuiInputTextFlags_EnterReturnsTrue);
  };
  if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
  const std::string u = unit_of(c);
  const bool has_value = c.kind != Command::Kind::reset && !u.empty();
  if (has_value) field("value", s.value, "with its unit");
  field("at", s.at, "1.5 s");
  if (c.kind == Command::Kind::fault) field("for", s.length, "to the end");
  if (c.kind == Command::Kind::set) field("over", s.length, "at once");
  if (!s.problem.empty()) {
    ImGui::PushTextWrapPos(unit * 22);
    text(Font::small, theme().bad, s.problem);
    ImGui::PopTextWrapPos();
  }
  if (ImGui::Button("Set") || enter) {
    try {
      app.session->replace(static_cast<std::size_t>(s.editing), edited(s, c, tick_seconds(app)));
      ImGui::CloseCurrentPopup();
    } catch (const QuantityError& e) {
      s.problem = std::string(e.what()) + (e.hint.empty() ? "" : "  " + e.hint);
    } catch (const InputError& e) {
      s.problem = e.what();
    }
  }
  ImGui::EndPopup();
}

// Faults and settings to drag onto the time axis, or to press: then they stand at the cursor.
void draw_list(App& app) {
  TimelineState& s = app.timeline;
  const float unit = ImGui::GetFontSize();
  ImGui::SetNextItemWidth(unit * 18);
  ImGui::InputTextWithHint("##search", "fault or setting", s.search, sizeof s.search);
  const std::string wanted = s.search;
  ImGui::BeginChild("names", {unit * 24, unit * 14}, false);
  const auto row = [&](const char* name, const char* meaning, bool fault) {
    if (!wanted.empty() && std::string(name).find(wanted) == std::string::npos && std::string(meaning).find(wanted) == std::string::npos) return;
    ImGui::PushID(name);
    if (ImGui::Selectable(name)) {
      change(app, [&](Session& session) { session.post(placed(name, fault, static_cast<Tick>(s.menu_at_s / tick_seconds(app) + 0.5), static_cast<Tick>((app.time.to_s - app.time.from_s) / 10 / tick_seconds(app)))); });
      ImGui::CloseCurrentPopup();
    }
    if (ImGui::BeginDragDropSource()) {
      s.placing = name;
      s.placing_fault = fault;
      ImGui::SetDragDropPayload("command", name, std::string(name).size() + 1);
      text(Font::small, theme().ink, name);
      ImGui::EndDragDropSource();
    }
    tooltip(meaning);
    ImGui::PopID();
  };
  text(Font::small, theme().dim, "FAULTS");
  for (const FaultKind& f : fault_kinds) row(f.name, f.meaning, true);
  text(Font::small, theme().dim, "SETTINGS");
  for (const Settable& f : settables) row(f.name, f.meaning, false);
  ImGui::EndChild();
}

}  // namespace

void draw_timeline(App& app) {
  if (!app.main.recording || app.main.recording->meta().kind == RecordingKind::rig) {
    draw_empty("No timeline", "A testing machine follows its own program: insertion, hold, retraction.");
    return;
  }
  const Theme& t = theme();
  TimelineState& s = app.timeline;
  const std::vector<Command> commands = commands_of(app);
  std::vector<Command> shown = commands;
  if (s.dragging != Part::none && s.command >= 0 && s.command < static_cast<int>(shown.size())) shown[static_cast<std::size_t>(s.command)] = s.now;
  const std::vector<std::string> lanes = lanes_of(shown);
  const double tick_s = tick_seconds(app);
  const Tick duration = run_ticks(app);
  const float unit = ImGui::GetFontSize(), line = font(Font::small)->FontSize, lane_height = std::floor(line * 1.75f);
  const float names = std::floor(unit * 9.5f);

  ImGui::BeginChild("lanes", {0, 0}, false, ImGuiWindowFlags_NoMove);
  const ImVec2 p = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float axis_height = line * 1.5f, height = std::max(room.y, axis_height + lane_height * static_cast<float>(lanes.size()) + 4);
  const Axis x{app.time.from_s, std::max(app.time.to_s, app.time.from_s + tick_s), p.x + names, p.x + room.x - 4, false};
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::SetCursorScreenPos({p.x + names, p.y});
  ImGui::InvisibleButton("calendar", {std::max(room.x - names - 4, 10.0f), height}, ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  const bool hovered = ImGui::IsItemHovered(), pressed = ImGui::IsItemActivated() && ImGui::IsMouseDown(0), active = ImGui::IsItemActive();
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const double mouse_s = std::clamp(x.value(mouse.x), 0.0, static_cast<double>(duration) * tick_s);
  if (app.session && ImGui::BeginDragDropTarget()) {
    if (ImGui::AcceptDragDropPayload("command")) {
      const Tick at = snap(commands, -1, static_cast<Tick>(mouse_s / tick_s + 0.5), static_cast<Tick>((x.to - x.from) / (x.pixel_to - x.pixel_from) * 6 / tick_s));
      change(app, [&](Session& session) { session.post(placed(s.placing, s.placing_fault, at, static_cast<Tick>((x.to - x.from) / 10 / tick_s))); });
    }
    ImGui::EndDragDropTarget();
  }

  // Axis, cursor and what was computed.
  for (const AxisTick& tick : axis_ticks(x, line * 6)) {
    const float px = std::floor(x.pixel(tick.value)) + 0.5f;
    list->AddLine({px, p.y + axis_height}, {px, p.y + height}, t.grid, 1);
    draw_text(list, Font::small_number, px + 3, p.y, t.dim, tick.label + " s");
  }
  if (app.session) {
    const float px = x.pixel(app.main.recording->duration_s());
    if (px < x.pixel_to) list->AddRectFilled({std::max(px, x.pixel_from), p.y + axis_height}, {x.pixel_to, p.y + height}, with_alpha(t.background, 0.45f));
  }

  int hit = -1;
  Part hit_part = Part::none;
  list->PushClipRect({p.x, p.y}, {p.x + room.x, p.y + height}, true);
  for (std::size_t k = 0; k < lanes.size(); ++k) {
    const float y0 = p.y + axis_height + lane_height * static_cast<float>(k), y1 = y0 + lane_height - 3, middle = (y0 + y1) / 2;
    if (k % 2 == 0) list->AddRectFilled({p.x, y0 - 1}, {p.x + room.x, y1 + 2}, with_alpha(t.ink, 0.025f));
    const std::string name = lanes[k].empty() ? "pokes, console, resets" : lanes[k];
    draw_text(list, Font::small, p.x + 2, middle - line / 2, t.dim, fit_text(Font::small, name, names - 8));
    list->PushClipRect({x.pixel_from - 1, p.y}, {x.pixel_to + 1, p.y + height}, true);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const Command& c = shown[i];
      if (lane_of(c) != lanes[k]) continue;
      const bool fault = c.kind == Command::Kind::fault, selected = app.selected.command == static_cast<int>(i);
      const Tick length = length_of(c), end = fault && length == 0 ? duration : c.at + length;
      const float a = x.pixel(static_cast<double>(c.at) * tick_s), b = x.pixel(static_cast<double>(end) * tick_s);
      const std::string value = value_text(c);
      Part part = Part::none;
      if (fault) {
        const float w = std::max(b, a + 4);
        list->AddRectFilled({a, y0}, {w, y1}, with_alpha(t.bad, selected ? 0.50f : 0.28f), 3);
        list->AddRect({a, y0}, {w, y1}, selected ? t.ink : t.bad, 3, 0, selected ? 1.6f : 1.0f);
        for (float q = a + 6; q < w - 2; q += 9) list->AddLine({q, y1 - 2}, {std::min(q + 5, w - 1), y0 + 2}, with_alpha(t.bad, 0.35f), 1);  // hatched: not colour alone
        const std::string words = fit_text(Font::small, value.empty() ? c.name : value, w - a - 8);
        draw_text(list, Font::small, a + 5, middle - line / 2, t.ink, words);
        if (hovered && mouse.y >= y0 && mouse.y <= y1 && mouse.x >= a - 4 && mouse.x <= w + 4) part = mouse.x < a + 5 ? Part::begin : mouse.x > w - 5 ? Part::end : Part::whole;
      } else {
        // A setting holds until the next one of its name: its level as a tinted stretch with its value.
        Tick until = duration;
        for (const Command& other : shown)
          if (other.kind == c.kind && lane_of(other) == lane_of(c) && other.at > c.at) until = std::min(until, other.at);
        const ImU32 colour = c.kind == Command::Kind::set ? t.accent : c.kind == Command::Kind::reset ? t.bad : t.warn;
        const float held = x.pixel(static_cast<double>(until) * tick_s);
        if (c.kind == Command::Kind::set && !(is_switch(c.name) && c.value < 0.5)) list->AddRectFilled({a, y0 + 2}, {held, y1 - 2}, with_alpha(colour, 0.13f), 2);
        if (length > 0) list->AddTriangleFilled({a, y1 - 2}, {b, y1 - 2}, {b, y0 + 2}, with_alpha(colour, 0.45f));
        list->AddRectFilled({a - 1, y0}, {a + 1.5f, y1}, selected ? t.ink : colour);
        list->AddTriangleFilled({a + 1, y0}, {a + 7, y0 + 3.5f}, {a + 1, y0 + 7}, selected ? t.ink : colour);
        draw_text(list, Font::small, std::max(a, b) + 9, middle - line / 2, t.ink, fit_text(Font::small, value, std::max(held - std::max(a, b) - 12, c.kind == Command::Kind::set ? 0.0f : 120.0f)));
        if (hovered && mouse.y >= y0 && mouse.y <= y1) {
          if (length > 0 && std::fabs(mouse.x - b) <= 5) part = Part::end;
          else if (mouse.x >= a - 5 && mouse.x <= std::max(a + 9, b)) part = length > 0 && std::fabs(mouse.x - a) <= 5 ? Part::begin : Part::whole;
        }
      }
      if (part != Part::none) hit = static_cast<int>(i), hit_part = part;
    }
    list->PopClipRect();
  }
  const float cursor = std::floor(x.pixel(app.cursor_s)) + 0.5f;
  if (cursor >= x.pixel_from && cursor <= x.pixel_to) list->AddLine({cursor, p.y}, {cursor, p.y + height}, t.accent, 1.5f);
  if (lanes.empty()) draw_text(list, Font::small, p.x + names, p.y + axis_height + 4, t.dim, app.session ? "Right-click to inject a fault or set something; or drag it here from the list." : "Nothing was set in this run.");
  list->PopClipRect();

  // Mouse.
  if (hit >= 0 && s.dragging == Part::none && hovered) {
    if (app.session && hit_part != Part::whole) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    ImGui::BeginTooltip();
    ImGui::TextUnformatted(hint_of(shown[static_cast<std::size_t>(hit)], tick_s).c_str());
    ImGui::EndTooltip();
  }
  if (pressed) {
    app.selected.command = hit;
    if (hit >= 0 && app.session) {
      s.dragging = hit_part;
      s.command = hit;
      s.before = s.now = commands[static_cast<std::size_t>(hit)];
      s.grabbed_s = mouse_s - static_cast<double>(s.before.at) * tick_s;
      s.moved = false;
    } else if (hit < 0) {
      seek(app, mouse_s);
    }
  }
  if (s.dragging != Part::none) {
    if (active && ImGui::IsMouseDragging(0, 2)) {
      s.moved = true;
      const double target = s.dragging == Part::whole ? mouse_s - s.grabbed_s : mouse_s;
      const auto reach = static_cast<Tick>((x.to - x.from) / (x.pixel_to - x.pixel_from) * 6 / tick_s);
      s.now = dragged(s.before, s.dragging, snap(commands, s.command, static_cast<Tick>(std::llround(target / tick_s)), reach), duration);
      ImGui::SetTooltip("%s", hint_of(s.now, tick_s).c_str());
    }
    if (!ImGui::IsMouseDown(0)) {
      const bool differs = s.now.at != s.before.at || s.now.duration != s.before.duration || s.now.over != s.before.over;
      if (s.moved && differs && s.command < static_cast<int>(commands.size()))
        change(app, [&](Session& session) { session.replace(static_cast<std::size_t>(s.command), s.now); });
      s.dragging = Part::none;
    }
  }
  if (app.session && hovered && hit >= 0 && ImGui::IsMouseDoubleClicked(0)) s.dragging = Part::none, edit(app, hit, commands[static_cast<std::size_t>(hit)]);
  if (app.session && ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows) && app.selected.command >= 0 && app.selected.command < static_cast<int>(commands.size()) && !ImGui::GetIO().WantTextInput &&
      ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Delete), false)) {
    change(app, [&](Session& session) { session.erase(static_cast<std::size_t>(app.selected.command)); });
    app.selected.command = -1;
  }
  if (hovered && ImGui::IsMouseClicked(1)) {
    s.menu_at_s = mouse_s;
    app.selected.command = hit;
    ImGui::OpenPopup("menu");
  }
  if (ImGui::BeginPopup("menu")) {
    if (!app.session) text(Font::small, t.dim, "A recording does not change. Open its scenario to inject a fault.");
    else if (app.selected.command >= 0 && app.selected.command < static_cast<int>(commands.size())) {
      if (ImGui::MenuItem("Delete", "Del")) {
        change(app, [&](Session& session) { session.erase(static_cast<std::size_t>(app.selected.command)); });
        app.selected.command = -1;
      }
      text(Font::small, t.dim, "Double-click edits its value and times.");
    } else {
      draw_list(app);
    }
    if (app.session && ImGui::MenuItem("Undo", "Ctrl+Z", false, app.session->can_undo())) change(app, [](Session& session) { session.undo(); });
    if (app.session && ImGui::MenuItem("Save as a scenario", "Ctrl+S")) app.overlay.save = true, app.overlay.text.clear();
    ImGui::EndPopup();
  }
  if (app.session) draw_edit(app, commands);
  ImGui::EndChild();
}

}  // namespace pensim::dashboard
