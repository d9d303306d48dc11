/* peripherals.c - what a vendor's drivers do to memory: single bits of registers by their bit-band alias, polled there,
 * and settings in a page of flash that is erased by a control register. And a kernel's yield: PendSV, made pending by a
 * store, is taken at the barrier behind it, whatever comes then. */
#include "pen_port.h"

#define REGISTER(address) (*(volatile uint32_t*)(uintptr_t)(address))
#define CLOCK_CONTROL 0x40023800u
#define PLL_ON 24u
#define PLL_READY 25u
#define FLASH_CONTROL 0x40023C10u
#define FLASH_START 16u
#define PORT_OUTPUT 0x40020014u
#define ALIAS(address, bit) REGISTER(0x42000000u + ((address)-0x40000000u) * 32u + (bit)*4u)
#define PAGE 0x08010000u
#define PAGE_BYTES 0x800u

static uint32_t alias_writes, switched;

uint32_t rotate_right(uint32_t word); /* assembler of the target; rotate.c natively */

void PendSV_Handler(void);
void PendSV_Handler(void) { ++switched; }

__attribute__((noinline)) static void yield(void) {
  REGISTER(0xE000ED04u) = 1u << 28;
  __asm volatile("dsb");
  __asm volatile("isb");
}

static void sync_in(void) {
  static uint32_t ticks_on;
  if (REGISTER(CLOCK_CONTROL) & 1u << PLL_ON) ++ticks_on;
  REGISTER(CLOCK_CONTROL) = (REGISTER(CLOCK_CONTROL) & ~(1u << PLL_READY)) | (ticks_on > 3u ? 1u << PLL_READY : 0u);
}

static void sync_out(void) {
  pen_out.aux[0] = (int32_t)REGISTER(PORT_OUTPUT);
  pen_out.aux[1] = (int32_t)REGISTER(PAGE);
  pen_out.aux[2] = (int32_t)REGISTER(PAGE + PAGE_BYTES - 4u);
  pen_out.aux[3] = (int32_t)alias_writes;
}

static void after_write(uint32_t address) {
  if (address == PORT_OUTPUT) ++alias_writes; /* the register, not its alias */
  if (address != FLASH_CONTROL || !(REGISTER(FLASH_CONTROL) & 1u << FLASH_START)) return;
  REGISTER(FLASH_CONTROL) &= ~(1u << FLASH_START);
  for (uint32_t i = 0; i < PAGE_BYTES; i += 4) REGISTER(PAGE + i) = 0xFFFFFFFFu;
}

static int run(void) {
  yield();
  pen_out.aux[5] = (int32_t)switched;
  pen_out.aux[6] = (int32_t)rotate_right(3);
  REGISTER(PORT_OUTPUT) = 0xF0u;
  ALIAS(CLOCK_CONTROL, PLL_ON) = 1;
  while (!ALIAS(CLOCK_CONTROL, PLL_READY)) {
  }
  pen_out.aux[4] = (int32_t)pen_clock_us();
  ALIAS(FLASH_CONTROL, FLASH_START) = 1;
  REGISTER(PAGE) = 0x1234u;
  for (uint32_t round = 0;; ++round) {
    ALIAS(PORT_OUTPUT, 4) = round & 1u;
    ALIAS(PORT_OUTPUT, 0) = ~ALIAS(PORT_OUTPUT, 4);
    pen_delay_us(130);
  }
  return 0;
}

/* clang-format off */
static const PenRegisters registers[] = {
    {0x40020000, 0x4000}, {0x42000000, 0x2000000}, {PAGE, PAGE_BYTES}};
const PenPort pen_port = {.version = PEN_PORT_VERSION, .name = "peripherals", .tick_us = 50, .main = run,
                          .registers = registers, .register_count = 3,
                          .sync_in = sync_in, .sync_out = sync_out, .after_write = after_write};
