// prepare_options.h - what the subcommands that run scenarios have in common on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "sim/run/prepare.h"

namespace pensim {

// --firmware, --seed, --set, --watch, --no-always: which run of a scenario.
void add_run_options(CLI::App* command, PrepareOptions& options);

// While it lives, the search of these options through folders is told on standard error: what is skipped (the first
// twenty), and on a terminal where it is.
class SearchTold {
 public:
  explicit SearchTold(PrepareOptions&);
  ~SearchTold();
  SearchTold(const SearchTold&) = delete;
  SearchTold& operator=(const SearchTold&) = delete;

 private:
  void entered(const std::string& folder);
  void skipped(const std::string& sentence);
  void clear();

  static constexpr int most_ = 20;
  bool terminal_, shown_ = false;
  double next_s_;
  int folders_ = 0, skipped_ = 0;
};

// Prints them; exit code 2.
int print_problems(const std::vector<InputProblem>& problems);

}  // namespace pensim
