#include "sim/dashboard/window.h"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sim/dashboard/app.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/remember.h"
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

// A key that goes down and up between two frames is held for one frame, or it would never have been down.
struct Release {
  int key, scancode, mods;
};
std::vector<int> pressed_now;
std::vector<Release> releases;

void on_key(GLFWwindow* window, int key, int scancode, int action, int mods) {
  if (action == GLFW_PRESS) pressed_now.push_back(key);
  if (action == GLFW_RELEASE && !pressed_now.empty())
    releases.push_back({key, scancode, mods});
  else
    ImGui_ImplGlfw_KeyCallback(window, key, scancode, action, mods);
}

void let_go(GLFWwindow* window) {
  for (const Release& r : releases) ImGui_ImplGlfw_KeyCallback(window, r.key, r.scancode, GLFW_RELEASE, r.mods);
  releases.clear();
  pressed_now.clear();
}

}  // namespace

int show_window(const std::vector<std::string>& documents, const WindowOptions& options) {
  // The process of a run is made before GL has threads.
  const Remembered before = recall();
  App app;
  app.dark = options.dark.value_or(before.dark);
  app.layout = options.layout.value_or(before.layout);
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
  glfwSetKeyCallback(window, on_key);
  ImGui_ImplOpenGL3_Init("#version 150");

  double last = glfwGetTime();
  std::vector<double> frame_s;
  int fresh = 3;  // frames until what an event changed has settled
  app.scale = 0;
  while (!glfwWindowShouldClose(window) && !app.quit) {
    // A run or an animation draws each frame; else what the user does wakes us.
    const bool comparing = app.layout == Layout::compare && app.compare.comparing && !app.compare.compared;
    const bool reading = (app.screen == Screen::library && !app.library.complete) || app.rebuild.build || comparing;
    if (options.frames > 0) {
      // Back and forth by a tenth of the run, so that no frame can reuse what the last one read.
      const double phase = std::fabs(std::fmod(static_cast<double>(frame_s.size()) / 40, 2.0) - 1),
                   whole = duration_s(app);
      if (app.main.recording) show_stretch(app, 0.1 * phase * whole, (0.1 * phase + 0.9) * whole);
      glfwPollEvents();
    } else if (reading || app.playback.playing || app.playback.goal != Goal::none || app.playback.target_s ||
               (app.session && app.session->state() == Session::State::running))
      glfwPollEvents();
    else if (fresh > 0)
      glfwPollEvents(), --fresh;
    else {
      constexpr double longest_s = 0.1;
      const double begin = glfwGetTime();
      glfwWaitEventsTimeout(longest_s);
      if (glfwGetTime() - begin < 0.95 * longest_s) fresh = 3;
    }
    if (glfwGetWindowAttrib(window, GLFW_ICONIFIED)) {
      glfwWaitEventsTimeout(0.1);
      continue;
    }
    if (const float scale = wanted_scale(window); scale != app.scale) {
      app.scale = scale;
      load_fonts(scale);
      apply_theme(app.dark, scale);
      ImGui_ImplOpenGL3_DestroyFontsTexture();
      ImGui_ImplOpenGL3_CreateFontsTexture();
    }
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    const double now = glfwGetTime();
    draw_app(app, std::min(now - last, 0.25));
    last = now;
    ImGui::Render();
    int pixels_x = 0, pixels_y = 0;
    glfwGetFramebufferSize(window, &pixels_x, &pixels_y);
    glViewport(0, 0, pixels_x, pixels_y);
    const ImVec4 ground = ImGui::ColorConvertU32ToFloat4(theme().background);
    glClearColor(ground.x, ground.y, ground.z, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    glfwSwapBuffers(window);
    let_go(window);
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

  Remembered after{app.dark, app.layout, width, height};
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
