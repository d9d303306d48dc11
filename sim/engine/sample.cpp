#include "sim/engine/sample.h"

#include "sim/engine/insertion.h"
#include "sim/engine/world.h"

namespace pensim {

template <SignalPeriod wanted>
void sample(const World& pen, float* row) {
#define PEN_SIGNAL(name, unit, kind, period, full_scale, read, meaning) \
  if constexpr (SignalPeriod::period == wanted) *row++ = static_cast<float>(read);
#define BOTH_SIGNAL(name, unit, kind, period, full_scale, pen_read, rig_read, meaning) \
  PEN_SIGNAL(name, unit, kind, period, full_scale, pen_read, meaning)
#include "sim/vocabulary/signals.inl"
}

template <SignalPeriod wanted>
void sample(const RigWorld& rig, float* row) {
#define RIG_SIGNAL(name, unit, kind, period, full_scale, read, meaning) \
  if constexpr (SignalPeriod::period == wanted) *row++ = static_cast<float>(read);
#define BOTH_SIGNAL(name, unit, kind, period, full_scale, pen_read, rig_read, meaning) \
  RIG_SIGNAL(name, unit, kind, period, full_scale, rig_read, meaning)
#include "sim/vocabulary/signals.inl"
}

void sample_link(const World& pen, float* row) {
#define LINK_SIGNAL(name, unit, full_scale, read, meaning) *row++ = static_cast<float>(read);
#include "sim/vocabulary/signals.inl"
}

template void sample<SignalPeriod::tick>(const World&, float*);
template void sample<SignalPeriod::ms>(const World&, float*);
template void sample<SignalPeriod::slow>(const World&, float*);
template void sample<SignalPeriod::stroke>(const World&, float*);
template void sample<SignalPeriod::tick>(const RigWorld&, float*);
template void sample<SignalPeriod::stroke>(const RigWorld&, float*);
static_assert(rig_columns<SignalPeriod::ms> == 0 && rig_columns<SignalPeriod::slow> == 0, "a rig has no such rows");

}  // namespace pensim
