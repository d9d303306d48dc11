/* core_cm0.h - the same registers as core_cm4.h as far as this processor has them. */
#ifndef __CORTEX_M
#define __CORTEX_M 0u
#endif
#include "core_cm4.h"
