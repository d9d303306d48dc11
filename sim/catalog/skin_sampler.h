// skin_sampler.h - people differ: a person's skin, drawn from the spread that the catalog gives.
//
// Pure functions of (seed, person). A value with a standard deviation is lognormal with that mean and deviation, so
// that no thickness is negative even where the deviation nearly is the mean (zygoma of women, epidermis 0.20 +-0.18 mm
// [F:hfus], sic). A value with a range is triangular over it, with its mode at the value [E]: only intervals are known.
// Other values are as they are.
// A person's deviates belong to the quantity, not to the place: a thick dermis is thick everywhere, and sexes and
// regions of one person compare [E]; dermis, epidermis and stiffness are independent of each other [E].
//
// The epidermis of the law is histology; ultrasound, 3-4 times too thick, gives its spread: a drawn viable epidermis is
// the histological one times the person's ultrasound epidermis over its mean [E].
//
// The law's fitted parameters are drawn jointly: normal, or lognormal for positive ones, with the standard deviations
// and correlations of the fit (skin_law.h) around the values that they have without, which stay the median, clipped to
// what they can be at all. The spread is that of the fit's knowledge: people differ within it, by an unknown share [E].
// The scatter between the needles of a stroke is SkinParams::puncture_scatter_1, which no target tells.
//
// Not modelled: age and sex beyond the catalog's columns, correlation between layers, and of layers with the law,
// differences between the sites of one person.
#pragma once

#include <cstdint>

#include "models/skin.h"
#include "sim/catalog/catalog.h"
#include "sim/catalog/skin_law.h"

namespace pensim {

double drawn_value(const CatalogValue& value, std::uint64_t seed, std::int64_t person = 0);  // SI
void draw_law(const SkinLaw&, std::uint64_t seed, std::int64_t person, SkinParams&);

}  // namespace pensim
