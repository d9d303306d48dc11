/* Words of IAR's iccarm; .noinit survives the watchdog's reset. */
#include <intrinsics.h>
#include "board.h"
volatile uint32_t result;
__no_init uint32_t starts;
__no_init uint32_t magic;
__root const uint8_t version[4] @ ".version" = {1, 2, 3, 4};
static uint32_t fast_counter @ ".ccmram";
typedef __packed struct {
  uint8_t kind;
  uint32_t value;
} Record;
#pragma optimize = none
__ramfunc uint32_t next(uint32_t x) { return x + 1; }
__weak void hook(void) {}
int main(void) {
  if (magic != 0x5A5A1234u) starts = 0, magic = 0x5A5A1234u;
  ++starts;
  __disable_interrupt();
  fast_counter = next(fast_counter);
  __enable_interrupt();
  __no_operation();
  result = starts * 10 + (sizeof(Record) == 5 && version[3] == 4);
  board_watchdog_start(300);
  for (;;) board_sleep();
}
