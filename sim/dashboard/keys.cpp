#include "sim/dashboard/keys.h"

#include <imgui.h>

#include <algorithm>

#include "sim/dashboard/compare.h"
#include "sim/dashboard/history.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/plots.h"
#include "sim/dashboard/requirements_panel.h"
#include "sim/dashboard/transport.h"
#include "sim/input/input_error.h"

namespace pensim::dashboard {
namespace {

constexpr const char* layout_names[layout_count] = {"run", "stroke", "firmware", "requirements", "compare", "plots"};

bool pressed(ImGuiKey key) { return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key)); }

bool has_overlay(const App& app) {
  const Overlay& o = app.overlay;
  return o.help || o.go_to || o.save || o.set_up || o.leave != Overlay::Leave::no;
}

void set_mark(App& app, std::optional<double>& mark) {
  const double at = app.plots.next_hover_s.value_or(app.cursor_s);  // where the mouse was in the last frame
  if (mark && *mark == at)
    mark.reset();
  else
    mark = at;
}

void handle_character(App& app, unsigned c) {
  if (c == '?')
    app.overlay.help = true;
  else if (c == 't')
    app.dark = !app.dark;
  else if (c == '/') {
    if (app.screen != Screen::library) app.plots.browser = true;
    app.plots.focus_search = true;
  }
  if (app.screen == Screen::library) return;
  if (c >= '1' && c < '1' + layout_count)
    app.layout = static_cast<Layout>(c - '1');
  else if (c == 'l')
    leave(app, Overlay::Leave::to_library);
  else if (c == '+' || c == '=')
    change_speed(app, +1);
  else if (c == '-')
    change_speed(app, -1);
  else if (c == 'f')
    fit_plots(app);
  else if (c == '[' || c == ']')
    go_to_extreme(app, c == ']');
  else if (c == 'a')
    set_mark(app, app.mark_a_s);
  else if (c == 'b')
    set_mark(app, app.mark_b_s);
  else if (c == 'g')
    app.overlay.go_to = true, app.overlay.text.clear();
  else if (c == 'p' && app.session)
    app.overlay = {}, app.overlay.set_up = true;
  else if (c == 'd' && app.other.recording) {
    Plot* plot = app.plots.active < static_cast<int>(app.plots.plots.size())
                     ? &app.plots.plots[static_cast<std::size_t>(app.plots.active)]
                     : nullptr;
    if (plot) plot->difference = !plot->difference, plot->fixed.clear();
  } else if (c == 'z' || c == 'x') {  // zoom about the cursor
    const double factor = c == 'z' ? 0.5 : 2.0;
    show_stretch(app, app.cursor_s + (app.time.from_s - app.cursor_s) * factor,
                 app.cursor_s + (app.time.to_s - app.cursor_s) * factor);
  }
}

}  // namespace

const char* layout_name(Layout layout) { return layout_names[static_cast<int>(layout)]; }

bool layout_from_name(const std::string& name, Layout& layout) {
  for (int i = 0; i < layout_count; ++i)
    if (name == layout_names[i]) {
      layout = static_cast<Layout>(i);
      return true;
    }
  return false;
}

const std::vector<KeyHelp>& key_table() {
  static const std::vector<KeyHelp> table = {
      {"space", "run, play or pause"},
      {"left, right", "step one tick back / forward"},
      {"shift + left, right", "step one control period (1 ms) back / forward"},
      {"ctrl + left, right", "step one stroke back / forward"},
      {"ctrl + shift + left, right", "go to the previous / next event"},
      {"home, end", "go to the start / to the end of the computed part"},
      {"+ and -", "faster, slower (0.001 to 100 times real time, then as fast as possible)"},
      {"g", "go to a time"},
      {"p", "change skin, pen, cartridge, operator or seed of a live run: reruns from the start"},
      {"f", "fit the whole run"},
      {"z, x", "zoom in, out around the cursor"},
      {"a, b", "set or remove the measuring marks A, B"},
      {"d", "difference of two recordings in the last used plot"},
      {"/", "search signals; in the library: scenarios and recordings"},
      {"up, down", "previous, next entry of a list; without a list: requirement"},
      {"return", "open or take the entry; with ctrl: the signal in a plot of its own"},
      {"tab", "next plot: the one that lists and marks act on"},
      {"[ and ]", "go to the minimum, maximum of the highlighted signal on show"},
      {"1 … 6", "layouts: run, stroke, firmware, requirements, compare, plots"},
      {"ctrl + z, ctrl + y", "undo, redo a change of the run or of the plots"},
      {"delete", "remove the selected command from the timeline"},
      {"ctrl + s", "save the run as a scenario, or its recording"},
      {"t", "dark or light theme"},
      {"ctrl + plus, minus, 0", "larger, smaller, usual letters"},
      {"l", "library"},
      {"?", "this help"},
      {"escape", "close dialogs and lists"},
      {"ctrl + q", "quit"},
      {"mouse wheel", "zoom around the pointer"},
      {"drag", "move in time; on a mark: move the mark"},
      {"shift + drag, right drag", "zoom into the box"},
      {"double click", "fit the whole run"},
      {"right click", "menu of the plot, or of a command in the timeline"},
      {"alt + drag", "in the timeline: place to the tick, without snapping"},
  };
  return table;
}

void handle_keys(App& app) {
  ImGuiIO& io = ImGui::GetIO();
  if (pressed(ImGuiKey_Escape)) {
    if (ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel)) return;  // closes itself
    const bool overlay = has_overlay(app);
    app.overlay = {};
    app.message.clear();
    app.library.first.clear();
    if (!overlay) {
      app.library.search.clear();
      app.plots.browser = false;
      app.selected.signal.clear();
    }
  }
  if (io.WantTextInput) return;
  if (io.KeyCtrl && ImGui::IsKeyPressed('Q')) leave(app, Overlay::Leave::quit);
  if (app.overlay.leave != Overlay::Leave::no) return;
  if (io.KeyCtrl && (ImGui::IsKeyPressed('=') || ImGui::IsKeyPressed('+')))
    app.enlarged = std::min(app.enlarged * 1.1f, 2.5f);
  if (io.KeyCtrl && ImGui::IsKeyPressed('-')) app.enlarged = std::max(app.enlarged / 1.1f, 0.7f);
  if (io.KeyCtrl && ImGui::IsKeyPressed('0')) app.enlarged = 1;
  for (const ImWchar c : io.InputQueueCharacters)
    if (!io.KeyCtrl && !io.KeyAlt) handle_character(app, c);
  if (app.screen == Screen::library) return;
  try {
    if (io.KeyCtrl && pressed(ImGuiKey_Z) && can_undo(app)) undo(app);
    if (io.KeyCtrl && pressed(ImGuiKey_Y) && can_redo(app)) redo(app);
  } catch (const InputError& e) {
    app.message = e.what();
  }
  if (io.KeyCtrl && ImGui::IsKeyPressed('S') && app.session) app.overlay = {}, app.overlay.save = true;
  if (has_overlay(app)) return;
  if (pressed(ImGuiKey_Tab) && !app.plots.plots.empty())
    app.plots.active = (app.plots.active + 1) % static_cast<int>(app.plots.plots.size());
  const int down = pressed(ImGuiKey_DownArrow) ? 1 : pressed(ImGuiKey_UpArrow) ? -1 : 0;
  if (down && app.layout == Layout::compare && app.other.recording)
    walk_compared(app, down);
  else if (down && !app.timeline.list)
    walk_requirements(app, down);
  if (pressed(ImGuiKey_Space)) play_or_pause(app);
  const int direction = pressed(ImGuiKey_RightArrow) ? 1 : pressed(ImGuiKey_LeftArrow) ? -1 : 0;
  if (direction)
    step(app,
         io.KeyCtrl    ? io.KeyShift ? Step::event : Step::stroke
         : io.KeyShift ? Step::control
                       : Step::tick,
         direction);
  if (pressed(ImGuiKey_Home)) seek(app, 0);
  if (pressed(ImGuiKey_End)) seek(app, last_tick_s(app));
}

}  // namespace pensim::dashboard
