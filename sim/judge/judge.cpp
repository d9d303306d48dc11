#include "sim/judge/judge.h"

#include <algorithm>

namespace pensim {
namespace {

constexpr Tick held_ticks = 1 << 18;  // longer columns of a file are read in pieces
constexpr std::int64_t piece_samples = 1 << 14;

}  // namespace

RecordedSignals::RecordedSignals(const Recording& recording, Tick planned) : recording_(recording), planned_(planned) {}

const Samples* RecordedSignals::find(const std::string& name) const {
  const auto known = read_.find(name);
  if (known != read_.end()) return known->second.get();
  std::unique_ptr<Samples> samples;
  const SignalInfo* const info = recording_.find(name);
  if (info && info->period != SignalPeriod::stroke && !recording_.meta().sparse && !recording_.path().empty() &&
      recording_.ticks() > held_ticks)
    samples = std::make_unique<Samples>(read_in_pieces(name));
  else if (info)
    samples = std::make_unique<Samples>(recording_.samples(name));
  return (read_[name] = std::move(samples)).get();
}

// One piece is kept: the monitor goes through a column from its begin, in blocks.
Samples RecordedSignals::read_in_pieces(const std::string& name) const {
  const SampleRange first = recording_.range(name, 0, 0);
  if (first.period_ticks < 1) return recording_.samples(name);
  Samples samples;
  samples.period_ticks = first.period_ticks;
  samples.count = (recording_.ticks() - 1) / first.period_ticks + 1;
  struct Piece {
    std::int64_t first = 0;
    std::vector<float> value;
  };
  samples.read = [this, name, period = first.period_ticks, piece = std::make_shared<Piece>()](
                     std::int64_t from, std::int64_t count, float* values) {
    while (count > 0) {
      const auto end = piece->first + static_cast<std::int64_t>(piece->value.size());
      if (from < piece->first || from >= end) {
        piece->first = from / piece_samples * piece_samples;
        piece->value = recording_
                           .range(name, piece->first * period,
                                  std::min((piece->first + piece_samples) * period, recording_.ticks()) - 1)
                           .value;
        continue;
      }
      const std::int64_t n = std::min(count, end - from);
      std::copy_n(piece->value.begin() + (from - piece->first), n, values);
      values += n;
      from += n;
      count -= n;
    }
  };
  return samples;
}

Tick RecordedSignals::ticks() const { return recording_.ticks(); }
Nanoseconds RecordedSignals::tick_ns() const { return recording_.tick_ns(); }

RunEnd RecordedSignals::run_end() const {
  if (!recording_.meta().fault.kind.empty()) return RunEnd::firmware_fault;
  return recording_.ticks() < planned_ ? RunEnd::early : RunEnd::complete;
}

bool RecordedSignals::has_truth() const { return recording_.meta().source == "simulation"; }

Judgement judge_recording(const Recording& recording, const std::vector<Requirement>& requirements,
                          const std::vector<Measure>& measures, Tick planned) {
  const RecordedSignals source(recording, planned);
  Judgement judgement;
  const std::vector<Verdict> verdicts = judge_all(requirements, source);
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    const Requirement& q = requirements[i];
    const Verdict& v = verdicts[i];
    judgement.requirements.push_back({q.id, q.text, q.that, v.outcome, q.may_be_vacuous, q.always, v.margin, v.unit,
                                      v.at_s, v.reason.empty() ? v.atom : v.reason, v.relative});
  }
  for (const Measure& m : measures) {
    judgement.measures[m.name] = measure(m, source);
    judgement.measure_units[m.name] = measure_unit(m);
  }
  judgement.roll_up = roll_up(requirements, verdicts);
  return judgement;
}

void keep_verdicts(const Judgement& judgement, Recording& recording) {
  recording.verdicts().clear();
  recording.measures().clear();
  for (const RequirementResult& q : judgement.requirements)
    recording.verdicts().push_back(
        {q.id, q.text, q.that, outcome_name(q.outcome), q.margin, q.unit, q.at_s, q.reason, q.may_be_vacuous});
  for (const auto& [name, value] : judgement.measures)
    recording.measures().push_back({name, value, judgement.measure_units.at(name)});
}

}  // namespace pensim
