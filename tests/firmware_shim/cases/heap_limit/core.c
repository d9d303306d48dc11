/* A target with 64 KiB heap: malloc fails after a while and the firmware copes. */
#include <stdlib.h>

#include "board.h"
uint32_t result, failed;
int main(void) {
  for (;;) {
    void* p = malloc(1 << 20);
    if (p) {
      ++result;
      *(char*)p = 1;
    } else
      ++failed;
    board_sleep();
  }
}
