#include "sim/scenario/reader.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "firmware_shim/pen_shim.h"
#include "sim/catalog/plant_parameters.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/signals.h"

namespace pensim {

namespace fs = std::filesystem;

namespace {

std::string joined(const std::string& folder, const std::string& path) {
  const fs::path p(path);
  if (p.is_absolute() || folder.empty() || folder == ".") return path;
  return (fs::path(folder) / p).lexically_normal().string();
}

}  // namespace

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 16 && names.size() > 18) return text + fmt::format(" ... ({} in all)", names.size());
    text += (i ? ", " : "") + names[i];
  }
  return text;
}

std::string name_hint(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  return near.empty() ? "one of: " + listed(known) : "did you mean `" + near + "`?";
}

std::string Context::path(const Node& node, const std::string& text) const {
  return node.line == 0 ? text : joined(folder, text);
}

Reader::Reader(const Node& map, std::string name, const Context& context)
    : map_(map), name_(std::move(name)), context_(context) {
  if (map_.kind != Node::Kind::map && map_.kind != Node::Kind::empty) {
    usable_ = false;
    context_.add(map_.at(), "expected keys and values" + of() + ", found " + map_.described(),
                 "for instance " + std::string(name_ == "skin"  ? "skin: {region: cheek}"
                                               : name_ == "pen" ? "pen: {model: rotary_p1}"
                                                                : "{key: value}"));
  }
}

void Reader::finish() const {
  for (const Member& member : map_.members)
    if (std::find(known_.begin(), known_.end(), member.key) == known_.end())
      context_.add(member.at(), "found the key " + quoted(member.key) + of() + ", which does not exist",
                   name_hint(member.key, known_));
}

void Reader::formula(const char* key, std::string& out, Location& at, const char*) {
  const Node* node = scalar(key, "a formula such as always[1 s, end] (motor.speed >= 60 Hz)");
  if (!node) return;
  at = node->at();
  if (node->quoted && node->column > 0) ++at.column;  // the first character of the formula, for errors inside it
  text(key, out, "");
}

void Reader::flag(const char* key, bool& out, const char*) {
  const Node* node = scalar(key, "on or off");
  if (!node) return;
  if (const auto value = parse_switch(node->text))
    out = *value;
  else
    bad(*node, "expected on or off, found " + node->described(), fmt::format("write {}: on", key));
}

void Reader::level(const char* key, double& out, std::initializer_list<std::pair<const char*, double>> levels,
                   double low, double high, const char*) {
  std::vector<std::string> words;
  for (const auto& [word, value] : levels) words.push_back(word);
  const Node* node = scalar(key, "one of " + listed(words) + ", or a factor");
  if (!node) return;
  for (const auto& [word, value] : levels)
    if (node->text == word) {
      out = value;
      return;
    }
  try {
    const double value = parse_quantity(node->text, "1");
    if (value < low || value > high)
      return bad(*node, fmt::format("expected {} {} to {}, found {}", key, low, high, node->text),
                 "choose a value in that range");
    out = value;
  } catch (const QuantityError&) {
    bad(*node, "expected one of " + listed(words) + ", or a factor, found " + node->described(),
        name_hint(node->text, words));
  }
}

void Reader::file(const char* key, std::string& out, const char* word, std::size_t limit, const char*) {
  const Node* node = scalar(key, fmt::format("`{}` or a file", word));
  if (!node) return;
  if (node->text == word) {
    out = word;
    return;
  }
  const std::string path = context_.path(*node, node->text);
  try {
    read_file(path, limit);
    out = path;
  } catch (const InputError& error) {
    for (const InputProblem& problem : error.problems())
      bad(*node,
          fmt::format("expected `{}` or a file of at most {} bytes, found {}: {}", word, limit, path, problem.message),
          fmt::format("write {}: {}, or a path relative to the scenario", key, word));
  }
}

void Reader::words(const char* key, std::vector<std::string>& out, const char*) {
  const Node* node = take(key);
  if (!node) return;
  out.clear();
  if (node->kind == Node::Kind::scalar) {
    out.push_back(node->text);
  } else if (node->kind == Node::Kind::list) {
    for (const Node& item : node->items) {
      if (item.kind != Node::Kind::scalar)
        bad(item, "expected a word, found " + item.described(), fmt::format("for instance {}: [one, two]", key));
      else if (std::find(out.begin(), out.end(), item.text) != out.end())
        bad(item, "found " + item.described() + " twice in " + key, "keep one of the two");
      else
        out.push_back(item.text);
    }
  } else {
    bad(*node, "expected a list of words, found " + node->described(), fmt::format("for instance {}: [one, two]", key));
  }
}

void Reader::firmware(const char* key, std::string& out, const char*) {
  const Node* node = scalar(key, "the name of a firmware core");
  if (!node) return;
  try {
    FirmwareSpec spec = parse_firmware(node->text);
    if (spec.has_path()) spec.text = context_.path(*node, spec.text);
    out = firmware_text(spec);
  } catch (const std::invalid_argument& error) {
    bad(*node, error.what(), firmware_forms);
  }
}

void Reader::settable(const char* key, std::optional<std::string>& out, const char*) {
  const Node* node = scalar(key, "a name such as user.depth");
  if (!node) return;
  if (find_settable(node->text) || parse_signal_name(node->text).is(SignalName::Form::aux)) {
    out = node->text;
    return;
  }
  std::vector<std::string> known;
  for (const Settable& s : settables) known.push_back(s.name);
  for (int k = 0; k < aux_inputs; ++k) known.push_back(aux_signal(k));
  bad(*node, "found " + node->described() + ", which cannot be set", name_hint(node->text, known));
}

void Reader::fault(const char* key, std::optional<std::string>& out, const char*) {
  const Node* node = scalar(key, "a fault such as hall.dropout");
  if (!node) return;
  if (find_fault(node->text)) {
    out = node->text;
    return;
  }
  std::vector<std::string> known;
  for (const FaultKind& f : fault_kinds) known.push_back(f.name);
  bad(*node, "found " + node->described() + ", which is no fault", name_hint(node->text, known));
}

void Reader::formulas(const char* key, std::vector<Measure>& out, const char*) {
  const Node* node = take(key);
  if (!node || node->kind == Node::Kind::empty) return;
  if (node->kind != Node::Kind::map)
    return bad(*node, "expected names with formulas, found " + node->described(),
               "for instance measure: {peak_force: \"max(needle.force)\"}");
  for (const Member& member : node->members) {
    if (member.value.kind != Node::Kind::scalar || member.value.text.empty() || member.value.text.size() > 4000) {
      bad(member.value, "expected a formula, found " + member.value.described(),
          "for instance \"max[1 s, end](needle.force)\", in quotes");
      continue;
    }
    if (member.key.empty() || member.key.size() > 100) {
      context_.add(member.at(), "expected a name of 1 to 100 characters for the measure", "for instance peak_force");
      continue;
    }
    Location at = member.value.at();
    if (member.value.quoted && at.column > 0) ++at.column;
    out.push_back({member.key, member.value.text, at});
  }
}

void Reader::parameters(const char* key, std::map<std::string, std::pair<double, Location>>& out, const char*) {
  const Node* node = take(key);
  if (!node || node->kind == Node::Kind::empty) return;
  if (node->kind != Node::Kind::map)
    return bad(*node, "expected names of parameters with quantities, found " + node->described(),
               "for instance parameters: {motor.resistance: 1.2 ohm}");
  const std::vector<PlantParameter>& known = plant_parameters();
  for (const Member& member : node->members) {
    if (member.key == "seed" || member.key == "tick" || member.key == "tick_s") {
      context_.add(member.at(), "found " + quoted(member.key) + ", which is no free parameter",
                   member.key == "seed" ? "give `seed:` of the scenario" : "the tick stands in the file of a pen");
      continue;
    }
    const auto found = std::find_if(known.begin(), known.end(), [&](const PlantParameter& p) {
      return p.key == member.key || p.name == member.key;
    });
    if (found == known.end()) {
      std::vector<std::string> names;
      for (const PlantParameter& p : known) names.push_back(p.key);
      const std::string near = nearest_name(member.key, names);
      context_.add(member.at(), "found " + quoted(member.key) + ", which is no parameter of the plant",
                   near.empty() ? "`pensim catalog` shows their names" : "did you mean `" + near + "`?");
      continue;
    }
    if (member.value.kind != Node::Kind::scalar) {
      bad(member.value, "expected " + quantity_example(found->unit) + ", found " + member.value.described(),
          "give the value");
      continue;
    }
    double value = 0.0;
    if (read_quantity(member.value, member.key.c_str(), found->unit.c_str(), value, found->difference))
      out[found->name] = {value, member.value.at()};
  }
}

std::string Reader::quoted(const std::string& word) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = word;
  return node.described();
}

const Node* Reader::take(const char* key) {
  known_.push_back(key);
  return map_.find(key);
}

const Node* Reader::scalar(const char* key, const std::string& expected) {
  const Node* node = take(key);
  if (!node) return nullptr;
  if (node->kind == Node::Kind::scalar) return node;
  bad(*node, fmt::format("expected {} for {}, found {}", expected, key, node->described()),
      node->kind == Node::Kind::empty ? "give a value, or leave the key out" : "give a single value");
  return nullptr;
}

bool Reader::read_quantity(const Node& node, const char* key, const char* unit, double& value, bool difference) {
  try {
    value = parse_quantity(node.text, unit, difference ? Temperature::difference : Temperature::absolute);
    return true;
  } catch (const QuantityError& error) {
    bad(node, std::string(key) + ": " + error.what(), error.hint);
    return false;
  }
}

void Reader::bad(const Node& node, std::string message, std::string hint) const {
  context_.add(node.at(), std::move(message), std::move(hint));
}

}  // namespace pensim
