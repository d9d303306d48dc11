/* intrinsics.h - IAR's header of this name: its words stand in dialect.h, which comes before all else. */
#ifndef PENSIM_INTRINSICS_H
#define PENSIM_INTRINSICS_H
#endif
