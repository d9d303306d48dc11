// reader.h - reads the keys of a scenario (scenario_keys.h) from its text, and collects every problem.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/catalog/catalog.h"
#include "sim/input/document.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/scenario_keys.h"

namespace pensim {

std::string listed(const std::vector<std::string>& names);  // "a, b, c ... (30 in all)"
// "did you mean `b`?", or what there is.
std::string name_hint(const std::string& name, const std::vector<std::string>& known);

struct Context {
  std::string folder;  // relative paths in the text are relative to it
  std::vector<InputProblem>& problems;
  void add(const Location& at, std::string message, std::string hint) const {
    problems.push_back({at, std::move(message), std::move(hint)});
  }
  // A path that came by --set is relative to the working directory.
  std::string path(const Node& node, const std::string& text) const;
};

// Reads one map; every key that is asked for is a key that exists.
class Reader {
 public:
  Reader(const Node& map, std::string name, const Context& context);
  void finish() const;

  template <class T>
  void text(const char* key, T& out, const char*) {
    if (const Node* node = scalar(key, "a text")) {
      if (node->text.size() > 4000)
        return bad(*node, "expected at most 4000 characters, found " + std::to_string(node->text.size()), "shorten it");
      out = node->text;
    }
  }

  void formula(const char* key, std::string& out, Location& at, const char*);

  template <class T>
  void name(const char* key, T& out, CatalogKind kind, const char*) {
    const Node* node = scalar(key, std::string("the name of a ") + catalog_kind_name(kind) + ", or a file");
    if (!node) return;
    if (is_catalog_file(node->text)) {
      const std::string path = context_.path(*node, node->text);
      try {
        catalog_entry(kind, path, node->at());
        out = path;
      } catch (const InputError& error) {
        context_.problems.insert(context_.problems.end(), error.problems().begin(), error.problems().end());
      }
      return;
    }
    const std::vector<std::string> known = catalog_names(kind);
    if (std::find(known.begin(), known.end(), node->text) == known.end())
      return bad(*node,
                 fmt::format("found {}, expected a {} of the catalog", node->described(), catalog_kind_name(kind)),
                 name_hint(node->text, known));
    out = node->text;
  }

  template <class T>
  void quantity(const char* key, T& out, const char* unit, double low, double high, const char*) {
    const Node* node = scalar(key, quantity_example(unit));
    if (!node) return;
    double value = 0.0;
    if (!read_quantity(*node, key, unit, value)) return;
    if (value < low || value > high)
      return bad(*node,
                 fmt::format("expected {} {} to {}, found {}", key, format_quantity(low, unit),
                             format_quantity(high, unit), node->text),
                 "choose a value in that range");
    out = value;
  }

  template <class T>
  void whole(const char* key, T& out, Plain<T> low, Plain<T> high, const char*) {
    const Node* node = scalar(key, "a whole number");
    if (!node) return;
    Plain<T> value{};
    const char *begin = node->text.data(), *end = begin + node->text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::result_out_of_range ||
        (error == std::errc() && stop == end && (value < low || value > high)))
      return bad(*node, fmt::format("expected a whole number from {} to {}, found {}", low, high, node->described()),
                 "choose a value in that range");
    if (error != std::errc() || stop != end)
      return bad(*node, fmt::format("expected a whole number, found {}", node->described()),
                 fmt::format("for instance {}: {}", key, low + 1 > low ? low + 1 : low));
    out = value;
  }

  void flag(const char* key, bool& out, const char*);

  template <class T>
  void choice(const char* key, T& out, std::initializer_list<std::pair<const char*, Plain<T>>> choices, const char*) {
    std::vector<std::string> words;
    for (const auto& [word, value] : choices) words.push_back(word);
    const Node* node = scalar(key, "one of " + listed(words));
    if (!node) return;
    for (const auto& [word, value] : choices)
      if (node->text == word) {
        out = value;
        return;
      }
    bad(*node, "expected one of " + listed(words) + ", found " + node->described(), name_hint(node->text, words));
  }

  void level(const char* key, double& out, std::initializer_list<std::pair<const char*, double>> levels, double low,
             double high, const char*);
  void file(const char* key, std::string& out, const char* word, std::size_t limit, const char*);
  void words(const char* key, std::vector<std::string>& out, const char*);
  void firmware(const char* key, std::string& out, const char*);
  void settable(const char* key, std::optional<std::string>& out, const char*);
  void fault(const char* key, std::optional<std::string>& out, const char*);

  void here(const Node*& out) { out = &map_; }

  void raw(const char* key, const Node*& out, const char*) { out = scalar(key, "a value"); }

  void formulas(const char* key, std::vector<Measure>& out, const char*);
  void parameters(const char* key, std::map<std::string, std::pair<double, Location>>& out, const char*);

  template <class F>
  void section(const char* key, const char*, F&& keys) {
    static const Node nothing;
    const Node* node = take(key);
    Reader inner(node ? *node : nothing, name_.empty() ? key : name_ + "." + key, context_);
    if (!inner.usable_) return;
    keys(inner);
    inner.finish();
  }

  template <class T, class F>
  void list(const char* key, std::vector<T>& out, const char*, F&& keys) {
    const Node* node = take(key);
    if (!node || node->kind == Node::Kind::empty) return;
    if (node->kind != Node::Kind::list)
      return bad(*node, "expected a list" + std::string(" for ") + key + ", found " + node->described(),
                 fmt::format("begin each entry of {} with a dash", key));
    for (const Node& item : node->items) {
      Reader inner(item, name_.empty() ? key : name_ + "." + key, context_);
      if (!inner.usable_) continue;
      T value{};
      keys(inner, value);
      inner.finish();
      out.push_back(std::move(value));
    }
  }

 private:
  static std::string quoted(const std::string& word);

  std::string of() const { return name_.empty() ? "" : " in " + name_; }

  const Node* take(const char* key);
  const Node* scalar(const char* key, const std::string& expected);
  bool read_quantity(const Node& node, const char* key, const char* unit, double& value, bool difference = false);
  void bad(const Node& node, std::string message, std::string hint) const;
  const Node& map_;
  std::string name_;
  const Context& context_;
  std::vector<std::string> known_;
  bool usable_ = true;
};

}  // namespace pensim
