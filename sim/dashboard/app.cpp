#include "sim/dashboard/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/dashboard/history.h"
#include "sim/dashboard/keys.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/rebuild.h"
#include "sim/dashboard/requirements_panel.h"
#include "sim/dashboard/set_up.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"

namespace pensim::dashboard {
namespace {

bool is_recording_name(const std::string& path) { return path.size() > 3 && path.substr(path.size() - 3) == ".h5"; }

// A number alone is seconds, as all times are shown. Throws QuantityError.
double instant(const std::string& typed) {
  char* end = nullptr;
  const double plain = std::strtod(typed.c_str(), &end);
  if (end != typed.c_str() && std::string(end).find_first_not_of(' ') == std::string::npos && std::isfinite(plain))
    return plain;
  return parse_quantity(typed, "s");
}

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
    if (icon_button("library", Icon::library, "Library  (l)")) leave(app, Overlay::Leave::to_library);
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
    const std::optional<RunVerdict> known = run_verdict(app);
    const std::string verdict = known ? verdict_name(*known) : app.session ? "" : app.main.recording->meta().verdict;
    const bool judging = !known && being_judged(app) && app.session->state() == Session::State::ended;
    const std::string word = app.other.recording ? ""
                             : judging           ? "judging"
                             : verdict.empty()   ? ""
                                                 : verdict_word(verdict);
    const float chip = word.empty() ? 0 : chip_size(word).x + gap;
    std::string title = app.main.label;
    if (app.other.recording) title += "   and   " + app.other.label;
    title = fit_text(Font::text, title, title_room - chip);
    draw_text(list, Font::text, x, middle - unit / 2, t.ink, title);
    x += text_size(Font::text, title).x + gap;
    if (!word.empty() && x + chip < title_x + title_room)
      draw_chip(list, x, middle - chip_size(word).y / 2, judging ? t.dim : verdict_colour(verdict), word);
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
      if (icon_button("undo", Icon::undo, "Undo a change of the run or of the plots  (ctrl + z)", false, false,
                      can_undo(app)))
        undo(app);
      ImGui::SameLine(0, 2);
      if (icon_button("redo", Icon::redo, "Redo  (ctrl + y)", false, false, can_redo(app))) redo(app);
    } catch (const InputError& e) {
      app.message = e.what();
    }
    ImGui::SameLine(0, 2);
    if (icon_button("save", Icon::save, "Save the run as a scenario, or its recording  (ctrl + s)"))
      app.overlay = {}, app.overlay.save = true;
    ImGui::SameLine(0, 2);
  }
  if (icon_button("theme", app.dark ? Icon::sun : Icon::moon, app.dark ? "Light  (t)" : "Dark  (t)"))
    app.dark = !app.dark;
  ImGui::SameLine(0, 2);
  if (icon_button("help", Icon::help, "Keys and mouse  (?)")) app.overlay.help = true;
}

// Over the panels, below the head: nothing moves when it comes and goes.
void draw_banner(App& app, const std::string& message) {
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize(), width = std::min(ImGui::GetIO().DisplaySize.x * 0.8f, unit * 60);
  ImFont* f = font(Font::text);
  const ImVec2 size = f->CalcTextSizeA(f->FontSize, 1e9f, width - unit * 3.5f, message.c_str());
  const float height = size.y + unit;
  ImGui::SetNextWindowPos({(ImGui::GetIO().DisplaySize.x - width) / 2, ImGui::GetFrameHeight() * 1.9f});
  ImGui::SetNextWindowSize({width, height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, mix(t.raised, t.bad, 0.16f));
  ImGui::Begin("message", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const bool pressed = ImGui::InvisibleButton("close", {width, height});
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(p, {p.x + unit * 0.25f, p.y + height}, t.bad, 2);
  list->AddText(f, f->FontSize, {p.x + unit, p.y + unit / 2}, t.ink, message.c_str(), nullptr, width - unit * 3.5f);
  draw_icon(list, Icon::cross,
            {p.x + width - unit * 1.8f, p.y + unit / 2, p.x + width - unit * 0.8f, p.y + unit * 1.5f}, t.dim);
  ImGui::End();
  if (!pressed) return;
  if (app.message.empty())
    app.read_message = message;
  else
    app.message.clear();
}

// What has just been done, for two seconds.
void draw_notice(App& app) {
  constexpr double shown_s = 2.5;
  if (app.notice.empty()) return;
  if (app.notice != app.notice_shown) {
    app.notice_shown = app.notice;
    app.notice_since_s = ImGui::GetTime();
  }
  if (ImGui::GetTime() - app.notice_since_s > shown_s) {
    app.notice.clear(), app.notice_shown.clear();
    return;
  }
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize();
  const ImVec2 size = text_size(Font::text, app.notice);
  const ImVec2 p{(ImGui::GetIO().DisplaySize.x - size.x) / 2 - unit, ImGui::GetFrameHeight() * 1.9f};
  ImDrawList* list = ImGui::GetForegroundDrawList();
  list->AddRectFilled(p, {p.x + size.x + 2 * unit, p.y + unit * 2}, t.raised, ImGui::GetStyle().FrameRounding);
  list->AddRect(p, {p.x + size.x + 2 * unit, p.y + unit * 2}, t.border, ImGui::GetStyle().FrameRounding);
  draw_text(list, Font::text, p.x + unit, p.y + unit * 0.45f, t.ink, app.notice);
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
  if (message != app.read_message) app.read_message.clear();
  if (message.empty() || message == app.read_message) return;
  draw_banner(app, message);
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
  // What lies below is dimmed, so that nothing bright shows beside the words.
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, with_alpha(theme().background, 0.72f));
  ImGui::Begin("dim", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoNav);
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar(2);
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

// A line of text to be typed; true when Enter was pressed. `below` is drawn between the line and the end of the dialog.
template <class F>
bool ask(App& app, const char* id, const char* title, const char* hint, F below) {
  const float unit = ImGui::GetFontSize();
  begin_overlay(id, unit * 36);
  text(Font::heading, theme().ink, title);
  if (ImGui::IsWindowAppearing() || app.overlay.focus) ImGui::SetKeyboardFocusHere();
  app.overlay.focus = false;
  char typed[512] = {};
  app.overlay.text.copy(typed, sizeof typed - 1);
  ImGui::SetNextItemWidth(-1);
  const bool entered =
      ImGui::InputTextWithHint("##typed", hint, typed, sizeof typed, ImGuiInputTextFlags_EnterReturnsTrue);
  if (app.overlay.text != typed) {
    app.overlay.text = typed;
    app.overlay.problem.clear();
    app.overlay.mark = {-1, true};
  }
  if (entered) app.overlay.focus = true;  // Enter leaves the box; the dialog may stay
  ImGui::PushTextWrapPos(0);
  below();
  ImGui::PopTextWrapPos();
  ImGui::End();
  return entered;
}

std::string shell_word(const std::string& path) {
  return path.find_first_of(" '\"$&;()<>|*?`\\") == std::string::npos ? path : "'" + path + "'";
}

void draw_saved(Overlay& o) {
  const Theme& t = theme();
  const bool recording = is_recording_name(o.saved);
  const std::string command = (recording ? "pensim dashboard " : "pensim run ") + shell_word(o.saved);
  begin_overlay("saved", ImGui::GetFontSize() * 36);
  text(Font::heading, t.ink, "Saved");
  ImGui::PushTextWrapPos(0);
  text(Font::text, t.good,
       o.saved + (recording ? " is written. This command shows it again:"
                            : " is written. This command reproduces the run, bit for bit:"));
  text(Font::number, t.ink, command);
  ImGui::PopTextWrapPos();
  if (ImGui::Button("Copy")) ImGui::SetClipboardText(command.c_str());
  ImGui::SameLine();
  const bool enter = ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Enter), false) && !ImGui::IsWindowAppearing();
  if (ImGui::Button("Close") || enter) o = {};
  ImGui::End();
}

// Writes it; a file that is there is asked about first.
void save_to(App& app, const std::string path) {
  Overlay& o = app.overlay;
  std::error_code none;
  if (std::filesystem::exists(path, none) && o.overwrite != path) {
    o.overwrite = path;
    return;
  }
  try {
    if (is_recording_name(path)) {
      app.session->save_recording(path);
    } else {
      app.session->save(path);
      app.history.saved_revision = app.session->revision();
      const std::string whole = std::filesystem::absolute(path, none).lexically_normal().string();
      std::erase(app.library.saved, whole);
      app.library.saved.push_back(whole);
    }
    const Overlay::Leave then = o.then;
    o = {};
    if (then == Overlay::Leave::no)
      o.save = true, o.saved = path;
    else
      leave(app, then);
  } catch (const InputError& e) {
    o.problem = e.what();
    o.overwrite.clear();
  }
}

void draw_save(App& app) {
  const Theme& t = theme();
  Overlay& o = app.overlay;
  if (!o.saved.empty()) return draw_saved(o);
  if (ask(app, "save", "Save the run", "my_run.yaml, or my_run.h5 for its recording",
          [&] {
            std::error_code none;
            const std::string folder =
                std::filesystem::absolute(o.text.empty() ? "." : o.text, none).parent_path().string();
            if (!o.problem.empty())
              text(Font::small, t.bad, o.problem);
            else if (!o.overwrite.empty() && o.overwrite == o.text)
              text(Font::small, t.warn,
                   o.text + " is there already. Enter once more replaces it" +
                       (is_recording_name(o.text) ? "."
                                                  : "; its comments and units are kept where nothing was changed.") +
                       " Another name leaves it as it is.");
            else
              text(Font::small, t.dim,
                   "In " + folder +
                       ".\n.yaml: a scenario with which `pensim run` gives this run again, bit for bit. .h5: the "
                       "recording, once "
                       "the run has ended. Enter saves, Escape closes.");
          }) &&
      !o.text.empty())
    save_to(app, o.text);
}

// The run holds changes that no file has, and somebody wants to leave it.
void draw_leave(App& app) {
  Overlay& o = app.overlay;
  const Overlay::Leave where = o.leave;
  begin_overlay("leave", ImGui::GetFontSize() * 34);
  text(Font::heading, theme().ink, "The run was changed and is not saved");
  ImGui::PushTextWrapPos(0);
  const std::size_t changes = app.session->changes();
  text(Font::text, theme().ink,
       fmt::format("{} {} to the run would be lost.", changes, changes == 1 ? "change" : "changes"));
  ImGui::PopTextWrapPos();
  const auto key = [](char c) { return ImGui::IsKeyPressed(c, false) && !ImGui::GetIO().KeyCtrl; };
  const bool ready = !ImGui::IsWindowAppearing();
  if (ImGui::Button("Save ...  (s)") || (ready && key('S'))) {
    o = {};
    o.save = true;
    o.then = where;
  }
  ImGui::SameLine();
  if (ImGui::Button("Leave without saving  (n)") || (ready && key('N'))) {
    o = {};
    if (where == Overlay::Leave::to_library)
      show_library(app);
    else
      app.quit = true;
  }
  ImGui::SameLine();
  if (ImGui::Button("Stay  (Escape)")) o = {};
  ImGui::End();
}

// What is no command: another skin, pen, cartridge, hand or seed. A list of keys, then of what a key may be.
void draw_set_up(App& app) {
  const Theme& t = theme();
  Overlay& o = app.overlay;
  const std::vector<SetUpChoice> choices = set_up_choices(app.session->scenario(), o.text);
  const float unit = ImGui::GetFontSize();
  std::string taken;
  const bool entered = ask(app, "set-up", "Change the setup", "skin.region=forehead", [&] {
    bool enter = list_keys(o.mark.at, o.mark.moved, static_cast<int>(choices.size()));
    const float height = std::min(unit * 17, unit * 1.4f * static_cast<float>(choices.size()) + unit * 0.5f);
    if (!choices.empty()) {
      ImGui::BeginChild("choices", {0, height});
      for (int i = 0; i < static_cast<int>(choices.size()); ++i) {
        const SetUpChoice& c = choices[static_cast<std::size_t>(i)];
        const ImVec2 p = ImGui::GetCursorScreenPos();
        if (ImGui::Selectable(fmt::format("##{}", i).c_str(), o.mark.at == i) || (enter && o.mark.at == i))
          taken = c.text;
        if (o.mark.at == i && o.mark.moved) ImGui::SetScrollHereY();
        ImDrawList* list = ImGui::GetWindowDrawList();
        const float width = ImGui::GetContentRegionAvail().x;
        draw_text(list, Font::small, p.x + unit * 0.3f, p.y + 1, t.ink, fit_text(Font::small, c.shown, width * 0.45f));
        draw_text(list, Font::small, p.x + width * 0.48f, p.y + 1, t.dim, fit_text(Font::small, c.hint, width * 0.5f));
      }
      ImGui::EndChild();
    }
    if (!o.problem.empty()) text(Font::small, t.bad, o.problem);
    text(Font::small, t.dim,
         "Up and down choose, Enter takes the entry, or the line as it stands, and reruns from the start; this run "
         "stays as "
         "the ghost. Any key of a scenario goes, as with `pensim run --set`.");
  });
  if (!taken.empty()) {
    o.text = taken;
    o.mark = {-1, true};
    o.focus = true;
    if (taken.back() == '=') return;  // the value comes next
  } else if (!entered) {
    return;
  }
  if (o.text.empty()) return;
  try {
    app.session->set_override(o.text);
    o = {};
  } catch (const InputError& e) {
    o.problem = e.what();
  }
}

void draw_go_to(App& app) {
  Overlay& o = app.overlay;
  if (!ask(app, "go to", "Go to", "1.5", [&] {
        if (!o.problem.empty()) text(Font::small, theme().bad, o.problem);
        text(Font::small, theme().dim,
             "Seconds, or a time with its unit: 1.5, 20 ms, 1.5 min. Enter goes there, Escape closes.");
      }))
    return;
  try {
    const double at = instant(o.text);
    o = {};
    seek(app, at);
  } catch (const QuantityError& e) {
    o.problem = std::string(e.what()) + (e.hint.empty() ? "" : ": " + e.hint);
  }
}

void draw_overlays(App& app) {
  if (app.overlay.help) draw_help(app);
  if (app.overlay.leave != Overlay::Leave::no && app.session)
    draw_leave(app);
  else if (app.overlay.save && app.session)
    draw_save(app);
  if (app.overlay.set_up && app.session) draw_set_up(app);
  if (app.overlay.go_to) draw_go_to(app);
  draw_notice(app);
}

}  // namespace

void draw_app(App& app, double wall_s) {
  const Theme& before = theme();
  if (&before != &theme(app.dark)) apply_theme(app.dark, app.scale);
  advance(app, wall_s);
  advance_rebuild(app);
  refresh_requirements(app, ImGui::GetTime());
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
  note_changes(app);
}

}  // namespace pensim::dashboard
