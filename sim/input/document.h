// document.h - a YAML text as a tree that knows where each of its words stands, and that hostile text cannot blow up.
//
// Refused with a place and a sentence: more than 4 MB, binary, invalid UTF-8, more than 48 levels, more than 200 000
// nodes (after anchors are expanded), an anchor that contains itself, a key that is given twice, tags, a second
// document.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/input/input_error.h"

namespace pensim {

struct Member;

struct Node {
  enum class Kind : unsigned char { empty, scalar, list, map };
  Kind kind = Kind::empty;
  bool quoted = false;       // "..." or '...': text, never a number, a switch or nothing
  int line = 0, column = 0;  // 1-based; columns count characters
  std::shared_ptr<const std::string> file;
  std::string text;             // scalar
  std::vector<Node> items;      // list
  std::vector<Member> members;  // map, in the order of the file

  Location at() const { return {file ? *file : std::string(), line, column}; }
  const Node* find(std::string_view key) const;  // of a map; nullptr if there is none
  Node* find(std::string_view key);
  const Member* member(std::string_view key) const;
  // "a map", "a list", "nothing", or the text itself in quotes (cut at 40 characters)
  std::string described() const;
};

struct Member {
  std::string key;
  int line = 0, column = 0;
  Node value;
  Location at() const { return {value.file ? *value.file : std::string(), line, column}; }
};

// `name` stands for the file in messages. Defects that do not prevent going on (a key given twice) are added to
// `problems`;
// throws InputError, with `problems` included, for those that do.
Node read_document(const std::string& text, const std::string& name, std::vector<InputProblem>& problems);

// The bytes of a file; throws InputError if it cannot be read, is not a file or is larger than `limit`. A pipe or
// device, which may never end, only if `stream` (a name from the command line: /dev/stdin).
std::string read_file(const std::string& path, std::size_t limit = 4u << 20, bool stream = false);

// Puts "key=value" into the tree: "operator.press=3 N", "timeline.0.to=1.5 mm". A defect is added to `problems`.
void apply_override(Node& root, const std::string& assignment, std::vector<InputProblem>& problems);

}  // namespace pensim
