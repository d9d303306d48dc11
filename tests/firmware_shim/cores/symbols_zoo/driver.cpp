// driver.cpp - what C++ adds: namespaces, members of classes, inline variables, bases.
#include <cstdint>

#define KEPT __attribute__((used))

namespace pen {

struct Base {
  std::int32_t serial = 1001;
};

class Driver : public Base {
 public:
  static int instances;
  inline static short shared = -9;
  enum class Mode : std::uint8_t { off, drive = 130 };
  std::int16_t gain = 12;
  Mode mode = Mode::drive;
  int step();
};

int Driver::instances = 31;
int Driver::step() {
  static int steps = 600;
  return ++steps + instances + shared;
}

template <typename T>
struct Filter {
  static T cutoff;
};
template <typename T>
T Filter<T>::cutoff = T(2.5);
template struct Filter<double>;

namespace {
KEPT Driver hidden;
KEPT std::uint8_t state = 3;
}  // namespace

namespace detail {
Driver motor;
bool flag = true;
}  // namespace detail

}  // namespace pen

extern "C" int zoo_cpp();
extern "C" int zoo_cpp() { return pen::detail::motor.step() + pen::hidden.step(); }
