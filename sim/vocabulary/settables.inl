// settables.inl - every name that a timeline (or a dashboard click) may set. The one door into a run.
//   SETTABLE(id, name, unit, form, start, low, high, target, meaning)
//   form     quantity (with its unit) | on_off (0 or 1) | number (a choice by number); unit "1" for the last two
//   target   what is set: a member of `plant` (PlantInput), button(PlantSwitch), or special: it has code of its own that
//            names Setting::id; only sim/engine/board.cpp expands it
// `aux.<0..7>` is settable too (int32); `user.button.<name>` stands for the five buttons. Undefined at the end.
SETTABLE(user_depth, "user.depth", "m", quantity, 1.0e-3, 0.2e-3, 3.0e-3, plant.depth_m, "the depth dial")
SETTABLE(user_rate, "user.rate", "Hz", quantity, 120, 60, 200, plant.rate_Hz, "the rate dial")
SETTABLE(user_start, "user.start", "1", on_off, 0, 0, 1, button(PlantSwitch::start), "the start button is held (dead-man switch)")
SETTABLE(user_mode, "user.mode", "1", number, 0, 0, 1, special, "treatment mode that the user wants: 0 standard, 1 eye area; a change presses the mode and confirm buttons")
SETTABLE(button_plus, "user.button.plus", "1", on_off, 0, 0, 1, button(PlantSwitch::plus), "the plus button is held")
SETTABLE(button_minus, "user.button.minus", "1", on_off, 0, 0, 1, button(PlantSwitch::minus), "the minus button is held")
SETTABLE(button_mode, "user.button.mode", "1", on_off, 0, 0, 1, button(PlantSwitch::mode), "the mode button is held")
SETTABLE(button_confirm, "user.button.confirm", "1", on_off, 0, 0, 1, button(PlantSwitch::confirm), "the confirm button is held")
SETTABLE(button_start, "user.button.start", "1", on_off, 0, 0, 1, button(PlantSwitch::start), "the start button is held (as user.start)")
SETTABLE(contact, "operator.contact", "1", on_off, 0, 0, 1, plant.contact, "the operator wants the nose on the skin; off lifts the pen")
SETTABLE(lift, "operator.lift", "m", quantity, 10e-3, 0.1e-3, 50e-3, plant.lift_m, "height of the nose above the skin while lifted")
SETTABLE(press, "operator.press", "N", quantity, 1.5, 0, 30, plant.press_N, "mean force with which the operator presses")
SETTABLE(glide, "operator.glide", "m/s", quantity, 0.02, 0, 0.2, plant.glide_m_per_s, "lateral speed along the track")
SETTABLE(tilt, "operator.tilt", "rad", quantity, 0, 0, 0.8, plant.tilt_rad, "tilt from the normal of the skin")
SETTABLE(cartridge_present, "cartridge.present", "1", on_off, 1, 0, 1, plant.cartridge_present, "a cartridge is latched")
SETTABLE(charger, "charger.connected", "1", on_off, 0, 0, 1, plant.charger, "the charger is connected")
SETTABLE(ambient, "ambient.temperature", "K", quantity, 296.15, 233.15, 343.15, plant.ambient_K, "air around the pen")
#undef SETTABLE
