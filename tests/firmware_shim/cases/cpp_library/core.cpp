// What C++ firmware takes from its library without an operating system below. `result` has a bit for each part that
// does what it should; `mixed` is made of all that was computed, so that two targets can be compared.
#include <algorithm>
#include <any>
#include <array>
#include <chrono>
#include <complex>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <typeindex>
#include <typeinfo>
#include <unordered_map>
#include <variant>
#include <vector>

#include "board.h"

volatile uint32_t result, mixed, rounds;
volatile float level;

namespace {

uint32_t mix(uint32_t value) { return mixed = (mixed ^ value) * 16777619u + 97u; }
uint32_t mix(const std::string& text) {
  for (char c : text) mix(static_cast<uint32_t>(static_cast<unsigned char>(c)));
  return mixed;
}
uint32_t mix(float value) {
  uint32_t bits;
  static_assert(sizeof bits == sizeof value);
  __builtin_memcpy(&bits, &value, sizeof bits);
  return mix(bits);
}

// ---- classes

struct Part {
  virtual ~Part() = default;
  virtual int number() const { return 1; }
  int own = 7;
};
struct Left : virtual Part {
  int number() const override { return 2; }
  int left = 11;
};
struct Right : virtual Part {
  int right = 13;
};
struct Both final : Left, Right {
  int number() const override { return 4 + left + right + own; }
};
template <class T>
struct Holder : Part {
  T value{};
};

bool classes() {
  std::unique_ptr<Part> part = std::make_unique<Both>();
  auto* left = dynamic_cast<Left*>(part.get());
  auto* right = dynamic_cast<Right*>(part.get());
  mix(typeid(*part).name());
  mix(typeid(Holder<std::vector<int32_t>>).name());
  const bool same = std::type_index(typeid(*left)) == typeid(Both);
  Part plain;
  return left && right && dynamic_cast<Right*>(left) == right && part->number() == 35 && same &&
         !dynamic_cast<Left*>(&plain);
}

// ---- exceptions

struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  ~Counted() { --alive; }
};
struct Big : std::runtime_error {
  explicit Big(int n) : std::runtime_error("big " + std::to_string(n)) { bytes.fill(static_cast<char>(n)); }
  std::array<char, 900> bytes;
};
__attribute__((noinline)) int deep(int n) {
  Counted here;
  if (n == 0) throw Big(5);
  return deep(n - 1) + Counted::alive;
}
int compare(const void* a, const void* b) { return *static_cast<const int*>(a) - *static_cast<const int*>(b); }

bool exceptions() {
  int caught = 0;
  try {
    deep(20);
  } catch (const std::exception& e) {
    mix(e.what());
    caught += Counted::alive == 0;
  }
  try {
    try {
      throw std::out_of_range("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (const std::logic_error& e) {
    try {
      std::rethrow_if_nested(e);
    } catch (const std::out_of_range& inner) {
      mix(inner.what());
      ++caught;
    }
  }
  std::exception_ptr kept;
  try {
    std::vector<int>(3).at(5);
  } catch (...) {
    kept = std::current_exception();
  }
  try {
    std::rethrow_exception(kept);
  } catch (const std::out_of_range& e) {
    mix(e.what());
    ++caught;
  }
  try {
    (void)std::stoi("no number");
  } catch (const std::invalid_argument& e) {
    mix(e.what());
    ++caught;
  }
  try {
    std::function<void()> nothing;
    nothing();
  } catch (const std::bad_function_call&) {
    ++caught;
  }
  try {
    (void)std::get<int>(std::variant<int, float>(1.0f));
  } catch (const std::bad_variant_access&) {
    ++caught;
  }
  try {
    throw Counted();
  } catch (const Counted&) {
    caught += Counted::alive == 1;
  }
  return caught == 7 && Counted::alive == 0 && std::uncaught_exceptions() == 0;
}

// ---- containers and the like

bool containers() {
  std::vector<int> v(100);
  std::iota(v.begin(), v.end(), 0);
  std::reverse(v.begin(), v.end());
  std::sort(v.begin(), v.end(), [](int a, int b) { return a % 7 != b % 7 ? a % 7 < b % 7 : a > b; });
  for (int n : v) mix(static_cast<uint32_t>(n));
  qsort(v.data(), v.size(), sizeof v[0], compare);
  std::map<std::string, int32_t> names{{"depth", 1}, {"speed", 2}, {"eye", 3}};
  std::unordered_map<int, float> table;
  for (int i = 0; i < 50; ++i) table[i * 37] = static_cast<float>(i) * 0.25f;
  for (const auto& [key, value] : table) mix(static_cast<uint32_t>(key)), mix(value);
  std::deque<int> queue;
  std::list<int> list;
  std::set<long> set;
  for (int i = 0; i < 40; ++i) queue.push_front(i), list.push_back(i * 3 % 11), set.insert(i % 9);
  list.sort();
  list.unique();
  return v.front() == 0 && v.back() == 99 && names.at("eye") == 3 && table.size() == 50 && queue[39] == 0 &&
         list.size() == 11 && set.size() == 9;
}

bool values() {
  std::optional<float> nothing, something = 2.5f;
  std::variant<int, std::string> either = std::string("text");
  std::any any = 5;
  std::function<int(int)> add = [k = 3](int n) { return n + k; };
  auto bound = std::bind(std::plus<int>(), std::placeholders::_1, 4);
  std::shared_ptr<Counted> shared = std::make_shared<Counted>();
  std::weak_ptr<Counted> weak = shared;
  shared.reset();
  std::array<uint8_t, 4> bytes{1, 2, 3, 4};
  const auto [a, b] = std::make_tuple(1, 2.0f);
  return !nothing && *something == 2.5f && std::get<std::string>(either) == "text" && std::any_cast<int>(any) == 5 &&
         add(4) == 7 && bound(1) == 5 && weak.expired() && std::accumulate(bytes.begin(), bytes.end(), 0) == 10 &&
         a + b == 3.0f;
}

bool texts() {
  std::string text = "depth ";
  text += std::to_string(-12345L) + "/" + std::to_string(1.5f);
  text.insert(0, 40, '.');
  char line[64];
  snprintf(line, sizeof line, "%ld %.3f %s", static_cast<int32_t>(-5), 0.1, std::string(5, 'x').c_str());
  std::ostringstream out;
  out << "t=" << 42 << ' ' << 0.25 << ' ' << std::string_view("view");
  mix(text), mix(line), mix(out.str());
  return text.find("-12345/1.5") == 46 && std::stol("0x7fffffff", nullptr, 16) == 2147483647L &&
         out.str() == "t=42 0.25 view";
}

bool numbers() {
  using namespace std::chrono_literals;
  std::minstd_rand random(7);
  std::uniform_int_distribution<int> dice(1, 6);
  std::normal_distribution<float> noise(0.0f, 1.0f);
  for (int i = 0; i < 20; ++i) mix(static_cast<uint32_t>(dice(random))), mix(noise(random));
  const std::complex<float> turned = std::complex<float>(3.0f, 4.0f) * std::polar(1.0f, 0.5f);
  mix(turned.real()), mix(turned.imag()), mix(std::abs(turned));
  level = std::hypot(3.0f, 4.0f);
  return level == 5.0f && std::chrono::duration_cast<std::chrono::microseconds>(1.5ms).count() == 1500 &&
         sizeof(std::string) == 24 && sizeof(long) == 4 && sizeof(std::vector<int>) == 12;
}

int first_time(int n) {
  static const std::vector<int> made(1, n);
  return made[0];
}

}  // namespace

extern "C" void tick_isr(void) {
  try {
    if (rounds % 2) throw static_cast<int32_t>(rounds);
  } catch (int32_t n) {
    mix(static_cast<uint32_t>(n));
  }
}

extern "C" int main(void) {
  for (;;) {
    uint32_t right = classes();
    right |= exceptions() ? 2u : 0u;
    right |= containers() ? 4u : 0u;
    right |= values() ? 8u : 0u;
    right |= texts() ? 16u : 0u;
    right |= numbers() ? 32u : 0u;
    right |= first_time(static_cast<int>(rounds) + 9) == 9 ? 64u : 0u;
    result = right;
    ++rounds;
    board_motor(board_start() ? static_cast<int>(mixed % 8000u) : 0);
    board_sleep();
  }
}
