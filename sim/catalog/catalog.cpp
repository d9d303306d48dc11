#include "sim/catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>

#include "models/plant.h"
#include "sim/catalog/plant_parameters.h"
#include "sim/input/packed_document.h"
#include "sim/input/quantity.h"
#include "sim/platform/program.h"

namespace pensim {

namespace fs = std::filesystem;

namespace {

struct KindInfo {
  CatalogKind kind;
  const char* name;
  const char* plural;
  const char* file;
  const char* section;              // of the file; "" if the whole file is of this kind
  std::vector<const char*> groups;  // of parameters that need no group in front
};
const std::vector<KindInfo>& kinds() {
  static const std::vector<KindInfo> all = {
      {CatalogKind::pen, "pen", "pens", "pens.yaml", "", {}},
      {CatalogKind::motor, "motor", "motors", "motors.yaml", "", {"motor", "thermal"}},
      {CatalogKind::battery, "battery", "batteries", "batteries.yaml", "", {"battery"}},
      {CatalogKind::cartridge, "cartridge", "cartridges", "cartridges.yaml", "", {"cartridge"}},
      {CatalogKind::region, "region", "regions", "skin.yaml", "regions", {"skin"}},
      {CatalogKind::condition, "condition", "conditions", "skin.yaml", "conditions", {"skin"}},
      {CatalogKind::topical, "topical", "topicals", "skin.yaml", "topicals", {"skin"}},
  };
  return all;
}
const KindInfo& info(CatalogKind kind) { return kinds()[static_cast<std::size_t>(kind)]; }

const PlantParameter* find_parameter(const std::string& key) {
  static const std::map<std::string, const PlantParameter*> by_key = [] {
    std::map<std::string, const PlantParameter*> map;
    for (const PlantParameter& p : plant_parameters()) {
      map.emplace(p.key, &p);
      map.emplace(p.name, &p);
    }
    return map;
  }();
  const auto it = by_key.find(key);
  return it == by_key.end() ? nullptr : it->second;
}

// Keys that are no parameters of the plant.
struct Property {
  CatalogKind kind;
  const char* key;
  const char* unit;
};
constexpr Property properties[] = {
    {CatalogKind::region, "ultrasound_epidermis", "m"}, {CatalogKind::pen, "lowest_rate", "Hz"},
    {CatalogKind::pen, "highest_rate", "Hz"},           {CatalogKind::pen, "depth_step", "m"},
    {CatalogKind::pen, "depth_tolerance", "m"},         {CatalogKind::pen, "supply_current", "A"}};

bool key_of_source(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

// Every [...] of a source is a mark.
std::vector<std::string> marks_of(const std::string& source) {
  std::vector<std::string> marks;
  for (std::size_t begin = source.find('['); begin != std::string::npos; begin = source.find('[', begin + 1)) {
    const std::size_t end = source.find(']', begin);
    marks.push_back(end == std::string::npos ? "?" : source.substr(begin + 1, end - begin - 1));
  }
  return marks;
}

std::vector<CatalogSource> read_sources(const Node& node, std::vector<InputProblem>& problems) {
  std::vector<CatalogSource> sources;
  if (node.kind != Node::Kind::map) {
    problems.push_back(
        {node.at(), "expected sources by key, found " + node.described(), "key: {title: \"...\", address: \"...\"}"});
    return sources;
  }
  for (const Member& member : node.members) {
    const Node *title = member.value.find("title"), *address = member.value.find("address");
    if (!key_of_source(member.key))
      problems.push_back({member.at(), fmt::format("found the key `{}`", member.key.substr(0, 60)),
                          "a key has letters, digits, - and _"});
    else if (!title || !address || title->kind != Node::Kind::scalar || address->kind != Node::Kind::scalar ||
             title->text.empty() || address->text.empty())
      problems.push_back({member.value.at(), fmt::format("expected title and address of {}", member.key),
                          "key: {title: \"...\", address: \"...\"}"});
    else
      sources.push_back({member.key, title->text, address->text});
  }
  return sources;
}

class EntryReader {
 public:
  EntryReader(CatalogEntry& entry, std::vector<InputProblem>& problems) : entry_(entry), problems_(problems) {}

  void read(const Node& node) {
    if (node.kind != Node::Kind::map) {
      add(node.at(), "expected an entry of the catalog (keys and values), found " + node.described(),
          "begin with about: ...");
      return;
    }
    if (const Node* sources = node.find("sources")) entry_.sources = read_sources(*sources, problems_);
    for (const Member& member : node.members) {
      const Node& value = member.value;
      if (member.key == "sources") continue;
      if (member.key == "about") {
        if (value.kind == Node::Kind::scalar)
          entry_.about = value.text;
        else
          add(value.at(), "expected a sentence, found " + value.described(), "say what the entry is");
      } else if (entry_.kind == CatalogKind::region && (member.key == "female" || member.key == "male")) {
        group(value, "", member.key == "female" ? entry_.female : entry_.male);
      } else if (entry_.kind == CatalogKind::pen && reference_kind(member.key) && value.kind == Node::Kind::scalar) {
        std::string name = value.text;
        if (is_catalog_file(name) && fs::path(name).is_relative())
          name = (fs::path(entry_.file).parent_path() / name).lexically_normal().string();
        entry_.references.emplace_back(member.key, name);
      } else {
        parameter_or_group(member, "", entry_.values);
      }
    }
    if (entry_.about.empty())
      add(node.at(), fmt::format("found no `about` in {}", entry_.name), "say in a sentence what it is");
  }

 private:
  static bool reference_kind(const std::string& key) {
    return key == "base" || key == "motor" || key == "battery" || key == "cartridge";
  }

  void group(const Node& node, const std::string& prefix, std::vector<CatalogValue>& out) {
    if (node.kind != Node::Kind::map)
      return add(node.at(), "expected keys and values, found " + node.described(),
                 "for instance {resistance: {value: 1.05 ohm, source: \"[E] ...\"}}");
    for (const Member& member : node.members) parameter_or_group(member, prefix, out);
  }

  const PlantParameter* parameter(const std::string& key) const {
    if (key.find('.') != std::string::npos || info(entry_.kind).groups.empty())
      if (const PlantParameter* p = find_parameter(key)) return p;
    for (const char* g : info(entry_.kind).groups)
      if (const PlantParameter* p = find_parameter(std::string(g) + "." + key)) return p;
    return nullptr;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const PlantParameter& p : plant_parameters()) {
      all.push_back(p.key);
      for (const char* g : info(entry_.kind).groups)
        if (p.key.rfind(std::string(g) + ".", 0) == 0) all.push_back(p.key.substr(std::string(g).size() + 1));
    }
    return all;
  }

  void parameter_or_group(const Member& member, const std::string& prefix, std::vector<CatalogValue>& out) {
    const std::string key = prefix + member.key;
    const Node& node = member.value;
    if (const PlantParameter* p = parameter(key)) return value(key, *p, node, out);
    for (const Property& property : properties)
      if (property.kind == entry_.kind && key == property.key) {
        PlantParameter none;
        none.unit = property.unit;
        return value(key, none, node, out);
      }
    const bool is_group =
        node.kind == Node::Kind::map && !node.find("value") && !node.find("factor") &&
        std::any_of(plant_parameters().begin(), plant_parameters().end(), [&](const PlantParameter& p) {
          if (p.key.rfind(key + ".", 0) == 0) return true;
          for (const char* g : info(entry_.kind).groups)
            if (p.key.rfind(std::string(g) + "." + key + ".", 0) == 0) return true;
          return false;
        });
    if (is_group) return group(node, key + ".", out);
    const std::string near = nearest_name(key, names());
    add(member.at(),
        fmt::format("found `{}` in {}, which is no parameter of the plant", key.substr(0, 60), entry_.name),
        near.empty() ? "the names are those of models/*.h without their units" : "did you mean `" + near + "`?");
  }

  void value(const std::string& key, const PlantParameter& p, const Node& node, std::vector<CatalogValue>& out) {
    const std::string example =
        fmt::format("{}: {{value: {}, source: \"[E] why\"}}", key, p.unit == "1" ? "1" : "1 " + p.unit);
    if (node.kind != Node::Kind::map)
      return add(node.at(), fmt::format("expected a value with its source for {}, found {}", key, node.described()),
                 example);
    CatalogValue v;
    v.key = key;
    v.parameter = p.name;
    v.at = node.at();
    for (const Member& member : node.members)
      if (member.key != "value" && member.key != "factor" && member.key != "source" && member.key != "sd" &&
          member.key != "range")
        add(member.at(), fmt::format("found the key `{}` in {}, which does not exist", member.key.substr(0, 60), key),
            "value, sd, range, factor and source are all there is");
    const Node *number = node.find("value"), *factor = node.find("factor"), *source = node.find("source");
    if (!source || source->kind != Node::Kind::scalar)
      add(node.at(), fmt::format("found no source for {} of {}", key, entry_.name),
          "every number says where it comes from: source: \"[F:key] ...\", [F2:key], [R; 0.8], [D], [E] or [P]");
    else if (const std::string problem = mark_problem(source->text, entry_.sources); !problem.empty())
      add(source->at(), fmt::format("found the source {}: {}", source->described(), problem),
          "begin with [F:key], [F2:key], [R; 0.8], [D], [E] or [P]; the keys are in sources.yaml");
    else
      v.source = source->text;
    if ((number != nullptr) == (factor != nullptr))
      return add(node.at(), fmt::format("expected one of value and factor for {}", key), example);
    const Node& given = number ? *number : *factor;
    if (given.kind != Node::Kind::scalar)
      return add(
          given.at(),
          fmt::format("expected {}, found {}", number ? quantity_example(p.unit) : "a factor", given.described()),
          example);
    try {
      v.factor = factor != nullptr;
      v.number = parse_quantity(given.text, v.factor ? "1" : p.unit,
                                p.difference ? Temperature::difference : Temperature::absolute);
      v.text = v.factor ? "x " + given.text : given.text;
    } catch (const QuantityError& error) {
      return add(given.at(), fmt::format("{}: {}", key, error.what()), error.hint);
    }
    if (!spread(key, p, node, example, v)) return;
    if (v.factor && v.number < 0.0)
      return add(given.at(), fmt::format("expected a factor of 0 or more for {}, found {}", key, given.text), example);
    out.push_back(std::move(v));
  }

  // sd and range: how people differ.
  bool spread(const std::string& key, const PlantParameter& p, const Node& node, const std::string& example,
              CatalogValue& v) {
    const Node *sd = node.find("sd"), *range = node.find("range");
    if (!sd && !range) return true;
    const auto bad = [&](const Location& at, const std::string& message) {
      add(at, fmt::format("{}: {}", key, message), "sd: 0.35 mm, or range: [15 kPa, 50 kPa] around the value");
      return false;
    };
    const auto quantity = [&](const Node& given) {
      return parse_quantity(given.text, p.unit, Temperature::difference);
    };
    if (v.factor || !(v.number > 0.0)) return bad(node.at(), "sd and range stand beside a value above 0");
    if (sd && range) return bad(node.at(), "found sd and range");
    try {
      if (sd) {
        if (sd->kind != Node::Kind::scalar || !((v.deviation = quantity(*sd)) > 0.0))
          return bad(sd->at(), "expected a standard deviation above 0");
        v.text += " +-" + sd->text;
      } else {
        if (range->kind != Node::Kind::list || range->items.size() != 2)
          return bad(range->at(), "expected a range of two values, found " + range->described());
        const double low = quantity(range->items[0]), high = quantity(range->items[1]);
        if (!(low >= 0.0 && low <= v.number && v.number <= high && low < high))
          return bad(range->at(), "expected a range around the value");
        v.range = {low, high};
        v.text += fmt::format(" ({}..{})", range->items[0].text, range->items[1].text);
      }
    } catch (const QuantityError& error) {
      add((sd ? sd : range)->at(), fmt::format("{}: {}", key, error.what()), error.hint.empty() ? example : error.hint);
      return false;
    }
    return true;
  }

  void add(const Location& at, std::string message, std::string hint) {
    problems_.push_back({at, std::move(message), std::move(hint)});
  }

  CatalogEntry& entry_;
  std::vector<InputProblem>& problems_;
};

std::unique_ptr<const CatalogEntry> read_entry(CatalogKind kind, const std::string& path, const std::string& text) {
  std::vector<InputProblem> problems;
  auto entry = std::make_unique<CatalogEntry>();
  entry->kind = kind;
  entry->name = fs::path(path).stem().string();
  entry->file = path;
  EntryReader(*entry, problems).read(read_document(text, path, problems));
  if (!problems.empty()) throw InputError(problems);
  return entry;
}

struct Catalog {
  std::vector<std::vector<std::unique_ptr<CatalogEntry>>> entries{catalog_kinds};
};

const Catalog& catalog() {
  static const Catalog loaded = [] {
    Catalog all;
    std::vector<InputProblem> problems;
    const std::string folder = catalog_folder();
    std::map<std::string, Node> files;
    for (const KindInfo& kind : kinds()) {
      const std::string path = (fs::path(folder) / kind.file).string();
      if (!files.count(path)) files.emplace(path, read_shipped(read_file(path), path, problems));
      const Node* node = &files.at(path);
      if (*kind.section) {
        if (node->kind == Node::Kind::map)
          for (const Member& member : node->members)
            if (std::none_of(kinds().begin(), kinds().end(),
                             [&](const KindInfo& k) {
                               return k.file == std::string_view(kind.file) && member.key == k.section;
                             }) &&
                &kind == &kinds()[static_cast<std::size_t>(CatalogKind::region)])
              problems.push_back({member.at(), "found the section `" + member.key + "`, which does not exist",
                                  "regions, conditions and topicals are all there is"});
        node = node->find(kind.section);
      }
      if (!node || node->kind != Node::Kind::map) {
        problems.push_back({{path, 1, 1}, fmt::format("found no {}", kind.plural), "the file maps names to entries"});
        continue;
      }
      for (const Member& member : node->members) {
        auto entry = std::make_unique<CatalogEntry>();
        entry->kind = kind.kind;
        entry->name = member.key;
        entry->file = path;
        EntryReader(*entry, problems).read(member.value);
        all.entries[static_cast<std::size_t>(kind.kind)].push_back(std::move(entry));
      }
    }
    if (!problems.empty()) throw InputError(problems);
    return all;
  }();
  return loaded;
}

}  // namespace

const std::vector<CatalogSource>& catalog_sources() {
  static const std::vector<CatalogSource> sources = [] {
    const std::string path = (fs::path(catalog_folder()) / "sources.yaml").string();
    std::vector<InputProblem> problems;
    std::vector<CatalogSource> read = read_sources(read_shipped(read_file(path), path, problems), problems);
    if (!problems.empty()) throw InputError(problems);
    return read;
  }();
  return sources;
}

Node read_shipped(const std::string& text, const std::string& path, std::vector<InputProblem>& problems) {
  const std::string packed = share_path("packed/" + fs::path(path).filename().string());
  if (!packed.empty())
    if (std::optional<Node> tree = unpack_document(read_file(packed), text, path)) return *std::move(tree);
  return read_document(text, path, problems);
}

std::string mark_problem(const std::string& source, const std::vector<CatalogSource>& own) {
  const std::vector<std::string> marks = marks_of(source);
  if (marks.empty() || source[0] != '[') return "there is no mark in front";
  for (const std::string& mark : marks) {
    if (mark == "D" || mark == "E" || mark == "P") continue;
    const bool found = mark.rfind("F:", 0) == 0, secondary = mark.rfind("F2:", 0) == 0;
    if (found || secondary) {
      const std::string key = mark.substr(found ? 2 : 3);
      const auto is = [&](const CatalogSource& s) { return s.key == key; };
      if (std::any_of(own.begin(), own.end(), is) ||
          std::any_of(catalog_sources().begin(), catalog_sources().end(), is))
        continue;
      if (!key_of_source(key)) return fmt::format("[{}] needs the key of a source", mark.substr(0, 60));
      std::vector<std::string> known;
      for (const CatalogSource& s : catalog_sources()) known.push_back(s.key);
      const std::string near = nearest_name(key, known);
      return fmt::format("there is no source `{}`{}", key.substr(0, 60),
                         near.empty() ? "" : "; the nearest is `" + near + "`");
    }
    if (mark.size() > 1 && mark[0] == 'R' && (mark[1] == ';' || mark[1] == ':')) {
      const std::size_t semicolon = mark.rfind(';');
      if (semicolon == std::string::npos)
        return fmt::format("[{}] is recalled without a confidence", mark.substr(0, 60));
      try {
        const double c = parse_quantity(mark.substr(semicolon + 1), "1");
        if (c >= 0.0 && c <= 1.0) continue;
      } catch (const QuantityError&) {
      }
      return fmt::format("[{}] needs a confidence from 0 to 1", mark.substr(0, 60));
    }
    return mark == "R" ? "[R] is recalled without a confidence" : fmt::format("[{}] is no mark", mark.substr(0, 60));
  }
  return "";
}

std::vector<std::string> mark_keys(const std::string& source) {
  std::vector<std::string> keys;
  for (const std::string& mark : marks_of(source))
    for (const char* begin : {"F:", "F2:"})
      if (mark.rfind(begin, 0) == 0) keys.push_back(mark.substr(std::string_view(begin).size()));
  return keys;
}

const char* catalog_kind_name(CatalogKind kind) { return info(kind).name; }

const char* catalog_kind_plural(CatalogKind kind) { return info(kind).plural; }

bool is_catalog_file(const std::string& name) {
  return name.find('/') != std::string::npos || (name.size() > 5 && name.compare(name.size() - 5, 5, ".yaml") == 0);
}

std::vector<std::string> catalog_names(CatalogKind kind) {
  std::vector<std::string> names;
  for (const auto& entry : catalog().entries[static_cast<std::size_t>(kind)]) names.push_back(entry->name);
  return names;
}

const CatalogEntry& catalog_entry(CatalogKind kind, const std::string& name, const Location& asked_at) {
  if (is_catalog_file(name)) {
    std::string text;
    try {
      text = read_file(name);
    } catch (const InputError& error) {
      if (asked_at.file.empty()) throw;
      const InputProblem& p = error.problems().front();
      throw InputError(
          {asked_at,
           fmt::format("expected a {} of the catalog or its file, found {}: {}", info(kind).name, name, p.message),
           p.hint + "; it is relative to the scenario"});
    }
    // Kept by what the file says: an edited file is another entry, and the one that a caller still holds stays.
    static std::map<std::tuple<CatalogKind, std::string, std::string>, std::unique_ptr<const CatalogEntry>> files;
    std::unique_ptr<const CatalogEntry>& kept = files[{kind, name, text}];
    if (!kept) kept = read_entry(kind, name, text);
    return *kept;
  }
  for (const auto& entry : catalog().entries[static_cast<std::size_t>(kind)])
    if (entry->name == name) return *entry;
  const std::vector<std::string> known = catalog_names(kind);
  const std::string near = nearest_name(name, known);
  throw InputError({asked_at,
                    fmt::format("found `{}`, expected a {} of the catalog", name.substr(0, 60), info(kind).name),
                    near.empty() ? fmt::format("`pensim catalog {}` lists them", info(kind).plural)
                                 : "did you mean `" + near + "`?"});
}

std::string catalog_folder() {
  if (const char* folder = std::getenv("PENSIM_CATALOG"); folder && *folder) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
      throw InputError({{std::string("PENSIM_CATALOG=") + folder, 0, 0},
                        "there is no such folder",
                        "unset PENSIM_CATALOG, or name the folder of the catalog"});
    return folder;
  }
  const std::string found = share_path("catalog");
  if (found.empty())
    throw InputError(InputProblem{{"catalog", 0, 0},
                                  "the catalog was not found beside the program",
                                  "set PENSIM_CATALOG to the folder models/catalog, or install the program"});
  return found;
}

}  // namespace pensim
