#include "sim/dashboard/state.h"

namespace pensim::dashboard {

Mark mark_of(const Recording& r) {
  return {&r, r.meta().hash, r.path(), r.ticks(), r.strokes().size(), r.commands().size()};
}

}  // namespace pensim::dashboard
