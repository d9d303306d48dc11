/* Two folders with a file of the same name: usual in firmware with modules. */
#include "board.h"
int filter_a(int), filter_b(int);
uint32_t result;
int main(void) {
  for (;;) {
    result = (uint32_t)filter_a(filter_b(3));
    board_sleep();
  }
}
