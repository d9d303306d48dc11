#include "sim/report/json.h"

#include <nlohmann/json.hpp>

#include "sim/platform/file.h"

namespace pensim {

using nlohmann::ordered_json;

const std::vector<std::string> json_beginnings = {"[]\n", "[\n  {\n    \"scenario\":"};

void write_json(const std::string& path, const std::vector<RunResult>& results,
                const std::vector<InputProblem>& problems) {
  ordered_json array = ordered_json::array();
  for (const RunResult& r : results) array.push_back(to_json(r));
  for (const InputProblem& p : problems) {
    RunResult none;
    none.scenario = p.at.file;
    none.cause = p.text();
    array.push_back(to_json(none));
    array.back()["bad_input"] = true;
  }
  replace_file(path, array.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace pensim
