/* A host thread of the core (FreeRTOS POSIX port has them) that crashes. */
#include <pthread.h>

#include "board.h"
volatile uint32_t result;
static void* run(void* p) {
  *(volatile int*)p = 1;
  return 0;
}
int main(void) {
  pthread_t t;
  pthread_create(&t, 0, run, (void*)16);
  for (;;) {
    ++result;
    board_sleep();
  }
}
