// target_spec.h - where a firmware core runs, and what runs there: what open_target (target.h) opens.
#pragma once

#include <cstdint>
#include <string>

namespace pensim {

struct TargetSpec {
  enum class Kind : std::uint8_t {
    none,      // no firmware: a rig
    native,    // a shared object in the process of the run (native/native_target.h)
    emulated,  // an ELF file for a Cortex-M
    link       // a board
  };
  Kind kind = Kind::none;
  std::string path;     // the file of the core; of a link the image that its board runs, if known: names of variables
                        // come from it
  std::string address;  // of a link: tcp:HOST:PORT, unix:PATH, serial:DEVICE@BAUD

  bool operator==(const TargetSpec&) const = default;
};

}  // namespace pensim
