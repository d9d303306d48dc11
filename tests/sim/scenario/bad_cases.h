// bad_cases.h - scenarios that must be refused, with the place and the words of each refusal. For the reader's own
// test, and for the test that hands them to the program.
#pragma once

#include <string>
#include <vector>

#include "sim/input/input_error.h"

namespace pensim {

struct ExpectedProblem {
  int line = 0, column = 0;  // 0: the problem is of the file, or of an option
  bool option = false;       // its place is a --set
  std::string fragment;      // of the message
  std::string mend;          // part of the hint; "" asks for any
};

struct BadCase {
  std::string name;
  std::string text;
  std::vector<std::string> overrides;
  std::vector<ExpectedProblem> problems;  // exactly these
};

// The cases of tests/data/bad/cases.txt, and those that are too large or too regular to be written out: every key with
// a value of every wrong kind (from the table of keys), huge, deep, binary, alias bombs.
std::vector<BadCase> written_bad_cases(const std::string& file = "tests/data/bad/cases.txt");
std::vector<BadCase> generated_bad_cases();

// Writes each case as <folder>/<name>.yaml, for a program that is to read them.
void write_bad_cases(const std::string& folder, const std::vector<BadCase>& cases);

// "" if exactly the expected problems were found, each at its place, with its words and a mend; else what is different.
std::string compare_problems(const BadCase&, const std::vector<InputProblem>& found);

}  // namespace pensim
