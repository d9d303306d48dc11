#include "sim/dashboard/pen_view.h"

#include "sim/input/input_error.h"
#include "sim/scenario/scenario.h"

namespace pensim::dashboard {

PenView pen_view(const RecordingMeta& meta) {
  PenView v{meta.geometry, meta.kind == RecordingKind::rig, "", ""};
  try {
    LoadOptions options;
    options.always = false;
    const Scenario scenario = parse_scenario(meta.scenario_text, meta.scenario_path, ".", options);
    v.region = scenario.skin.region;
    v.condition = scenario.skin.condition;
  } catch (const InputError&) {  // a text that is not there or of another version: the picture has no name of the
                                 // region
  }
  return v;
}

}  // namespace pensim::dashboard
