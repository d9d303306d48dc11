#include "check.h"
#define __NVIC_PRIO_BITS 3
#include "core_cm7.h"
#include "layout.h"
#include "core_and_mpu.h"
_Static_assert(__CORTEX_M == 7, "");
void check_cm7(void);
void check_cm7(void) {
  check_core_and_mpu();
}
