// skin_sampler.h - people differ: a person's skin, drawn from the spread that the catalog gives.
//
// Pure functions of (seed, person). A value with a standard deviation is lognormal with that mean and deviation, so that no thickness is
// negative even where the deviation nearly is the mean (zygoma of women, epidermis 0.20 +-0.18 mm [F:hfus], sic). A value with a range is
// triangular over it, with its mode at the value [E]: only intervals are known. Other values are as they are.
// A person's deviates belong to the quantity, not to the place: a thick dermis is thick everywhere, and sexes and regions of one person
// compare [E]; dermis, epidermis and stiffness are independent of each other [E].
//
// The epidermis of the law is histology; ultrasound, 3-4 times too thick, gives its spread: a drawn viable epidermis is the histological
// one times the person's ultrasound epidermis over its mean [E].
//
// Not modelled: age and sex beyond the catalog's columns, correlation between layers, differences between the sites of one person.
#pragma once

#include <cstdint>

#include "sim/catalog.h"

namespace pensim {

double drawn_value(const CatalogValue& value, std::uint64_t seed, std::int64_t person = 0);  // SI

}  // namespace pensim
