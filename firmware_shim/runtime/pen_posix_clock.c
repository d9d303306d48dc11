/* pen_posix_clock.c - as pen_posix.c, for the time of day, which few ports have. */
#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

#include <reent.h>
#include <sys/time.h>

__attribute__((weak)) int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  return _gettimeofday_r(_REENT, time, zone);
}

#endif
