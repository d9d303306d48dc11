// In place of the other files of this folder when PENSIM_VALIDATION is off: says what is missing.
#include "sim/input/input_error.h"
#include "sim/validation/fit_skin.h"
#include "sim/validation/validate.h"

namespace pensim {
namespace {

[[noreturn]] void refuse() {
  throw InputError(InputProblem{{"validate", 0, 0},
                                "this program was built without the published targets (PENSIM_VALIDATION is OFF)",
                                "build it with them, which takes NLopt, Eigen and ImGui: "
                                "PENSIM_VALIDATION=ON ./dev build"});
}

}  // namespace

int validate(const ValidateOptions&) { refuse(); }
SkinFit fit_skin(const TargetModels&, int) { refuse(); }
std::string fit_text(const SkinFit&) { refuse(); }
void write_skin_law(const std::string&, const SkinLaw&) { refuse(); }

}  // namespace pensim
