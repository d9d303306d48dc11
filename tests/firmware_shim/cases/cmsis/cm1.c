#include "check.h"
#define __NVIC_PRIO_BITS 2
#include "core_cm1.h"
#include "layout.h"
#include "core_and_mpu.h"
_Static_assert(__CORTEX_M == 1, "");
void check_cm1(void);
void check_cm1(void) {
  check_core_and_mpu();
}
