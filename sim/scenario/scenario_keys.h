// scenario_keys.h - every key of a scenario file, once. The reader (scenario.cpp) and the JSON Schema (schema.cpp) are
// two visitors of this table.
//
// A visitor V has
//   text(key, string&, about)                       any text; also optional<string>
//   name(key, string&, CatalogKind, about)          a name of the catalog, or a file
//   quantity(key, double&, unit, low, high, about)  "K" is absolute; also optional<double>
//   whole(key, integer&, low, high, about)          also optional<int>
//   flag(key, bool&, about)                         on | off
//   choice(key, enum or double&, {{word, value}...}, about)
//   level(key, double&, {{word, value}...}, low, high, about)   a word or a number
//   file(key, string&, word, limit, about)          the word, or a file of at most so many bytes
//   words(key, vector<string>&, about)              a list, or one
//   here(Place&)                                    where the map stands and which keys were given
//   raw(key, const Node*&, about)                   read by other means, any scalar
//   formulas(key, vector<Measure>&, about)          a map from name to formula
//   parameters(key, map&, about)                    a map from parameter of the plant to quantity
//   section(key, about, [](auto& v) {...})
//   list(key, vector<T>&, about, [](auto& v, T&) {...})
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/pen_shim.h"
#include "sim/catalog/catalog.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/scenario.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {

// For visitors: the type of a key, whether or not it may be left out.
template <class T>
struct PlainOf {
  using type = T;
};
template <class T>
struct PlainOf<std::optional<T>> {
  using type = T;
};
template <class T>
using Plain = typename PlainOf<T>::type;

enum class Timing : unsigned char { ideal, counted };

// A line of a timeline before its name gives `to` a dimension.
struct TimelineLine {
  const Node* node = nullptr;
  std::optional<double> at_s, over_s, for_s;
  std::optional<std::string> set, fault, poke, uart;
  std::optional<int> reset;
  const Node* to = nullptr;
};

// What the file says and the struct does not keep as it is written.
struct ScenarioExtras {
  std::optional<double> duration_s;
  Timing timing = Timing::ideal;
  std::vector<TimelineLine> timeline;
};

template <class V>
void requirement_keys(V& v, Requirement& r) {
  v.text("id", r.id, "unique within the scenario and always.yaml");
  v.text("text", r.text, "the requirement in words");
  v.formula("that", r.that, r.at, "the formula, for instance always[1 s, end] (needle.penetration_max <= 1.5 mm)");
  v.flag("may_be_vacuous", r.may_be_vacuous, "a pass on nothing is no failure");
}

template <class V>
void timeline_keys(V& v, TimelineLine& line) {
  v.here(line.node);
  v.quantity("at", line.at_s, "s", 0.0, 360'000.0, "the instant, rounded to the nearest tick");
  v.settable("set", line.set, "what is set: pensim schema --settable lists the names");
  v.fault("fault", line.fault, "a fault that begins");
  v.text("poke", line.poke, "a variable of the firmware that is written");
  v.text("uart", line.uart, "bytes that are typed into the pen's console");
  v.choice("reset", line.reset,
           {
#define RESET_CAUSE(name, number, words) {name, number},
#include "sim/vocabulary/reset_causes.inl"
           },
           "the firmware is reset for this cause");
  v.raw("to", line.to, "the value: a quantity, a number, on or off; for a fault its magnitude");
  v.quantity("over", line.over_s, "s", 0.0, 360'000.0, "a linear ramp instead of a step");
  v.quantity("for", line.for_s, "s", 0.0, 360'000.0, "how long a fault lasts; without it: until the end");
}

template <class V>
void scenario_keys(V& v, Scenario& s, ScenarioExtras& extras) {
  v.text("title", s.title, "one line for reports");
  v.words("tags", s.tags, "--filter matches them");
  v.whole("seed", s.seed, 0, UINT64_MAX, "of all noise: the same seed gives the same run");
  v.quantity("duration", extras.duration_s, "s", 0.0, 360'000.0, "a whole number of ticks of 50 us; not for rigs");
  v.firmware("firmware", s.firmware, firmware_forms);
  v.choice("timing", extras.timing, {{"ideal", Timing::ideal}, {"counted", Timing::counted}},
           "ideal: outputs act one tick later; counted needs an emulated core");
  v.section("core", "the processor of the core", [&](auto& core) {
    core.quantity("clock", s.core_clock_Hz, "Hz", 1e5, 1e9, "of an emulated core, instead of its port's");
    core.file("cost", s.cost, "none", counted_cost_bytes,
              "a native core: what its handlers take, as an emulated run has counted it (pensim run --write-cost)");
  });
  v.choice("rig", s.rig, {{"pen", Rig::pen}, {"insertion", Rig::insertion}},
           "insertion: a materials-testing machine instead of a pen");
  v.section("pen", "the pen on the bench", [&](auto& pen) {
    pen.name("model", s.pen.model, CatalogKind::pen, "a pen of the catalog, or a file");
    pen.name("motor", s.pen.motor, CatalogKind::motor, "another motor than the pen's own");
    pen.section("battery", "the cell", [&](auto& battery) {
      battery.name("model", s.pen.battery, CatalogKind::battery, "another cell than the pen's own");
      battery.quantity("state_of_charge", s.pen.state_of_charge, "1", 0.0, 1.0, "charge left at the start");
      battery.quantity("aging", s.pen.battery_aging, "1", 1.0, 10.0,
                       "internal resistance times this: the fault battery.aged from the start");
    });
    pen.file("memory", s.pen.memory, "blank", PEN_NVM_PEN_BYTES,
             "the pen's non-volatile memory: blank (all 0xFF), or a file");
    pen.quantity("clock_start", s.pen.clock_start_s, "s", 0.0, 4294.967295,
                 "the core's 32-bit microsecond clock at the first tick");
    const Settable& air = settable(Setting::ambient);
    pen.quantity("ambient", s.pen.ambient_K, "K", air.low, air.high, "air around the pen");
    pen.quantity("temperature", s.pen.temperature_K, "K", air.low, 423.15,
                 "of motor and grip at the start; without it the ambient");
  });
  v.section("cartridge", "what carries the needles", [&](auto& cartridge) {
    cartridge.name("model", s.cartridge.model, CatalogKind::cartridge, "a cartridge of the catalog, or a file");
    cartridge.whole("needles", s.cartridge.needles, 1, needles_max,
                    "without a model: the catalog's cartridge with so many needles");
    cartridge.quantity("tip_diameter", s.cartridge.tip_diameter_m, "m", 1e-6, 1e-3,
                       "15 um is new, 40 um is worn, 0.5 mm is a blunt probe");
    cartridge.quantity("shaft_diameter", s.cartridge.shaft_diameter_m, "m", 0.05e-3, 1.5e-3, "of each needle");
    cartridge.quantity("half_cone_angle", s.cartridge.half_cone_angle_rad, "rad", 0.01, 0.6,
                       "half the angle of the cone");
    cartridge.quantity("length", s.cartridge.needle_length_m, "m", 0.1e-3, 20e-3,
                       "of each needle, from the plate or nose to the tip");
    cartridge.quantity("pitch", s.cartridge.pitch_m, "m", 0.1e-3, 5e-3, "from needle to needle");
    cartridge.quantity("footprint_radius", s.cartridge.footprint_radius_m, "m", 0.2e-3, 10e-3, "of the array");
    cartridge.whole("used", s.cartridge.used, 0, 254,
                    "uses so far: they blunt the tips and stand in the first byte of the cartridge's memory");
    cartridge.file("memory", s.cartridge.memory, "blank", PEN_NVM_CARTRIDGE_BYTES,
                   "its EEPROM: blank (0xFF, but for the uses), or a file");
    cartridge.whole("serial", s.cartridge.serial, 0, UINT64_MAX, "serial number");
  });
  v.section("skin", "what is treated", [&](auto& skin) {
    skin.name("region", s.skin.region, CatalogKind::region, "a region of the catalog, or a file");
    skin.choice("sex", s.skin.sex, {{"female", "female"}, {"male", "male"}}, "the dermis differs");
    skin.name("condition", s.skin.condition, CatalogKind::condition, "multiplies what the region says");
    skin.name("topical", s.skin.topical, CatalogKind::topical, "what is on the skin");
    skin.flag(
        "drawn", s.skin.drawn,
        "a person drawn with the seed, from the spread that the catalog gives for the region and the fit for the law");
    skin.quantity("stretch", s.skin.stretch, "1", 0.8, 1.6, "in-plane stretch ratio");
    skin.list("patches", s.skin.patches, "up to 8 stretches of the track with another skin",
              [](auto& patch, SkinPatchChoice& p) {
                patch.quantity("from", p.from_m, "m", 0.0, 10.0, "along the track");
                patch.quantity("to", p.to_m, "m", 0.0, 10.0, "along the track");
                patch.name("region", p.region, CatalogKind::region, "as of skin");
                patch.name("condition", p.condition, CatalogKind::condition, "as of skin");
                patch.name("topical", p.topical, CatalogKind::topical, "as of skin");
              });
  });
  v.section("operator", "the hand", [&](auto& hand) {
    const Settable &press = settable(Setting::press), &glide = settable(Setting::glide),
                   &tilt = settable(Setting::tilt);
    hand.quantity("press", s.operation.press_N, "N", press.low, press.high, press.meaning);
    hand.quantity("glide", s.operation.glide_m_per_s, "m/s", glide.low, glide.high, glide.meaning);
    hand.quantity("track", s.operation.track_m, "m", 1e-3, 1.0, "length of the track");
    hand.whole("passes", s.operation.passes, 1, 1000, "the track is gone to and fro so many times");
    hand.quantity("tilt", s.operation.tilt_rad, "rad", tilt.low, tilt.high, tilt.meaning);
    hand.level("tremor", s.operation.tremor, {{"none", 0.0}, {"normal", 1.0}, {"strong", 2.0}}, 0.0, 10.0,
               "normal: 166-254 um lateral, 15 um axial, 8.1 Hz; or a factor");
    hand.flag("contact", s.operation.contact, "the nose rests on the skin from the start");
    const Settable& lift = settable(Setting::lift);
    hand.quantity("lift", s.operation.lift_m, "m", lift.low, lift.high, lift.meaning);
    hand.quantity("press_noise", s.operation.press_noise, "1", 0.0, 1.0, "rms of the press force over its mean");
    hand.quantity("mass", s.operation.hand_mass_kg, "kg", 0.0, 2.0, "of hand and forearm at the pen");
    hand.quantity("stiffness", s.operation.hand_stiffness_N_per_m, "N/m", 1.0, 5000.0,
                  "of hand and forearm at the pen");
    hand.quantity("damping", s.operation.hand_damping_N_s_per_m, "N s/m", 0.0, 100.0, "of hand and forearm at the pen");
  });
  v.section("insertion", "rig: insertion drives needles into skin", [&](auto& machine) {
    InsertionChoice& i = s.insertion;
    machine.quantity("speed", i.speed_m_per_s, "m/s", 1e-6, 10.0, "of the machine");
    machine.quantity("travel", i.travel_m, "m", 1e-6, 20e-3, "from first touch of the undeformed surface");
    machine.quantity("press", i.press_N, "N", 1e-3, 100.0,
                     "force-controlled instead of travel: needles, plate and nose together carry it during the hold");
    machine.quantity("hold", i.hold_s, "s", 0.0, 3600.0,
                     "at the end of the travel, at that place; with press at that force");
    machine.flag("retract", i.retract, "moves back at the same speed");
    machine.flag("base_plate", i.base_plate, "the cartridge's plate holds the skin flat around the needles");
    machine.section(
        "nose", "a ring around the needles; it holds the skin, and comes along once the needles are in by their length",
        [&](auto& nose) {
          nose.quantity("inner_diameter", i.nose_inner_diameter_m, "m", 0.5e-3, 50e-3, "of the ring");
          nose.quantity("outer_diameter", i.nose_outer_diameter_m, "m", 0.5e-3, 50e-3, "of the ring");
        });
    machine.section("vibration", "along the axis", [&](auto& vibration) {
      vibration.quantity("frequency", i.vibration_frequency_Hz, "Hz", 0.0, 2000.0, "of a sine");
      vibration.quantity("amplitude", i.vibration_amplitude_m, "m", 0.0, 5e-3, "half of peak to peak");
      vibration.flag("in_insertion", i.vibrates_in_insertion, "while the needles are driven in");
      vibration.flag("in_hold", i.vibrates_in_hold, "during the hold");
    });
  });
  v.parameters("parameters", s.parameters, "single parameters of the plant by full name, over everything else");
  v.list("timeline", extras.timeline, "what happens when", [](auto& line, TimelineLine& l) { timeline_keys(line, l); });
  v.words("watch", s.watch, "variables of the firmware that are recorded");
  v.formulas("measure", s.measures, "a number per name: max min mean rms last count duration, with an optional window");
  v.list("require", s.requirements, "what must hold",
         [](auto& r, Requirement& requirement) { requirement_keys(r, requirement); });
  v.section("link", "how a board is used (firmware: link:...)", [&](auto& link) {
    using Options = LinkOptions;
    link.choice("mode", s.link.mode, {{"lockstep", Options::Mode::lockstep}, {"real_time", Options::Mode::real_time}},
                "lockstep: a tick of the board for each tick of the plant; real_time: the board runs on its own timer");
    link.choice(
        "on_loss", s.link.on_loss,
        {{"abort", Options::OnLoss::abort}, {"hold", Options::OnLoss::hold}, {"freeze", Options::OnLoss::freeze}},
        "abort: an error; hold: the plant goes on under the last outputs; freeze: virtual time stands");
    link.quantity("timeout", s.link.timeout_s, "s", 1e-3, 60.0, "without an answer for so long the link is lost");
    link.quantity("patience", s.link.patience_s, "s", 0.0, 3600.0,
                  "abort: wall time that a lost board has to say that its core hangs or has crashed");
    link.quantity("freeze_limit", s.link.freeze_limit_s, "s", 0.0, 3600.0,
                  "wall time; after it a frozen run is an error");
    link.quantity("rate", s.link.rate_Hz, "Hz", 10.0, 20'000.0, "real_time: exchanges per second");
    link.text("expects", s.link.expects, "name of the core, image, or build id that the board must run");
  });
  v.section("record", "what else is recorded", [&](auto& record) {
    record.choice("needles", s.record.each_needle, {{"sum", false}, {"each", true}},
                  "each: needle.<i>.force and needle.<i>.penetration");
  });
}

}  // namespace pensim
