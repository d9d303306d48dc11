// user.h - somebody in front of the dashboard: frames, mouse and keys without a window.
#pragma once

#include <imgui.h>

#include "sim/dashboard/app.h"
#include "sim/dashboard/screenshot.h"
#include "sim/draw/headless.h"

namespace pensim::dashboard {

// A screen, an app, and somebody in front of it.
class User {
 public:
  explicit User(int width = 1600, int height = 1000, bool dark = true)
      : screen_(width, height, scale_for(width, height), dark) {
    app.dark = dark;
    app.scale = scale_for(width, height);
    app.library.scenarios_folder = "scenarios";
    app.library.runs_folder = "/nowhere";
  }
  void frames(int n, double wall_s = 0) {
    for (int i = 0; i < n; ++i) screen_.frame([&] { draw_app(app, wall_s); });
  }
  void type(const char* text) {
    for (const char* c = text; *c; ++c) {
      ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(*c));
      frames(2);
    }
  }
  void press(int key, bool control = false, bool shift = false) {
    ImGuiIO& io = ImGui::GetIO();
    io.KeyCtrl = control, io.KeyShift = shift;
    io.KeysDown[key] = true;
    frames(1);
    io.KeysDown[key] = false;
    io.KeyCtrl = io.KeyShift = false;
    frames(1);
  }
  void press(ImGuiKey_ key, bool control = false, bool shift = false) {
    press(ImGui::GetIO().KeyMap[key], control, shift);
  }
  void move(float x, float y) {
    ImGui::GetIO().MousePos = {x, y};
    frames(2);
  }
  void click(float x, float y, int button = 0) {
    move(x, y);
    ImGui::GetIO().MouseDown[button] = true;
    frames(2);
    ImGui::GetIO().MouseDown[button] = false;
    frames(2);
    frames(30);  // the next is no double press
  }
  void drag(float x0, float y0, float x1, float y1, int button = 0, bool shift = false) {
    move(x0, y0);
    ImGui::GetIO().KeyShift = shift;
    ImGui::GetIO().MouseDown[button] = true;
    frames(2);
    for (int i = 1; i <= 4; ++i)
      move(x0 + (x1 - x0) * static_cast<float>(i) / 4, y0 + (y1 - y0) * static_cast<float>(i) / 4);
    ImGui::GetIO().MouseDown[button] = false;
    frames(2);
    ImGui::GetIO().KeyShift = false;
    frames(30);
  }
  void wheel(float x, float y, float clicks) {
    move(x, y);
    ImGui::GetIO().MouseWheel = clicks;
    frames(2);
  }
  Image picture() const { return screen_.picture(); }

  App app;

 private:
  Headless screen_;
};

}  // namespace pensim::dashboard
