/* startup.c - as a vendor gives it: a table of vectors, .data copied and .bss cleared by hand. It has them, and runs
 * nowhere here: after a reset memory is what the file says. */
#include <stdint.h>

extern uint32_t _estack, _sidata, _sdata, _edata, _sbss, _ebss;
int main(void);
void Reset_Handler(void);
void Reset_Handler(void) {
  for (uint32_t *from = &_sidata, *to = &_sdata; to < &_edata;) *to++ = *from++;
  for (uint32_t* to = &_sbss; to < &_ebss;) *to++ = 0;
  main();
  for (;;) {
  }
}
void Default_Handler(void);
void Default_Handler(void) {
  for (;;) {
  }
}
#define DEFAULT __attribute__((weak, alias("Default_Handler")))
void HardFault_Handler(void) DEFAULT;
void SysTick_Handler(void);
void TIM2_IRQHandler(void);

__attribute__((section(".isr_vector"), used)) void (*const vectors[])(void) = {
    (void (*)(void))(uintptr_t)&_estack, Reset_Handler, Default_Handler, HardFault_Handler, [15] = SysTick_Handler,
    [16 + 28] = TIM2_IRQHandler};
