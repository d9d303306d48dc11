// Panels whose parts are not merged yet.
#include "sim/dashboard/app.h"
#include "sim/dashboard/widgets.h"

namespace pensim::dashboard {
void draw_firmware(App&) { draw_empty("Firmware", "not merged yet"); }
void draw_compare(App&) { draw_empty("Comparison", "not merged yet"); }
}  // namespace pensim::dashboard
