// From saving a changed gain of the firmware to its curve on the screen: built, run to its end, drawn, compared.
// Changes a line of config.h in the source tree and puts it back; the core is built again at the end as it was.
//   rebuild_bench RECORDING [ROUNDS]      of a run of reference_pen
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/dashboard/app.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/rebuild.h"
#include "sim/draw/headless.h"
#include "sim/input/input_error.h"

using namespace pensim::dashboard;

namespace {

const std::string file = "firmware_shim/cores/reference_pen/config.h", line = "#define SPEED_KP_V_PER_HZ 0.012f";

double wall_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void save(const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

void print(const char* what, std::vector<double> times_s) {
  std::sort(times_s.begin(), times_s.end());
  std::printf("%-44s median %6.0f ms  (%.0f to %.0f)\n", what, 1e3 * times_s[times_s.size() / 2], 1e3 * times_s.front(),
              1e3 * times_s.back());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return std::fprintf(stderr, "rebuild_bench RECORDING [ROUNDS]\n"), 2;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  std::ostringstream read;
  read << std::ifstream(file, std::ios::binary).rdbuf();
  const std::string before = read.str();
  const std::size_t at = before.find(line);
  if (at == std::string::npos)
    return std::fprintf(stderr, "%s does not hold '%s': run this in the source tree\n", file.c_str(), line.c_str()), 2;

  std::vector<double> built, first, whole, compared, longest;
  for (int i = 0; i <= rounds; ++i) {  // the last puts it back
    App app;
    Headless screen(1600, 1000, 1, true);
    open_recording(app, argv[1]);
    app.layout = Layout::compare;
    for (int k = 0; k < 5; ++k) screen.frame([&] { draw_app(app, 0); });
    std::string text = before;
    if (i < rounds) text.replace(at, line.size(), "#define SPEED_KP_V_PER_HZ 0.0" + std::to_string(13 + i) + "f");
    save(text);
    const double begin_s = wall_s();
    double last_s = begin_s, built_s = 0, first_s = 0, whole_s = 0, longest_s = 0;
    rebuild_and_rerun(app);
    while (app.rebuild.problem.empty() && !app.compare.compared) {
      usleep(2000);
      const double frame_s = wall_s();
      screen.frame([&] { draw_app(app, frame_s - last_s); });
      last_s = frame_s;
      const double now_s = wall_s();
      longest_s = std::max(longest_s, now_s - frame_s);
      if (built_s == 0 && app.session) built_s = now_s - begin_s;
      if (first_s == 0 && app.session && app.session->now() > 0) first_s = now_s - begin_s;
      if (whole_s == 0 && app.session && app.session->now() == app.session->duration()) whole_s = now_s - begin_s;
    }
    if (!app.rebuild.problem.empty()) {
      save(before);
      return std::fprintf(stderr, "%s\n%s\n", app.rebuild.problem.c_str(), app.rebuild.output.c_str()), 1;
    }
    if (i == rounds) break;
    built.push_back(built_s), first.push_back(first_s), whole.push_back(whole_s),
        compared.push_back(wall_s() - begin_s), longest.push_back(longest_s);
  }
  print("saved to: core built, run begun", built);
  print("saved to: beginning of the curve drawn", first);
  print("saved to: whole curve drawn", whole);
  print("saved to: compared", compared);
  print("longest frame", longest);
} catch (const pensim::InputError& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
