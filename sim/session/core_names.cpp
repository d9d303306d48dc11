#include "sim/session/core_names.h"

#include "firmware_shim/symbols/symbols.h"
#include "sim/input/input_error.h"
#include "sim/scenario/firmware_spec.h"

namespace pensim {
namespace {

// What the symbols have to say, with the core as the place.
template <class F>
auto of_core(const std::string& firmware, F f) {
  const std::string path = find_core(firmware).path;
  try {
    return f(CoreSymbols(path));
  } catch (const InputError&) {
    throw;
  } catch (const std::runtime_error& e) {  // SymbolError, too
    throw InputError({{path, 0, 0}, e.what(), "`pensim symbols` lists the variables of a core"});
  }
}

}  // namespace

std::map<std::int64_t, std::string> core_enumerators(const std::string& firmware, const std::string& symbol) {
  return of_core(firmware, [&](const CoreSymbols& symbols) {
    std::map<std::int64_t, std::string> out;
    for (const auto& [number, name] : symbols.find(symbol).enumerators) out.emplace(number, name);
    return out;
  });
}

std::vector<std::pair<std::string, std::string>> core_variables(const std::string& firmware, const std::string& pattern,
                                                                std::size_t most) {
  return of_core(firmware, [&](const CoreSymbols& symbols) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const SymbolLine& line : symbols.list(pattern))
      if (out.size() < most) out.emplace_back(line.name, line.type);
    return out;
  });
}

}  // namespace pensim
