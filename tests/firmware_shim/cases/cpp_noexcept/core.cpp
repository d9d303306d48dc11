// An exception in a function that promises none.
#include <vector>

#include "board.h"
volatile uint32_t result;
static int nth(const std::vector<int>& v, unsigned n) noexcept { return v.at(n); }
extern "C" int main(void) {
  std::vector<int> v(3);
  for (unsigned i = 0;; ++i) {
    result = i;
    try {
      v[0] += nth(v, i);
    } catch (...) {
      result = 1000;
    }
    board_sleep();
  }
}
