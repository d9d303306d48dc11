#include "sim/input/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace pensim {
namespace {

constexpr std::size_t depth_limit = 48;
constexpr std::size_t node_limit = 200'000;
constexpr std::size_t members_limit = 5'000;

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the UTF-8 sequence at `i`, 0 if it is none (overlong and surrogate codes included).
std::size_t utf8_length(const std::string& s, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  const unsigned a = byte(i), b = byte(i + 1);
  if (a < 0x80) return 1;
  const auto more = [&](std::size_t n) {
    for (std::size_t k = 1; k <= n; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    return true;
  };
  if (a >= 0xC2 && a <= 0xDF && more(1)) return 2;
  if (a >= 0xE0 && a <= 0xEF && more(2) && !(a == 0xE0 && b < 0xA0) && !(a == 0xED && b > 0x9F)) return 3;
  if (a >= 0xF0 && a <= 0xF4 && more(3) && !(a == 0xF0 && b < 0x90) && !(a == 0xF4 && b > 0x8F)) return 4;
  return 0;
}

Location place_of_byte(const std::string& text, const std::string& name, std::size_t position) {
  Location at{name, 1, 1};
  for (std::size_t i = 0; i < position; ++i) {
    if (text[i] == '\n') {
      ++at.line;
      at.column = 1;
    } else if (!continuation(text[i])) {
      ++at.column;
    }
  }
  return at;
}

// What yaml-cpp would read as something else, or print as rubbish, ends here.
void require_text(const std::string& text, const std::string& name) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
      throw InputError({place_of_byte(text, name, i),
                        fmt::format("found a byte 0x{:02X}, expected text: this is a binary file", c),
                        "give a YAML file in UTF-8"});
    const std::size_t length = utf8_length(text, i);
    if (length == 0)
      throw InputError({place_of_byte(text, name, i), fmt::format("found a byte 0x{:02X} that is no UTF-8", c),
                        "save the file as UTF-8 (Latin-1 writes the degree and micro signs as single bytes; degC and "
                        "um need neither)"});
    i += length;
  }
}

// Where things stand: yaml-cpp counts columns in bytes, people in characters.
class Places {
 public:
  explicit Places(const std::string& text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }
  std::size_t offset(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return text_.size();
    return std::min(text_.size(),
                    starts_[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(std::max(0, mark.column)));
  }
  int column(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return mark.column + 1;
    // Marks come in the order of the text, nearly: counting goes on from the last one, or a long line costs its square.
    const std::size_t end = offset(mark);
    if (mark.line != last_line_ || end < last_end_) {
      last_line_ = mark.line;
      last_end_ = starts_[static_cast<std::size_t>(mark.line)];
      last_count_ = 0;
    }
    for (; last_end_ < end; ++last_end_) last_count_ += continuation(text_[last_end_]) ? 0 : 1;
    return last_count_ + 1;
  }
  // yaml-cpp takes the end of the file for the end of a quoted text.
  bool quote_is_closed(const YAML::Mark& mark) const {
    std::size_t i = offset(mark);
    if (i >= text_.size() || (text_[i] != '"' && text_[i] != '\'')) return true;
    for (const char quote = text_[i++]; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\')
        ++i;
      else if (text_[i] == quote && quote == '\'' && i + 1 < text_.size() && text_[i + 1] == quote)
        ++i;
      else if (text_[i] == quote)
        return true;
    }
    return false;
  }
  char character(const YAML::Mark& mark) const { return offset(mark) < text_.size() ? text_[offset(mark)] : '\0'; }

 private:
  const std::string& text_;
  std::vector<std::size_t> starts_;
  mutable int last_line_ = -1, last_count_ = 0;
  mutable std::size_t last_end_ = 0;
};

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Member& member : node.members) count += count_nodes(member.value);
  return count;
}

// A defect after which the rest of the text means nothing.
struct Fatal {
  InputProblem problem;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& text, const std::string& name, std::vector<InputProblem>& problems)
      : places_(text), file_(std::make_shared<const std::string>(name)), problems_(problems) {}

  Node root;

  // The innermost list or map that is under way.
  const Node* unfinished() const { return open_.empty() ? nullptr : &open_.back().node; }

  Location place(const YAML::Mark& mark) const {
    if (mark.is_null()) return {*file_, 1, 1};
    return {*file_, mark.line + 1, places_.column(mark)};
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = make(mark, Node::Kind::empty);
    const char written = places_.character(mark);
    if (written != '~' && written != 'n' && written != 'N' && !open_.empty() && open_.back().has_key) {
      node.line = open_.back().key.line;  // nothing stands nowhere: its key is what one looks for
      node.column = open_.back().key.column;
    }
    add(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    Node node = make(mark, Node::Kind::scalar);
    node.quoted = tag == "!";
    if (node.quoted && !places_.quote_is_closed(mark))
      throw Fatal{{node.at(), "this is not YAML: the quotes that begin here are not closed", "close the quotes"}};
    node.text = value;
    if (!node.quoted && (value.empty() || value == "~" || value == "null")) node.kind = Node::Kind::empty;
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      throw Fatal{{place(mark), "found an alias of an anchor that is not closed yet: it would contain itself",
                   "write the value out"}};
    nodes_ += known->second.nodes;
    check_nodes(mark);
    if (known->second.depth + open_.size() > depth_limit) too_deep(mark);
    add(known->second.node, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    Node key;
  };
  struct Anchor {
    Node node;
    std::size_t nodes = 0, depth = 0;
  };

  Node make(const YAML::Mark& mark, Node::Kind kind) {
    ++nodes_;
    check_nodes(mark);
    const Location at = place(mark);
    Node node;
    node.kind = kind;
    node.line = at.line;
    node.column = at.column;
    node.file = file_;
    return node;
  }

  void check_nodes(const YAML::Mark& mark) const {
    if (nodes_ > node_limit)
      throw Fatal{{place(mark), fmt::format("found more than {} values", node_limit),
                   "split the file; aliases of lists of aliases multiply"}};
  }

  [[noreturn]] void too_deep(const YAML::Mark& mark) const {
    throw Fatal{{place(mark), fmt::format("found more than {} levels of nesting", depth_limit),
                 "nothing here nests deeper than 6 levels: look for an unclosed [ or {"}};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      problems_.push_back(
          {place(mark), fmt::format("found a tag {}, expected a plain value", tag.substr(0, 40)), "leave the tag out"});
  }

  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    if (open_.size() >= depth_limit) too_deep(mark);
    refuse_tag(mark, tag);
    Open open;
    open.node = make(mark, kind);
    open.anchor = anchor;
    open_.push_back(std::move(open));
    deepest_ = std::max(deepest_, open_.size());
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  static std::size_t depth(const Node& node) {
    std::size_t below = 0;
    for (const Node& item : node.items) below = std::max(below, depth(item));
    for (const Member& member : node.members) below = std::max(below, depth(member.value));
    return below + 1;
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = {node, count_nodes(node), depth(node)};
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind == Node::Kind::list || node.kind == Node::Kind::map) {
        problems_.push_back(
            {node.at(), "found " + node.described() + " as a key, expected a word",
             node.kind == Node::Kind::map ? "a formula with braces needs quotes" : "put the word before the colon"});
        node.text.clear();
      }
      parent.key = std::move(node);
      parent.has_key = true;
    } else {
      parent.has_key = false;
      Node& key = parent.key;
      if (key.kind != Node::Kind::scalar && key.kind != Node::Kind::empty) return;  // reported above
      if (const Member* first = parent.node.member(key.text)) {
        problems_.push_back(
            {key.at(),
             fmt::format("the key `{}` is given twice, first in line {}", key.text.substr(0, 60), first->line),
             "keep one of the two"});
        return;
      }
      if (parent.node.members.size() >= members_limit)
        throw Fatal{{key.at(), fmt::format("found more than {} keys in one map", members_limit), "split the file"}};
      parent.node.members.push_back({key.text, key.line, key.column, std::move(node)});
    }
  }

  Places places_;
  std::shared_ptr<const std::string> file_;
  std::vector<InputProblem>& problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::size_t nodes_ = 0, deepest_ = 0;
};

std::string line_of(const std::string& text, int line) {
  std::size_t start = 0;
  for (int i = 1; i < line && start != std::string::npos; ++i) {
    start = text.find('\n', start);
    if (start != std::string::npos) ++start;
  }
  if (start == std::string::npos || start >= text.size()) return "";
  return text.substr(start, text.find('\n', start) - start);
}

// A tab before the first word of the line of an error, or of the line before it; line 0 if there is none.
Location tab_indentation(const std::string& text, const Location& at) {
  for (int line = std::max(1, at.line - 1); line <= at.line; ++line) {
    const std::string words = line_of(text, line);
    const std::size_t tab = words.substr(0, words.find_first_not_of(" \t")).find('\t');
    if (tab != std::string::npos && words.find_first_not_of(" \t\r") != std::string::npos)
      return {at.file, line, static_cast<int>(tab) + 1};
  }
  return {};
}

std::string syntax_hint(const std::string& message) {
  if (message.find("end of map") != std::string::npos || message.find("illegal map value") != std::string::npos)
    return "check the indentation, and put quotes around a value with `: ` or `{` in it";
  if (message.find("end of sequence") != std::string::npos) return "check the indentation and the closing ]";
  if (message.find("end of scalar") != std::string::npos || message.find("EOF in scalar") != std::string::npos)
    return "close the quotes";
  if (message.find("unknown token") != std::string::npos) return "put quotes around a value that begins with @ or `";
  return "check indentation, brackets and quotes";
}

}  // namespace

const Member* Node::member(std::string_view key) const {
  for (const Member& m : members)
    if (m.key == key) return &m;
  return nullptr;
}
const Node* Node::find(std::string_view key) const {
  const Member* m = member(key);
  return m ? &m->value : nullptr;
}
Node* Node::find(std::string_view key) {
  for (Member& m : members)
    if (m.key == key) return &m.value;
  return nullptr;
}

std::string Node::described() const {
  switch (kind) {
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::empty:
      return "nothing";
    case Kind::scalar:
      break;
  }
  std::string shown;
  for (char c : text) shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (shown.size() > 40) {
    std::size_t cut = 40;
    while (cut > 0 && continuation(shown[cut])) --cut;
    shown = shown.substr(0, cut) + "...";
  }
  return "`" + shown + "`";
}

Node read_document(const std::string& text, const std::string& name, std::vector<InputProblem>& problems) {
  if (text.size() > (4u << 20))
    throw InputError(
        {{name, 0, 0},
         fmt::format("found {:.1f} MB, expected at most 4 MB", static_cast<double>(text.size()) / 1048576.0),
         "split the file"});
  const std::string_view view(text);
  if (view.substr(0, 2) == "\xFF\xFE" || view.substr(0, 2) == "\xFE\xFF")
    throw InputError(InputProblem{{name, 1, 1}, "found UTF-16, expected UTF-8", "save the file as UTF-8"});
  const std::string body = view.substr(0, 3) == "\xEF\xBB\xBF" ? text.substr(3) : text;
  require_text(body, name);

  Builder builder(body, name, problems);
  const auto stop = [&](InputProblem problem) {
    std::vector<InputProblem> all = problems;
    all.push_back(std::move(problem));
    throw InputError(std::move(all));
  };
  Node root;
  root.line = root.column = 1;
  root.file = std::make_shared<const std::string>(name);
  try {
    std::istringstream stream(body);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return root;
    root = std::move(builder.root);
    builder.root = {};
    if (parser.HandleNextDocument(builder) && builder.root.kind != Node::Kind::empty)
      stop({builder.root.at(), "found a second document", "one file holds one document: remove the line `---`"});
  } catch (const YAML::Exception& error) {
    Location at = builder.place(error.mark);
    std::string message = error.msg, hint = syntax_hint(error.msg);
    if (const Location tab = tab_indentation(body, at); tab.line > 0) {
      at = tab;
      message = "found a tab in the indentation";
      hint = "indent with spaces: YAML knows no tabs there";
    } else if (const Node* open = builder.unfinished(); open && error.msg.find("flow not found") != std::string::npos) {
      at = open->at();
      message = std::string("the ") + (open->kind == Node::Kind::map ? "{" : "[") + " that begins here is not closed";
      hint = std::string("put the missing ") + (open->kind == Node::Kind::map ? "} or comma" : "] or comma");
    }
    stop({at, "this is not YAML: " + message, hint});
  } catch (const Fatal& fatal) {
    stop(fatal.problem);
  }
  return root;
}

std::string read_file(const std::string& path, std::size_t limit, bool stream_too) {
  const Location at{path, 0, 0};
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    throw InputError(InputProblem{at, "there is no such file", "check the path"});
  if (!std::filesystem::exists(status))
    throw InputError({at, "cannot be opened: " + error.message(), "check the path"});
  if (std::filesystem::is_directory(status))
    throw InputError(InputProblem{at, "found a folder, expected a file", "name a file in it"});
  const bool endless = std::filesystem::is_fifo(status) || std::filesystem::is_character_file(status);
  if (!std::filesystem::is_regular_file(status) && !(endless && stream_too))
    throw InputError(InputProblem{at, "this is not a file", "name a file"});
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw InputError({at, std::string("cannot be opened: ") + std::strerror(errno), "check its permissions"});
  std::string text;
  std::vector<char> block(64u << 10);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())), stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limit)
      throw InputError(
          {at,
           fmt::format("the file is larger than {}",
                       limit >= (1u << 20) ? fmt::format("{} MB", limit >> 20) : fmt::format("{} bytes", limit)),
           "is this the file that you meant?"});
  }
  if (stream.bad()) throw InputError({at, std::string("cannot be read: ") + std::strerror(errno), "check the disk"});
  return text;
}

void apply_override(Node& root, const std::string& assignment, std::vector<InputProblem>& problems) {
  const std::string origin = "--set " + assignment;
  const Location at{origin.substr(0, 200), 0, 0};
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    problems.push_back({at, "found no `key=value`", "for instance --set 'operator.press=3 N'"});
    return;
  }
  Node value;
  try {
    std::vector<InputProblem> inside;
    value = read_document(assignment.substr(equals + 1), origin.substr(0, 200), inside);
    if (!inside.empty()) throw InputError(inside);
  } catch (const InputError& error) {
    for (InputProblem problem : error.problems()) {
      problem.at = at;
      problems.push_back(problem);
    }
    return;
  }
  const auto file = std::make_shared<const std::string>(at.file);
  const auto claim = [&](auto&& self, Node& node) -> void {
    node.line = node.column = 0;
    node.file = file;
    for (Node& item : node.items) self(self, item);
    for (Member& member : node.members) {
      member.line = member.column = 0;
      self(self, member.value);
    }
  };
  claim(claim, value);

  const std::string path = assignment.substr(0, equals);
  if (std::count(path.begin(), path.end(), '.') > 16) {
    problems.push_back({at, "found more than 16 parts in the key", "for instance --set 'operator.press=3 N'"});
    return;
  }
  Node* node = &root;
  std::size_t start = 0;
  while (true) {
    const std::string rest = path.substr(start);
    const std::size_t dot = rest.find('.');
    // Names with dots in them (parameters.motor.resistance, a measure) are one key.
    const bool whole = dot == std::string::npos || (node->kind == Node::Kind::map && node->find(rest)) ||
                       path.substr(0, start) == "parameters.";
    const std::string part = whole ? rest : rest.substr(0, dot);
    if (part.empty()) {
      problems.push_back(
          {at, "found an empty part in the key `" + path + "`", "for instance --set 'operator.press=3 N'"});
      return;
    }
    if (node->kind == Node::Kind::empty) node->kind = Node::Kind::map;
    Node* next = nullptr;
    if (node->kind == Node::Kind::list) {
      std::size_t index = 0;
      const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), index);
      if (error != std::errc() || stop != part.data() + part.size() || index >= node->items.size()) {
        problems.push_back({at, fmt::format("found `{}` where the scenario has a list of {}", part, node->items.size()),
                            node->items.empty() ? "give the whole list"
                                                : fmt::format("give an index from 0 to {}", node->items.size() - 1)});
        return;
      }
      next = &node->items[index];
    } else if (node->kind == Node::Kind::map) {
      next = node->find(part);
      if (!next) {
        Node empty;
        empty.file = file;
        node->members.push_back({part, 0, 0, std::move(empty)});
        next = &node->members.back().value;
      }
    } else {
      problems.push_back({at,
                          fmt::format("found the key `{}` below {}, which is a single value", part, node->described()),
                          "give the value itself: --set '" + path.substr(0, start ? start - 1 : 0) + "=...'"});
      return;
    }
    node = next;
    if (whole) break;
    start += dot + 1;
  }
  *node = std::move(value);
}

}  // namespace pensim
