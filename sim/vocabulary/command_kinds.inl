// command_kinds.inl - what a line of a timeline does: its key in a scenario, its word in a recording.
//   COMMAND(kind, named, to, over, lasts, text)
//   named: Command::name is used; to, over, lasts: takes the keys `to`, `over`, `for`; text: Command::text may be used
COMMAND(set, true, true, true, false, false)
COMMAND(fault, true, true, false, true, false)
COMMAND(poke, true, true, false, false, true)
COMMAND(uart, false, false, false, false, true)
COMMAND(reset, false, false, false, false, false)
#undef COMMAND
