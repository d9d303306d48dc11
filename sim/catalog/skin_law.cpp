#include "sim/catalog/skin_law.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "models/skin.h"
#include "sim/catalog/catalog.h"
#include "sim/input/document.h"
#include "sim/input/quantity.h"

namespace pensim {
namespace {

constexpr const char* help = "write the file again: pensim validate --fit --out FOLDER";

[[noreturn]] void refuse(const Location& at, const std::string& message) { throw InputError({at, message, help}); }

const Node& member(const Node& of, const char* key, Node::Kind kind, const char* expected) {
  const Node* node = of.kind == Node::Kind::map ? of.find(key) : nullptr;
  if (!node) refuse(of.at(), fmt::format("found no {}, expected {}", key, expected));
  if (node->kind != kind)
    refuse(node->at(), fmt::format("{}: expected {}, found {}", key, expected, node->described()));
  return *node;
}

double number(const Node& node) {
  try {
    if (node.kind == Node::Kind::scalar) return parse_quantity(node.text, "1");
  } catch (const QuantityError&) {
  }
  refuse(node.at(), fmt::format("expected a number, found {}", node.described()));
}

double number(const Node& of, const char* key) { return number(member(of, key, Node::Kind::scalar, "a number")); }

LawParameter read_parameter(const Member& m) {
  LawParameter p;
  p.name = m.key;
  SkinParams known;
  bool found = false;
  each_skin_param(known, [&](const char* name, const auto&) { found = found || p.name == name; });
  if (!found) refuse(m.at(), fmt::format("found `{}`, which is no parameter of the skin", p.name.substr(0, 60)));
  p.value = number(m.value, "value");
  p.low = number(m.value, "low");
  p.high = number(m.value, "high");
  p.logarithmic = m.value.find("logarithmic_sd") != nullptr;
  p.deviation = number(m.value, p.logarithmic ? "logarithmic_sd" : "sd");
  constexpr double none = std::numeric_limits<double>::infinity();
  p.range = {p.logarithmic ? 0 : -none, none};
  if (m.value.find("range")) {
    const Node& range = member(m.value, "range", Node::Kind::list, "two numbers");
    if (range.items.size() != 2) refuse(range.at(), "expected two numbers");
    p.range = {number(range.items[0]), number(range.items[1])};
  }
  if (!(p.low < p.value && p.value < p.high && p.deviation > 0 && p.range.first <= p.low && p.high <= p.range.second))
    refuse(m.at(),
           fmt::format("{}: expected a value within its interval, that within its range, and a deviation above 0",
                       p.name));
  return p;
}

// Cholesky. False if the matrix is not positive definite.
bool factorise(const std::vector<std::vector<double>>& a, std::vector<std::vector<double>>& l) {
  l.assign(a.size(), std::vector<double>(a.size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = a[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= l[i][k] * l[j][k];
      if (i == j && !(rest > 0)) return false;
      l[i][j] = i == j ? std::sqrt(rest) : rest / l[j][j];
    }
  return true;
}

}  // namespace

SkinLaw read_skin_law(const std::string& path) {
  std::vector<InputProblem> problems;
  const Node root = read_document(read_file(path), path, problems);
  if (!problems.empty()) throw InputError(problems);
  SkinLaw law;
  law.origin = member(root, "origin", Node::Kind::scalar, "where the law comes from").text;
  for (const Member& m : member(root, "parameters", Node::Kind::map, "a map").members)
    law.parameters.push_back(read_parameter(m));
  const Node& rows = member(root, "correlation", Node::Kind::list, "a row for each parameter");
  const std::size_t n = law.parameters.size();
  if (n == 0 || rows.items.size() != n)
    refuse(rows.at(), fmt::format("correlation: expected {} rows, found {}", n, rows.items.size()));
  for (const Node& row : rows.items) {
    if (row.items.size() != n)
      refuse(row.at(), fmt::format("correlation: expected {} numbers, found {}", n, row.items.size()));
    law.correlation.emplace_back();
    for (const Node& item : row.items) law.correlation.back().push_back(number(item));
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      if (law.correlation[i][j] != law.correlation[j][i] || (i == j && law.correlation[i][i] != 1))
        refuse(rows.items[i].items[j].at(), "correlation: expected 1 on the diagonal and the same on both sides of it");
  for (const Node& direction : member(root, "flat", Node::Kind::list, "a list of directions").items)
    law.flat.push_back(direction.text);
  if (!factorise(law.correlation, law.factor)) refuse(rows.at(), "correlation: the matrix is not positive definite");
  return law;
}

const SkinLaw& skin_law() {
  static const SkinLaw law = read_skin_law((std::filesystem::path(catalog_folder()) / "skin_law.yaml").string());
  return law;
}

std::string skin_law_yaml(const SkinLaw& law) {
  std::string text =
      "# How well the law of the skin is known (sim/catalog/skin_law.h). Written by `pensim validate --fit --out "
      "FOLDER`; not for editing.\n"
      "# value: optimum of the fit, in the unit at the end of the name. low, high: 95 % interval, cut at the range "
      "that the fit searches.\n"
      "# sd, logarithmic_sd: standard deviation of the value or of its natural logarithm, not cut. range: what it can "
      "be at all.\n";
  text += fmt::format("origin: \"{}\"\nparameters:\n", law.origin);
  for (const LawParameter& p : law.parameters) {
    text += fmt::format("  {}: {{value: {:.6g}, low: {:.4g}, high: {:.4g}, {}: {:.4g}", p.name, p.value, p.low, p.high,
                        p.logarithmic ? "logarithmic_sd" : "sd", p.deviation);
    if (std::isfinite(p.range.second)) text += fmt::format(", range: [{:g}, {:g}]", p.range.first, p.range.second);
    text += "}\n";
  }
  text += "correlation:  # rows and columns as above\n";
  for (std::size_t i = 0; i < law.correlation.size(); ++i) {
    text += "  - [";
    // no -0
    for (std::size_t j = 0; j < law.correlation.size(); ++j)
      text += fmt::format("{}{:.3f}", j ? ", " : "", std::round(law.correlation[i][j] * 1e3) / 1e3 + 0.0);
    text += "]\n";
  }
  text += "flat:  # directions along which the prior says more than the targets\n";
  for (const std::string& direction : law.flat) text += fmt::format("  - \"{}\"\n", direction);
  return text;
}

}  // namespace pensim
