/* cmsis_version.h - found before the vendor's; see core_cm4.h. */
#ifndef PENSIM_CMSIS_VERSION_H
#define PENSIM_CMSIS_VERSION_H
#define __CM_CMSIS_VERSION_MAIN 5u
#define __CM_CMSIS_VERSION_SUB 6u
#define __CM_CMSIS_VERSION ((__CM_CMSIS_VERSION_MAIN << 16u) | __CM_CMSIS_VERSION_SUB)
#endif
