// result.h - what is known of one run when it is over: for the table on the terminal, JUnit, JSON, and the process that
// asked for it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/judge/verdict.h"

namespace pensim {

struct FirmwareFault {
  // segfault bus_error illegal_instruction divide abort exit stack_overflow hang refused_call no_answer protocol
  std::string kind;
  std::string function, file;
  int line = 0;
  double at_s = 0.0;
  std::string detail;                  // a sentence
  std::vector<std::string> backtrace;  // "function file:line", innermost first
};
// "segfault in f (main.c:12) at 0.5 s"
std::string where(const FirmwareFault&);

struct RunResult {
  std::string scenario;  // label
  std::string title;
  RunVerdict verdict = RunVerdict::error;
  std::string cause;
  std::uint64_t seed = 0;
  std::string hash;          // 16 hex digits
  bool reproducible = true;  // false: a board in real time, or one that missed ticks
  std::vector<RequirementResult> requirements;
  std::map<std::string, double> measures;  // plain SI
  std::map<std::string, std::string> measure_units;
  double wall_s = 0.0, sim_s = 0.0;
  std::optional<FirmwareFault> firmware_fault;
  std::vector<std::string> findings;  // sentences: unanswered hardware calls, overflows ...
  std::string recording;              // path, "" if not kept
  std::string reproduce;              // the one line
};

// As in --json: margins that are not finite are null.
nlohmann::ordered_json to_json(const RunResult&);
// Between processes, where they travel as text.
std::string to_json_text(const RunResult&);
RunResult result_from_json_text(const std::string&);

}  // namespace pensim
