// firmware_spec.h - how a scenario or the command line names a firmware: a core by its name, or where it is.
#pragma once

#include <stdexcept>
#include <string>

#include "firmware_shim/target_spec.h"

namespace pensim {

struct FirmwareSpec {
  enum class Kind : unsigned char { name, native, emulated, link };
  Kind kind = Kind::name;
  std::string medium;  // of a link: tcp, unix, serial
  std::string text;    // the name; a path; HOST:PORT or DEVICE@BAUD of a link
  bool has_path() const { return kind == Kind::native || kind == Kind::emulated || medium == "unix"; }
};

inline constexpr const char* firmware_forms =
    "NAME, native:PATH.so, emulated:PATH.elf, link:tcp:HOST:PORT, link:unix:PATH or link:serial:DEVICE@BAUD";

// Throws std::invalid_argument with what was expected and found, if it has none of these forms. Whether there is such a
// core is not asked.
FirmwareSpec parse_firmware(const std::string& given);
inline bool is_emulated(const std::string& firmware) { return firmware.starts_with("emulated:"); }
inline bool is_link(const std::string& firmware) { return firmware.starts_with("link:"); }
// As it was given.
std::string firmware_text(const FirmwareSpec&);

// Set by a program that runs emulated cores itself, or starts the one that does.
inline bool emulated_cores_run_here = false;
// Thrown by find_core in one that does not: pensim-emulated has to do it.
struct NeedsEmulator : std::runtime_error {
  using std::runtime_error::runtime_error;  // the firmware as it was named
};

// Whether cores are held back from files, network and other processes (docs/security.md); of what find_core gives.
inline bool cores_in_sandbox = true;

// What to open: the file of native:PATH, or of NAME in the folders of platform/program.h. Throws InputError, also for
// a file that is not there.
TargetSpec find_core(const std::string& firmware);

}  // namespace pensim
