#include <fmt/format.h>

#include <memory>
#include <string>

#include "firmware_shim/symbols/symbols.h"
#include "sim/catalog/catalog.h"
#include "sim/cli/commands.h"
#include "sim/run/cores.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/schema.h"

namespace pensim {
namespace {

int command_symbols(const std::string& core, const std::string& pattern, bool all) {
  TargetSpec spec = find_core(core);
  if (spec.kind == TargetSpec::Kind::link) {
    if (const std::string why = settle_board(spec); !why.empty())
      throw InputError(InputProblem{{core, 0, 0}, why, "pensim board probe shows what answers"});
    if (spec.path.empty())
      throw InputError(InputProblem{
          {core, 0, 0}, "the image of this board is not known here", "put its .elf into a folder in PENSIM_CORES"});
  }
  const std::string path = spec.path;
  const CoreSymbols symbols(path);
  std::size_t count = 0;
  for (const SymbolLine& line : symbols.list(pattern, all)) {
    fmt::print("{:<48} {:<24} 0x{:08x} {:>4} B\n", line.name, line.type, line.address, line.size_bytes);
    ++count;
  }
  if (count == 0) {
    fmt::print(stderr, "{}: no variable matches '{}'\n", path, pattern);
    return exit_different;
  }
  return exit_ok;
}

void add_schema(CLI::App& app) {
  const auto settable = std::make_shared<bool>(false);
  CLI::App* schema = app.add_subcommand("schema", "print the JSON Schema of scenario files, for editors");
  schema->add_flag("--settable", *settable, "print what a timeline may set, and the faults");
  schema->final_callback([settable] {
    fmt::print("{}", *settable ? settable_text() : schema_text());
    finish(exit_ok);
  });
}

void add_symbols(CLI::App& app) {
  struct Arguments {
    std::string core, pattern;
    bool all = false;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* symbols = app.add_subcommand("symbols", "list the variables of a core");
  symbols->add_option("core", a->core, "NAME or native:PATH.so")->required();
  symbols->add_option("pattern", a->pattern, "only names that contain this");
  symbols->add_flag("--all", a->all, "those of pensim's own runtime, too");
  symbols->final_callback([a] { finish(command_symbols(a->core, a->pattern, a->all)); });
}

void add_catalog(CLI::App& app) {
  struct Arguments {
    std::string kind, name;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* catalog =
      app.add_subcommand("catalog", "list the catalog, or explain an entry with the source of each number");
  catalog->add_option("kind", a->kind, "skin, cartridges, motors, batteries, pens ...");
  catalog->add_option("name", a->name, "entry");
  catalog->final_callback([a] {
    fmt::print("{}", catalog_text(a->kind, a->name));
    finish(exit_ok);
  });
}

}  // namespace

void add_catalog_commands(CLI::App& app) {
  add_schema(app);
  add_symbols(app);
  add_catalog(app);
}

}  // namespace pensim
