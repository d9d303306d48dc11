/* mpu_armv8.h - the memory protection unit of a Cortex-M23, M33: its registers are written, nothing is protected. */
#ifndef PENSIM_MPU_ARMV8_H
#define PENSIM_MPU_ARMV8_H

#define ARM_MPU_ATTR_DEVICE 0U
#define ARM_MPU_ATTR_NON_CACHEABLE 4U
#define ARM_MPU_ATTR_MEMORY_(transient, write_back, read_allocate, write_allocate) \
  ((((transient)&1U) << 3) | (((write_back)&1U) << 2) | (((read_allocate)&1U) << 1) | ((write_allocate)&1U))
#define ARM_MPU_ATTR(outer, inner) ((((outer)&0xFU) << 4) | (((outer)&0xFU) ? ((inner)&0xFU) : (((inner)&3U) << 2)))
#define ARM_MPU_SH_NON 0U
#define ARM_MPU_SH_OUTER 2U
#define ARM_MPU_SH_INNER 3U
#define ARM_MPU_AP_(read_only, unprivileged) ((((read_only)&1U) << 1) | ((unprivileged)&1U))
#define ARM_MPU_RBAR(base, shareable, read_only, unprivileged, no_execution) \
  (((base)&MPU_RBAR_BASE_Msk) | _VAL2FLD(MPU_RBAR_SH, shareable) |           \
   _VAL2FLD(MPU_RBAR_AP, ARM_MPU_AP_(read_only, unprivileged)) | _VAL2FLD(MPU_RBAR_XN, no_execution))
#define ARM_MPU_RLAR(limit, index) (((limit)&MPU_RLAR_LIMIT_Msk) | _VAL2FLD(MPU_RLAR_AttrIndx, index) | MPU_RLAR_EN_Msk)

typedef struct {
  uint32_t RBAR, RLAR;
} ARM_MPU_Region_t;

__STATIC_INLINE void ARM_MPU_Enable(uint32_t control) {
  MPU->CTRL = control | MPU_CTRL_ENABLE_Msk;
  SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA_Msk;
}
__STATIC_INLINE void ARM_MPU_Disable(void) {
  SCB->SHCSR &= ~SCB_SHCSR_MEMFAULTENA_Msk;
  MPU->CTRL &= ~MPU_CTRL_ENABLE_Msk;
}
__STATIC_INLINE void ARM_MPU_SetMemAttr(uint8_t index, uint8_t attributes) {
  const uint32_t shift = (index & 3U) * 8U;
  MPU->MAIR[(index >> 2) & 1U] = (MPU->MAIR[(index >> 2) & 1U] & ~(0xFFUL << shift)) | ((uint32_t)attributes << shift);
}
__STATIC_INLINE void ARM_MPU_ClrRegion(uint32_t region) {
  MPU->RNR = region;
  MPU->RLAR = 0U;
}
__STATIC_INLINE void ARM_MPU_SetRegion(uint32_t region, uint32_t rbar, uint32_t rlar) {
  MPU->RNR = region;
  MPU->RBAR = rbar;
  MPU->RLAR = rlar;
}
__STATIC_INLINE void ARM_MPU_Load(uint32_t first, ARM_MPU_Region_t const* table, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) ARM_MPU_SetRegion(first + i, table[i].RBAR, table[i].RLAR);
}

#endif
