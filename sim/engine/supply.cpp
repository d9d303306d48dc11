#include "sim/engine/supply.h"

namespace pensim {

void supply_boot(Supply& s, Nanoseconds tick_ns) { s = {CorePower::booting, boot_ns / tick_ns}; }

SupplyEvent supply_step(Supply& s, double rail_V) {
  const bool powered = s.power == CorePower::booting || s.power == CorePower::running;
  if (powered && rail_V >= brown_out_V) return SupplyEvent::none;
  if (rail_V <= power_lost_V) s.power = CorePower::off;
  if (powered) {
    if (s.power != CorePower::off) s.power = CorePower::held;
    return SupplyEvent::failed;
  }
  if (rail_V < brown_out_release_V) return SupplyEvent::none;
  return s.power == CorePower::off ? SupplyEvent::back_from_power_loss : SupplyEvent::back_from_brown_out;
}

bool supply_boot_step(Supply& s) {
  if (--s.boot_left > 0) return false;
  s.power = CorePower::running;
  return true;
}

}  // namespace pensim
