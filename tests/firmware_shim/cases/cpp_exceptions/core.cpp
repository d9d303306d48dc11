// Exceptions and RTTI in main() and in a handler.
#include <stdexcept>
#include <string>

#include "board.h"
uint32_t result, in_isr;
struct Shape {
  virtual ~Shape() = default;
};
struct Round : Shape {
  int r = 3;
};
extern "C" void tick_isr(void) {
  try {
    throw 5;
  } catch (int v) {
    in_isr += (uint32_t)v;
  }
}
extern "C" int main(void) {
  for (;;) {
    try {
      if (board_start()) throw std::runtime_error("start");
    } catch (const std::exception& e) {
      result += std::string(e.what()).size();
    }
    Shape* s = new Round;
    if (dynamic_cast<Round*>(s)) ++result;
    delete s;
    board_sleep();
  }
}
