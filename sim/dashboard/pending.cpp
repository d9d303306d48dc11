// Panels and the session whose parts are not merged yet.
#include "sim/dashboard/app.h"
#include "sim/dashboard/widgets.h"
#include "sim/input_error.h"

namespace pensim {
struct Session::Impl { Recording recording; Scenario scenario; };
Session::Session(const std::string& path, const SessionOptions&) { throw InputError({{path, 0, 0}, "live runs are not there yet", "open a recording"}); }
Session::Session(std::unique_ptr<Impl>) {}
std::unique_ptr<Session> Session::of_recording(const Recording&) { return nullptr; }
Session::~Session() = default;
bool Session::poll(double) { return false; }
void Session::play() {}
void Session::pause() {}
void Session::run_to(Tick) {}
void Session::step(Tick) {}
void Session::set_speed(double) {}
double Session::speed() const { return 1; }
Session::State Session::state() const { return State::ended; }
Tick Session::now() const { return 0; }
Tick Session::duration() const { return 0; }
double Session::real_time_factor() const { return 0; }
double Session::catching_up() const { return 1; }
const Recording& Session::recording() const { return impl_->recording; }
const Recording* Session::ghost() const { return nullptr; }
void Session::drop_ghost() {}
const std::optional<FirmwareFault>& Session::fault() const { static const std::optional<FirmwareFault> none; return none; }
std::string Session::error() const { return ""; }
const Scenario& Session::scenario() const { return impl_->scenario; }
const std::vector<Command>& Session::timeline() const { return impl_->scenario.timeline; }
void Session::post(const Command&) {}
void Session::replace(std::size_t, const Command&) {}
void Session::erase(std::size_t) {}
void Session::set_override(const std::string&) {}
void Session::add_watch(const std::string&) {}
bool Session::can_undo() const { return false; }
bool Session::can_redo() const { return false; }
void Session::undo() {}
void Session::redo() {}
void Session::reload_core() {}
void Session::save(const std::string&) const {}
std::string Session::hash() const { return ""; }
}  // namespace pensim

namespace pensim::dashboard {
void draw_strokes(App&) { draw_empty("Strokes", "not merged yet"); }
void draw_requirements(App&) { draw_empty("Requirements", "not merged yet"); }
void draw_firmware(App&) { draw_empty("Firmware", "not merged yet"); }
void draw_timeline(App&) { draw_empty("Timeline", "not merged yet"); }
void draw_compare(App&) { draw_empty("Comparison", "not merged yet"); }
}  // namespace pensim::dashboard
