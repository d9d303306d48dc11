#include "check.h"
#define __NVIC_PRIO_BITS 2
#include "core_cm0plus.h"
#include "layout.h"
#include "core_and_mpu.h"
_Static_assert(__CORTEX_M == 0, "");
void check_cm0plus(void);
void check_cm0plus(void) {
  check_core_and_mpu();
}
