/* core_registers.h - the registers of the processor as CMSIS lays them out, for every Cortex-M that has a core_cm*.h
 * here: what a processor lacks is plain memory that nobody looks at. Members that CMSIS renamed go by both names. */
#ifndef PENSIM_CORE_REGISTERS_H
#define PENSIM_CORE_REGISTERS_H

#include "core_fields.h"

typedef struct {
  __IOM uint32_t CTRL, LOAD, VAL;
  __IM uint32_t CALIB;
} SysTick_Type;

typedef struct {
  __IOM uint32_t ISER[16];
  uint32_t RESERVED0[16];
  __IOM uint32_t ICER[16];
  uint32_t RESERVED1[16];
  __IOM uint32_t ISPR[16];
  uint32_t RESERVED2[16];
  __IOM uint32_t ICPR[16];
  uint32_t RESERVED3[16];
  __IOM uint32_t IABR[16];
  uint32_t RESERVED4[16];
  __IOM uint32_t ITNS[16];
  uint32_t RESERVED5[16];
  union {
#if PEN_ARMV6M /* by words */
    __IOM uint32_t IP[8], IPR[8];
#else
    __IOM uint8_t IP[496], IPR[496];
#endif
    uint32_t RESERVED6[124];
  };
  uint32_t RESERVED7[580];
  __OM uint32_t STIR;
} NVIC_Type;

typedef struct {
  __IM uint32_t CPUID;
  __IOM uint32_t ICSR, VTOR, AIRCR, SCR, CCR;
  union {
#if PEN_ARMV6M
    struct {
      uint32_t RESERVED0;
      __IOM uint32_t SHP[2];
    };
    struct {
      uint32_t RESERVED1;
      __IOM uint32_t SHPR[2];
    };
#else
    __IOM uint8_t SHP[12], SHPR[12];
#endif
  };
  __IOM uint32_t SHCSR, CFSR, HFSR, DFSR, MMFAR, BFAR, AFSR;
  union {
    struct {
      __IM uint32_t PFR[2], DFR, ADR, MMFR[4], ISAR[5];
    };
    struct {
      __IM uint32_t ID_PFR[2], ID_DFR, ID_AFR, ID_MFR[4], ID_ISAR[5];
    };
  };
  uint32_t RESERVED8[1];
  __IM uint32_t CLIDR, CTR, CCSIDR;
  __IOM uint32_t CSSELR, CPACR, NSACR;
  uint32_t RESERVED2[92];
  __OM uint32_t STIR;
  uint32_t RESERVED3[15];
  __IM uint32_t MVFR0, MVFR1, MVFR2;
  uint32_t RESERVED4[1];
  __OM uint32_t ICIALLU;
  uint32_t RESERVED5[1];
  __OM uint32_t ICIMVAU, DCIMVAC, DCISW, DCCMVAU, DCCMVAC, DCCSW, DCCIMVAC, DCCISW, BPIALL;
  uint32_t RESERVED6[5];
  __IOM uint32_t ITCMCR, DTCMCR, AHBPCR, CACR, AHBSCR;
  uint32_t RESERVED7[1];
  __IOM uint32_t ABFSR;
} SCB_Type;

typedef struct {
  uint32_t RESERVED0[1];
  __IM uint32_t ICTR;
  __IOM uint32_t ACTLR, CPPWR;
} SCnSCB_Type;

typedef struct {
  __IM uint32_t TYPE;
  __IOM uint32_t CTRL, RNR, RBAR;
#if PEN_ARMV8M
  __IOM uint32_t RLAR, RBAR_A1, RLAR_A1, RBAR_A2, RLAR_A2, RBAR_A3, RLAR_A3;
  uint32_t RESERVED0[1];
  union {
    __IOM uint32_t MAIR[2];
    struct {
      __IOM uint32_t MAIR0, MAIR1;
    };
  };
#else
  __IOM uint32_t RASR, RBAR_A1, RASR_A1, RBAR_A2, RASR_A2, RBAR_A3, RASR_A3;
#endif
} MPU_Type;

typedef struct {
  __IOM uint32_t CTRL;
  __IM uint32_t TYPE;
  __IOM uint32_t RNR, RBAR, RLAR, SFSR, SFAR;
} SAU_Type;

typedef struct {
  uint32_t RESERVED0[1];
  __IOM uint32_t FPCCR, FPCAR, FPDSCR;
  __IM uint32_t MVFR0, MVFR1, MVFR2;
} FPU_Type;

typedef struct {
  __IOM uint32_t DHCSR;
  __OM uint32_t DCRSR;
  __IOM uint32_t DCRDR, DEMCR;
  uint32_t RESERVED0[1];
  __IOM uint32_t DAUTHCTRL, DSCSR;
} CoreDebug_Type;
typedef CoreDebug_Type DCB_Type;

typedef struct {
  __IOM uint32_t CTRL, CYCCNT, CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT;
  __IM uint32_t PCSR;
  __IOM uint32_t COMP0, MASK0, FUNCTION0;
  uint32_t RESERVED0[1];
  __IOM uint32_t COMP1, MASK1, FUNCTION1;
  uint32_t RESERVED1[1];
  __IOM uint32_t COMP2, MASK2, FUNCTION2;
  uint32_t RESERVED2[1];
  __IOM uint32_t COMP3, MASK3, FUNCTION3;
  uint32_t RESERVED3[981];
  __OM uint32_t LAR;
  __IM uint32_t LSR;
} DWT_Type;

typedef struct {
  __OM union {
    __OM uint8_t u8;
    __OM uint16_t u16;
    __OM uint32_t u32;
  } PORT[32];
  uint32_t RESERVED0[864];
  __IOM uint32_t TER;
  uint32_t RESERVED1[15];
  __IOM uint32_t TPR;
  uint32_t RESERVED2[15];
  __IOM uint32_t TCR;
  uint32_t RESERVED3[75];
  __OM uint32_t LAR;
  __IM uint32_t LSR;
} ITM_Type;

typedef struct {
  __IM uint32_t SSPSR;
  __IOM uint32_t CSPSR;
  uint32_t RESERVED0[2];
  __IOM uint32_t ACPR;
  uint32_t RESERVED1[55];
  __IOM uint32_t SPPR;
  uint32_t RESERVED2[131];
  __IM uint32_t FFSR;
  __IOM uint32_t FFCR;
  __IM uint32_t FSCR;
  uint32_t RESERVED3[759];
  __IM uint32_t TRIGGER, FIFO0, ITATBCTR2;
  uint32_t RESERVED4[1];
  __IM uint32_t ITATBCTR0, FIFO1;
  __IOM uint32_t ITCTRL;
  uint32_t RESERVED5[39];
  __IOM uint32_t CLAIMSET, CLAIMCLR;
  uint32_t RESERVED7[8];
  __IM uint32_t DEVID, DEVTYPE;
} TPI_Type;

/* What __get_APSR() and its kin give, by fields; the lowest bit stands first. */
typedef union {
  struct {
    uint32_t _reserved0 : 16, GE : 4, _reserved1 : 7, Q : 1, V : 1, C : 1, Z : 1, N : 1;
  } b;
  uint32_t w;
} APSR_Type;
typedef union {
  struct {
    uint32_t ISR : 9, _reserved0 : 23;
  } b;
  uint32_t w;
} IPSR_Type;
typedef union {
  struct {
    uint32_t ISR : 9, _reserved0 : 1, ICI_IT_1 : 6, GE : 4, _reserved1 : 4, T : 1, ICI_IT_2 : 2, Q : 1, V : 1, C : 1,
        Z : 1, N : 1;
  } b;
  uint32_t w;
} xPSR_Type;
typedef union {
  struct {
    uint32_t nPRIV : 1, SPSEL : 1, FPCA : 1, SFPA : 1, _reserved0 : 28;
  } b;
  uint32_t w;
} CONTROL_Type;

#define APSR_N_Pos 31U
#define APSR_N_Msk (1UL << 31)
#define APSR_Z_Pos 30U
#define APSR_Z_Msk (1UL << 30)
#define APSR_C_Pos 29U
#define APSR_C_Msk (1UL << 29)
#define APSR_V_Pos 28U
#define APSR_V_Msk (1UL << 28)
#define APSR_Q_Pos 27U
#define APSR_Q_Msk (1UL << 27)
#define APSR_GE_Pos 16U
#define APSR_GE_Msk (0xFUL << 16)
#define IPSR_ISR_Pos 0U
#define IPSR_ISR_Msk 0x1FFUL
#define xPSR_ISR_Pos 0U
#define xPSR_ISR_Msk 0x1FFUL
#define xPSR_T_Pos 24U
#define xPSR_T_Msk (1UL << 24)
#define CONTROL_nPRIV_Pos 0U
#define CONTROL_nPRIV_Msk 1UL
#define CONTROL_SPSEL_Pos 1U
#define CONTROL_SPSEL_Msk (1UL << 1)
#define CONTROL_FPCA_Pos 2U
#define CONTROL_FPCA_Msk (1UL << 2)

/* A value moved to, and from, a field: _VAL2FLD(SCB_AIRCR_PRIGROUP, 3). */
#define _VAL2FLD(field, value) (((uint32_t)(value) << field##_Pos) & field##_Msk)
#define _FLD2VAL(field, value) (((uint32_t)(value)&field##_Msk) >> field##_Pos)

#define SCS_BASE 0xE000E000UL
#define ITM_BASE 0xE0000000UL
#define DWT_BASE 0xE0001000UL
#define TPI_BASE 0xE0040000UL
#define CoreDebug_BASE 0xE000EDF0UL
#define DCB_BASE CoreDebug_BASE
#define SysTick_BASE (SCS_BASE + 0x0010UL)
#define NVIC_BASE (SCS_BASE + 0x0100UL)
#define SCB_BASE (SCS_BASE + 0x0D00UL)
#define MPU_BASE (SCS_BASE + 0x0D90UL)
#define SAU_BASE (SCS_BASE + 0x0DD0UL)
#define FPU_BASE (SCS_BASE + 0x0F30UL)
#define SCnSCB ((SCnSCB_Type*)SCS_BASE)
#define SCB ((SCB_Type*)SCB_BASE)
#define SysTick ((SysTick_Type*)SysTick_BASE)
#define NVIC ((NVIC_Type*)NVIC_BASE)
#define ITM ((ITM_Type*)ITM_BASE)
#define DWT ((DWT_Type*)DWT_BASE)
#define TPI ((TPI_Type*)TPI_BASE)
#define CoreDebug ((CoreDebug_Type*)CoreDebug_BASE)
#define DCB ((DCB_Type*)DCB_BASE)
#define MPU ((MPU_Type*)MPU_BASE)
#define SAU ((SAU_Type*)SAU_BASE)
#define FPU ((FPU_Type*)FPU_BASE)

#endif
