// A constructor that reads the hardware's clock and an input before main().
#include "board.h"
struct Board {
  uint32_t at;
  bool start;
  Board() : at(board_micros()), start(board_start()) {}
} b;
volatile uint32_t result;
extern "C" int main(void) {
  for (;;) {
    result = b.at ? 1 : 2;
    board_sleep();
  }
}
