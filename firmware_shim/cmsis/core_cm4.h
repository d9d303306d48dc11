/* core_cm4.h - see core_common.h. */
#ifndef PENSIM_CORE_CM4_H
#define PENSIM_CORE_CM4_H
#ifndef __CORTEX_M
#define __CORTEX_M 4u
#endif
#define PEN_HAS_FPU 1u
#define PEN_ARMV6M 0
#define PEN_ARMV8M 0
#define __CM4_CMSIS_VERSION_MAIN __CM_CMSIS_VERSION_MAIN
#define __CM4_CMSIS_VERSION_SUB __CM_CMSIS_VERSION_SUB
#define __CM4_CMSIS_VERSION __CM_CMSIS_VERSION
#include "core_common.h"
#endif
