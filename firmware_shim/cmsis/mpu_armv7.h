/* mpu_armv7.h - the memory protection unit of a Cortex-M0+, M3, M4, M7: its registers are written, nothing is
 * protected. */
#ifndef PENSIM_MPU_ARMV7_H
#define PENSIM_MPU_ARMV7_H

#define ARM_MPU_REGION_SIZE_32B 0x04U
#define ARM_MPU_REGION_SIZE_64B 0x05U
#define ARM_MPU_REGION_SIZE_128B 0x06U
#define ARM_MPU_REGION_SIZE_256B 0x07U
#define ARM_MPU_REGION_SIZE_512B 0x08U
#define ARM_MPU_REGION_SIZE_1KB 0x09U
#define ARM_MPU_REGION_SIZE_2KB 0x0AU
#define ARM_MPU_REGION_SIZE_4KB 0x0BU
#define ARM_MPU_REGION_SIZE_8KB 0x0CU
#define ARM_MPU_REGION_SIZE_16KB 0x0DU
#define ARM_MPU_REGION_SIZE_32KB 0x0EU
#define ARM_MPU_REGION_SIZE_64KB 0x0FU
#define ARM_MPU_REGION_SIZE_128KB 0x10U
#define ARM_MPU_REGION_SIZE_256KB 0x11U
#define ARM_MPU_REGION_SIZE_512KB 0x12U
#define ARM_MPU_REGION_SIZE_1MB 0x13U
#define ARM_MPU_REGION_SIZE_2MB 0x14U
#define ARM_MPU_REGION_SIZE_4MB 0x15U
#define ARM_MPU_REGION_SIZE_8MB 0x16U
#define ARM_MPU_REGION_SIZE_16MB 0x17U
#define ARM_MPU_REGION_SIZE_32MB 0x18U
#define ARM_MPU_REGION_SIZE_64MB 0x19U
#define ARM_MPU_REGION_SIZE_128MB 0x1AU
#define ARM_MPU_REGION_SIZE_256MB 0x1BU
#define ARM_MPU_REGION_SIZE_512MB 0x1CU
#define ARM_MPU_REGION_SIZE_1GB 0x1DU
#define ARM_MPU_REGION_SIZE_2GB 0x1EU
#define ARM_MPU_REGION_SIZE_4GB 0x1FU

#define ARM_MPU_AP_NONE 0U
#define ARM_MPU_AP_PRIV 1U
#define ARM_MPU_AP_URO 2U
#define ARM_MPU_AP_FULL 3U
#define ARM_MPU_AP_PRO 5U
#define ARM_MPU_AP_RO 6U

#define ARM_MPU_RBAR(region, base) (((base)&MPU_RBAR_ADDR_Msk) | ((region)&MPU_RBAR_REGION_Msk) | MPU_RBAR_VALID_Msk)
#define ARM_MPU_ACCESS_(tex, shareable, cacheable, bufferable)                                       \
  (_VAL2FLD(MPU_RASR_TEX, tex) | _VAL2FLD(MPU_RASR_S, shareable) | _VAL2FLD(MPU_RASR_C, cacheable) | \
   _VAL2FLD(MPU_RASR_B, bufferable))
#define ARM_MPU_RASR_EX(no_execution, access, attributes, subregions, size)                 \
  (_VAL2FLD(MPU_RASR_XN, no_execution) | _VAL2FLD(MPU_RASR_AP, access) |                    \
   ((attributes) & (MPU_RASR_TEX_Msk | MPU_RASR_S_Msk | MPU_RASR_C_Msk | MPU_RASR_B_Msk)) | \
   _VAL2FLD(MPU_RASR_SRD, subregions) | _VAL2FLD(MPU_RASR_SIZE, size) | MPU_RASR_ENABLE_Msk)
#define ARM_MPU_RASR(no_execution, access, tex, shareable, cacheable, bufferable, subregions, size) \
  ARM_MPU_RASR_EX(no_execution, access, ARM_MPU_ACCESS_(tex, shareable, cacheable, bufferable), subregions, size)

/* Kinds of memory, as TEX, C and B spell them. */
#define ARM_MPU_CACHEP_NOCACHE 0U
#define ARM_MPU_CACHEP_WB_WRA 1U
#define ARM_MPU_CACHEP_WT_NWA 2U
#define ARM_MPU_CACHEP_WB_NWA 3U
#define ARM_MPU_ACCESS_ORDERED ARM_MPU_ACCESS_(0U, 1U, 0U, 0U)
#define ARM_MPU_ACCESS_DEVICE(shareable) \
  ((shareable) ? ARM_MPU_ACCESS_(0U, 1U, 0U, 1U) : ARM_MPU_ACCESS_(2U, 0U, 0U, 0U))
#define ARM_MPU_ACCESS_NORMAL(outer, inner, shareable) \
  ARM_MPU_ACCESS_(4U | (outer), shareable, ((inner) >> 1) & 1U, (inner)&1U)

typedef struct {
  uint32_t RBAR, RASR;
} ARM_MPU_Region_t;

__STATIC_INLINE void ARM_MPU_Enable(uint32_t control) {
  MPU->CTRL = control | MPU_CTRL_ENABLE_Msk;
  SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA_Msk;
}
__STATIC_INLINE void ARM_MPU_Disable(void) {
  SCB->SHCSR &= ~SCB_SHCSR_MEMFAULTENA_Msk;
  MPU->CTRL &= ~MPU_CTRL_ENABLE_Msk;
}
__STATIC_INLINE void ARM_MPU_ClrRegion(uint32_t region) {
  MPU->RNR = region;
  MPU->RASR = 0U;
}
__STATIC_INLINE void ARM_MPU_SetRegion(uint32_t rbar, uint32_t rasr) {
  MPU->RBAR = rbar;
  MPU->RASR = rasr;
}
__STATIC_INLINE void ARM_MPU_SetRegionEx(uint32_t region, uint32_t rbar, uint32_t rasr) {
  MPU->RNR = region;
  MPU->RBAR = rbar;
  MPU->RASR = rasr;
}
__STATIC_INLINE void ARM_MPU_Load(ARM_MPU_Region_t const* table, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) ARM_MPU_SetRegion(table[i].RBAR, table[i].RASR);
}

#endif
