// app.h - the whole window of the dashboard.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Layout, menus, keys. Call between ImGui::NewFrame and ImGui::Render. `wall_s`: since the last call.
void draw_app(App&, double wall_s);

}  // namespace pensim::dashboard
