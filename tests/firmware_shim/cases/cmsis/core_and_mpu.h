/* What every core with the MPU of ARMv6-M and ARMv7-M has; included behind the header of the core. */
static void check_core_and_mpu(void) {
  NVIC_SetPriority(TIM2_IRQn, 1);
  NVIC_EnableIRQ(TIM2_IRQn);
  CHECK(_FLD2VAL(SCB_CPUID_PARTNO, SCB->CPUID) == 0xC24);
  MPU->RNR = 3;
  ARM_MPU_SetRegionEx(2, ARM_MPU_RBAR(2U, 0x20000000UL),
                      ARM_MPU_RASR(1U, ARM_MPU_AP_FULL, 1U, 0U, 1U, 1U, 0U, ARM_MPU_REGION_SIZE_64KB));
  CHECK(MPU->RNR == 2 && MPU->RBAR == 0x20000012UL && MPU->RASR == 0x130B001FUL);
  CHECK(ARM_MPU_ACCESS_DEVICE(1U) == 0x00050000UL && ARM_MPU_ACCESS_NORMAL(1U, 1U, 0U) == 0x00290000UL);
  ARM_MPU_Enable(MPU_CTRL_PRIVDEFENA_Msk);
  CHECK(MPU->CTRL == 5 && (SCB->SHCSR & SCB_SHCSR_MEMFAULTENA_Msk));
  ARM_MPU_ClrRegion(2);
  ARM_MPU_Disable();
  CHECK(MPU->CTRL == 4 && MPU->RASR == 0);
}
