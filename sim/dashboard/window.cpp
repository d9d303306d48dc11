#include "sim/dashboard/window.h"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>

#include "sim/dashboard/app.h"
#include "sim/dashboard/input_queue.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/remember.h"
#include "sim/dashboard/requirements_panel.h"
#include "sim/dashboard/screenshot.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/theme.h"
#include "sim/input/input_error.h"

namespace pensim::dashboard {
namespace {

struct Glfw {
  std::string problem;
  Glfw() {
    static std::string said;
    glfwSetErrorCallback([](int, const char* what) { said = what; });
    if (!glfwInit()) problem = said.empty() ? "no display" : said;
  }
  ~Glfw() { glfwTerminate(); }
};

// Of the display, and what a very large window asks for.
float wanted_scale(GLFWwindow* window) {
  float x = 1, y = 1;
  glfwGetWindowContentScale(window, &x, &y);
  int width = 0, height = 0;
  glfwGetFramebufferSize(window, &width, &height);
  return std::clamp(std::max(std::floor(x * 4 + 0.5f) / 4, scale_for(width, height)), 0.75f, 4.0f);
}

// Events wait here until a frame takes them. GLFW calls functions without an object of ours.
struct Input {
  std::deque<InputEvent> waiting;
  bool down[5] = {};     // buttons, as the frames have seen them
  bool touched = false;  // something happened that may change the picture
};
Input input;

void on_key(GLFWwindow*, int key, int scancode, int action, int mods) {
  input.touched = true;
  if (action != GLFW_REPEAT)  // ImGui repeats keys that are held
    input.waiting.push_back({InputEvent::Kind::key, key, scancode, mods, action == GLFW_PRESS,
                             key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER, 0, 0});
}
void on_character(GLFWwindow*, unsigned code) {
  input.touched = true;
  input.waiting.push_back({InputEvent::Kind::character, static_cast<int>(code), 0, 0, false, false, 0, 0});
}
void on_button(GLFWwindow* window, int button, int action, int mods) {
  input.touched = true;
  InputEvent e{InputEvent::Kind::button, button, 0, mods, action == GLFW_PRESS, false, 0, 0};
  double x = 0, y = 0;
  glfwGetCursorPos(window, &x, &y);
  e.x = static_cast<float>(x), e.y = static_cast<float>(y);
  if (button >= 0 && button < 5) input.waiting.push_back(e);
}
void on_scroll(GLFWwindow*, double x, double y) {
  input.touched = true;
  input.waiting.push_back(
      {InputEvent::Kind::scroll, 0, 0, 0, false, false, static_cast<float>(x), static_cast<float>(y)});
}

void listen(GLFWwindow* window) {
  glfwSetKeyCallback(window, on_key);
  glfwSetCharCallback(window, on_character);
  glfwSetMouseButtonCallback(window, on_button);
  glfwSetScrollCallback(window, on_scroll);
  glfwSetCursorPosCallback(window, [](GLFWwindow*, double, double) { input.touched = true; });
  glfwSetWindowRefreshCallback(window, [](GLFWwindow*) { input.touched = true; });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow*, int, int) { input.touched = true; });
  glfwSetWindowIconifyCallback(window, [](GLFWwindow*, int) { input.touched = true; });
}

// Begins a frame with its events.
void begin_frame(GLFWwindow* window) {
  const std::vector<InputEvent> events = take_frame(input.waiting);
  for (const InputEvent& e : events) {
    if (e.kind == InputEvent::Kind::key)
      ImGui_ImplGlfw_KeyCallback(window, e.code, e.scancode, e.down ? GLFW_PRESS : GLFW_RELEASE, e.mods);
    if (e.kind == InputEvent::Kind::character) ImGui_ImplGlfw_CharCallback(window, static_cast<unsigned>(e.code));
    if (e.kind == InputEvent::Kind::scroll)
      ImGui_ImplGlfw_ScrollCallback(window, static_cast<double>(e.x), static_cast<double>(e.y));
    if (e.kind == InputEvent::Kind::button) input.down[e.code] = e.down;
  }
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGuiIO& io = ImGui::GetIO();
  for (int i = 0; i < 5; ++i) io.MouseDown[i] = input.down[i];
  for (const InputEvent& e : events)
    if (e.kind == InputEvent::Kind::button) io.MousePos = {e.x, e.y};
  ImGui::NewFrame();
}

// Something goes on by itself, so each frame is another one.
bool moves(const App& app) {
  const bool comparing = app.layout == Layout::compare && app.compare.comparing && !app.compare.compared;
  return (app.screen == Screen::library && !app.library.complete) || app.rebuild.build || comparing ||
         app.playback.playing || app.playback.goal != Goal::none || app.playback.target_s ||
         (app.session && app.session->state() == Session::State::running);
}

// Nothing moves, but something will come (a verdict) or go (a notice, the caret of a line that is typed).
bool waits(const App& app) {
  return being_judged(app) || app.compare.judged_a.judging || app.compare.judged_b.judging || !app.notice.empty() ||
         ImGui::GetIO().WantTextInput;
}

}  // namespace

int show_window(const std::vector<std::string>& documents, const WindowOptions& options) {
  // The process of a run is made before GL has threads.
  const Remembered before = recall();
  App app;
  app.dark = options.dark.value_or(before.dark);
  app.layout = options.layout.value_or(before.layout);
  app.kept_plots = before.plots;
  app.library.saved = before.saved;
  app.enlarged = before.enlarged;
  if (documents.size() == 1) open_any(app, documents[0]);
  if (documents.size() == 2) open_comparison(app, documents[0], documents[1]);
  if (app.layout == Layout::compare && !app.other.recording) app.layout = Layout::run;
  if (options.layout) app.layout = *options.layout;
  if (options.at_s && app.main.recording) seek(app, *options.at_s);
  if ((options.from_s || options.to_s) && app.main.recording)
    show_stretch(app, options.from_s.value_or(0), options.to_s.value_or(duration_s(app)));

  const Glfw glfw;
  const auto no_display = [](const std::string& why) {
    return InputError(
        {{"dashboard", 0, 0},
         "a window cannot be opened: " + why,
         "on a machine without a display write a picture: pensim dashboard ... --screenshot picture.png --at '1.5 s'"});
  };
  if (!glfw.problem.empty()) throw no_display(glfw.problem);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_SAMPLES, 0);
  const int width = options.width.value_or(before.width), height = options.height.value_or(before.height);
  GLFWwindow* window = glfwCreateWindow(width, height, "pensim", nullptr, nullptr);
  if (!window) throw no_display("OpenGL 3.2 is missing");
  glfwMakeContextCurrent(window);
  glfwSwapInterval(options.frames > 0 ? 0 : 1);

  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  ImGui_ImplGlfw_InitForOpenGL(window, true);
  listen(window);
  ImGui_ImplOpenGL3_Init("#version 150");

  double last = glfwGetTime();
  std::vector<double> frame_s;
  int fresh = 3;  // frames until what an event changed has settled
  app.scale = 0;
  while (!app.quit) {
    if (glfwWindowShouldClose(window)) {
      if (may_close(app)) break;
      glfwSetWindowShouldClose(window, GLFW_FALSE);
      fresh = 3;
    }
    // A run or an animation draws each frame; else only what happens does.
    if (options.frames > 0) {
      // Back and forth by a tenth of the run, so that no frame can reuse what the last one read.
      const double phase = std::fabs(std::fmod(static_cast<double>(frame_s.size()) / 40, 2.0) - 1),
                   whole = duration_s(app);
      if (app.main.recording) show_stretch(app, 0.1 * phase * whole, (0.1 * phase + 0.9) * whole);
      glfwPollEvents();
    } else if (moves(app) || fresh > 0 || !input.waiting.empty()) {
      glfwPollEvents();
      if (!moves(app) && fresh > 0) --fresh;
    } else {
      const bool waiting = waits(app);
      glfwWaitEventsTimeout(waiting ? 0.1 : 1.0);
      if (!waiting && !input.touched) continue;  // as it was
    }
    if (input.touched) fresh = 3;
    input.touched = false;
    if (glfwGetWindowAttrib(window, GLFW_ICONIFIED)) {
      glfwWaitEventsTimeout(0.1);
      continue;
    }
    if (const float scale = wanted_scale(window) * app.enlarged; scale != app.scale) {
      app.scale = scale;
      load_fonts(scale);
      apply_theme(app.dark, scale);
      ImGui_ImplOpenGL3_DestroyFontsTexture();
      ImGui_ImplOpenGL3_CreateFontsTexture();
    }
    // While events wait, frames are worked out without being shown: keys that come faster than pictures do not pile up.
    constexpr int most_unseen = 40;
    for (int unseen = 0;; ++unseen) {
      begin_frame(window);
      const double now = glfwGetTime();
      draw_app(app, std::min(now - last, 0.25));
      last = now;
      if (input.waiting.empty() || unseen == most_unseen || app.quit) break;
      ImGui::EndFrame();
    }
    ImGui::Render();
    int pixels_x = 0, pixels_y = 0;
    glfwGetFramebufferSize(window, &pixels_x, &pixels_y);
    glViewport(0, 0, pixels_x, pixels_y);
    const ImVec4 ground = ImGui::ColorConvertU32ToFloat4(theme().background);
    glClearColor(ground.x, ground.y, ground.z, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    glfwSwapBuffers(window);
    if (app.kept_changed && options.frames == 0) {
      Remembered now = recall();
      now.plots = app.kept_plots;
      remember(now);
      app.kept_changed = false;
    }
    if (options.frames > 0) {
      glFinish();
      frame_s.push_back(glfwGetTime() - last);
      if (static_cast<int>(frame_s.size()) >= options.frames) break;
    }
  }
  if (!frame_s.empty()) {
    std::sort(frame_s.begin(), frame_s.end());
    std::printf("median frame %.2f ms, 95 %% below %.2f ms, %zu frames\n", frame_s[frame_s.size() / 2] * 1e3,
                frame_s[frame_s.size() * 95 / 100] * 1e3, frame_s.size());
  }

  Remembered after{app.dark, app.layout, width, height, app.kept_plots, app.library.saved, app.enlarged};
  glfwGetWindowSize(window, &after.width, &after.height);
  if (options.frames == 0) remember(after);
  app.session.reset();
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window);
  return 0;
}

}  // namespace pensim::dashboard
