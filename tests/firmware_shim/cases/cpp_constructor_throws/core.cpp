// A static object cannot be made: nobody is there to catch it.
#include <stdexcept>

#include "board.h"
volatile uint32_t result;
struct Flash {
  Flash() {
    if (board_adc(0) < 60000) throw std::runtime_error("settings are damaged");
  }
} flash;
extern "C" int main(void) {
  result = 1;
  for (;;) board_sleep();
}
