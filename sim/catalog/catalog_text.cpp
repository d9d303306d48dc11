// What `pensim catalog` says.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "sim/catalog/catalog.h"
#include "sim/catalog/plant_parameters.h"
#include "sim/catalog/skin_law.h"
#include "sim/platform/program.h"

namespace pensim {
namespace {

constexpr std::array all_kinds = {CatalogKind::pen,       CatalogKind::motor,  CatalogKind::battery,
                                  CatalogKind::cartridge, CatalogKind::region, CatalogKind::condition,
                                  CatalogKind::topical};

bool of_skin(CatalogKind kind) {
  return kind == CatalogKind::region || kind == CatalogKind::condition || kind == CatalogKind::topical;
}

[[noreturn]] void not_there(const std::string& found, const std::vector<std::string>& known) {
  const std::string near = nearest_name(found, known);
  throw InputError({{"catalog", 0, 0},
                    fmt::format("found `{}`, which is not in the catalog", found.substr(0, 60)),
                    near.empty() ? "`pensim catalog` lists what is there" : "did you mean `" + near + "`?"});
}

std::string row(const std::string& key, const std::string& value, const std::string& source) {
  return fmt::format("  {:<36} {:>22}  {}\n", key, value, source);
}

std::string source_row(const CatalogSource& s) {
  return fmt::format("  {:<14} {}\n  {:<14}   {}\n", s.key, s.title, "", s.address);
}

// What the keys of these marks stand for, each once, in the order of sources.yaml.
std::string stands_for(const std::string& marks, const std::vector<CatalogSource>& own) {
  const std::vector<std::string> keys = mark_keys(marks);
  std::string text;
  for (const std::vector<CatalogSource>* sources : {&own, &catalog_sources()})
    for (const CatalogSource& s : *sources)
      if (std::find(keys.begin(), keys.end(), s.key) != keys.end()) text += source_row(s);
  return text.empty() ? "" : "\n sources\n" + text;
}

std::string explained(const CatalogEntry& e) {
  std::string text = fmt::format("{} {}\n  {}\n", catalog_kind_name(e.kind), e.name, e.about), marks;
  for (const auto& [kind, name] : e.references) text += row(kind, name, "");
  const auto rows = [&](const std::vector<CatalogValue>& values) {
    for (const CatalogValue& v : values) {
      text += row(v.key, v.text, v.source);
      marks += v.source;
    }
  };
  rows(e.values);
  for (const auto& [title, values] : {std::pair("female", &e.female), std::pair("male", &e.male)}) {
    if (!values->empty()) text += fmt::format(" {}\n", title);
    rows(*values);
  }
  // What a profile takes from its base, so that nobody reads it as published.
  for (const auto& [kind, name] : e.references) {
    if (kind != "base") continue;
    const CatalogEntry& base = catalog_entry(CatalogKind::pen, name, {e.file, 0, 0});
    std::vector<CatalogValue> taken;
    for (const CatalogValue& v : base.values)
      if (std::none_of(e.values.begin(), e.values.end(), [&](const CatalogValue& own) { return own.key == v.key; }))
        taken.push_back(v);
    text += fmt::format(" taken from {}, as no source gives it\n", name);
    for (const auto& [part, part_name] : base.references)
      if (std::none_of(e.references.begin(), e.references.end(),
                       [&, &wanted = part](const auto& own) { return own.first == wanted; }))
        text += row(part, part_name, "");
    rows(taken);
  }
  return text + stands_for(marks, e.sources) + fmt::format("\n from {}\n", e.file);
}

std::string sources_text(const std::string& key) {
  std::string text;
  std::vector<std::string> known;
  for (const CatalogSource& s : catalog_sources()) {
    known.push_back(s.key);
    if (key.empty() || key == s.key) text += source_row(s);
  }
  if (text.empty()) not_there(key, known);
  return text;
}

std::string group_of(const std::string& name) {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::string parameters_text(const std::string& wanted) {
  std::string text, marks, group_before = "?";
  std::vector<std::string> known;
  for (const PlantParameter& p : plant_parameters()) {
    const std::string group = group_of(p.name);
    known.push_back(p.key);
    if (known.size() == 1 || group != group_before) known.push_back(group);
    if (p.name.rfind("skin.patch", 0) == 0) continue;  // what the scenario's patches say
    if (!wanted.empty() && wanted != group && wanted != p.key && wanted != p.name) continue;
    const std::string note = parameter_note(p.name);
    if (group != group_before) text += fmt::format("{}{}\n", text.empty() ? "" : "\n", group.empty() ? "plant" : group);
    text += row(p.key, fmt::format("{:.9g}{}", p.start, p.unit == "1" ? "" : " " + p.unit), note);
    marks += note;
    group_before = group;
  }
  if (text.empty()) not_there(wanted, known);
  return "Parameters without a catalog entry, region or scenario over them; values are those of the program, words "
         "those of models/*.h.\n\n" +
         text + stands_for(marks, {});
}

// How well the fitted ones of the law are known.
std::string law_text(const std::string& wanted) {
  const SkinLaw& law = skin_law();
  std::string text;
  for (const LawParameter& p : law.parameters) {
    std::string key, unit;
    split_unit(p.name, key, unit);
    if (!wanted.empty() && wanted != key && wanted != p.name) continue;
    text += row("skin." + key, fmt::format("{:.4g}{}", p.value, unit == "1" ? "" : " " + unit),
                fmt::format("95 % {:.4g} .. {:.4g}; standard deviation {}{:.3g}", p.low, p.high,
                            p.logarithmic ? "of the logarithm " : "", p.deviation));
  }
  if (text.empty()) return "";
  text = fmt::format(
             "\n{} (pensim validate --fit); a drawn skin (skin: {{drawn: on}}) varies by it around the values above\n",
             law.origin) +
         text;
  if (!wanted.empty()) return text;
  text += " correlation, in this order\n";
  for (const std::vector<double>& line : law.correlation) {
    text += " ";
    for (const double c : line) text += fmt::format(" {:>6.3f}", c);
    text += "\n";
  }
  for (const std::string& direction : law.flat) text += fmt::format(" flat direction: {}\n", direction);
  return text;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" /"), end = text.find_last_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

bool names(const std::string& line, const std::string& member) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (std::size_t at = line.find(member); at != std::string::npos; at = line.find(member, at + 1))
    if ((at == 0 || !part(line[at - 1])) && (at + member.size() == line.size() || !part(line[at + member.size()])))
      return true;
  return false;
}

bool marked(const std::string& text) {
  return mark_problem(text.substr(std::min(text.find('['), text.size()))).empty();
}

}  // namespace

std::string parameter_note(const std::string& name) {
  struct Header {
    const char *group, *file, *params;
  };
  static constexpr Header headers[] = {{"motor", "motor.h", "MotorParams"},
                                       {"bridge", "bridge.h", "BridgeParams"},
                                       {"drivetrain", "drivetrain.h", "DrivetrainParams"},
                                       {"screw", "depth_screw.h", "ScrewParams"},
                                       {"cartridge", "cartridge.h", "CartridgeParams"},
                                       {"skin", "skin.h", "SkinParams"},
                                       {"hand", "hand.h", "HandParams"},
                                       {"battery", "battery.h", "BatteryParams"},
                                       {"thermal", "thermal.h", "ThermalParams"},
                                       {"sensors", "sensors.h", "SensorParams"},
                                       {"", "plant.h", "PlantParams"}};
  const std::string group = group_of(name), member = name.substr(group.empty() ? 0 : group.size() + 1);
  const Header* header = nullptr;
  for (const Header& h : headers)
    if (group == h.group) header = &h;
  if (!header) return "";
  const std::string folder = share_path("models");
  if (folder.empty())
    throw InputError({{"catalog", 0, 0},
                      "the headers of the models were not found beside the program",
                      "install the program; they say where its numbers come from"});
  std::istringstream lines(read_file((std::filesystem::path(folder) / header->file).string()));
  const std::string begin = std::string("struct ") + header->params + " {";
  std::string table, group_comment, own;
  bool inside = false, comment_before = false;
  for (std::string line; std::getline(lines, line);) {
    if (!inside) {
      inside = line.rfind(begin, 0) == 0;
      if (line.rfind("//", 0) == 0 && names(line, member) && marked(line)) table = trimmed(line);
      continue;
    }
    if (line == "};") break;
    const std::size_t comment = line.find("//");
    if (line.find_first_not_of(' ') == comment) {  // above a group
      group_comment = comment_before ? group_comment + " " + trimmed(line) : trimmed(line);
      comment_before = true;
      continue;
    }
    comment_before = false;
    if (!names(line.substr(0, std::min(comment, line.size())), member)) continue;
    own = comment == std::string::npos ? "" : trimmed(line.substr(comment));
    break;
  }
  if (marked(own)) return own;
  const std::string more = !table.empty() ? table : marked(group_comment) ? group_comment : "";
  return own.empty() || more.empty() ? own + more : own + "; " + more;
}

std::string catalog_text(const std::string& kind, const std::string& name) {
  if (kind == "sources") return sources_text(name);
  if (kind == "parameters") return parameters_text(name);
  if (kind == "law") return parameters_text(name.empty() ? "skin" : "skin." + name) + law_text(name);
  std::vector<std::string> known = {"skin", "sources", "parameters", "law"};
  std::vector<CatalogKind> chosen;
  for (const CatalogKind k : all_kinds) {
    known.push_back(catalog_kind_plural(k));
    if (kind.empty() || kind == catalog_kind_plural(k) || kind == catalog_kind_name(k) ||
        (kind == "skin" && of_skin(k)))
      chosen.push_back(k);
  }
  std::string wanted = name;
  if (chosen.empty() && name.empty()) {  // `pensim catalog cheek`
    wanted = kind;
    chosen.assign(all_kinds.begin(), all_kinds.end());
  }
  if (chosen.empty()) not_there(kind, known);
  if (!name.empty()) known.clear();
  std::string text;
  for (const CatalogKind k : chosen) {
    if (wanted.empty()) text += fmt::format("{}{}\n", text.empty() ? "" : "\n", catalog_kind_plural(k));
    for (const std::string& entry_name : catalog_names(k)) {
      const CatalogEntry& entry = catalog_entry(k, entry_name);
      known.push_back(entry_name);
      if (wanted.empty())
        text += fmt::format("  {:<26} {}\n", entry.name, entry.about);
      else if (entry.name == wanted)
        text += (text.empty() ? "" : "\n") + explained(entry);
    }
  }
  if (text.empty()) not_there(wanted, known);
  if (kind.empty())
    text +=
        "\nsources, parameters, law\n  what source marks stand for; parameters of the plant and of the law of the "
        "skin, with their marks\n";
  return text;
}

}  // namespace pensim
