// input_error.h - what is wrong with something a user gave us: where, what was found, what was expected, how to fix
// it.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace pensim {

struct Location {
  std::string file;  // as the user wrote it; "--set", "--require" ... for options
  int line = 0;      // 1-based; 0: no line (binary file, option)
  int column = 0;    // 1-based
};

// One defect of an input. text() is "file:line:column: message" and, on a second line, "  help: hint", safe for a
// terminal (printable.h).
struct InputProblem {
  Location at;
  std::string message;
  std::string hint;
  std::string text() const;
};

// Thrown with every problem that could be found, so that a user fixes them in one go. Exit code 2.
class InputError : public std::runtime_error {
 public:
  explicit InputError(InputProblem problem);
  explicit InputError(std::vector<InputProblem> problems);
  const std::vector<InputProblem>& problems() const { return problems_; }

 private:
  std::vector<InputProblem> problems_;
};

// The known name nearest to `name` (edit distance, at most a third of its length), or "" if none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

}  // namespace pensim
