// terminal.h - the results of a call of `pensim run` for people.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "sim/run/result.h"

namespace pensim {

// Prints runs as they end and a table of margins at the last. Colours and a line of progress on a terminal only;
// nothing that came from a scenario or a core reaches it as a control character.
class RunPrinter {
 public:
  RunPrinter(std::FILE* out, std::size_t runs);
  void started(const std::string& scenario);
  void ended(const RunResult&);
  void summary(const std::vector<RunResult>&, double wall_s);
  int error() const { return error_; }  // errno of the first output that was lost; 0: none

 private:
  std::FILE* out_;
  bool terminal_;
  std::size_t runs_, done_ = 0;
  int error_ = 0;
  std::string paint(const char* colour, const std::string& text) const;
  std::string clear_line() const;
  void put(const std::string& text);
};

}  // namespace pensim
