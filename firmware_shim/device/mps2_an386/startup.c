/* startup.c - Arm MPS2 with the AN386 image (Cortex-M4F), as QEMU's mps2-an386 has it: vectors, UART0, timer.
 *
 * Sources: Arm Cortex-M4 Devices Generic User Guide (SCB, SysTick); Application Note AN386 (memory map,
 * interrupts); Cortex-M System Design Kit TRM (CMSDK APB UART and timer registers).
 */
#include <string.h>

#include "device/pen_board.h"

#define CLOCK_HZ 25000000u /* of processor and peripherals */
#define BAUD 3000000u      /* QEMU does not count it */

#define REGISTER(address) (*(volatile uint32_t*)(address))
#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_INTCLEAR REGISTER(0x4000400Cu)
#define UART_BAUDDIV REGISTER(0x40004010u)
#define TX_FULL 1u
#define RX_FULL 2u
#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define NVIC_ISER0 REGISTER(0xE000E100u)
#define SCB_CPACR REGISTER(0xE000ED88u)
#define UART_RX_IRQ 0u

extern uint8_t pen_agent_data_begin[], pen_agent_data_end[], pen_agent_data_load[];
extern uint8_t pen_agent_bss_begin[], pen_agent_bss_end[];
extern uint8_t pen_stack_end[];

void Reset_Handler(void);
void pen_ignored(void);
void pen_receiver(void);

__attribute__((section(".pen_vectors"), used)) static void (*const vectors[16 + 32])(void) = {
    (void (*)(void))(uintptr_t)pen_stack_end,
    Reset_Handler,
    pen_ignored,
    pen_fault,
    pen_fault,
    pen_fault,
    pen_fault,
    [11] = pen_ignored,
    [12] = pen_ignored,
    [14] = pen_ignored,
    [15] = pen_fault_slow,
    [16 + UART_RX_IRQ] = pen_receiver,
};

void pen_ignored(void) {}
void pen_receiver(void) { UART_INTCLEAR = 2u; } /* it woke the processor */

/* ---- what the agent needs ---- */

static uint32_t now_us(void* context) {
  static uint32_t last, rest, us; /* the timer counts down through 32 bits */
  (void)context;
  const uint32_t value = TIMER_VALUE, gone = last - value + rest;
  last = value;
  us += gone / (CLOCK_HZ / 1000000u);
  rest = gone % (CLOCK_HZ / 1000000u);
  return us;
}

/* Waits for the first byte: some time awake, since bytes follow each other closely, then asleep until the UART or the
 * slow timer wakes the processor. */
static uint32_t read_line(void* context, void* to, uint32_t room, uint32_t wait_us) {
  uint8_t* at = (uint8_t*)to;
  uint32_t count = 0;
  const uint32_t begin_us = now_us(context);
  for (uint32_t looks = 0; count < room; ++looks) {
    if (UART_STATE & RX_FULL) {
      at[count++] = (uint8_t)UART_DATA;
      looks = 0;
      continue;
    }
    if (count && looks >= 6u) break;
    if (!count && wait_us == 0) break;
    if (!count && looks >= 6u) {
      if (now_us(context) - begin_us >= wait_us) break;
      if (wait_us > 2000u) {
        __asm volatile("cpsid i" ::: "memory");
        if (!(UART_STATE & RX_FULL)) __asm volatile("wfi" ::: "memory");
        __asm volatile("cpsie i" ::: "memory");
      }
      looks = 0;
    }
  }
  return count;
}

static void write_line(void* context, const void* bytes, uint32_t count) {
  const uint8_t* from = (const uint8_t*)bytes;
  (void)context;
  for (uint32_t i = 0; i < count; ++i) {
    while (UART_STATE & TX_FULL) {
    }
    UART_DATA = from[i];
  }
}

void Reset_Handler(void) {
  SCB_CPACR |= 0xFu << 20; /* FPU */
  __asm volatile("dsb\n isb");
  memcpy(pen_agent_data_begin, pen_agent_data_load, (uint32_t)(pen_agent_data_end - pen_agent_data_begin));
  memset(pen_agent_bss_begin, 0, (uint32_t)(pen_agent_bss_end - pen_agent_bss_begin));
  pen_fault_begin(0, 0x400000u);
  TIMER_RELOAD = 0xFFFFFFFFu;
  TIMER_VALUE = 0xFFFFFFFFu;
  TIMER_CTRL = 1u;
  UART_BAUDDIV = CLOCK_HZ / BAUD < 16u ? 16u : CLOCK_HZ / BAUD;
  UART_CTRL = 1u | 2u | 8u; /* transmit, receive, interrupt of the receiver */
  NVIC_ISER0 = 1u << UART_RX_IRQ;
  SYST_RVR = CLOCK_HZ / 10u - 1u;
  SYST_CSR = 7u;

  static PenAgentBoard board;
  board.read = read_line;
  board.write = write_line;
  board.now_us = now_us;
  pen_board_describe(&board, "mps2-an386");
  pen_board_run(&board);
  for (;;) {
  }
}
