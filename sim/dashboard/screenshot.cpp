#include "sim/dashboard/screenshot.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "sim/dashboard/app.h"
#include "sim/dashboard/library.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/headless.h"
#include "sim/input/input_error.h"

namespace pensim::dashboard {

float scale_for(int width, int height) {
  const float fit = std::min(static_cast<float>(width) / 1920.0f, static_cast<float>(height) / 1080.0f);
  return fit <= 1.0f ? 1.0f : std::floor(fit * 4) / 4;
}

void write_screenshot(const std::vector<std::string>& documents, const ScreenshotOptions& options) {
  App app;
  app.dark = options.dark;
  app.scale = scale_for(options.width, options.height);
  if (documents.size() == 1) open_any(app, documents[0]);
  if (documents.size() == 2) open_comparison(app, documents[0], documents[1]);
  if (options.layout) app.layout = *options.layout;
  if (documents.empty())
    while (!read_library(app.library, 100)) {
    }

  if (app.session) {
    const Scenario& scenario = app.session->scenario();
    const double tick_s = seconds(scenario.tick_ns);
    const Tick goal =
        options.at_s ? std::min(static_cast<Tick>(std::llround(*options.at_s / tick_s)) + 1, app.session->duration())
                     : app.session->duration();
    app.playback = {};
    app.session->run_to(goal);
    while (app.session->now() < goal && app.session->state() != Session::State::ended) {
      app.session->poll(0.01);
      usleep(2000);
    }
    if (!app.session->error().empty()) throw std::runtime_error(app.session->error());
    app.main.recording = &app.session->recording();
    app.cursor_s = last_tick_s(app);
  }
  if (options.at_s) {
    if (*options.at_s > duration_s(app) || *options.at_s < 0)
      throw InputError({{"--at", 0, 0},
                        "the run does not hold that instant",
                        "give one from 0 s to " + std::to_string(duration_s(app)) + " s"});
    app.cursor_s = std::min(*options.at_s, last_tick_s(app));
  }
  if (options.from_s || options.to_s) {
    show_stretch(app, options.from_s.value_or(0), options.to_s.value_or(duration_s(app)));
    if (!options.at_s) app.cursor_s = std::clamp((app.time.from_s + app.time.to_s) / 2, 0.0, last_tick_s(app));
  }

  Headless screen(options.width, options.height, app.scale, app.dark);
  for (int i = 0; i < 5; ++i) screen.frame([&] { draw_app(app, 0); });  // sizes settle
  while (app.compare.comparing && !app.compare.compared) screen.frame([&] { draw_app(app, 0); });
  write_png(options.file, screen.picture());
}

}  // namespace pensim::dashboard
