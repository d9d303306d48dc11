// Static initialisation across two files: the order of the list of sources decides.
#include "board.h"
extern int base;
int copy = base + 1;
volatile uint32_t result;
extern "C" int main(void) {
  for (;;) {
    result = (uint32_t)copy;
    board_sleep();
  }
}
