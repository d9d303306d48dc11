#include <stdatomic.h>

#include "board.h"
volatile uint32_t result;
static atomic_flag lock = ATOMIC_FLAG_INIT;
static _Atomic uint32_t n;
static _Atomic uint64_t wide;
void tick_isr(void) {
  atomic_fetch_add(&n, 1);
  atomic_fetch_add(&wide, 1);
}
int main(void) {
  for (;;) {
    while (atomic_flag_test_and_set(&lock)) {
    }
    result = n + (uint32_t)atomic_load(&wide);
    atomic_flag_clear(&lock);
    uint32_t before = n;
    while (n == before) {
    }
  }
}
