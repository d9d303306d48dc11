#include "sim/scenario/firmware_spec.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "sim/input/document.h"
#include "sim/input/input_error.h"
#include "sim/platform/program.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

std::string shown(const std::string& given) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = given;
  return node.described();
}

FirmwareSpec by_name(const std::string& given) {
  bool good = !given.empty();
  for (const char c : given)
    good = good && (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.');
  if (!good) refuse("expected the name of a firmware core, found " + shown(given));
  return {FirmwareSpec::Kind::name, "", given};
}

// Something on both sides of the mark.
bool has_two_parts(const std::string& address, char mark) {
  return address.find(mark) != std::string::npos && address.front() != mark && address.back() != mark;
}

FirmwareSpec by_link(const std::string& given, const std::string& rest) {
  const std::size_t colon = rest.find(':');
  const std::string medium = rest.substr(0, colon);
  const std::string address = colon == std::string::npos ? "" : rest.substr(colon + 1);
  if ((medium == "unix" && !address.empty()) || (medium == "tcp" && has_two_parts(address, ':')) ||
      (medium == "serial" && has_two_parts(address, '@')))
    return {FirmwareSpec::Kind::link, medium, address};
  refuse(fmt::format("found {}, which is no complete link", shown(given)));
}

}  // namespace

FirmwareSpec parse_firmware(const std::string& given) {
  constexpr std::size_t longest = 1000;
  const std::size_t colon = given.find(':');
  if (given.size() > longest) refuse("expected the name of a firmware core, found " + shown(given));
  if (colon == std::string::npos) return by_name(given);
  const std::string scheme = given.substr(0, colon), rest = given.substr(colon + 1);
  if (scheme == "link") return by_link(given, rest);
  if (scheme != "native" && scheme != "emulated")
    refuse(fmt::format("found {}: `{}` is no kind of firmware", shown(given), scheme));
  if (rest.empty()) refuse(fmt::format("found no path after `{}:`", scheme));
  return {scheme == "native" ? FirmwareSpec::Kind::native : FirmwareSpec::Kind::emulated, "", rest};
}

std::string firmware_text(const FirmwareSpec& spec) {
  switch (spec.kind) {
    case FirmwareSpec::Kind::name:
      break;
    case FirmwareSpec::Kind::native:
      return "native:" + spec.text;
    case FirmwareSpec::Kind::emulated:
      return "emulated:" + spec.text;
    case FirmwareSpec::Kind::link:
      return "link:" + spec.medium + ":" + spec.text;
  }
  return spec.text;
}

namespace {

[[noreturn]] void no_core(const std::string& message, const std::string& help) {
  throw InputError(InputProblem{{"firmware", 0, 0}, message, help});
}

std::string core_by_name(const std::string& name) {
  std::vector<std::string> known;
  std::string looked;
  for (const fs::path folder : core_folders()) {
    std::error_code error;
    if (fs::is_regular_file(folder / (name + ".so"), error))
      return (folder / (name + ".so")).lexically_normal().string();
    looked += (looked.empty() ? "" : ", ") + folder.lexically_normal().string();
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (const fs::path& path = entry.path(); path.extension() == ".so" && path.stem().extension() != ".twice")
        known.push_back(path.stem().string());
  }
  const std::string near = nearest_name(name, known);
  no_core(fmt::format("there is no core '{}' in {}", name, looked),
          near.empty() ? "build it, name its folder in PENSIM_CORES, or give native:PATH.so"
                       : fmt::format("did you mean '{}'?", near));
}

FirmwareSpec spec_of(const std::string& firmware) {
  try {
    return parse_firmware(firmware);
  } catch (const std::invalid_argument& error) {
    no_core(error.what(), "give NAME, or native:PATH.so for a file");
  }
}

}  // namespace

TargetSpec find_core(const std::string& firmware) {
  const FirmwareSpec spec = spec_of(firmware);
  TargetSpec core;
  core.sandbox = cores_in_sandbox;
  core.kind = TargetSpec::Kind::native;
  if (spec.kind == FirmwareSpec::Kind::name) {
    core.path = core_by_name(spec.text);
    return core;
  }
  if (spec.kind == FirmwareSpec::Kind::link) {
    core.kind = TargetSpec::Kind::link;
    core.address = spec.medium + ":" + spec.text;
    return core;
  }
  const bool emulated = spec.kind == FirmwareSpec::Kind::emulated;
  if (std::error_code error; !fs::is_regular_file(spec.text, error))
    no_core("there is no file " + spec.text, emulated ? "emulated: takes the path of an ELF file for a Cortex-M"
                                                      : "native: takes the path of a shared object");
  if (emulated && !emulated_cores_run_here) throw NeedsEmulator(firmware);
  if (emulated) core.kind = TargetSpec::Kind::emulated;
  core.path = spec.text;
  return core;
}

}  // namespace pensim
