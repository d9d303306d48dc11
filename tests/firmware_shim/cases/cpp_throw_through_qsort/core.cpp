// An exception cannot pass a function of the C library: it is built without tables for that.
#include <cstdlib>

#include "board.h"
volatile uint32_t result;
static int compare(const void* a, const void* b) {
  const int left = *static_cast<const int*>(a), right = *static_cast<const int*>(b);
  if (left == 50 || right == 50) throw left;
  return left - right;
}
extern "C" int main(void) {
  int values[100];
  for (int i = 0; i < 100; ++i) values[i] = 99 - i;
  result = 1;
  board_delay_us(20000);
  try {
    qsort(values, 100, sizeof values[0], compare);
  } catch (int) {
    result = 2;
  }
  for (;;) board_sleep();
}
