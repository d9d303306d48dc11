#pragma once
_Static_assert(offsetof(NVIC_Type, ICER) == 0x80 && offsetof(NVIC_Type, IABR) == 0x200, "");
_Static_assert(offsetof(NVIC_Type, IP) == 0x300 && offsetof(NVIC_Type, IPR) == 0x300, "");
_Static_assert(offsetof(NVIC_Type, STIR) == 0xE00, "");
_Static_assert(offsetof(SCB_Type, SHCSR) == 0x24 && offsetof(SCB_Type, CPACR) == 0x88, "");
_Static_assert(offsetof(SCB_Type, STIR) == 0x200 && offsetof(SCB_Type, ICIALLU) == 0x250, "");
_Static_assert(offsetof(SCB_Type, CCSIDR) == 0x80 && offsetof(SCB_Type, ABFSR) == 0x2A8, "");
_Static_assert(offsetof(DWT_Type, FUNCTION3) == 0x58 && offsetof(DWT_Type, LAR) == 0xFB0, "");
_Static_assert(offsetof(ITM_Type, TER) == 0xE00 && offsetof(ITM_Type, TCR) == 0xE80 && offsetof(ITM_Type, LAR) == 0xFB0,
               "");
_Static_assert(offsetof(TPI_Type, SPPR) == 0xF0 && offsetof(TPI_Type, FFCR) == 0x304, "");
_Static_assert(offsetof(TPI_Type, TRIGGER) == 0xEE8 && offsetof(TPI_Type, DEVID) == 0xFC8, "");
_Static_assert(offsetof(FPU_Type, MVFR0) == 0x10 && offsetof(CoreDebug_Type, DEMCR) == 0xC, "");
_Static_assert(SysTick_BASE == 0xE000E010 && NVIC_BASE == 0xE000E100 && SCB_BASE == 0xE000ED00, "");
_Static_assert(FPU_BASE == 0xE000EF30 && MPU_BASE == 0xE000ED90 && CoreDebug_BASE == 0xE000EDF0, "");
