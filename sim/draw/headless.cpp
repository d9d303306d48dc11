#include "sim/draw/headless.h"

#include <imgui.h>

#include <utility>

#include "sim/draw/theme.h"

namespace pensim::dashboard {

Headless::Headless(int width, int height, float scale, bool dark)
    : width_(width), height_(height), before_(ImGui::GetCurrentContext()), context_(ImGui::CreateContext()) {
  ImGui::SetCurrentContext(context_);
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
  io.DeltaTime = 1.0f / 60;
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  // Codes as GLFW has them for letters, so that keys can be pressed in io.KeysDown.
  for (int key = 0; key < ImGuiKey_COUNT; ++key) io.KeyMap[key] = 256 + key;
  const std::pair<ImGuiKey, char> letters[] = {{ImGuiKey_A, 'A'}, {ImGuiKey_C, 'C'}, {ImGuiKey_V, 'V'},
                                               {ImGuiKey_X, 'X'}, {ImGuiKey_Y, 'Y'}, {ImGuiKey_Z, 'Z'}};
  for (const auto& [key, letter] : letters) io.KeyMap[key] = letter;
  load_fonts(scale);
  apply_theme(dark, scale);
}

Headless::~Headless() {
  ImGui::DestroyContext(context_);
  ImGui::SetCurrentContext(before_);
}

void Headless::frame(const std::function<void()>& draw) {
  ImGui::SetCurrentContext(context_);
  ImGui::NewFrame();
  draw();
  ImGui::Render();
}

Image Headless::picture() const {
  Image image{width_, height_,
              std::vector<std::uint32_t>(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_),
                                         theme().background)};
  ImGui::SetCurrentContext(context_);
  rasterise(*ImGui::GetDrawData(), *ImGui::GetIO().Fonts, image);
  return image;
}

}  // namespace pensim::dashboard
