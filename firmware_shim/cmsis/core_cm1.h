/* core_cm1.h - see core_common.h. */
#ifndef PENSIM_CORE_CM1_H
#define PENSIM_CORE_CM1_H
#ifndef __CORTEX_M
#define __CORTEX_M 1u
#endif
#define PEN_HAS_FPU 0u
#define PEN_ARMV6M 1
#define PEN_ARMV8M 0
#define __CM1_CMSIS_VERSION_MAIN __CM_CMSIS_VERSION_MAIN
#define __CM1_CMSIS_VERSION_SUB __CM_CMSIS_VERSION_SUB
#define __CM1_CMSIS_VERSION __CM_CMSIS_VERSION
#include "core_common.h"
#endif
