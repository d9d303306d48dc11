// The JSON Schema says what the reader reads: the same keys, and the test scenarios are valid under it.
#include "sim/scenario/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "sim/input/document.h"
#include "sim/scenario/scenario.h"
#include "sim/vocabulary/command.h"

namespace pensim {
namespace {

using Json = nlohmann::json;

// What an editor makes of plain YAML text.
Json plain(const Node& node) {
  switch (node.kind) {
    case Node::Kind::empty:
      return nullptr;
    case Node::Kind::list: {
      Json list = Json::array();
      for (const Node& item : node.items) list.push_back(plain(item));
      return list;
    }
    case Node::Kind::map: {
      Json map = Json::object();
      for (const Member& member : node.members) map[member.key] = plain(member.value);
      return map;
    }
    case Node::Kind::scalar:
      break;
  }
  if (!node.quoted) {
    if (node.text == "true" || node.text == "false") return node.text == "true";
    const Json number = Json::parse(node.text, nullptr, false);
    if (number.is_number()) return number;
  }
  return node.text;
}

// Enough of JSON Schema for ours: type, enum, pattern, minimum, maximum, properties, additionalProperties, required,
// items, anyOf, oneOf.
std::string violation(const Json& schema, const Json& value, const std::string& path = "$") {
  const auto has_type = [&](const std::string& type) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "number" && value.is_number()) ||
           (type == "integer" && value.is_number_integer()) || (type == "boolean" && value.is_boolean());
  };
  for (const auto& [key, rule] : schema.items()) {
    if (key == "type") {
      bool good = false;
      for (const Json& type : rule.is_array() ? rule : Json::array({rule}))
        good = good || has_type(type.get<std::string>());
      if (!good) return path + " is no " + rule.dump();
    } else if (key == "enum") {
      if (std::find(rule.begin(), rule.end(), value) == rule.end()) return path + " is none of " + rule.dump();
    } else if (key == "pattern" && value.is_string()) {
      if (!std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>(), std::regex::ECMAScript)))
        return path + " does not match " + rule.dump();
    } else if (key == "minimum" && value.is_number()) {
      if (value < rule) return path + " is below " + rule.dump();
    } else if (key == "maximum" && value.is_number()) {
      if (value > rule) return path + " is above " + rule.dump();
    } else if (key == "properties" && value.is_object()) {
      for (const auto& [name, inner] : rule.items())
        if (value.contains(name))
          if (const std::string bad = violation(inner, value[name], path + "." + name); !bad.empty()) return bad;
    } else if (key == "additionalProperties" && value.is_object()) {
      for (const auto& [name, inner] : value.items()) {
        if (schema.contains("properties") && schema["properties"].contains(name)) continue;
        if (rule == false) return path + " has the unknown key " + name;
        if (rule.is_object())
          if (const std::string bad = violation(rule, inner, path + "." + name); !bad.empty()) return bad;
      }
    } else if (key == "required") {
      for (const Json& name : rule)
        if (!value.contains(name.get<std::string>())) return path + " has no " + name.dump();
    } else if (key == "items" && value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i)
        if (const std::string bad = violation(rule, value[i], path + "[" + std::to_string(i) + "]"); !bad.empty())
          return bad;
    } else if (key == "anyOf" || key == "oneOf") {
      std::size_t fits = 0;
      for (const Json& option : rule) fits += violation(option, value, path).empty() ? 1 : 0;
      if (fits == 0 || (key == "oneOf" && fits > 1)) return path + " fits " + std::to_string(fits) + " of " + key;
    }
  }
  return "";
}

Json document(const std::string& text) {
  std::vector<InputProblem> problems;
  return plain(read_document(text, "t", problems));
}

TEST(Schema, AcceptsWhatTheReaderAccepts) {
  const Json schema = Json::parse(schema_text());
  for (const char* path :
       {"tests/data/defaults.yaml", "tests/data/one_of_everything.yaml", "tests/data/insertion.yaml"})
    EXPECT_EQ(violation(schema, document(read_file(path))), "") << path;
}

TEST(Schema, HasEveryKeyOfTheTestScenariosAndTheyHaveEveryKey) {
  // one_of_everything and insertion together use every key that there is.
  const Json schema = Json::parse(schema_text());
  const auto covered = [](auto&& self, const Json& object, const std::vector<Json>& values, const std::string& path,
                          std::vector<std::string>& missing) -> void {
    for (const auto& [name, rule] : object["properties"].items()) {
      std::vector<Json> inner;
      for (const Json& value : values)
        if (value.is_object() && value.contains(name)) {
          if (value[name].is_array())
            inner.insert(inner.end(), value[name].begin(), value[name].end());
          else
            inner.push_back(value[name]);
        }
      if (inner.empty())
        missing.push_back(path + name);
      else if (name == "parameters")
        continue;
      else if (rule.contains("properties"))
        self(self, rule, inner, path + name + ".", missing);
      else if (rule.contains("items") && rule["items"].contains("properties"))
        self(self, rule["items"], inner, path + name + ".", missing);
    }
  };
  std::vector<std::string> missing;
  covered(covered, schema,
          {document(read_file("tests/data/one_of_everything.yaml")), document(read_file("tests/data/insertion.yaml"))},
          "", missing);
  EXPECT_EQ(missing, std::vector<std::string>{"insertion.press"}) << "it excludes travel";
}

TEST(Schema, RefusesWhatTheReaderRefuses) {
  const Json schema = Json::parse(schema_text());
  for (const char* text :
       {"title: no duration", "duration: 1 s\nfoo: 1", "duration: 6", "duration: [1 s]",
        "duration: 1 s\nskin: {region: moon}", "duration: 1 s\nskin: {sex: other}",
        "duration: 1 s\noperator: {press: 3}", "duration: 1 s\noperator: {pres: 3 N}",
        "duration: 1 s\ncartridge: {needles: 43}", "duration: 1 s\nseed: -1",
        "duration: 1 s\ntimeline: [{set: user.start, to: on}]", "duration: 1 s\ntimeline: [{at: 1 s}]",
        "duration: 1 s\ntimeline: [{at: 1 s, set: user.dept, to: on}]",
        "duration: 1 s\ntimeline: [{at: 1 s, set: user.start, fault: hall.dropout, to: on}]",
        "duration: 1 s\nrequire: [{id: A}]", "duration: 1 s\nfirmware: a b",
        "duration: 1 s\nparameters: {motor.resistence: 1 ohm}", "duration: 1 s\nrecord: {needles: all}",
        "duration: 1 s\npen: {battery: {state_of_charge: 2}}"}) {
    EXPECT_NE(violation(schema, document(text)), "") << text;
    EXPECT_THROW(parse_scenario(text, "t"), InputError) << text;
  }
}

TEST(Schema, SettableTextNamesAll) {
  const std::string text = settable_text();
  for (const Settable& s : settables)
    EXPECT_NE(text.find(std::string("  ") + s.name + " "), std::string::npos) << s.name;
  for (const FaultKind& f : fault_kinds)
    EXPECT_NE(text.find(std::string("  ") + f.name + " "), std::string::npos) << f.name;
  EXPECT_NE(text.find("0.2 mm to 3 mm"), std::string::npos);
  EXPECT_NE(text.find("aux.0 .. aux.7"), std::string::npos);
}

}  // namespace
}  // namespace pensim
