// unique_names.h - for tables whose rows have a name: that none stands twice is checked when they are compiled.
#pragma once

#include <cstddef>
#include <string_view>

namespace pensim {

template <class Row, std::size_t n>
consteval bool unique_names(const Row (&rows)[n]) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (std::string_view(rows[i].name) == rows[j].name) return false;
  return true;
}

}  // namespace pensim
