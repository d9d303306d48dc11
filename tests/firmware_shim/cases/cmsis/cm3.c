#include "check.h"
#define __NVIC_PRIO_BITS 3
#include "core_cm3.h"
#include "layout.h"
#include "core_and_mpu.h"
_Static_assert(__CORTEX_M == 3, "");
void check_cm3(void);
void check_cm3(void) {
  check_core_and_mpu();
}
