// Unwinding where it is hard: at a reset, while main() and a handler have both caught something, out of destructors,
// with longjmp. `result` counts the resets after which all of it went well.
#include <csetjmp>
#include <exception>
#include <stdexcept>
#include <string>

#include "board.h"

extern "C" void pen_reset(void);
volatile uint32_t result, wrong, in_handler;
__attribute__((section(".noinit"))) volatile uint32_t resets, marked;

struct AtReset {
  AtReset() {
    if (marked != 0x5AFE5AFE) resets = 0;
    marked = 0x5AFE5AFE;
    try {
      throw std::runtime_error("at reset");
    } catch (const std::exception& e) {
      if (std::string(e.what()) != "at reset") wrong = 1;
    }
  }
} at_reset;

extern "C" void tick_isr(void) {
  try {
    throw 3.5f;
  } catch (float f) {
    in_handler = in_handler + (f == 3.5f);
  }
}

struct Throws {
  ~Throws() noexcept(false) {
    if (!std::uncaught_exceptions()) throw 7;
  }
};

static jmp_buf place;

static int hard_ones() {
  volatile int right = 0;
  try {
    throw std::runtime_error(std::string(3000, 'x'));
  } catch (const std::exception& e) {
    board_sleep();
    try {
      throw 5;
    } catch (...) {
      board_sleep();
      right = right + 1;
    }
    right = right + (std::string(e.what()).size() == 3000);
  }
  try {
    Throws throws;
  } catch (int) {
    right = right + 1;
  }
  try {
    try {
      Throws throws_not;
      throw 8L;
    } catch (long) {
      throw;
    }
  } catch (int32_t value) {
    right = right + (value == 8);
  }
  if (setjmp(place) == 0) {
    std::exception_ptr kept;
    try {
      throw std::out_of_range("kept");
    } catch (...) {
      kept = std::current_exception();
    }
    board_sleep();
    try {
      std::rethrow_exception(kept);
    } catch (const std::out_of_range&) {
      right = right + 1;
    }
    longjmp(place, 1);
  }
  return right;
}

extern "C" int main(void) {
  const int right = hard_ones();
  result = right == 5 && in_handler >= 3 && !wrong ? resets : 0;
  board_delay_us(50);
  if (right != 5) resets = 1000000;
  resets = resets + 1;
  pen_reset();
}
