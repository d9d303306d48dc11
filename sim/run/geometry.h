// geometry.h - what a recording says of the shape of pen, cartridge and skin, from the models.
#pragma once

#include "sim/recording/geometry.h"
#include "sim/scenario/resolve.h"

namespace pensim {

// The nose of a pen is no parameter of the plant: it is as wide as the array needs, 1.75 mm thick [E].
PenGeometry recorded_geometry(const ResolvedScenario& scenario);

}  // namespace pensim
