/* Words of Keil's armcc: __packed before struct and elsewhere; __align, __weak, __forceinline, __irq, intrinsics. */
#include "board.h"
volatile uint32_t result;
typedef __packed struct {
  uint8_t kind;
  uint32_t value;
} Record;
typedef __packed
    struct Frame {
  uint16_t crc;
  Record record[2];
  struct {
    uint8_t a;
    uint16_t b;
  } loose; /* as armcc has it: what is inside keeps its own layout */
} Frame;
__packed union Either {
  uint32_t word;
  uint8_t bytes[7];
};
struct Late {
  uint8_t a;
  __packed struct {
    uint8_t b;
    uint32_t c;
  } inner;
};
static __align(16) uint8_t buffer[10];
static __forceinline uint32_t twice(uint32_t x) { return 2 * x; }
__weak void hook(void) { result |= 1u; }
__irq void SPARE_Handler(void) {}
void tick_isr(void) { ++buffer[0]; }
int main(void) {
  __packed uint32_t* p = (__packed uint32_t*)(buffer + 1);
  *p = 0x01020304u;
  __disable_irq();
  __enable_irq();
  __nop();
  __dsb(0xF);
  if (sizeof(Record) == 5) result |= 2u;
  if (sizeof(Frame) == 16 && sizeof(union Either) == 7) result |= 4u;
  if (sizeof(struct Late) == 6) result |= 8u;
  if (((uintptr_t)buffer & 15u) == 0 && buffer[1] == 4 && twice(2) == 4) result |= 16u;
  if (__clz(1) == 31 && __rev(0x11223344u) == 0x44332211u && __ror(1, 4) == 0x10000000u) result |= 32u;
  hook();
  for (;;) __wfi();
}
