// Watch names: templates, namespaces, bit-fields, arrays of structs, std::array, atomics, static members, pointers.
#include <array>
#include <atomic>

#include "board.h"
namespace drive {
template <typename T, int N>
struct Ring {
  std::array<T, N> v{};
  int head = 0;
  void push(T x) { v[head++ % N] = x; }
  static inline int pushes = 0;
};
namespace {
Ring<float, 4> speeds;
}
struct Base {
  virtual ~Base() = default;
  int common = 1;
  virtual void step() = 0;
};
struct Motor final : Base {
  float duty = 0;
  struct {
    unsigned on : 1, fault : 3;
  } flags{};
  void step() override {
    duty += 0.5f;
    flags.on = 1;
    flags.fault = 5;
    ++common;
  }
};
std::atomic<int> ticks{0};
Motor motors[2];
Motor* active = &motors[1];
Motor* table[2] = {&motors[0], &motors[1]};
Motor* nobody = nullptr;
Motor* wild = reinterpret_cast<Motor*>(0x10);
Motor& chosen = motors[1];
float* level = &motors[1].duty;
const void* raw = &motors[1];
std::array<uint16_t, 3> samples{};
union {
  uint32_t word;
  uint8_t byte[4];
} mix;
}  // namespace drive
volatile uint32_t result;
enum class Mode : uint8_t { idle, run };
Mode mode;
extern "C" void tick_isr(void) { ++drive::ticks; }
extern "C" int main(void) {
  for (;;) {
    static int rounds;
    ++rounds;
    drive::speeds.push(1.5f * rounds);
    ++drive::Ring<float, 4>::pushes;
    drive::active->step();
    drive::samples[2] = (uint16_t)rounds;
    drive::mix.word = 0x01020304;
    mode = Mode::run;
    result = (uint32_t)rounds;
    board_sleep();
  }
}
