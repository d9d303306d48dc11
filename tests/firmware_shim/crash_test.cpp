#include "firmware_shim/native/crash.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>

#include "firmware_shim/native/host_memory.h"
#include "firmware_shim/native/native_target.h"
#include "misbehave.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN true
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN false
#endif

namespace pensim {
namespace {

constexpr int first_bad_tick = 7;

int line_of(const std::string& mark) {
  std::ifstream source(MISBEHAVE_SOURCE);
  int number = 1;
  for (std::string line; std::getline(source, line); ++number)
    if (line.find("/* at: " + mark + " */") != std::string::npos) return number;
  ADD_FAILURE() << "no line is marked at: " << mark;
  return -1;
}

std::string file_of(const std::string& core) {
  return (core == "misbehave" || core == "misbehave_main" ? PENSIM_CORES "/" : PENSIM_TEST_CORES "/") + core + ".so";
}

struct Asked {
  int what = BEHAVE;
  std::uint64_t address = 0;
  int bytes = 0;
  int ticks = 30;
  std::function<void(CrashSetup&)> change = [](CrashSetup&) {};
  std::function<void()> before_tick = [] {};
};

// What a run does: ticks of the core in a child, guarded; a verdict by the parent.
CrashVerdict run_core(const std::string& core, const Asked& asked) {
  CrashReport report;
  const pid_t child = fork();
  if (child == 0) {
    std::freopen("/dev/null", "w", stderr);  // what assert() and the C library have to say
    auto target = open_native(file_of(core));
    target->reset(PEN_RESET_POWER_ON);
    CrashSetup setup = crash_setup(report, *target);
    setup.cpu_period_ms = 50;
    asked.change(setup);
    crash_install(setup);
    PenIn in{};
    PenOut out{};
    for (int k = 0; k < asked.ticks; ++k) {
      in.time_us = 50u * static_cast<unsigned>(k);
      if (k == first_bad_tick) {
        in.aux[0] = asked.what;
        in.aux[1] = static_cast<std::int32_t>(asked.address);
        in.aux[2] = static_cast<std::int32_t>(asked.address >> 32);
        in.aux[3] = asked.bytes;
      }
      asked.before_tick();
      const StepReport step = target->step(k, in, out);
      if (step.hang) crash_report_hang(*target);
    }
    crash_complete();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return explain_crash(report, status, file_of(core));
}

struct Expected {
  int what;
  CrashKind kind;
  const char* function;
  const char* mark;
  const char* detail;  // part of it
};

void expect(const CrashVerdict& v, const Expected& e, const std::string& core) {
  SCOPED_TRACE(core + ", behaviour " + std::to_string(e.what) + "\n" + crash_text(v));
  EXPECT_STREQ(crash_kind_name(v.kind), crash_kind_name(e.kind));
  EXPECT_TRUE(v.by_core);
  EXPECT_FALSE(v.suspect_scribble);
  EXPECT_EQ(v.at_tick, first_bad_tick);
  EXPECT_EQ(v.function, e.function);
  EXPECT_EQ(v.file, "firmware_shim/cores/misbehave/misbehave.c");
  if (e.what == RECURSE || e.what == HUGE_FRAME) {  // any access to the stack may be the first beyond it
    EXPECT_GE(v.line, line_of(e.mark) - 5);
    EXPECT_LE(v.line, line_of(e.mark) + 2);
  } else {
    EXPECT_EQ(v.line, line_of(e.mark));
  }
  EXPECT_NE(v.detail.find(e.detail), std::string::npos) << v.detail;
}

class EveryShape : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crash, EveryShape,
                         testing::Values("misbehave", "misbehave_main", "misbehave_O0", "misbehave_ilp32",
                                         "misbehave_ilp32_main", "misbehave_ilp32_O0"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(EveryShape, NamesKindFunctionAndLine) {
  const Expected all[] = {
      {NULL_WRITE, CrashKind::segfault, "put", "NULL_WRITE", "write to 0x00000000, near the null pointer"},
      {NULL_READ, CrashKind::segfault, "null_read", "NULL_READ", "read of 0x00000008, near the null pointer"},
      {RECURSE, CrashKind::stack_overflow, "recurse", "RECURSE", "the stack of "},
      {ABORT, CrashKind::abort, "control", "ABORT", "abort()"},
      {ASSERT, CrashKind::abort, "control", "ASSERT", "assertion"},
      {FREE_RUBBISH, CrashKind::abort, "control", "FREE_RUBBISH", "heap corruption"},
      {EXIT_0, CrashKind::exit, "control", "EXIT_0", "exit code 0"},
      {EXIT_NOW_3, CrashKind::exit, "control", "EXIT_NOW_3", "exit code 3"},
      {EXIT_SYSTEM_5, CrashKind::exit, "control", "EXIT_SYSTEM_5", "exit code 5"},
      {DIVIDE, CrashKind::divide, "divide", "DIVIDE", "gives 0 as on a Cortex-M"},
      {TRAP, CrashKind::illegal_instruction, "control", "TRAP", "trap"},
      {SPIN, CrashKind::hang, "spin", "SPIN", "processor time"},
      {SCRIBBLE_UP, CrashKind::segfault, "scribble", "SCRIBBLE", "0 bytes past the end of the core's memory"},
      {SCRIBBLE_DOWN, CrashKind::segfault, "scribble", "SCRIBBLE", "read-only memory of the core"},
      {WILD_WRITE, CrashKind::segfault, "wild_write", "WILD_WRITE", "write to 0x123456789000, not mapped"},
      {CALL_1234, CrashKind::segfault, "call_address", "CALL", "call of 0x00001234"},
      {CALL_DATA, CrashKind::segfault, "call_address", "CALL", "data of the core"},
      {SMASH, CrashKind::segfault, "smash", "SMASH", "overwritten"},
      {SMASH_TO_TOP, CrashKind::segfault, "fill", "SMASH_TO_TOP", ""},
      {BUS, CrashKind::bus_error, "bus", "BUS", "behind the end of a mapped file"},
      {LIBRARY_NULL, CrashKind::segfault, "library_null", "LIBRARY_NULL", "near the null pointer"},
      {BAD_UART, CrashKind::segfault, "control", "BAD_UART", "near the null pointer"},
  };
  for (const Expected& e : all) {
    // No system calls there, and no address above 4 GB.
    const bool ilp32 = std::string(GetParam()).find("ilp32") != std::string::npos;
    const bool of_a_pc = e.what == EXIT_SYSTEM_5 || e.what == BUS || e.what == WILD_WRITE;
    if (ilp32 && of_a_pc) continue;
    if (UNDER_ASAN && !ilp32 && e.what == FREE_RUBBISH) continue;  // AddressSanitizer ends the process in its own way
    Asked asked;
    asked.what = e.what;
    expect(run_core(GetParam(), asked), e, GetParam());
  }
}

TEST(Crash, WellBehavedCompletes) {
  for (const char* core : {"misbehave", "misbehave_main", "misbehave_heap", "misbehave_ilp32"}) {
    const CrashVerdict v = run_core(core, {});
    EXPECT_EQ(v.kind, CrashKind::none) << crash_text(v);
    EXPECT_FALSE(v.by_core);
  }
}

// A frame so large that the first access lies far below the guard page.
TEST(Crash, LargeFrameOnOwnStackIsAStackOverflow) {
  Asked asked;
  asked.what = HUGE_FRAME;
  expect(run_core("misbehave_main", asked),
         {HUGE_FRAME, CrashKind::stack_overflow, "huge_frame", "HUGE_FRAME", "256 KB"}, "misbehave_main");
}

TEST(Crash, OverrunToTheTopOfOwnStackIsSaid) {
  Asked asked;
  asked.what = SMASH_TO_TOP;
  const CrashVerdict v = run_core("misbehave_main", asked);
  EXPECT_NE(v.detail.find("a local variable was overrun"), std::string::npos) << crash_text(v);
}

TEST(Crash, EndlessWaitNamesTheLoop) {
  Asked asked;
  asked.what = WAIT_FOREVER;
  asked.ticks = 60'000;
  const CrashVerdict v = run_core("misbehave_main", asked);
  SCOPED_TRACE(crash_text(v));
  EXPECT_EQ(v.kind, CrashKind::hang);
  EXPECT_TRUE(v.by_core);
  EXPECT_EQ(v.function, "wait_forever");
  EXPECT_EQ(v.line, line_of("WAIT_FOREVER"));
  EXPECT_GT(v.at_tick, 19'000);
  EXPECT_EQ(v.detail, "waits for 1 s of virtual time for what nobody will change, reading flag");
  bool through_main = false;
  for (const Frame& f : v.frames) through_main = through_main || f.function == "firmware_main";
  EXPECT_TRUE(through_main);
}

TEST(Crash, BlockedInASystemCallIsAHang) {
  Asked asked;
  asked.what = BLOCK;
  asked.change = [](CrashSetup& s) { s.blocked_period_s = 1; };
  const CrashVerdict v = run_core("misbehave", asked);
  SCOPED_TRACE(crash_text(v));
  EXPECT_EQ(v.kind, CrashKind::hang);
  EXPECT_EQ(v.function, "control");
  EXPECT_EQ(v.line, line_of("BLOCK"));
  EXPECT_NE(v.detail.find("system call"), std::string::npos);
}

// Slow is no hang: as much processor time outside the core, or in many steps, as would be one inside a step.
TEST(Crash, ProcessorTimeOutsideOneStepIsNoHang) {
  Asked asked;
  asked.ticks = 4;
  asked.before_tick = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    const double end = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 + 0.25;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 < end);
  };
  const CrashVerdict v = run_core("misbehave", asked);
  EXPECT_EQ(v.kind, CrashKind::none) << crash_text(v);
}

TEST(Crash, FaultOfTheBenchIsNoVerdictOnTheFirmware) {
  Asked asked;
  int tick = 0;
  asked.before_tick = [&tick] {
    if (++tick == 3) {
      auto* nowhere = reinterpret_cast<volatile int*>(16);
      __asm__ volatile("" : "+r"(nowhere));
      *nowhere = 1;
    }
  };
  const CrashVerdict v = run_core("misbehave", asked);
  SCOPED_TRACE(crash_text(v));
  EXPECT_EQ(v.kind, CrashKind::segfault);
  EXPECT_FALSE(v.by_core);
  EXPECT_TRUE(v.suspect_scribble);
  EXPECT_EQ(v.file, "tests/firmware_shim/crash_test.cpp");
  EXPECT_NE(v.detail.find("outside the core"), std::string::npos);
}

TEST(Crash, ExitOfTheBenchIsNoVerdictOnTheFirmware) {
  Asked asked;
  asked.before_tick = [] { _exit(4); };
  const CrashVerdict v = run_core("misbehave", asked);
  EXPECT_EQ(v.kind, CrashKind::exit);
  EXPECT_FALSE(v.by_core);
  EXPECT_FALSE(v.suspect_scribble);
  EXPECT_NE(v.detail.find("early with 4"), std::string::npos) << v.detail;
}

TEST(Crash, KilledFromOutsideIsNoVerdictOnTheFirmware) {
  Asked asked;
  asked.before_tick = [] { kill(getpid(), SIGKILL); };
  const CrashVerdict v = run_core("misbehave", asked);
  EXPECT_EQ(v.kind, CrashKind::killed);
  EXPECT_FALSE(v.by_core);
  EXPECT_FALSE(v.suspect_scribble);
}

TEST(Crash, ExitsAreKnownWithoutTheKernelsFilter) {
  for (const auto& [what, function] : {std::pair{EXIT_0, "control"}, std::pair{EXIT_NOW_3, ""}}) {
    Asked asked;
    asked.what = what;
    asked.change = [](CrashSetup& s) { s.trap_exits = false; };
    const CrashVerdict v = run_core("misbehave", asked);
    EXPECT_EQ(v.kind, CrashKind::exit) << crash_text(v);
    EXPECT_TRUE(v.by_core);
    EXPECT_EQ(v.function, function) << crash_text(v);
  }
}

// ---- writes into the simulator ----

TEST(Crash, WriteIntoTheHandlersSetUpFaultsAtTheLine) {
  // The page with the set-up is read-only; its neighbour with the state is not, and is written over here.
  Asked asked;
  asked.what = WRITE_AT;
  for (std::size_t offset = 0; offset < sizeof(CrashState); offset += 8) {
    asked.address = reinterpret_cast<std::uint64_t>(&crash_state) + offset;
    asked.ticks = 30;
    const CrashVerdict v = run_core("misbehave", asked);
    // The state is used and rewritten at every tick: nothing comes of it, and nothing nonsensical.
    EXPECT_EQ(v.kind, CrashKind::none) << crash_text(v);
  }
}

TEST(Crash, ScribbledStateGivesNoNonsense) {
  // The core fills the state with rubbish and crashes in the same step.
  CrashReport report;
  const std::string file = file_of("misbehave");
  const pid_t child = fork();
  if (child == 0) {
    auto target = open_native(file);
    target->reset(PEN_RESET_POWER_ON);
    crash_install(crash_setup(report, *target));
    PenIn in{};
    PenOut out{};
    in.aux[0] = MEMSET_AND_CRASH;
    const auto at = reinterpret_cast<std::uint64_t>(&crash_state);
    in.aux[1] = static_cast<std::int32_t>(at);
    in.aux[2] = static_cast<std::int32_t>(at >> 32);
    in.aux[3] = sizeof crash_state - 8;
    target->step(7, in, out);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const CrashVerdict v = explain_crash(report, status, file);
  SCOPED_TRACE(crash_text(v));
  EXPECT_EQ(v.kind, CrashKind::segfault);
  EXPECT_TRUE(v.by_core);
  EXPECT_EQ(v.at_tick, -1);
  EXPECT_EQ(v.line, line_of("NULL_WRITE"));
}

TEST(Crash, RubbishInTheReportIsNotBelieved) {
  CrashReport report;
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char> rubbish(8192, '\x5a');
    if (pwrite(report.fd(), rubbish.data(), rubbish.size(), 0) < 0) _exit(1);
    raise(SIGSEGV);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const CrashVerdict v = explain_crash(report, status, file_of("misbehave"));
  EXPECT_EQ(v.kind, UNDER_ASAN ? CrashKind::exit : CrashKind::segfault);
  EXPECT_FALSE(v.by_core);
  EXPECT_TRUE(v.suspect_scribble);
  EXPECT_TRUE(v.frames.empty());
  EXPECT_NE(v.detail.find("report"), std::string::npos);
}

// Every bit of a report that flips makes it worthless or leaves the verdict as it was.
TEST(Crash, DamagedReportNeverGivesAnotherVerdict) {
  CrashReport report;
  const std::string file = file_of("misbehave");
  const pid_t child = fork();
  if (child == 0) {
    auto target = open_native(file);
    target->reset(PEN_RESET_POWER_ON);
    crash_install(crash_setup(report, *target));
    PenIn in{};
    PenOut out{};
    in.aux[0] = DIVIDE;
    target->step(0, in, out);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const CrashVerdict whole = explain_crash(report, status, file);
  ASSERT_EQ(whole.kind, CrashKind::divide);
  int refused = 0;
  for (int at = 0; at < 320; at += 3) {
    unsigned char byte = 0;
    ASSERT_EQ(pread(report.fd(), &byte, 1, at), 1);
    const unsigned char flipped = byte ^ static_cast<unsigned char>(1u << (at % 8));
    ASSERT_EQ(pwrite(report.fd(), &flipped, 1, at), 1);
    const CrashVerdict v = explain_crash(report, status, file);
    refused += v.frames.empty();
    ASSERT_EQ(pwrite(report.fd(), &byte, 1, at), 1);
  }
  EXPECT_EQ(refused, 107);
  EXPECT_EQ(explain_crash(report, status, file).kind, CrashKind::divide);
}

// Locking is for uninstrumented builds: the shadow memory of AddressSanitizer is written by all code.
#if !UNDER_ASAN
// Shares of the simulator's memory that a wild pointer may hit.
std::uint64_t bench_variable[64] = {1};

TEST(Crash, LockedMemoryFindsTheWriteIntoTheBench) {
  auto on_heap = std::make_unique<std::uint64_t[]>(64);
  void* block = mmap(nullptr, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  const struct {
    std::uint64_t address;
    const char* whose;
  } targets[] = {
      {reinterpret_cast<std::uint64_t>(&bench_variable[8]), "memory of the simulator (test_firmware_shim_crash)"},
      {reinterpret_cast<std::uint64_t>(&on_heap[8]), "memory of the simulator (its heap)"},
      {reinterpret_cast<std::uint64_t>(block) + 4096, "memory of the simulator"},
  };
  for (const char* core : {"misbehave", "misbehave_main"}) {
    for (const auto& t : targets) {
      for (bool lock : {false, true}) {
        for (int what : {WRITE_AT, MEMSET_AT}) {
          Asked asked;
          asked.what = what;
          asked.address = t.address;
          asked.bytes = 200;
          asked.change = [lock](CrashSetup& s) { s.lock_host_memory = lock; };
          const CrashVerdict v = run_core(core, asked);
          SCOPED_TRACE(std::string(core) + ": " + t.whose + "\n" + crash_text(v));
          if (!lock) {
            EXPECT_EQ(v.kind, CrashKind::none);
            continue;
          }
          expect(v,
                 {what, CrashKind::segfault, what == WRITE_AT ? "write_at" : "memset_at",
                  what == WRITE_AT ? "WRITE_AT" : "MEMSET_AT", t.whose},
                 core);
        }
      }
    }
  }
  munmap(block, 1 << 16);
}

// What the simulator maps between the set-up and the first step is locked as well.
TEST(Crash, LockedMemoryCoversLaterMappings) {
  void* const place = reinterpret_cast<void*>(0x2'0000'0000);
  Asked asked;
  asked.what = WRITE_AT;
  asked.address = 0x2'0000'0040;
  asked.change = [](CrashSetup& s) { s.lock_host_memory = true; };
  bool mapped = false;
  asked.before_tick = [&mapped, place] {
    if (!mapped &&
        mmap(place, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != place)
      _exit(9);
    mapped = true;
  };
  expect(run_core("misbehave", asked),
         {WRITE_AT, CrashKind::segfault, "write_at", "WRITE_AT", "memory of the simulator"}, "misbehave");
}

TEST(Crash, LockedMemoryLetsGoodFirmwareRun) {
  for (const auto& [core, what] :
       {std::pair{"misbehave", BEHAVE}, std::pair{"misbehave_main", BEHAVE}, std::pair{"misbehave_heap", ALLOCATE}}) {
    Asked asked;
    asked.what = what;
    asked.change = [](CrashSetup& s) { s.lock_host_memory = true; };
    const CrashVerdict v = run_core(core, asked);
    EXPECT_EQ(v.kind, CrashKind::none) << core << "\n" << crash_text(v);
  }
}

TEST(Crash, LockedMemoryStillCatchesTheRest) {
  for (const Expected& e :
       {Expected{RECURSE, CrashKind::stack_overflow, "recurse", "RECURSE", ""},
        Expected{SPIN, CrashKind::hang, "spin", "SPIN", ""}, Expected{EXIT_0, CrashKind::exit, "control", "EXIT_0", ""},
        Expected{NULL_WRITE, CrashKind::segfault, "put", "NULL_WRITE", ""}}) {
    Asked asked;
    asked.what = e.what;
    asked.change = [](CrashSetup& s) { s.lock_host_memory = true; };
    expect(run_core("misbehave_main", asked), e, "misbehave_main");
  }
}
#endif

// ---- one process ----

sigjmp_buf back;

TEST(Crash, WithoutAForkTheCallerGetsControl) {
  const std::string file = file_of("misbehave");
  int status = 0;
  const pid_t child = fork();  // only so that this test's process keeps its handlers
  if (child == 0) {
    CrashReport report;
    auto target = open_native(file);
    target->reset(PEN_RESET_POWER_ON);
    CrashSetup setup = crash_setup(report, *target);
    setup.trap_exits = false;
    setup.after = [](void*) { siglongjmp(back, 1); };
    crash_install(setup);
    if (sigsetjmp(back, 1) == 0) {
      PenIn in{};
      PenOut out{};
      in.aux[0] = DIVIDE;
      target->step(5, in, out);
      _exit(1);
    }
    const CrashVerdict v = explain_crash(report, crash_own_process, file);
    crash_uninstall();
    _exit(v.kind == CrashKind::divide && v.by_core && v.function == "divide" && v.at_tick == 5 ? 42 : 2);
  }
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

// ---- guard words and fences ----

TEST(GuardedBlock, ReportsTheWordThatWasHit) {
  GuardedBlock block(1000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data()) % 64, 0u);
  std::memset(block.data(), 0xff, block.size());
  EXPECT_TRUE(block.intact()) << block.damage();
  std::uint64_t word = 7;
  std::memcpy(block.data() - 8, &word, 8);
  EXPECT_EQ(block.damage(), "the guard word 8 bytes before the shared block holds 0x0000000000000007");
  GuardedBlock other(1024);
  std::memcpy(other.data() + 1024 + 16, &word, 8);
  EXPECT_EQ(other.damage(), "the guard word 16 bytes behind the shared block holds 0x0000000000000007");
}

TEST(GuardedBlock, FarOverrunsFault) {
  GuardedBlock block(1000);
  for (int direction : {-1, 1}) {
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGSEGV, SIG_DFL);
      volatile std::byte* p = block.data();
      for (int i = 0; i < 3 * 4096; ++i) p[direction * i] = std::byte{1};
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  }
  EXPECT_FALSE(block.intact());  // what the child wrote is shared
}

}  // namespace
}  // namespace pensim
