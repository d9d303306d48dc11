// csv_reader.h - a text file of cells (RFC 4180; comma, semicolon or tab), row by row, and what is wrong in it by line
// and column.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "sim/input/input_error.h"

namespace pensim {

struct Cell {
  std::string text;
  int column = 1;  // character at which it begins
};

// A text file, line by line, as cells.
class CsvReader {
 public:
  explicit CsvReader(const std::string& path);

  // The next row; comments ("# key: value") are handed to `comment` and skipped, as are empty lines. False at the end.
  template <typename Comment>
  bool row(std::vector<Cell>& cells, Comment comment) {
    while (next_line()) {
      if (line_.empty()) continue;
      if (line_[0] == '#') {
        comment(line_);
        continue;
      }
      split(cells);
      return true;
    }
    return false;
  }
  int line() const { return number_; }

  void problem(int column, const std::string& message, const std::string& hint = "");
  void finish() const;

 private:
  bool next_line();
  void split(std::vector<Cell>& cells);

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::string line_;
  int number_ = 0;
  char delimiter_ = 0;
  std::vector<InputProblem> problems_;
};

}  // namespace pensim
