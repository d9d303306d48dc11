#include "sim/dashboard/window.h"

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "sim/dashboard/open.h"
#include "sim/dashboard/remember.h"
#include "sim/dashboard/screenshot.h"
#include "sim/dashboard/theme.h"
#include "sim/dashboard/transport.h"
#include "sim/input_error.h"

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

}  // namespace

int show_window(const std::vector<std::string>& documents, const WindowOptions& options) {
  // The process of a run is made before GL has threads.
  const Remembered before = recall();
  App app;
  app.dark = options.dark.value_or(before.dark);
  app.layout = options.layout.value_or(before.layout);
  if (documents.size() == 1) open_any(app, documents[0]);
  if (documents.size() == 2) open_comparison(app, documents[0], documents[1]);
  if (options.layout && (*options.layout != Layout::compare || app.other.recording)) app.layout = *options.layout;
  if (app.layout == Layout::compare && !app.other.recording) app.layout = Layout::run;
  if (options.at_s && app.main.recording) seek(app, *options.at_s);
  if ((options.from_s || options.to_s) && app.main.recording) show_stretch(app, options.from_s.value_or(0), options.to_s.value_or(duration_s(app)));

  const Glfw glfw;
  const auto no_display = [](const std::string& why) {
    return InputError({{"dashboard", 0, 0}, "a window cannot be opened: " + why, "on a machine without a display write a picture: pensim dashboard ... --screenshot picture.png --at '1.5 s'"});
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
  glfwSwapInterval(1);

  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  ImGui_ImplGlfw_InitForOpenGL(window, true);
  ImGui_ImplOpenGL3_Init("#version 150");

  double last = glfwGetTime();
  app.scale = 0;
  while (!glfwWindowShouldClose(window) && !app.quit) {
    // A run or an animation draws each frame; else what the user does wakes us.
    if (app.playback.playing || app.playback.goal != Goal::none || app.playback.target_s || (app.session && app.session->state() == Session::State::running)) glfwPollEvents();
    else glfwWaitEventsTimeout(0.1);
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
  }

  Remembered after{app.dark, app.layout, width, height};
  glfwGetWindowSize(window, &after.width, &after.height);
  remember(after);
  app.session.reset();
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window);
  return 0;
}

}  // namespace pensim::dashboard
