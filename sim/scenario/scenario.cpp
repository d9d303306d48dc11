#include "sim/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "models/insertion_rig.h"
#include "sim/input/document.h"
#include "sim/input/quantity.h"
#include "sim/scenario/reader.h"
#include "sim/scenario/scenario_keys.h"
#include "sim/scenario/timeline.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {

namespace fs = std::filesystem;

namespace {

// Presence, form and uniqueness of ids; `ids` collects them with their line.
void check_requirements(const std::vector<Requirement>& requirements, const Node* list, const Context& context,
                        std::map<std::string, Location>& ids) {
  if (!list) return;
  std::size_t next = 0;
  for (const Node& item : list->items) {
    if (item.kind != Node::Kind::map && item.kind != Node::Kind::empty) continue;  // said already
    if (next >= requirements.size()) break;
    const Requirement& r = requirements[next++];
    const Node* id = item.find("id");
    if (!id) {
      context.add(item.at(), "found no `id` in this requirement", "give it a name that stays: id: RATE-01");
    } else if (id->kind == Node::Kind::scalar) {
      const bool good = !r.id.empty() && r.id.size() <= 80 && std::all_of(r.id.begin(), r.id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '/';
      });
      if (!good)
        context.add(id->at(), "expected an id of letters, digits, `-`, `_`, `.` and `/`, found " + id->described(),
                    "for instance id: RATE-01");
      else if (const auto [first, fresh] = ids.emplace(r.id, id->at()); !fresh)
        context.add(
            id->at(),
            fmt::format("the id {} is given twice, first in {}:{}", r.id, first->second.file, first->second.line),
            "ids are unique within the scenario and always.yaml");
    }
    if (const Node* that = item.find("that"); !that)
      context.add(item.at(), "found no `that` in this requirement",
                  "give the formula: that: always[1 s, end] (motor.speed >= 60 Hz)");
    else if (that->kind == Node::Kind::scalar && r.that.find_first_not_of(" \t\r\n") == std::string::npos)
      context.add(that->at(), "found an empty formula", "for instance that: always[1 s, end] (motor.speed >= 60 Hz)");
  }
}

void check_insertion(const Node& root, Scenario& s, const Context& context) {
  InsertionChoice& i = s.insertion;
  static const Node nothing;
  const Node* found = root.find("insertion");
  const Node& node = found ? *found : nothing;
  if (s.rig == Rig::pen) {
    if (found)
      context.add(root.member("insertion")->at(), "found `insertion` in a scenario with a pen",
                  "add rig: insertion, or leave it out");
    return;
  }
  for (const char* key : {"pen", "operator", "firmware", "duration", "timeline", "watch", "timing", "core"})
    if (const Member* member = root.member(key))
      context.add(member->at(), fmt::format("found `{}`, which the insertion rig does not have", key),
                  "leave it out: the machine's movement stands in `insertion`");
  if (i.travel_m && i.press_N)
    context.add(node.find("press") ? node.find("press")->at() : node.at(), "found both travel and press",
                "the machine is driven by travel or by force: keep one");
  if (i.nose_inner_diameter_m.has_value() != i.nose_outer_diameter_m.has_value())
    context.add(node.find("nose") ? node.find("nose")->at() : node.at(), "found one diameter of the nose",
                "give inner_diameter and outer_diameter");
  else if (i.nose_inner_diameter_m && *i.nose_inner_diameter_m >= *i.nose_outer_diameter_m)
    context.add(node.find("nose") ? node.find("nose")->at() : node.at(),
                "the inner diameter of the nose is not below the outer one", "exchange them?");
  if ((i.vibration_frequency_Hz > 0.0) != (i.vibration_amplitude_m > 0.0))
    context.add(node.find("vibration") ? node.find("vibration")->at() : node.at(), "found one half of the vibration",
                "give frequency and amplitude, both above zero");
  if (!i.travel_m && !i.press_N) i.travel_m = 1.5e-3;
  // Row period: travel/speed/2000, 1 to 50 us; longer only where a run would have more than a million rows. Under force
  // control the way is unknown: 1.5 mm sets the period, and the duration is that of the longest way.
  const double way_m = i.travel_m.value_or(1.5e-3), longest_m = i.travel_m.value_or(press_travel_m);
  const InsertionParams machine;
  const double total_s =
      (machine.approach_m + longest_m + (i.retract ? longest_m + machine.clear_m : 0.0)) / i.speed_m_per_s + i.hold_s;
  s.tick_ns = std::clamp<Nanoseconds>(nanoseconds(way_m / i.speed_m_per_s / 2000.0), 1'000, 50'000);
  constexpr Tick most_rows = 1'000'000;
  if (nanoseconds(total_s) > most_rows * s.tick_ns)
    s.tick_ns = nanoseconds(total_s) / (most_rows * 1'000) * 1'000 + 1'000;
  if (total_s > 36'000.0) {
    context.add(node.find("speed") ? node.find("speed")->at() : node.at(),
                fmt::format("the insertion would last {}", format_quantity(total_s, "s")),
                "choose a higher speed: 10 h is the limit");
    return;
  }
  s.duration = (nanoseconds(total_s) + s.tick_ns - 1) / s.tick_ns + 1;
}

// The firmware tick is the pen's.
Nanoseconds tick_of(const std::string& model, const Context& context) {
  for (const CatalogValue& v : catalog_entry(CatalogKind::pen, model).values) {
    if (v.parameter != "tick_s") continue;
    const Nanoseconds ns = nanoseconds(v.number);
    if (ns >= 1'000 && ns <= 1'000'000 && ns % 1'000 == 0) return ns;
    context.add(v.at, fmt::format("expected a tick of 1 us to 1 ms in whole microseconds, found {}", v.text),
                "the default is 50 us");
  }
  return default_tick_ns;
}

std::vector<Requirement> always_from(const std::string& text, const std::string& path) {
  std::vector<InputProblem> problems;
  Node root = read_shipped(text, path, problems);
  const Context context{".", problems};
  if (root.kind == Node::Kind::list) {  // a list, or `require:` with a list
    Node map;
    map.kind = Node::Kind::map;
    map.file = root.file;
    map.members.push_back({"require", root.line, root.column, std::move(root)});
    root = std::move(map);
  }
  std::vector<Requirement> requirements;
  Reader reader(root, "", context);
  reader.list("require", requirements, "", [](auto& r, Requirement& requirement) { requirement_keys(r, requirement); });
  reader.finish();
  if (requirements.empty() && problems.empty())
    context.add({path, 1, 1}, "found no requirement", "list them: - {id: ..., that: ...}");
  std::map<std::string, Location> ids;
  check_requirements(requirements, root.find("require"), context, ids);
  if (!problems.empty()) throw InputError(problems);
  for (Requirement& r : requirements) r.always = true;
  return requirements;
}

Scenario parse(const std::string& text, const std::string& name, const std::string& folder, const LoadOptions& options,
               const std::string& always_path) {
  std::vector<InputProblem> problems;
  Node root = read_document(text, name, problems);
  const Context context{folder, problems};
  if (root.kind == Node::Kind::empty && options.overrides.empty())
    throw InputError(InputProblem{
        {name, 1, 1}, "the file is empty, expected a scenario", "a scenario needs at least a duration: duration: 1 s"});
  if (root.kind == Node::Kind::list || root.kind == Node::Kind::scalar)
    throw InputError({root.at(), "expected a scenario (keys and values), found " + root.described(),
                      "begin with title: and duration:"});
  for (const std::string& assignment : options.overrides) apply_override(root, assignment, problems);

  Scenario s;
  s.path = name;
  s.text = text;
  s.overrides = options.overrides;
  s.title = fs::path(name).stem().string();
  ScenarioExtras extras;
  Reader reader(root, "", context);
  scenario_keys(reader, s, extras);
  reader.finish();

  check_insertion(root, s, context);
  if (s.rig == Rig::pen) s.tick_ns = tick_of(s.pen.model, context);
  if (s.rig == Rig::pen) {
    if (const Node* node = root.find("duration"); !node) {
      context.add({name, 1, 1}, "found no `duration`", "say how long the run lasts: duration: 6 s");
    } else if (extras.duration_s) {
      const Nanoseconds ns = nanoseconds(*extras.duration_s);
      if (*extras.duration_s <= 0.0 || ns == 0)
        context.add(node->at(), fmt::format("expected a duration above zero, found {}", node->text),
                    "for instance duration: 6 s");
      else if (ns % s.tick_ns != 0 || std::abs(*extras.duration_s * 1e9 - static_cast<double>(ns)) > 0.01)
        context.add(node->at(),
                    fmt::format("duration = {} is not a whole number of ticks of {}", node->text,
                                format_quantity(static_cast<double>(s.tick_ns) * 1e-9, "s")),
                    fmt::format("{} is", time_text(std::max<Tick>(1, ns / s.tick_ns), s.tick_ns)));
      else
        s.duration = ns / s.tick_ns;
    }
  }
  if (extras.timing == Timing::counted) {
    s.counted = true;
    s.counted_place = root.find("timing")->at();
    if (s.rig != Rig::pen)
      context.add(s.counted_place, "found timing: counted, which counts the instructions of firmware; a rig has none",
                  "leave it out");
  }
  if (const Member* member = root.member("core")) s.core_place = member->at();
  Timeline timeline(s, context);
  if (s.rig == Rig::pen)
    for (const TimelineLine& line : extras.timeline) timeline.add(line);
  timeline.compare_lines();
  std::stable_sort(s.timeline.begin(), s.timeline.end(),
                   [](const Command& a, const Command& b) { return a.at < b.at; });
  if (const Node* watch = root.find("watch")) {
    for (std::string& symbol : s.watch) {
      const auto item =
          std::find_if(watch->items.begin(), watch->items.end(), [&](const Node& n) { return n.text == symbol; });
      const Location at = item == watch->items.end() ? watch->at() : item->at();
      symbol = std::string(watched_variable(symbol));
      timeline.symbol(symbol, at);
    }
  }
  if (const Node* skin = root.find("skin"))
    if (const Node* patches = skin->find("patches")) {
      std::size_t next = 0;
      if (patches->items.size() > static_cast<std::size_t>(skin_patches_max))
        context.add(patches->at(),
                    fmt::format("found {} patches, expected at most {}", patches->items.size(), skin_patches_max),
                    "merge neighbours");
      for (const Node& item : patches->items) {
        if (next >= s.skin.patches.size()) break;
        const SkinPatchChoice& p = s.skin.patches[next++];
        if (!item.find("to") || !item.find("from"))
          context.add(item.at(), "found a patch without from and to",
                      "for instance {from: 10 mm, to: 14 mm, condition: atrophic_acne_scar}");
        else if (p.to_m <= p.from_m)
          context.add(item.find("to")->at(),
                      fmt::format("the patch ends at {}, before it begins", item.find("to")->text),
                      "exchange from and to?");
        else if (p.to_m > s.operation.track_m + 1e-12 && s.rig == Rig::pen)
          context.add(item.find("to")->at(),
                      fmt::format("the patch ends at {}, beyond the track of {}", item.find("to")->text,
                                  format_quantity(s.operation.track_m, "m")),
                      "shorten it, or lengthen operator.track");
        if (item.kind == Node::Kind::map && !item.find("region") && !item.find("condition") && !item.find("topical"))
          context.add(item.at(), "found a patch that is like the rest of the skin",
                      "say what differs: region, condition or topical");
      }
    }

  std::map<std::string, Location> ids;
  check_requirements(s.requirements, root.find("require"), context, ids);
  if (options.always && s.rig == Rig::pen && !always_path.empty()) {
    s.always_path = always_path;
    try {
      for (Requirement& r : load_always(always_path)) {
        if (const auto own = ids.find(r.id); own != ids.end())
          context.add(own->second, fmt::format("the id {} is also in {}", r.id, always_path),
                      "ids are unique within the scenario and always.yaml: rename this one");
        s.requirements.push_back(std::move(r));
      }
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
  if (!problems.empty()) {
    std::stable_sort(problems.begin(), problems.end(), [](const InputProblem& a, const InputProblem& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    // A hostile file may hold a hundred thousand of them.
    if (problems.size() > 100) {
      const std::size_t more = problems.size() - 100;
      problems.resize(100);
      problems.push_back({{name, 0, 0}, fmt::format("and {} more problems", more), "fix the first ones"});
    }
    throw InputError(problems);
  }
  return s;
}

}  // namespace

Scenario load_scenario(const std::string& path, const LoadOptions& options) {
  const std::string text = read_file(path, 4u << 20, true);
  const fs::path folder = fs::path(path).parent_path();
  return parse(text, path, folder.empty() ? "." : folder.string(), options, options.always ? find_always(path) : "");
}

Scenario parse_scenario(const std::string& text, const std::string& name, const std::string& folder,
                        const LoadOptions& options) {
  return parse(text, name, folder, options, "");
}

std::vector<Requirement> load_always(const std::string& path) { return always_from(read_file(path), path); }

}  // namespace pensim
