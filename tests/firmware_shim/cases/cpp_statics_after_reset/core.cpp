// A static local with a guard, its destructor, and a vector; the watchdog bites every 200 ms.
#include <vector>

#include "board.h"
volatile uint32_t result;
struct Once {
  std::vector<int> v;
  Once() : v(100, 7) {}
  ~Once() { v.clear(); }
  int get() { return v[99]; }
};
static Once& once() {
  static Once o;
  return o;
}
static std::vector<int> global(10, 3);
extern "C" int main(void) {
  board_watchdog_start(200);
  for (int i = 0;; ++i) {
    result = (uint32_t)(once().get() + global[9]);
    global.push_back(1);
    board_sleep();
  }
}
