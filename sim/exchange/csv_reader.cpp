#include "sim/exchange/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace pensim {
namespace {

constexpr std::size_t line_max = 1 << 20, columns_max = 1000, problems_max = 20;

}  // namespace

namespace {

// Opening a pipe would wait for who writes to it.
std::FILE* open_regular(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw InputError({{path, 0, 0}, "is not a file", "name a log (CSV)"});
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) throw InputError({{path, 0, 0}, std::string("cannot be opened: ") + std::strerror(errno), ""});
  return file;
}

}  // namespace

CsvReader::CsvReader(const std::string& path) : path_(path), file_(open_regular(path), std::fclose) {}

void CsvReader::problem(int column, const std::string& message, const std::string& hint) {
  problems_.push_back({{path_, number_, column}, message, hint});
  if (problems_.size() >= problems_max) finish();
}

void CsvReader::finish() const {
  if (!problems_.empty()) throw InputError(problems_);
}

bool CsvReader::next_line() {
  line_.clear();
  bool any = false;
  for (int c; (c = std::getc(file_.get())) != EOF;) {
    any = true;
    if (c == '\n') break;
    line_ += static_cast<char>(c);
    if (line_.size() > line_max) {
      ++number_;
      problem(0, fmt::format("a line of more than {} characters", line_max), "this is no log in CSV");
      finish();
    }
  }
  if (!any) {
    if (std::ferror(file_.get()))
      throw InputError({{path_, 0, 0}, std::string("cannot be read: ") + std::strerror(errno), ""});
    return false;
  }
  ++number_;
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (number_ == 1 && line_.compare(0, 3, "\xEF\xBB\xBF") == 0) line_.erase(0, 3);
  if (const std::size_t zero = line_.find('\0'); zero != std::string::npos) {
    problem(static_cast<int>(zero) + 1, "a NUL byte", "this is no log in CSV");
    finish();
  }
  return true;
}

void CsvReader::split(std::vector<Cell>& cells) {
  if (delimiter_ == 0)  // of the header
    delimiter_ = line_.find(',') != std::string::npos    ? ','
                 : line_.find(';') != std::string::npos  ? ';'
                 : line_.find('\t') != std::string::npos ? '\t'
                                                         : ',';
  cells.clear();
  std::size_t at = 0;
  for (;;) {
    Cell cell;
    cell.column = static_cast<int>(at) + 1;
    if (at < line_.size() && line_[at] == '"') {
      ++at;
      for (;;) {
        if (at >= line_.size()) {
          problem(cell.column, "a quotation mark that is not closed in its line");
          break;
        }
        if (line_[at] == '"') {
          if (at + 1 < line_.size() && line_[at + 1] == '"')
            ++at;
          else
            break;
        }
        cell.text += line_[at++];
      }
      at = std::min(at + 1, line_.size());
      if (at < line_.size() && line_[at] != delimiter_)
        problem(static_cast<int>(at) + 1, "text after the closing quotation mark");
      at = std::min(line_.find(delimiter_, at), line_.size());
    } else {
      const std::size_t end = std::min(line_.find(delimiter_, at), line_.size());
      std::size_t from = at, to = end;
      while (from < to && (line_[from] == ' ' || line_[from] == '\t')) ++from;
      while (to > from && (line_[to - 1] == ' ' || line_[to - 1] == '\t')) --to;
      cell.text = line_.substr(from, to - from);
      cell.column = static_cast<int>(from) + 1;
      at = end;
    }
    cells.push_back(std::move(cell));
    if (cells.size() > columns_max) {
      problem(cells.back().column, fmt::format("more than {} columns", columns_max));
      finish();
    }
    if (at >= line_.size()) return;
    ++at;
  }
}

}  // namespace pensim
