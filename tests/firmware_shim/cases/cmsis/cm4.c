/* What vendors' headers and drivers take from CMSIS: registers by name, priorities, intrinsics, DSP instructions. */
#include "check.h"
#define __NVIC_PRIO_BITS 4
#define __FPU_PRESENT 1
#include "core_cm4.h"
#include "layout.h"
_Static_assert(offsetof(SCB_Type, SHP) == 0x18 && offsetof(SCB_Type, SHPR) == 0x18, "");
_Static_assert(offsetof(MPU_Type, RASR_A3) == 0x28 && sizeof(NVIC->IP[0]) == 1, "");

volatile uint32_t failed, checks, result;
void check_cm0(void), check_cm0plus(void), check_cm1(void), check_cm3(void), check_cm7(void), check_cm23(void),
    check_cm33(void);
static __PACKED_STRUCT {
  uint8_t kind;
  uint32_t value;
}
packed;
__STATIC_FORCEINLINE uint32_t twice(uint32_t x) { return 2 * x; }
__WEAK __ALIGNED(16) uint8_t block[32];
static uint32_t table[48] __attribute__((aligned(256)));

static void registers(void) {
  CHECK(sizeof packed == 5 && twice(4) == 8 && ((uintptr_t)block & 15u) == 0);
  CHECK(_VAL2FLD(SCB_AIRCR_VECTKEY, 0x5FA) == 0x05FA0000UL);
  CHECK((SCB->CPUID & SCB_CPUID_PARTNO_Msk) >> SCB_CPUID_PARTNO_Pos == 0xC24);
  SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
  CHECK(SCB->SCR == 4);
  SCB->CPACR |= (3UL << 20) | (3UL << 22); /* as every SystemInit() does */
  SCB->CCR |= SCB_CCR_DIV_0_TRP_Msk | SCB_CCR_STKALIGN_Msk;
  SCB->CCR &= ~SCB_CCR_DIV_0_TRP_Msk;
  SCnSCB->ACTLR |= SCnSCB_ACTLR_DISDEFWBUF_Msk;
  FPU->FPCCR |= FPU_FPCCR_ASPEN_Msk | FPU_FPCCR_LSPEN_Msk;
  TPI->ACPR = 15;
  ITM->LAR = 0xC5ACCE55UL;
  ITM->TCR = ITM_TCR_ITMENA_Msk | _VAL2FLD(ITM_TCR_TraceBusID, 1);
  ITM->TER = 1;
  CHECK(ITM_SendChar('x') == 'x' && ITM_ReceiveChar() == -1);
  DCB->DEMCR |= DCB_DEMCR_TRCENA_Msk;
  CHECK(CoreDebug->DEMCR & CoreDebug_DEMCR_TRCENA_Msk);
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
  SCB->VTOR = (uint32_t)(uintptr_t)table;
  NVIC_SetVector(TIM2_IRQn, 0x08001235u);
  CHECK(table[16 + 28] == 0x08001235u && NVIC_GetVector(TIM2_IRQn) == 0x08001235u);
}

static void priorities(void) {
  uint32_t preempt = 0, sub = 0;
  NVIC_SetPriorityGrouping(5);
  CHECK(NVIC_GetPriorityGrouping() == 5 && NVIC_EncodePriority(5, 2, 3) == 11);
  NVIC_DecodePriority(11, 5, &preempt, &sub);
  CHECK(preempt == 2 && sub == 3);
  NVIC_SetPriorityGrouping(3);
  NVIC_SetPriority(SysTick_IRQn, 15);
  CHECK(__get_PRIMASK() == 0);
  __disable_irq();
  CHECK(__get_PRIMASK() == 1);
  __enable_irq();
  __set_BASEPRI(0x40);
  CHECK(__get_BASEPRI() == 0x40);
  __set_BASEPRI(0);
  CHECK(__get_MSP() != 0 && __get_IPSR() == 0);
  __set_CONTROL(0);
  __set_PSP(0);
  __set_FPSCR(0);
}

static void intrinsics(void) {
  CHECK(__REV(0x12345678u) == 0x78563412u && __REV16(0x12345678u) == 0x34127856u && __REVSH(0x0080) == -32768);
  CHECK(__RBIT(1) == 0x80000000u && __CLZ(0) == 32 && __CLZ(1) == 31 && __ROR(1, 1) == 0x80000000u);
  CHECK(__SSAT(200, 8) == 127 && __SSAT(-200, 8) == -128 && __USAT(-3, 8) == 0 && __USAT(300, 8) == 255);
  CHECK(__QADD(INT32_MAX, 1) == INT32_MAX && __QSUB(INT32_MIN, 1) == INT32_MIN);
  uint8_t bytes[6] = {0, 1, 2, 3, 4, 5};
  CHECK(__UNALIGNED_UINT32_READ(bytes + 1) == 0x04030201u);
  __UNALIGNED_UINT16_WRITE(bytes + 1, 0xBEEF);
  CHECK(__UNALIGNED_UINT16_READ(bytes + 1) == 0xBEEF && bytes[2] == 0xBE);
  uint32_t word = 7;
  CHECK(__LDREXW(&word) == 7 && __STREXW(8, &word) == 0 && word == 8 && __STREXW(9, &word) == 1);
}

static void instructions_of_dsp(void) {
  CHECK(__SADD16(0x7FFF0001u, 0x00010001u) == 0x80000002u && __QADD16(0x7FFF0001u, 0x00010001u) == 0x7FFF0002u);
  CHECK(__SHADD16(0x00060003u, 0x00020002u) == 0x00040002u && __UHADD16(0xFFFF0001u, 0xFFFF0001u) == 0xFFFF0001u);
  CHECK(__UQADD16(0xFFFF0001u, 0x00010001u) == 0xFFFF0002u && __UQSUB16(0x00010005u, 0x00020001u) == 0x00000004u);
  CHECK(__SADD8(0x01FF7F80u, 0x010101FFu) == 0x0200807Fu && __QADD8(0x01FF7F80u, 0x010101FFu) == 0x02007F80u);
  CHECK(__UQADD8(0xFF010203u, 0x01010101u) == 0xFF020304u && __UHADD8(0xFF010203u, 0x01010101u) == 0x80010102u);
  CHECK(__SASX(0x00050003u, 0x00020001u) == 0x00060001u && __SSAX(0x00050003u, 0x00020001u) == 0x00040005u);
  CHECK(__QASX(0x7FFF8000u, 0x00010001u) == 0x7FFF8000u && __USAD8(0x01020304u, 0x04030201u) == 8);
  __SSUB8(0x05050505u, 0x04060406u); /* GE: bytes 3 and 1 */
  CHECK(__SEL(0x11223344u, 0xAABBCCDDu) == 0x11BB33DDu);
  __USUB8(0x05050505u, 0x06040604u);
  CHECK(__SEL(0x11223344u, 0xAABBCCDDu) == 0xAA22CC44u);
  __UADD16(0xFFFF0001u, 0x00010001u); /* a carry out of the upper half only */
  CHECK(__SEL(0x11223344u, 0xAABBCCDDu) == 0x1122CCDDu);
  CHECK(__SMUAD(0x00020003u, 0x00040005u) == 23 && __SMUADX(0x00020003u, 0x00040005u) == 22);
  CHECK((int32_t)__SMUSD(0x00020003u, 0x00040005u) == 7 && (int32_t)__SMLSDX(0x00020003u, 0x00040005u, 1) == 3);
  CHECK(__SMLALD(0x00020003u, 0x00040005u, 1) == 24 && __SMLSLD(0x00020003u, 0x00040005u, 1) == 8);
  CHECK(__SMMLA(0x40000000, 8, 5) == 7);
  CHECK(__SXTB16(0x00FF0080u) == 0xFFFFFF80u && __UXTAB16(0x00010002u, 0x00FF0080u) == 0x01000082u);
  CHECK(__SXTB16_RORn(0x80000000u, 8) == 0xFF800000u && __SSAT16(0x7FFF8000u, 8) == 0x007FFF80u);
  CHECK(__PKHBT(0x00001111u, 0x00002222u, 16) == 0x22221111u && __PKHTB(0x11110000u, 0x22220000u, 16) == 0x11112222u);
}

int main(void) {
  registers();
  priorities();
  intrinsics();
  instructions_of_dsp();
  check_cm0(), check_cm0plus(), check_cm1(), check_cm3(), check_cm7(), check_cm23(), check_cm33();
  result = failed == 0 ? checks : 0;
  for (;;) __WFI();
}
