#include "check.h"
#define __NVIC_PRIO_BITS 3
#include "core_cm33.h"
#include "layout.h"
_Static_assert(__CORTEX_M == 33, "");
void check_cm33(void);
void check_cm33(void) {
  NVIC_SetPriority(TIM2_IRQn, 1);
  NVIC_EnableIRQ(TIM2_IRQn);
  CHECK(_FLD2VAL(SCB_CPUID_PARTNO, SCB->CPUID) == 0xC24);
  MPU->RNR = 3;
  ARM_MPU_SetMemAttr(5, ARM_MPU_ATTR(ARM_MPU_ATTR_NON_CACHEABLE, ARM_MPU_ATTR_NON_CACHEABLE));
  CHECK(_FLD2VAL(MPU_MAIR1_Attr5, MPU->MAIR1) == 0x44);
  ARM_MPU_SetRegion(2, ARM_MPU_RBAR(0x20000000UL, ARM_MPU_SH_INNER, 0U, 1U, 1U), ARM_MPU_RLAR(0x2000FFFFUL, 5U));
  CHECK(MPU->RNR == 2 && MPU->RBAR == 0x2000001BUL && MPU->RLAR == 0x2000FFEBUL);
  ARM_MPU_Enable(MPU_CTRL_PRIVDEFENA_Msk);
  CHECK(MPU->CTRL == 5);
  ARM_MPU_Disable();
  CHECK(MPU->CTRL == 4);
}
