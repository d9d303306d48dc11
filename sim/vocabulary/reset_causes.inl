// reset_causes.inl - why a core is reset.
//   RESET_CAUSE(name, number, words)   number: of pen_shim.h, 1 and up in this order
RESET_CAUSE("power_on", PEN_RESET_POWER_ON, "power-on")
RESET_CAUSE("pin", PEN_RESET_PIN, "pin")
RESET_CAUSE("brown_out", PEN_RESET_BROWN_OUT, "brown-out")
RESET_CAUSE("watchdog", PEN_RESET_WATCHDOG, "watchdog")
RESET_CAUSE("software", PEN_RESET_SOFTWARE, "software")
#undef RESET_CAUSE
