/* core_cm7.h - the same registers as core_cm4.h as far as this processor has them. */
#ifndef __CORTEX_M
#define __CORTEX_M 7u
#endif
#include "core_cm4.h"
