/* The time of day, and processor time. */
#include "absent.h"

GROUP(clock,
      "a pen has no clock of a PC: use the firmware's own time base, or answer _gettimeofday() and _times() in the "
      "port, from "
      "pen_clock_us()")
BELOW(clock, _gettimeofday)
BELOW(clock, _times)
CALL(clock, clock_gettime)

ASKED(time, "time()")
ASKED(gettimeofday, "gettimeofday()")
ASKED(clock, "clock()")
ASKED(_ZNSt6chrono3_V212system_clock3nowEv, "std::chrono::system_clock::now()")
ASKED(_ZNSt6chrono3_V212steady_clock3nowEv, "std::chrono::steady_clock::now()")
