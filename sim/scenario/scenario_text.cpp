#include "sim/scenario/scenario_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "sim/input/document.h"
#include "sim/input/quantity.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/scenario_keys.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

// The third visitor of scenario_keys.h: paths of files that are right seen from another folder.
class PathMover {
 public:
  PathMover(Node* map, const std::string& from, const std::string& to) : map_(map), from_(from), to_(to) {}

  template <class T>
  void name(const char* key, T&, CatalogKind, const char*) {
    if (Node* node = scalar(key); node && is_catalog_file(node->text))
      node->text = catalog_path(moved(*node, node->text));
  }
  void file(const char* key, std::string&, const char* word, std::size_t, const char*) {
    if (Node* node = scalar(key); node && node->text != word) node->text = moved(*node, node->text);
  }
  void firmware(const char* key, std::string&, const char*) {
    Node* node = scalar(key);
    if (!node) return;
    FirmwareSpec spec = parse_firmware(node->text);  // it was read from this text before
    if (spec.has_path()) spec.text = moved(*node, spec.text);
    node->text = firmware_text(spec);
  }
  template <class F>
  void section(const char* key, const char*, F&& keys) {
    PathMover inner(map_ ? map_->find(key) : nullptr, from_, to_);
    keys(inner);
  }
  template <class T, class F>
  void list(const char* key, std::vector<T>&, const char*, F&& keys) {
    Node* node = map_ ? map_->find(key) : nullptr;
    if (!node) return;
    for (Node& item : node->items) {
      PathMover inner(&item, from_, to_);
      T value{};
      keys(inner, value);
    }
  }

  template <class... Anything>
  void text(Anything&&...) {}
  template <class... Anything>
  void formula(Anything&&...) {}
  template <class... Anything>
  void quantity(Anything&&...) {}
  template <class T>
  void whole(const char*, T&, Plain<T>, Plain<T>, const char*) {}
  template <class... Anything>
  void flag(Anything&&...) {}
  template <class T>
  void choice(const char*, T&, std::initializer_list<std::pair<const char*, Plain<T>>>, const char*) {}
  void level(const char*, double&, std::initializer_list<std::pair<const char*, double>>, double, double, const char*) {
  }
  template <class... Anything>
  void words(Anything&&...) {}
  template <class... Anything>
  void settable(Anything&&...) {}
  template <class... Anything>
  void fault(Anything&&...) {}
  template <class... Anything>
  void here(Anything&&...) {}
  template <class... Anything>
  void raw(Anything&&...) {}
  template <class... Anything>
  void formulas(Anything&&...) {}
  template <class... Anything>
  void parameters(Anything&&...) {}

 private:
  Node* scalar(const char* key) const {
    Node* node = map_ ? map_->find(key) : nullptr;
    return node && node->kind == Node::Kind::scalar ? node : nullptr;
  }
  // A path that came by --set (it has no line) is relative to the working directory.
  std::string moved(const Node& node, const std::string& text) const {
    const fs::path absolute =
        fs::absolute(node.line == 0 ? fs::path(text) : fs::path(from_.empty() ? "." : from_) / text).lexically_normal();
    if (to_.empty()) return absolute.string();
    const fs::path relative = absolute.lexically_relative(fs::absolute(to_).lexically_normal());
    return relative.empty() || *relative.begin() == ".." ? absolute.string() : relative.string();
  }
  static std::string catalog_path(const std::string& path) { return is_catalog_file(path) ? path : "./" + path; }

  Node* map_;
  const std::string &from_, &to_;
};

bool plain(const Node& node) {
  const std::string& text = node.text;
  if (node.quoted || text.empty() || text.size() > 200 || text.back() == ' ' || text.find(": ") != std::string::npos ||
      text.back() == ':')
    return false;
  if (!std::isalnum(static_cast<unsigned char>(text[0])) && text[0] != '/' && text[0] != '.') return false;
  for (const char c : text)
    if (!std::isalnum(static_cast<unsigned char>(c)) &&
        std::string_view(" _./:%^+*()<=>-").find(c) == std::string_view::npos)
      return false;
  return true;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02X}", byte);
    else
      out += c;
  }
  return out + "\"";
}

std::string quoted_key(const std::string& key) {
  Node node;
  node.text = key;
  return plain(node) && key.find_first_of(" :") == std::string::npos ? key : quoted(key);
}

void write_node(const Node& node, int depth, std::string& out);

void write_members(const Node& map, int depth, std::string& out) {
  bool first = true;
  for (const Member& member : map.members) {
    if (!first) out += std::string(static_cast<std::size_t>(depth) * 2, ' ');
    first = false;
    out += quoted_key(member.key) + ":";
    const bool nested = (member.value.kind == Node::Kind::map && !member.value.members.empty()) ||
                        (member.value.kind == Node::Kind::list && !member.value.items.empty());
    if (nested)
      out += "\n" + std::string(static_cast<std::size_t>(depth + 1) * 2, ' ');
    else
      out += " ";
    write_node(member.value, depth + 1, out);
  }
}

// Begins where the cursor stands, ends with a line break.
void write_node(const Node& node, int depth, std::string& out) {
  switch (node.kind) {
    case Node::Kind::empty:
      out += "~\n";
      return;
    case Node::Kind::scalar:
      out += (plain(node) ? node.text : quoted(node.text)) + "\n";
      return;
    case Node::Kind::map:
      if (node.members.empty())
        out += "{}\n";
      else
        write_members(node, depth, out);
      return;
    case Node::Kind::list:
      if (node.items.empty()) out += "[]\n";
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += std::string(static_cast<std::size_t>(depth) * 2, ' ');
        out += "- ";
        write_node(node.items[i], depth + 1, out);
      }
      return;
  }
}

std::string time_text(Tick ticks, Nanoseconds tick_ns) {
  const Nanoseconds ns = ticks * tick_ns;
  std::string text = fmt::format("{}.{:09}", ns / ns_per_s, ns % ns_per_s);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

// As people write it ("1.5 mm"), if that reads back to the same double; else in the unit of the table, whose factor is
// 1, so that no digit is lost.
std::string value_text(double value, const char* unit) {
  const bool bare = !*unit || std::string_view(unit) == "1";
  if (bare) return fmt::format("{}", value);
  const std::string usual = format_quantity(value, unit);
  try {
    if (parse_quantity(usual, unit) == value) return usual;
  } catch (const QuantityError&) {
  }
  return fmt::format("{} {}", value, unit);
}

Node scalar(const std::string& text, bool is_quoted = false) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  node.quoted = is_quoted;
  return node;
}

Node command_node(const Command& c, Nanoseconds tick_ns) {
  Node line;
  line.kind = Node::Kind::map;
  const auto put = [&](const char* key, Node value) { line.members.push_back({key, 0, 0, std::move(value)}); };
  put("at", scalar(time_text(c.at, tick_ns)));
  switch (c.kind) {
    case Command::Kind::set: {
      put("set", scalar(c.name));
      const Settable* settable = find_settable(c.name);
      const bool onoff = settable && settable->form == Settable::Form::on_off && (c.value == 0 || c.value == 1);
      put("to", scalar(onoff ? c.value == 1 ? "on" : "off"
                       : parse_signal_name(c.name).is(SignalName::Form::aux)
                           ? fmt::format("{:.0f}", c.value)
                           : value_text(c.value, settable ? settable->unit : "1")));
      if (c.over > 0) put("over", scalar(time_text(c.over, tick_ns)));
      break;
    }
    case Command::Kind::fault: {
      put("fault", scalar(c.name));
      if (const FaultKind* f = find_fault(c.name); f && *f->unit) put("to", scalar(value_text(c.value, f->unit)));
      if (c.duration > 0) put("for", scalar(time_text(c.duration, tick_ns)));
      break;
    }
    case Command::Kind::poke:
      put("poke", scalar(c.name, true));
      put("to", scalar(c.text.empty() ? fmt::format("{}", c.value) : c.text));
      break;
    case Command::Kind::uart:
      put("uart", scalar(c.text, true));
      break;
    case Command::Kind::reset: {
      const ResetCause* cause = reset_cause(c.value);
      put("reset", scalar(cause ? cause->name : fmt::format("{}", c.value)));
      break;
    }
  }
  return line;
}

bool same(const Command& a, const Command& b) {
  return a.at == b.at && a.kind == b.kind && a.name == b.name && a.value == b.value && a.over == b.over &&
         a.duration == b.duration && a.text == b.text;
}

// The lines of the timeline as they are written in the original, for those commands that were not changed; else as
// command_node writes them.
std::vector<Node> timeline_nodes(const Scenario& original, const Node& root, const ScenarioEdits& edits) {
  std::vector<std::pair<Tick, const Node*>> written;
  if (const Node* list = root.find("timeline"); list && edits.tick_ns == original.tick_ns)
    for (const Node& item : list->items) {
      const Node* at = item.find("at");
      if (!at) break;
      try {
        written.emplace_back(std::llround(parse_quantity(at->text, "s") / seconds(edits.tick_ns)), &item);
      } catch (const QuantityError&) {
        break;
      }
    }
  std::stable_sort(written.begin(), written.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const std::vector<Command>& before = original.timeline;
  bool known = written.size() == before.size();  // they are the same lines in the same order
  for (std::size_t i = 0; known && i < before.size(); ++i) {
    const Node* named = written[i].second->find(kind_of(before[i]).name);
    known = named && written[i].first == before[i].at && (!kind_of(before[i]).named || named->text == before[i].name);
  }
  std::vector<Node> out;
  std::vector<bool> used(before.size());
  for (const Command& c : edits.timeline) {
    std::size_t i = 0;
    while (i < before.size() && (used[i] || !same(before[i], c))) ++i;
    if (known && i < before.size()) {
      used[i] = true;
      out.push_back(*written[i].second);
    } else {
      out.push_back(command_node(c, edits.tick_ns));
    }
  }
  return out;
}

// --- the original's own text, with its comments, where nothing was changed ---

bool equal(const Node& a, const Node& b) {
  return a.kind == b.kind && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal) &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    [](const Member& p, const Member& q) { return p.key == q.key && equal(p.value, q.value); });
}

struct Lines {
  std::vector<std::string> line;  // without line ends
  explicit Lines(const std::string& text) {
    std::istringstream in(text);
    for (std::string l; std::getline(in, l);) line.push_back(l);
  }
  bool is_comment(int i) const {  // or empty
    const std::size_t first = line[static_cast<std::size_t>(i)].find_first_not_of(" \t\r");
    return first == std::string::npos || line[static_cast<std::size_t>(i)][first] == '#';
  }
  // Where the comment above a line begins; not before `least`.
  int with_comment(int i, int least) const {
    while (i > least && is_comment(i - 1)) --i;
    return i;
  }
  std::string text(int from, int to) const {
    std::string out;
    for (int i = from; i < to; ++i) out += line[static_cast<std::size_t>(i)] + "\n";
    return out;
  }
};

std::string flow_text(const Node& map) {
  std::string out = "{";
  for (const Member& m : map.members)
    out += (out.size() > 1 ? ", " : "") + quoted_key(m.key) + ": " +
           (plain(m.value) ? m.value.text : quoted(m.value.text));
  return out + "}";
}

bool is_flat(const Node& map) {
  return map.kind == Node::Kind::map && !map.members.empty() &&
         std::all_of(map.members.begin(), map.members.end(),
                     [](const Member& m) { return m.value.kind == Node::Kind::scalar; });
}

// A list of which some items are those of the original: these keep their lines. [from, to): lines of the member.
std::string spliced_list(const Member& now, const Member& before, const Lines& lines, int from, int to) {
  const std::vector<Node>& old = before.value.items;
  std::vector<int> begin;  // of each item, with the comment above it
  for (const Node& item : old) {
    const int at = item.line - 1;
    if (at <= from || at >= to || (!begin.empty() && at <= begin.back())) return "";
    begin.push_back(lines.with_comment(at, begin.empty() ? from + 1 : begin.back() + 1));
  }
  if (begin.empty()) return "";
  int end = to;
  while (end > begin.back() + 1 && lines.is_comment(end - 1)) --end;  // belongs to what follows
  const std::string& first = lines.line[static_cast<std::size_t>(old[0].line - 1)];
  const std::string indent = first.substr(0, first.find_first_not_of(' '));
  std::string out = lines.text(from, begin[0]);
  std::vector<bool> used(old.size());
  for (const Node& item : now.value.items) {
    std::size_t i = 0;
    while (i < old.size() && (used[i] || !(item.line == old[i].line && equal(item, old[i])))) ++i;
    if (i < old.size()) {
      used[i] = true;
      out += lines.text(begin[i], i + 1 < old.size() ? begin[i + 1] : end);
    } else if (is_flat(item)) {
      out += indent + "- " + flow_text(item) + "\n";
    } else {
      return "";
    }
  }
  return out + lines.text(end, to);
}

// The text of `now`, of which each top-level key that is as in `before` keeps its lines. "" where that cannot be done.
std::string spliced(const Node& now, const Node& before, const std::string& text) {
  const Lines lines(text);
  std::string out;
  int from = 0;
  std::vector<std::string> done;
  for (std::size_t k = 0; k < before.members.size(); ++k) {
    const Member& old = before.members[k];
    const bool last = k + 1 == before.members.size();
    const int here = old.line - 1, next = last ? static_cast<int>(lines.line.size()) : before.members[k + 1].line - 1;
    if (old.column != 1 || here < from || next <= here || next > static_cast<int>(lines.line.size())) return "";
    const int to = last ? next : lines.with_comment(next, here + 1);
    const Member* member = now.member(old.key);
    done.push_back(old.key);
    if (!member) {
      from = to;
      continue;
    }
    std::string piece;
    if (equal(member->value, old.value))
      piece = lines.text(from, to);
    else if (member->value.kind == Node::Kind::list && old.value.kind == Node::Kind::list)
      piece = lines.text(from, here) + spliced_list(*member, old, lines, here, to);
    if (piece.empty() || piece == lines.text(from, here)) {
      Node alone;
      alone.kind = Node::Kind::map;
      alone.members = {*member};
      piece = lines.text(from, here);
      write_members(alone, 0, piece);
    }
    out += piece;
    from = to;
  }
  Node added;
  added.kind = Node::Kind::map;
  for (const Member& m : now.members)
    if (std::find(done.begin(), done.end(), m.key) == done.end()) added.members.push_back(m);
  if (!added.members.empty()) write_members(added, 0, out);
  try {
    std::vector<InputProblem> problems;
    const Node read = read_document(out, "", problems);
    const auto by_key = [](const Node& a, const Node& b) {
      return a.members.size() == b.members.size() &&
             std::all_of(a.members.begin(), a.members.end(), [&](const Member& m) {
               const Member* other = b.member(m.key);
               return other && equal(m.value, other->value);
             });
    };
    return problems.empty() && by_key(read, now) ? out : "";
  } catch (const InputError&) {
    return "";
  }
}

void put_list(Node& root, const char* key, std::vector<Node> items) {
  std::erase_if(root.members, [&](const Member& member) { return member.key == key && items.empty(); });
  if (items.empty()) return;
  Node* list = root.find(key);
  if (list == nullptr) list = &root.members.emplace_back(Member{key, 0, 0, {}}).value;
  *list = Node{};
  list->kind = Node::Kind::list;
  list->items = std::move(items);
}

}  // namespace

std::string scenario_text(const Scenario& original, const ScenarioEdits& edits, const std::string& folder) {
  std::vector<InputProblem> problems;
  Node root = read_document(original.text, original.path, problems);
  root.kind = Node::Kind::map;
  const Node before = root;
  for (const std::string& assignment : edits.overrides) apply_override(root, assignment, problems);
  if (!problems.empty()) throw InputError(problems);
  const std::string from = fs::path(original.path).parent_path().string();
  PathMover mover(&root, from, folder);
  Scenario scratch;
  ScenarioExtras extras;
  scenario_keys(mover, scratch, extras);
  std::vector<Node> lines = timeline_nodes(original, root, edits), words;
  for (const std::string& symbol : edits.watch) words.push_back(scalar(symbol, true));
  put_list(root, "timeline", std::move(lines));
  put_list(root, "watch", std::move(words));
  if (!edits.require.empty()) {
    Node* list = root.find("require");
    if (list == nullptr) list = &root.members.emplace_back(Member{"require", 0, 0, {}}).value;
    list->kind = Node::Kind::list;
    for (const Requirement& r : edits.require) {
      Node item;
      item.kind = Node::Kind::map;
      item.members = {
          {"id", 0, 0, scalar(r.id, true)}, {"text", 0, 0, scalar(r.text, true)}, {"that", 0, 0, scalar(r.that, true)}};
      if (r.may_be_vacuous) item.members.push_back({"may_be_vacuous", 0, 0, scalar("on")});
      list->items.push_back(std::move(item));
    }
  }
  if (const std::string text = spliced(root, before, original.text); !text.empty()) return text;
  std::string text;
  write_members(root, 0, text);
  return text;
}

}  // namespace pensim
