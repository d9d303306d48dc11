#include "sim/report/json.h"

#include <nlohmann/json.hpp>

#include "sim/platform/file.h"

namespace pensim {

using nlohmann::ordered_json;

void write_json(const std::string& path, const std::vector<RunResult>& results) {
  ordered_json array = ordered_json::array();
  for (const RunResult& r : results) array.push_back(to_json(r));
  replace_file(path, array.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace pensim
