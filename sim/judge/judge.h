// judge_run.h - requirements and measures of a scenario against a recording. The judge of a run and of a file are this
// one function.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/judge/requirement.h"
#include "sim/judge/verdict.h"
#include "sim/recording/recording.h"

namespace pensim {

// A recording as the monitor sees it; reads each signal once, when it is asked for, or, where that would be long, piece
// by piece.
class RecordedSignals : public SignalSource {
 public:
  // `planned`: ticks that the run was to have; more than the recording holds if it ended before.
  RecordedSignals(const Recording& recording, Tick planned);
  const Samples* find(const std::string& name) const override;
  Tick ticks() const override;
  Nanoseconds tick_ns() const override;
  Tick planned_ticks() const override { return planned_; }
  RunEnd run_end() const override;
  bool has_truth() const override;

 private:
  const Recording& recording_;
  Tick planned_;
  Samples read_in_pieces(const std::string& name) const;
  mutable std::map<std::string, std::unique_ptr<Samples>> read_;
};

struct Judgement {
  std::vector<RequirementResult> requirements;
  std::map<std::string, double> measures;
  std::map<std::string, std::string> measure_units;
  ScenarioVerdict roll_up;
};

Judgement judge_recording(const Recording& recording, const std::vector<Requirement>& requirements,
                          const std::vector<Measure>& measures, Tick planned);

// What a recording keeps of a judgement.
void keep_verdicts(const Judgement&, Recording&);

}  // namespace pensim
