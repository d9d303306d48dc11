// report.h - the results of a call of `pensim run`, for people (table), CI (JUnit) and scripts (JSON).
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "sim/input/input_error.h"
#include "sim/run/result.h"

namespace pensim {

// Prints runs as they end and a table of margins at the last. Colours and a line of progress on a terminal only.
class RunPrinter {
 public:
  RunPrinter(std::FILE* out, std::size_t runs);
  void started(const std::string& scenario);
  void ended(const RunResult&);
  void summary(const std::vector<RunResult>&, double wall_s);

 private:
  std::FILE* out_;
  bool terminal_;
  std::size_t runs_, done_ = 0;
  std::string paint(const char* colour, const std::string& text) const;
  void clear_line() const;
};

// Both write to a temporary name and rename; throw std::runtime_error with the path and the system's word if that
// fails.
void write_junit(const std::string& path, const std::vector<RunResult>&, const std::vector<InputProblem>& problems);
void write_json(const std::string& path, const std::vector<RunResult>&);

}  // namespace pensim
