// supply.h - the supply supervisor: holds the core in reset while the rail is low, and says when it may start again.
//
// Numbers [E]: brown-out at 2.5 V with release at 2.6 V; power lost at 2.0 V, where what is volatile is forgotten (from
// there on the plant's electronics draw nothing, and the rail stays there); boot 5 ms, in which outputs are in their
// pull state: bridge off, screw holds.
// Not modelled: glitches shorter than a tick, a rail that rises too slowly for the reset circuit.
#pragma once

#include <cstdint>

#include "sim/vocabulary/time.h"

namespace pensim {

inline constexpr double brown_out_V = 2.5, brown_out_release_V = 2.6, power_lost_V = 2.0;  // at the supply rail
inline constexpr Nanoseconds boot_ns = 5'000'000;

// Why the core does not run.
enum class CorePower : std::uint8_t { off, held, booting, running };

struct Supply {
  CorePower power = CorePower::booting;
  Tick boot_left = 0;
};

// The core is reset and boots.
void supply_boot(Supply&, Nanoseconds tick_ns);

enum class SupplyEvent : std::uint8_t { none, failed, back_from_brown_out, back_from_power_loss };
// One tick with the rail at this voltage. After one of the last two the caller resets the core.
SupplyEvent supply_step(Supply&, double rail_V);

// One tick of a core that boots; true when it is through, and the core's first tick is the next one.
bool supply_boot_step(Supply&);

}  // namespace pensim
