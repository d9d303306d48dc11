// A constructor calls, through another function, what only the derived class has.
#include "board.h"
volatile uint32_t result;
struct Sensor {
  Sensor() { start(); }
  virtual ~Sensor() = default;
  void start() { read(); }
  virtual void read() = 0;
};
struct Depth : Sensor {
  void read() override {}
};
extern "C" int main(void) {
  result = 1;
  board_delay_us(100000);
  static Depth depth;
  for (;;) board_sleep();
}
