/* motor.c - variables of every kind that a core may have; each begins with a value of its own. Nothing here is run but
 * zoo_run(). */
#include <stdbool.h>
#include <stdint.h>

#define KEPT __attribute__((used))

typedef struct {
  float kp, ki;
  double integral;
  struct {
    int16_t low, high;
  } limit;
} Pid;

typedef struct Channel {
  uint8_t gain;
  int32_t offset;
} Channel;

enum State { IDLE, RUN = 3, FAULT = -2 };
enum Level { QUIET = 1, LOUD = 200 };

struct Bits {
  unsigned a : 3;
  int b : 5;
  unsigned c : 10;
  int d : 14;
  uint64_t wide : 40;
  int64_t e : 20;
  enum State state : 3;
  bool on : 1;
};

struct __attribute__((packed)) Packed {
  uint8_t x;
  uint16_t y : 9;
  uint16_t z : 12;
  uint32_t w;
};

union Word {
  float f;
  uint32_t u;
  uint8_t bytes[4];
};

struct Register {
  union {
    uint32_t value;
    struct {
      uint32_t low : 16, high : 16;
    };
  };
  uint8_t after;
};

struct Outer {
  struct Inner {
    int16_t v[2][2];
    const char* label;
  } in[3];
};

KEPT static Pid speed_loop = {0.5f, 0.25f, 1.5, {-7, 9}};
Channel table[5] = {{1, -1}, {2, -20}, {3, -300}, {4, -4000}, {5, -50000}};
int16_t grid[2][3] = {{11, 12, 13}, {-21, -22, -23}};
KEPT static enum State state = RUN;
enum Level level = LOUD;
enum State faulty = FAULT;
struct Bits bits = {5, -3, 700, -5000, 0x123456789AULL, -300000, FAULT, true};
struct Packed packed = {7, 300, 2500, 0xCAFEBABE};
union Word word = {.f = 1.0f};
struct Register reg = {{0xABCD1234}, 99};
struct Outer outer = {{{{{1, 2}, {3, 4}}, 0}, {{{5, 6}, {7, 8}}, 0}, {{{9, 10}, {11, 12}}, 0}}};
bool ready = true;
signed char small = -128;
unsigned char byte = 255;
uint64_t huge = 0x8000000000000000ULL;
int64_t deep = -4611686018427387904LL;
double ratio = -0.1;
const volatile int16_t fixed = -1234;
volatile uint32_t polled = 17;
Channel* chosen = (Channel*)64;
long double longer = 1.0L;
int history[100] = {1, 2, 3};
_Thread_local int per_thread = 4;
void (*callback)(void);

/* Read-only and never addressed: a compiler keeps its value and drops its place. */
static int folded = 5;

unsigned motor_calls(void) {
  static unsigned calls = 40;
  static volatile struct { uint16_t last[2]; } seen = {{8, 9}};
  calls += 2;
  seen.last[1] = (uint16_t)calls;
  return calls + seen.last[0] + (unsigned)folded + (unsigned)per_thread;
}
