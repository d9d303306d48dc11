// parameters.h - checks at compile time that a table each_..._param names every member of its struct.
#pragma once

#include <cstddef>

namespace pensim {

// Bytes of the members that `each(params, f)` names by f("name", member). Equal to sizeof(Params) if none is missing:
// members are of 8 bytes, so there is no padding.
template <class Params, class Each>
consteval std::size_t bytes_listed(Each each) {
  Params params;
  std::size_t bytes = 0;
  each(params, [&bytes](const char*, const auto& member) { bytes += sizeof member; });
  return bytes;
}

}  // namespace pensim
