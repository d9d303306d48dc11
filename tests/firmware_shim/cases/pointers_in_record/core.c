/* A record with pointers that is saved as bytes: 12 bytes on the target. */
#include "board.h"
typedef struct {
  uint8_t kind;
  uint8_t* data;
  void (*handler)(void);
} Entry;
_Static_assert(sizeof(uint32_t) == 4, "");
volatile uint32_t result;
int main(void) {
  Entry e = {0};
  (void)e;
  result = sizeof(Entry);
  for (;;) board_sleep();
}
