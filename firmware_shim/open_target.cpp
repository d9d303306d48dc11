#include <stdexcept>

#include "firmware_shim/native/native_target.h"
#include "firmware_shim/target.h"

namespace pensim {

std::unique_ptr<Target> open_target(const TargetSpec& spec) {
  switch (spec.kind) {
    case TargetSpec::Kind::native:
      return open_native(spec.path);
    case TargetSpec::Kind::none:
    case TargetSpec::Kind::emulated:
    case TargetSpec::Kind::link:
      break;
  }
  throw std::runtime_error("this build runs native cores only");
}

}  // namespace pensim
