// sample.h - rows of values from the column `read` of signals.inl, which nothing else expands. Values stand in the
// order of the table, as the columns of recording_plan (plan.h) do; what a scenario adds follows those of the tick.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "sim/vocabulary/signals.h"

namespace pensim {

struct World;     // world.h
struct RigWorld;  // insertion.h

inline constexpr SignalPeriod pen_periods[] = {
#define PEN_SIGNAL(name, unit, kind, period, full_scale, read, meaning) SignalPeriod::period,
#define BOTH_SIGNAL(name, unit, kind, period, full_scale, pen_read, rig_read, meaning) SignalPeriod::period,
#include "sim/vocabulary/signals.inl"
};
inline constexpr SignalPeriod rig_periods[] = {
#define RIG_SIGNAL(name, unit, kind, period, full_scale, read, meaning) SignalPeriod::period,
#define BOTH_SIGNAL(name, unit, kind, period, full_scale, pen_read, rig_read, meaning) SignalPeriod::period,
#include "sim/vocabulary/signals.inl"
};

// How many values a row of this period has.
template <SignalPeriod period>
inline constexpr std::size_t pen_columns = static_cast<std::size_t>(std::count(std::begin(pen_periods),
                                                                               std::end(pen_periods), period));
template <SignalPeriod period>
inline constexpr std::size_t rig_columns = static_cast<std::size_t>(std::count(std::begin(rig_periods),
                                                                               std::end(rig_periods), period));

template <SignalPeriod period>
void sample(const World& pen, float* row);  // pen_columns<period> values
inline constexpr std::size_t link_columns = 0
#define LINK_SIGNAL(name, unit, full_scale, read, meaning) +1
#include "sim/vocabulary/signals.inl"
    ;
void sample_link(const World& pen, float* row);  // link_columns values, every tick, if the core is on a board

template <SignalPeriod period>
void sample(const RigWorld& rig, float* row);  // rig_columns<period> values

}  // namespace pensim
