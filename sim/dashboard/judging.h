// judging.h - the requirements of a live run, judged in a thread beside the window, all in one go.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sim/judge/requirement.h"
#include "sim/recording/recorded.h"
#include "sim/session/session.h"

namespace pensim::dashboard {

struct JudgedRun {
  Tick to = 0;                              // so many ticks were judged
  bool whole = false;                       // all that the run will ever have: the verdicts are those of `pensim run`
  std::map<std::string, Verdict> verdicts;  // by id
  std::vector<RecordedMeasure> measures;    // of a whole run
  RunVerdict roll_up = RunVerdict::error;   // of a whole run
};

// `planned`: ticks that the run is to have. A formula that cannot be answered is invalid, with the reason.
JudgedRun judge_run(const Recording&, const std::vector<Requirement>&, const std::vector<Measure>&, Tick planned,
                    bool whole, const std::atomic<bool>* abandoned = nullptr);

class Judging {
 public:
  Judging(RunSnapshot, std::vector<Requirement>, std::vector<Measure>, Tick planned, bool whole);
  ~Judging();  // gives up at the next signal that it would read
  Judging(const Judging&) = delete;
  Judging& operator=(const Judging&) = delete;
  bool done() const { return done_; }
  const JudgedRun& result() const { return result_; }  // once it is done

 private:
  RunSnapshot run_;
  JudgedRun result_;
  std::atomic<bool> abandoned_ = false, done_ = false;
  std::thread thread_;
};

}  // namespace pensim::dashboard
