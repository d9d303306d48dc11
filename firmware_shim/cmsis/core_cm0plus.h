/* core_cm0plus.h - see core_common.h. */
#ifndef PENSIM_CORE_CM0PLUS_H
#define PENSIM_CORE_CM0PLUS_H
#ifndef __CORTEX_M
#define __CORTEX_M 0u
#endif
#define PEN_HAS_FPU 0u
#define PEN_ARMV6M 1
#define PEN_ARMV8M 0
#define __CM0PLUS_CMSIS_VERSION_MAIN __CM_CMSIS_VERSION_MAIN
#define __CM0PLUS_CMSIS_VERSION_SUB __CM_CMSIS_VERSION_SUB
#define __CM0PLUS_CMSIS_VERSION __CM_CMSIS_VERSION
#include "core_common.h"
#endif
