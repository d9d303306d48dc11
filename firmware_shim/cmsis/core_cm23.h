/* core_cm23.h - see core_common.h. */
#ifndef PENSIM_CORE_CM23_H
#define PENSIM_CORE_CM23_H
#ifndef __CORTEX_M
#define __CORTEX_M 23u
#endif
#define PEN_HAS_FPU 0u
#define PEN_ARMV6M 0
#define PEN_ARMV8M 1
#define __CM23_CMSIS_VERSION_MAIN __CM_CMSIS_VERSION_MAIN
#define __CM23_CMSIS_VERSION_SUB __CM_CMSIS_VERSION_SUB
#define __CM23_CMSIS_VERSION __CM_CMSIS_VERSION
#include "core_common.h"
#endif
