// Any bytes as a scenario file, an always.yaml, a --set, a catalog entry or a resolved scenario: read, or refused with
// an InputError whose problems each have a mend; never anything else.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sim/input/document.h"
#include "sim/input/quantity.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/resolved_json.h"
#include "sim/scenario/scenario.h"

namespace {

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

template <class F>
void refused_or_fine(F&& f) {
  try {
    f();
  } catch (const pensim::InputError& error) {
    require(!error.problems().empty(), "an error without a problem");
    for (const pensim::InputProblem& problem : error.problems()) {
      require(!problem.message.empty() && !problem.hint.empty(), "a problem without words or mend");
      require(problem.at.line >= 0 && problem.at.column >= 0, "a place before the file");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pensim;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      refused_or_fine([&] {
        const Scenario s = parse_scenario(text, "fuzz.yaml");
        const ResolvedScenario r = resolve(s);
        const std::string written = to_json(r);
        require(to_json(resolved_from_json(written)) == written, "a resolved scenario does not survive its text");
      });
      break;
    case 1:
      refused_or_fine([&] {
        LoadOptions options;
        options.overrides.push_back(text);
        parse_scenario("duration: 1 s\noperator: {press: 1 N}\ntimeline:\n  - {at: 0.1 s, set: user.depth, to: 1 mm}\n",
                       "fuzz.yaml", ".", options);
      });
      break;
    case 2:
      refused_or_fine([&] { resolved_from_json(text); });
      break;
    case 3:
      refused_or_fine([&] {
        std::vector<InputProblem> problems;
        read_document(text, "fuzz.yaml", problems);
      });
      break;
    default:
      for (const char* unit : {"m", "K", "1", "count", "N m s/rad"}) {
        try {
          const double value = parse_quantity(text, unit);
          require(value - value == 0.0, "a quantity that is not finite");
        } catch (const QuantityError& error) {
          require(!error.hint.empty(), "a quantity refused without a mend");
        }
      }
  }
  return 0;
}
