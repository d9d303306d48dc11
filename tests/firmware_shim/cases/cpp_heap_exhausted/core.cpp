// new until the heap ends, each time from the start.
#include <memory>
#include <new>
#include <vector>

#include "board.h"
volatile uint32_t result, blocks;
extern "C" int main(void) {
  for (;;) {
    std::vector<std::unique_ptr<char[]>> kept;
    try {
      for (;;) kept.push_back(std::make_unique<char[]>(1000));
    } catch (const std::bad_alloc&) {
      blocks = kept.size();
      ++result;
    }
    kept.clear();
    if (new (std::nothrow) char[100000]) result = 0;
    board_sleep();
  }
}
