#include "sim/session/core_names.h"

#include <filesystem>
#include <system_error>

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

std::string target_words(const std::string& firmware) {
  if (firmware.empty()) return "";
  switch (parse_firmware(firmware).kind) {
    case FirmwareSpec::Kind::name:
    case FirmwareSpec::Kind::native:
      break;
    case FirmwareSpec::Kind::emulated:
      return "emulated Cortex-M";
    case FirmwareSpec::Kind::link:
      return "board at " + firmware.substr(firmware.find(':') + 1);
  }
  return "native";
}

std::vector<std::string> builds_of_core(const std::string& firmware) {
  namespace fs = std::filesystem;
  std::vector<std::string> builds = {firmware};
  const TargetSpec core = find_core(firmware);
  const bool emulated = core.kind == TargetSpec::Kind::emulated;
  if (!emulated && core.kind != TargetSpec::Kind::native) return builds;
  const fs::path other = fs::path(core.path).replace_extension(emulated ? ".so" : ".elf");
  std::error_code error;
  if (fs::is_regular_file(other, error))
    builds.push_back((emulated ? "native:" : "emulated:") + fs::absolute(other, error).lexically_normal().string());
  return builds;
}

}  // namespace pensim
