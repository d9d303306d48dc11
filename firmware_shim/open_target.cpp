#include <stdexcept>

#include "firmware_shim/link/link_target.h"
#include "firmware_shim/native/native_target.h"
#include "firmware_shim/target.h"

namespace pensim {

std::unique_ptr<Target> (*open_emulated_core)(const TargetSpec&) = nullptr;

std::unique_ptr<Target> open_target(const TargetSpec& spec) {
  switch (spec.kind) {
    case TargetSpec::Kind::native:
      return open_native(spec.path, {.stack_fill = spec.stack_fill, .cost = spec.cost});
    case TargetSpec::Kind::link:
      return open_link(spec);
    case TargetSpec::Kind::emulated:
      if (open_emulated_core) return open_emulated_core(spec);
      break;
    case TargetSpec::Kind::none:
      break;
  }
  throw std::runtime_error("this build runs no emulated cores");
}

}  // namespace pensim
