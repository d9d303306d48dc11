// keys.h - the keyboard: everything that can be clicked has a key.
#pragma once

#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

struct KeyHelp {
  const char *keys, *what;
};
const std::vector<KeyHelp>& key_table();  // for the help overlay and docs/dashboard.md

void handle_keys(App&);  // once a frame, after NewFrame

const char* layout_name(Layout);
bool layout_from_name(const std::string& name, Layout& layout);
inline constexpr int layout_count = 6;

}  // namespace pensim::dashboard
