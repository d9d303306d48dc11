// An exception leaves a handler: there is no way from there into main(), although main() would catch it.
#include <string>

#include "board.h"
volatile uint32_t result;
struct Overcurrent {
  int at;
};
extern "C" void tick_isr(void) {
  if (++result == 300) throw Overcurrent{5};
}
extern "C" int main(void) {
  for (;;) {
    try {
      board_sleep();
    } catch (const Overcurrent&) {
      result = 1000000;
    }
  }
}
