#include "sim/dashboard/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/dashboard/keys.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/rebuild.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"

namespace pensim::dashboard {
namespace {

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// Name, what is on show, its verdict; layouts; theme and help.
void draw_header(App& app) {
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float unit = ImGui::GetFontSize(), height = ImGui::GetFrameHeight(), gap = std::floor(unit * 0.5f);
  const float window_right = ImGui::GetWindowPos().x + ImGui::GetWindowWidth() - ImGui::GetStyle().WindowPadding.x;
  const ImVec2 p = ImGui::GetCursorScreenPos();

  if (app.screen != Screen::library) {
    if (icon_button("library", Icon::library, "Library  (l)")) show_library(app);
    ImGui::SameLine(0, gap);
  }
  // From the right: help, theme, save, undo; then layouts.
  const int buttons = app.session ? 5 : 2;
  float right = window_right - static_cast<float>(buttons) * (height + 2);
  float tabs = 0;
  if (app.screen != Screen::library)
    for (int i = 0; i < layout_count; ++i)
      tabs += text_size(Font::text, capital(layout_name(static_cast<Layout>(i)))).x + unit * 1.3f;
  const float title_x = ImGui::GetCursorScreenPos().x, title_room = right - tabs - gap * 2 - title_x;
  const float middle = p.y + height / 2;
  float x = title_x;
  if (app.screen == Screen::library || !app.main.recording) {
    draw_text(list, Font::heading, x, middle - font(Font::heading)->FontSize / 2, t.ink, "pensim");
    x += text_size(Font::heading, "pensim").x + unit * 0.8f;
    draw_text(list, Font::text, x, middle - unit / 2 + std::floor(unit * 0.1f), t.dim,
              fit_text(Font::text, "microneedling-pen firmware in the loop", right - x));
  } else {
    // of two, each has its own
    const std::string verdict = app.main.recording->meta().verdict,
                      word = verdict.empty() || app.other.recording ? "" : verdict_word(verdict);
    const float chip = word.empty() ? 0 : chip_size(word).x + gap;
    std::string title = app.main.label;
    if (app.other.recording) title += "   and   " + app.other.label;
    title = fit_text(Font::text, title, title_room - chip);
    draw_text(list, Font::text, x, middle - unit / 2, t.ink, title);
    x += text_size(Font::text, title).x + gap;
    if (!word.empty() && x + chip < title_x + title_room)
      draw_chip(list, x, middle - chip_size(word).y / 2, verdict_colour(verdict), word);
  }
  // Layouts.
  x = right - tabs - gap;
  if (app.screen != Screen::library) {
    for (int i = 0; i < layout_count; ++i) {
      const auto layout = static_cast<Layout>(i);
      const std::string name = capital(layout_name(layout));
      const float width = text_size(Font::text, name).x + unit * 1.3f;
      ImGui::SetCursorScreenPos({x, p.y});
      if (ImGui::InvisibleButton(layout_name(layout), {width, height})) app.layout = layout;
      const bool on = app.layout == layout;
      if (ImGui::IsItemHovered() && !on)
        list->AddRectFilled({x, p.y}, {x + width, p.y + height}, with_alpha(t.ink, 0.06f),
                            ImGui::GetStyle().FrameRounding);
      tooltip(fmt::format("Layout  ({})", i + 1));
      draw_text(list, Font::text, x + unit * 0.65f, middle - unit / 2, on ? t.accent : t.dim, name);
      if (on)
        list->AddRectFilled({x + unit * 0.65f, p.y + height - 2 * app.scale}, {x + width - unit * 0.65f, p.y + height},
                            t.accent, app.scale);
      x += width;
    }
  }
  ImGui::SetCursorScreenPos({right, p.y});
  if (app.session) {
    try {
      if (icon_button("undo", Icon::undo, "Undo a change of the run  (ctrl + z)", false, false,
                      app.session->can_undo()))
        app.session->undo();
      ImGui::SameLine(0, 2);
      if (icon_button("redo", Icon::redo, "Redo  (ctrl + y)", false, false, app.session->can_redo()))
        app.session->redo();
    } catch (const InputError& e) {
      app.message = e.what();
    }
    ImGui::SameLine(0, 2);
    if (icon_button("save", Icon::save, "Save the run as a scenario  (ctrl + s)"))
      app.overlay = {}, app.overlay.save = true;
    ImGui::SameLine(0, 2);
  }
  if (icon_button("theme", app.dark ? Icon::sun : Icon::moon, app.dark ? "Light  (t)" : "Dark  (t)"))
    app.dark = !app.dark;
  ImGui::SameLine(0, 2);
  if (icon_button("help", Icon::help, "Keys and mouse  (?)")) app.overlay.help = true;
}

// What went wrong or is worth knowing, until it is clicked away.
void draw_message(App& app) {
  std::string message = app.message;
  if (message.empty() && app.session) {
    if (!app.session->error().empty())
      message = app.session->error();
    else if (const auto& fault = app.session->fault())
      message = fmt::format(
          "Firmware fault at {}: {} in {}{}. The run stops here; change the timeline before this point, or fix the "
          "core.",
          format_time(fault->at_s), fault->kind, fault->function,
          fault->file.empty() ? "" : fmt::format(", {}:{}", fault->file, fault->line));
  }
  if (message.empty() && app.main.recording && !app.main.recording->meta().notes.empty()) {
    for (const std::string& note : app.main.recording->meta().notes) message += (message.empty() ? "" : "  ") + note;
    text(Font::small, theme().warn, fit_text(Font::small, message, ImGui::GetContentRegionAvail().x));
    tooltip(message);
    return;
  }
  if (message.empty()) return;
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize(), width = ImGui::GetContentRegionAvail().x;
  ImFont* f = font(Font::text);
  const ImVec2 size = f->CalcTextSizeA(f->FontSize, 1e9f, width - unit * 3.5f, message.c_str());
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton("message", {width, size.y + unit});
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(p, {p.x + width, p.y + size.y + unit}, with_alpha(t.bad, 0.14f), ImGui::GetStyle().FrameRounding);
  list->AddRectFilled(p, {p.x + unit * 0.25f, p.y + size.y + unit}, t.bad, 2);
  list->AddText(f, f->FontSize, {p.x + unit, p.y + unit / 2}, t.ink, message.c_str(), nullptr, width - unit * 3.5f);
  if (!app.message.empty())
    draw_icon(list, Icon::cross,
              {p.x + width - unit * 1.8f, p.y + unit / 2, p.x + width - unit * 0.8f, p.y + unit * 1.5f}, t.dim);
  if (pressed) app.message.clear();
}

using Panel = void (*)(App&);

void panel(App& app, const char* id, const char* title, ImVec2 size, Panel draw) {
  begin_panel(id, title, size);
  draw(app);
  end_panel();
}

void draw_panels(App& app, ImVec2 room) {
  const ImVec2 p = ImGui::GetCursorPos();
  const float gap = std::floor(ImGui::GetStyle().ItemSpacing.y);
  const auto at = [&](float x, float y) { ImGui::SetCursorPos({p.x + x, p.y + y}); };
  const auto share = [&](float whole, float part) { return std::floor((whole - gap) * part); };
  const float calendar = std::floor(std::clamp(room.y * 0.17f, ImGui::GetFontSize() * 8.6f, ImGui::GetFontSize() * 11));
  switch (app.layout) {
    case Layout::run: {
      const float top = room.y - calendar - gap, left = share(room.x, 0.62f), picture = share(top, 0.5f);
      panel(app, "plots", "", {left, top}, draw_plots);
      at(left + gap, 0);
      panel(app, "picture", "PEN AND SKIN", {room.x - left - gap, picture}, draw_picture);
      at(left + gap, picture + gap);
      panel(app, "requirements", "REQUIREMENTS", {room.x - left - gap, top - picture - gap}, draw_requirements);
      at(0, top + gap);
      panel(app, "timeline", "TIMELINE", {room.x, calendar}, draw_timeline);
      break;
    }
    case Layout::stroke: {
      const float left = share(room.x, 0.58f), top = share(room.y, 0.5f);
      panel(app, "strokes", "STROKES", {left, room.y}, draw_strokes);
      at(left + gap, 0);
      panel(app, "picture", "PEN AND SKIN", {room.x - left - gap, top}, draw_picture);
      at(left + gap, top + gap);
      panel(app, "plots", "", {room.x - left - gap, room.y - top - gap}, draw_plots);
      break;
    }
    case Layout::firmware: {
      const float left = share(room.x, 0.5f), top = room.y - calendar - gap;
      panel(app, "firmware", "FIRMWARE", {left, top}, draw_firmware);
      at(left + gap, 0);
      panel(app, "plots", "", {room.x - left - gap, top}, draw_plots);
      at(0, top + gap);
      panel(app, "timeline", "TIMELINE", {room.x, calendar}, draw_timeline);
      break;
    }
    case Layout::requirements: {
      const float left = share(room.x, 0.45f), top = room.y - calendar - gap;
      panel(app, "requirements", "REQUIREMENTS", {left, top}, draw_requirements);
      at(left + gap, 0);
      panel(app, "plots", "", {room.x - left - gap, top}, draw_plots);
      at(0, top + gap);
      panel(app, "timeline", "TIMELINE", {room.x, calendar}, draw_timeline);
      break;
    }
    case Layout::compare: {
      const float left = share(room.x, 0.42f);
      panel(app, "compare", "COMPARISON", {left, room.y}, draw_compare);
      at(left + gap, 0);
      panel(app, "plots", "", {room.x - left - gap, room.y}, draw_plots);
      break;
    }
    case Layout::plots:
      panel(app, "plots", "", room, draw_plots);
      break;
  }
}

// --- overlays ---

bool begin_overlay(const char* id, float width) {
  const ImGuiIO& io = ImGui::GetIO();
  ImGui::GetForegroundDrawList();
  ImGui::SetNextWindowPos({io.DisplaySize.x / 2, io.DisplaySize.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::SetNextWindowSize({std::min(width, io.DisplaySize.x * 0.95f), 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ImGui::GetFontSize() * 1.4f, ImGui::GetFontSize() * 1.1f});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme().raised);
  const bool open = ImGui::Begin(id, nullptr,
                                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_AlwaysAutoResize);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  return open;
}

void draw_help(App& app) {
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize();
  const auto& table = key_table();
  const std::size_t half = (table.size() + 1) / 2;
  begin_overlay("help", unit * 62);
  text(Font::heading, t.ink, "Keys and mouse");
  ImGui::Dummy({0, unit * 0.3f});
  if (ImGui::BeginTable("keys", 4, ImGuiTableFlags_SizingFixedFit)) {
    ImGui::TableSetupColumn("a");
    ImGui::TableSetupColumn("b", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("c");
    ImGui::TableSetupColumn("d", ImGuiTableColumnFlags_WidthStretch);
    for (std::size_t i = 0; i < half; ++i) {
      ImGui::TableNextRow();
      for (const std::size_t k : {i, i + half}) {
        if (k >= table.size()) break;
        ImGui::TableNextColumn();
        text(Font::small_number, t.accent, table[k].keys);
        ImGui::TableNextColumn();
        ImGui::PushTextWrapPos(0);
        text(Font::small, t.ink, table[k].what);
        ImGui::PopTextWrapPos();
      }
    }
    ImGui::EndTable();
  }
  ImGui::Dummy({0, unit * 0.3f});
  text(Font::small, t.dim, "Escape or a click closes this.");
  if (ImGui::IsMouseClicked(0) && !ImGui::IsWindowAppearing()) app.overlay.help = false;
  ImGui::End();
}

// A line of text to be typed; true when Enter was pressed.
bool ask(App& app, const char* id, const char* title, const char* hint, const std::string& below) {
  const float unit = ImGui::GetFontSize();
  begin_overlay(id, unit * 32);
  text(Font::heading, theme().ink, title);
  if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
  char typed[512] = {};
  app.overlay.text.copy(typed, sizeof typed - 1);
  ImGui::SetNextItemWidth(-1);
  const bool entered =
      ImGui::InputTextWithHint("##typed", hint, typed, sizeof typed, ImGuiInputTextFlags_EnterReturnsTrue);
  app.overlay.text = typed;
  ImGui::PushTextWrapPos(0);
  text(Font::small, theme().dim, below);
  ImGui::PopTextWrapPos();
  ImGui::End();
  return entered;
}

// Once it is saved: how to run it.
void draw_save(App& app) {
  const Theme& t = theme();
  Overlay& o = app.overlay;
  if (!o.saved.empty()) {
    const std::string command =
        "pensim run " +
        (o.saved.find_first_of(" '\"$&;()<>|*?`\\") == std::string::npos ? o.saved : "'" + o.saved + "'");
    begin_overlay("saved", ImGui::GetFontSize() * 32);
    text(Font::heading, t.ink, "Saved");
    ImGui::PushTextWrapPos(0);
    text(Font::text, t.good, o.saved + " is written. This command reproduces the run, bit for bit:");
    text(Font::number, t.ink, command);
    ImGui::PopTextWrapPos();
    if (ImGui::Button("Copy")) ImGui::SetClipboardText(command.c_str());
    ImGui::SameLine();
    if (ImGui::Button("Close")) o = {};
    ImGui::End();
    return;
  }
  const std::string below =
      o.problem.empty() ? "`pensim run` on this file reproduces the run, bit for bit. Enter saves, Escape closes."
                        : o.problem;
  if (!ask(app, "save", "Save as a scenario", "my_run.yaml", below)) return;
  try {
    app.session->save(o.text);
    o.saved = o.text;
  } catch (const InputError& e) {
    o.problem = e.what();
  }
}

// What is no command: another skin, pen, cartridge, hand or seed.
void draw_set_up(App& app) {
  Overlay& o = app.overlay;
  const Scenario& s = app.session->scenario();
  const std::string now = fmt::format(
      "Now: skin.region={} skin.condition={} skin.topical={} operator.press={:.3g} N "
      "pen.battery.state_of_charge={:.3g} % seed={}",
      s.skin.region, s.skin.condition, s.skin.topical, s.operation.press_N, 100 * s.pen.state_of_charge, s.seed);
  const std::string below = o.problem.empty()
                                ? now +
                                      "\nAny key of a scenario, as with `pensim run --set`. Enter "
                                      "reruns from the start and keeps this run as the ghost; Escape closes."
                                : o.problem;
  if (!ask(app, "set-up", "Change the setup", "skin.region=forehead", below)) return;
  try {
    app.session->set_override(o.text);
    o = {};
  } catch (const InputError& e) {
    o.problem = e.what();
  }
}

void draw_overlays(App& app) {
  if (app.overlay.help) draw_help(app);
  if (app.overlay.save && app.session) draw_save(app);
  if (app.overlay.set_up && app.session) draw_set_up(app);
  try {
    if (app.overlay.go_to &&
        ask(app, "go to", "Go to", "1.5 s", "A time with its unit: 1.5 s, 20 ms. Enter goes there, Escape closes.")) {
      const double at = parse_quantity(app.overlay.text, "s");
      app.overlay = {};
      seek(app, at);
    }
  } catch (const QuantityError& e) {
    app.message = std::string(e.what()) + (e.hint.empty() ? "" : "  " + e.hint);
    app.overlay = {};
  } catch (const InputError& e) {
    app.message = e.what();
    app.overlay = {};
  }
}

}  // namespace

void draw_app(App& app, double wall_s) {
  const Theme& before = theme();
  if (&before != &theme(app.dark)) apply_theme(app.dark, app.scale);
  advance(app, wall_s);
  advance_rebuild(app);
  handle_keys(app);

  const ImGuiIO& io = ImGui::GetIO();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::Begin("pensim", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoNavInputs | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleVar(2);
  draw_header(app);
  ImGui::SetCursorPosX(ImGui::GetStyle().WindowPadding.x);
  ImGui::SetCursorPosY(ImGui::GetStyle().WindowPadding.y + ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.y);
  draw_message(app);
  if (app.screen == Screen::library || !app.main.recording) {
    draw_library(app);
  } else {
    const float bar = std::floor(ImGui::GetFrameHeight() + ImGui::GetFontSize() * 1.1f +
                                 ImGui::GetStyle().ItemSpacing.y * 2 + ImGui::GetStyle().WindowPadding.y * 2);
    ImVec2 room = ImGui::GetContentRegionAvail();
    room.y -= bar + ImGui::GetStyle().ItemSpacing.y;
    const ImVec2 p = ImGui::GetCursorPos();
    draw_panels(app, room);
    if (app.main.recording) {
      ImGui::SetCursorPos({p.x, p.y + room.y + ImGui::GetStyle().ItemSpacing.y});
      begin_panel("transport", "", {room.x, bar});
      draw_transport(app);
      end_panel();
    }
  }
  ImGui::End();
  draw_overlays(app);
}

}  // namespace pensim::dashboard
