// pensim-dashboard: the window, or a picture of it. `pensim dashboard` starts it, so that `pensim run` needs no GL.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "sim/dashboard/keys.h"
#include "sim/dashboard/screenshot.h"
#include "sim/dashboard/window.h"
#include "sim/draw/raster.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"
#include "sim/platform/file.h"
#include "sim/scenario/firmware_spec.h"

namespace pensim::dashboard {
namespace {

constexpr int exit_bad_input = 2, exit_error = 4;

std::optional<double> instant(const std::string& option, const std::string& text) {
  if (text.empty()) return {};
  try {
    return parse_quantity(text, "s");
  } catch (const std::exception& e) {
    throw InputError(
        {{option, 0, 0}, fmt::format("'{}' is not a time", text), "write a time with its unit, such as '1.5 s'"});
  }
}

// Nothing but a picture of ours gives way to a picture.
void check_place(const std::string& file, bool force) {
  const std::string why = place_refusal(file, {}, force || is_own_png(file));
  if (!why.empty())
    throw InputError(InputProblem{
        {"--screenshot", 0, 0}, file + " cannot be written: " + why, "give another name, or take --force"});
}

int run(int argc, char** argv) {
  CLI::App arguments{
      "pensim dashboard - shows runs and recordings: plots, the pen in the skin, requirements, firmware"};
  arguments.name("pensim dashboard");
  std::vector<std::string> documents;
  WindowOptions window;
  ScreenshotOptions screenshot;
  std::string at, from, to, size, layout, theme_name;
  arguments
      .add_option("document", documents,
                  "a scenario to run, a recording, or two recordings to compare (nothing: the library)")
      ->expected(0, 2);
  arguments.add_option("--screenshot", screenshot.file, "write a picture (PNG) and exit; needs no display");
  bool force = false;
  arguments.add_flag("--force", force, "let the picture replace a file that is none of ours");
  arguments.add_option("--at", at, "time of the cursor, e.g. '1.5 s'");
  arguments.add_option("--from", from, "left edge of the plots");
  arguments.add_option("--to", to, "right edge of the plots");
  arguments.add_option("--size", size, "width and height in pixels, e.g. 1600x1000");
  arguments.add_option("--layout", layout, "run, stroke, firmware, requirements, compare or plots");
  arguments.add_flag_callback(
      "--no-sandbox", [] { cores_in_sandbox = false; },
      "let cores do to files, network and other processes what you may do");
  arguments.add_option("--theme", theme_name, "dark or light")->check(CLI::IsMember({"dark", "light"}));
  arguments
      .add_option("--frames", window.frames,
                  "draw so many frames while the view moves, print their median time and exit")
      ->check(CLI::Range(1, 100000));
  try {
    arguments.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return arguments.exit(error) == 0 ? 0 : exit_bad_input;
  }
  if (!size.empty()) {
    int width = 0, height = 0, used = 0;
    if (std::sscanf(size.c_str(), "%dx%d%n", &width, &height, &used) != 2 || used != static_cast<int>(size.size()) ||
        width < 640 || height < 400 || width > 16384 || height > 16384)
      throw InputError({{"--size", 0, 0},
                        fmt::format("'{}' is not a size", size),
                        "write WIDTHxHEIGHT from 640x400 to 16384x16384, such as 1600x1000"});
    window.width = screenshot.width = width;
    window.height = screenshot.height = height;
  }
  if (!layout.empty()) {
    Layout chosen;
    if (!layout_from_name(layout, chosen))
      throw InputError({{"--layout", 0, 0},
                        fmt::format("unknown layout '{}'", layout),
                        "choose run, stroke, firmware, requirements, compare or plots"});
    window.layout = screenshot.layout = chosen;
  }
  if (!theme_name.empty()) {
    screenshot.dark = theme_name == "dark";
    window.dark = screenshot.dark;
  }
  window.at_s = screenshot.at_s = instant("--at", at);
  window.from_s = screenshot.from_s = instant("--from", from);
  window.to_s = screenshot.to_s = instant("--to", to);
  if (!screenshot.file.empty()) {
    check_place(screenshot.file, force);
    write_screenshot(documents, screenshot);
    return 0;
  }
  return show_window(documents, window);
}

}  // namespace
}  // namespace pensim::dashboard

int main(int argc, char** argv) {
  pensim::emulated_cores_run_here = true;  // in the server of a session
  try {
    return pensim::dashboard::run(argc, argv);
  } catch (const pensim::InputError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return pensim::dashboard::exit_bad_input;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pensim dashboard: %s\n", error.what());
    return pensim::dashboard::exit_error;
  }
}
