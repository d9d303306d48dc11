// faults.inl - every fault that a timeline may inject. Sensor faults sit on the line between plant and core: the truth stays pristine.
//   FAULT(id, name, unit, magnitude, low, high, effect, meaning)   `to:` gives another magnitude; unit "": the fault has none
//   effect   on what the core reads: adc_add(channel, counts per unit), adc_stuck(channel) at the magnitude, adc_value(channel, counts),
//            line_stuck(line) at the magnitude, line_value(line, level); on the pen: plant(flag of PlantFaults), plant(member) = magnitude,
//            plant(flag, member); or special: it has code of its own that names Fault::id. Only sim/engine/board.cpp expands it
// Undefined at the end. Two faults of one channel act in this order.
FAULT(hall_dropout, "hall.dropout", "", 0, 0, 0, line_value(PEN_LINE_HALL, 0), "the cam hall sensor sends no edges")
FAULT(hall_extra_edges, "hall.extra_edges", "1", 1, 1, 4, special, "so many spurious pulses follow each true one")
FAULT(start_stuck, "start.stuck", "1", 1, 0, 1, line_stuck(PEN_LINE_START), "the start button line is stuck at this level")
FAULT(home_stuck, "home.stuck", "1", 1, 0, 1, line_stuck(PEN_LINE_HOME), "the home switch line is stuck at this level")
FAULT(current_offset, "motor_current.offset", "A", 0.05, -3, 3, adc_add(PEN_ADC_MOTOR_CURRENT, &FaultScale::current_counts_per_A), "the current reading is off by this")
FAULT(current_stuck, "motor_current.stuck", "count", 4095, 0, 4095, adc_stuck(PEN_ADC_MOTOR_CURRENT), "the current channel reads this count")
FAULT(battery_offset, "battery_sense.offset", "V", -0.3, -4, 4, adc_add(PEN_ADC_BATTERY, &FaultScale::cell_counts_per_V), "the cell voltage reading is off by this")
FAULT(ntc_motor_open, "ntc_motor.open", "", 0, 0, 0, adc_value(PEN_ADC_NTC_MOTOR, 4095), "the wire of the motor's NTC is broken: reads full scale")
FAULT(ntc_motor_short, "ntc_motor.short", "", 0, 0, 0, adc_value(PEN_ADC_NTC_MOTOR, 0), "the motor's NTC is shorted: reads zero")
FAULT(ntc_housing_open, "ntc_housing.open", "", 0, 0, 0, adc_value(PEN_ADC_NTC_HOUSING, 4095), "the wire of the grip's NTC is broken: reads full scale")
FAULT(ntc_housing_short, "ntc_housing.short", "", 0, 0, 0, adc_value(PEN_ADC_NTC_HOUSING, 0), "the grip's NTC is shorted: reads zero")
FAULT(nose_force_stuck, "nose_force.stuck", "count", 372, 0, 4095, adc_stuck(PEN_ADC_NOSE_FORCE), "the nose force channel reads this count")
FAULT(depth_dial_open, "depth_dial.open", "", 0, 0, 0, adc_value(PEN_ADC_DEPTH_DIAL, 4095), "the wiper of the depth dial is open: reads full scale")
FAULT(rate_dial_open, "rate_dial.open", "", 0, 0, 0, adc_value(PEN_ADC_RATE_DIAL, 4095), "the wiper of the rate dial is open: reads full scale")
FAULT(cartridge_id_wrong, "cartridge_id.wrong", "count", 200, 0, 4095, adc_stuck(PEN_ADC_CARTRIDGE_ID), "the identification resistor reads this count")
FAULT(nvm_fail, "nvm.fail", "", 0, 0, 0, special, "writes and erases of the pen's memory report an error")
FAULT(obstruction, "plate.obstruction", "m", 0, -3.5e-3, 3e-3, plant(&PlantFaults::obstruction, &PlantFaults::obstruction_m), "a hard object (bone, ring, table) stops the needles at this extension")
FAULT(friction, "drivetrain.friction", "N m", 1.05e-3, 0, 10e-3, plant(&PlantFaults::friction_N_m), "additional Coulomb friction (dry plunger, stiff membrane)")
FAULT(spring_weak, "spring.weak", "1", 0.5, 0, 1, plant(&PlantFaults::spring_factor_1), "force of the return spring times this")
FAULT(screw_jam, "screw.jam", "", 0, 0, 0, plant(&PlantFaults::screw_jam), "the depth screw does not move")
FAULT(screw_lost_steps, "screw.lost_steps", "1", 0.5, 0, 1, plant(&PlantFaults::screw_lost_share_1), "share of the steps that the depth screw loses")
FAULT(brush_wear, "motor.brush_wear", "1", 2, 1, 10, plant(&PlantFaults::winding_factor_1), "winding resistance times this")
FAULT(battery_aged, "battery.aged", "1", 2, 1, 10, plant(&PlantFaults::battery_factor_1), "internal resistance of the cell times this")
FAULT(supply_contact, "supply.contact", "ohm", 0.5, 0, 100, plant(&PlantFaults::contact_ohm), "additional resistance in the battery connector")
FAULT(supply_cut, "supply.cut", "", 0, 0, 0, plant(&PlantFaults::supply_cut), "the supply is interrupted: power loss, then power-on reset when it ends")
FAULT(bridge_stuck_on, "bridge.stuck_on", "1", 1, 0, 1, plant(&PlantFaults::stuck, &PlantFaults::stuck_duty_1), "the bridge drives with this duty whatever the core asks for")
#undef FAULT
