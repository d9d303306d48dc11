// Small cores, each with one habit of real firmware, as the program runs them: what is expected is what the target does
// (a Cortex-M with newlib), or, where it would stand still or run wild, the verdict that says so.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>

#include "tests/sim/program.h"

namespace pensim {
namespace {

struct Result {
  double value, tolerance = 0.0;
};

struct Fault {
  std::string kind, function, statement;  // "": any; a part of the source line that the verdict names
};

struct Case {
  std::string core;
  std::string scenario = "wrap";                // of tests/firmware_shim/cases/scenarios
  std::vector<std::string> arguments = {};      // of pensim run
  std::optional<Result> result = std::nullopt;  // the largest value of the core's variable `result`
  std::optional<Fault> fault = std::nullopt;    // none: the run is measured
  std::vector<std::string> words = {};          // in the report, in this order
  std::vector<std::string> findings = {};       // a part of each, in this order; no others
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.core; }

std::string source_line(const std::string& file, int line) {
  // A compiler's cache may make it relative to the sources, where the tests run, or to the folder of the build.
  std::ifstream in(std::filesystem::exists(file) ? file : PENSIM_BUILD "/" + file);
  std::string text;
  while (line-- > 0 && std::getline(in, text)) continue;
  return text;
}

// Without the one that every core with 8-byte pointers has.
std::vector<std::string> findings_of(const nlohmann::json& run) {
  auto findings = run["findings"].get<std::vector<std::string>>();
  std::erase_if(findings, [](const std::string& f) { return f.starts_with("long and pointers have 8 bytes"); });
  return findings;
}

class Cases : public testing::TestWithParam<Case> {};

TEST_P(Cases, DoesWhatTheTargetDoes) {
  const Case& c = GetParam();
  std::vector<std::string> arguments = {PENSIM_CASES "/scenarios/" + c.scenario + ".yaml", "--no-always", "--firmware",
                                        "native:" PENSIM_TEST_CORES "/cases/" + c.core + ".so"};
  arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
  const test::Reported reported = test::run_scenarios(PENSIM_PROGRAM, arguments);
  const std::string text = reported.ran.out + reported.ran.err;
  ASSERT_EQ(reported.runs.size(), 1u) << text;
  const nlohmann::json& run = reported.runs[0];
  if (c.fault) {
    EXPECT_EQ(reported.ran.code, 3) << text;
    EXPECT_EQ(run["verdict"], "firmware_fault") << text;
    const nlohmann::json& fault = run["firmware_fault"];
    EXPECT_EQ(fault["kind"], c.fault->kind) << text;
    if (!c.fault->function.empty()) {
      EXPECT_EQ(fault["function"], c.fault->function) << text;
    }
    const std::string statement = source_line(fault["file"], fault["line"]);
    EXPECT_NE(statement.find(c.fault->statement), std::string::npos) << statement << "\n" << text;
  } else {
    EXPECT_EQ(reported.ran.code, 0) << text;
    EXPECT_EQ(run["verdict"], "measured") << text;
  }
  if (c.result) {
    EXPECT_NEAR(run["measures"]["result"].get<double>(), c.result->value, c.result->tolerance) << text;
  }
  std::size_t at = 0;
  for (const std::string& word : c.words) {
    at = text.find(word, at);
    EXPECT_NE(at, std::string::npos) << "no word of: " << word << "\n" << text;
    if (at == std::string::npos) break;
  }
  const std::vector<std::string> findings = findings_of(run);
  ASSERT_EQ(findings.size(), c.findings.size()) << run["findings"].dump(1);
  for (std::size_t i = 0; i < c.findings.size(); ++i)
    EXPECT_NE(findings[i].find(c.findings[i]), std::string::npos) << findings[i];
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.core;
  for (const std::string& argument : info.param.arguments)
    if (argument == "--no-sandbox") name += "_without_sandbox";
  return name;
}

const Case works[] = {
    {.core = "weak_alias", .result = Result{42}},
    {.core = "own_sections", .result = Result{999, 1}},
    {.core = "longjmp", .result = Result{1000}},
    {.core = "cpp_exceptions", .result = Result{5490, 10}},
    {.core = "cpp_statics_after_reset", .result = Result{10}},
    {.core = "cpp_init_order", .result = Result{1}},  // `copy` is made before `base`, in the order of SOURCES
    {.core = "cpp_library", .result = Result{127}},
    {.core = "cpp_unwinding", .arguments = {"--set", "duration=9 s"}, .result = Result{1110, 5}},
    {.core = "cpp_alias_int32", .result = Result{2}},
    {.core = "cpp_heap_exhausted", .result = Result{995, 2}, .findings = {"the heap of 65536 bytes is used up"}},
    {.core = "fast_math", .result = Result{1}},  // no start-up file that makes denormals zero
    {.core = "names_of_libc", .result = Result{1990, 10}},
    {.core = "atomics", .result = Result{1988, 10}},
    {.core = "constructor_reads_clock", .result = Result{1}},
    {.core = "torn_64_bit", .result = Result{0}},  // both words of a plain access at once: documented
    {.core = "volatile_bit_field", .result = Result{994, 4}},
    {.core = "names_of_runtime", .arguments = {"--watch", "uart.head"}, .result = Result{995, 2}},
    {.core = "systick_micros", .result = Result{0}},
    {.core = "keil_dialect", .result = Result{63}},
    {.core = "iar_dialect", .result = Result{41}},  // starts at 0, 0.3, 0.6, 0.9 s
    {.core = "header_of_another_case", .result = Result{38}},
    {.core = "arduino_deadline", .result = Result{995, 2}},  // over the wrap of the clock
    {.core = "half_wrap", .arguments = {"--set", "pen.clock_start=2147.2 s"}, .result = Result{1323, 10}},
    {.core = "heap_limit", .result = Result{0}, .findings = {"the heap of 65536 bytes is used up"}},
    {.core = "limits_of_long", .result = Result{7}},
    {.core = "linker_symbols"},
    {.core = "long_double", .result = Result{81}},  // long double is double
    {.core = "newlib_functions", .result = Result{1}},
    {.core = "pointers_in_record", .result = Result{12}},
    {.core = "print_long", .result = Result{1}},
    {.core = "use_after_free", .result = Result{7}},       // freed memory keeps what it held, as there
    {.core = "arduino_sketch", .result = Result{100, 1}},  // over the wrap of micros()
    {.core = "task_switch_in_tick", .arguments = {"--set", "duration=4 s"}, .result = Result{399}},
    {.core = "task_switch_by_hand", .arguments = {"--set", "duration=4 s"}, .result = Result{399}},
    {.core = "fpu_mode", .result = Result{1}},
    {.core = "volatile_delay", .result = Result{1601, 2}},  // 16000 rounds of two reads, and the clock's own 1 us
    {.core = "main_loop_plain_flag",
     .result = Result{899, 2},
     .findings = {"waits by reading key_pressed, which is not volatile"}},
    {.core = "dma_buffer", .result = Result{994, 4}, .findings = {"waits by reading dma[1], which is not volatile"}},
    {.core = "two_files_one_name", .result = Result{3}},
    {.core = "link_time_optimisation", .result = Result{994, 4}},
    {.core = "vectors_in_ram", .result = Result{1}},
    {.core = "cpuid", .result = Result{0xC24}},
    {.core = "cmsis",
     .result = Result{72},
     .findings = {"interrupt 28 is enabled, but no entry of the port's tasks and interrupts has .irq = PEN_IRQ(28)"}},
    {.core = "cycle_counter_off", .result = Result{0}},
};
INSTANTIATE_TEST_SUITE_P(Works, Cases, testing::ValuesIn(works), name_of);

const Case stops[] = {
    {.core = "watchdog_in_handler",
     .arguments = {"--set", "duration=2 s"},
     .fault = Fault{"hang", "get", ""},
     .words = {"core.c:"},
     .findings = {"ready, which is not volatile"}},
    {.core = "watchdog_in_handler_volatile",
     .arguments = {"--set", "duration=4 s"},
     .fault = Fault{"hang", "main", "while (!ready)"},
     .words = {"reading ready"}},
    {.core = "error_handler", .fault = Fault{"hang", "Error_Handler", "while (1)"}},
    {.core = "delay_in_handler",
     .arguments = {"--set", "duration=4 s"},
     .fault = Fault{"hang", "HAL_Delay", "while (uwTick - t < n)"},
     .words = {"reading uwTick"},
     .findings = {"has not returned for 1 s"}},
    {.core = "bootloader_jump",
     .fault = Fault{"segfault", "main", ""},
     .words = {"read of 0x1fff0004, not mapped; on a Cortex-M system memory", "list it in `registers`"}},
    {.core = "flash_page",
     .fault = Fault{"segfault", "main", "PAGE[0]"},
     .words = {"read of 0x0800fc00, not mapped; on a Cortex-M flash", "list it in `registers`"}},
    {.core = "bit_band",
     .fault = Fault{"segfault", "main", "*alias = 1"},
     .words = {"write to 0x4200000c, not mapped; on a Cortex-M the bit-band alias of the peripherals"}},
    {.core = "address_zero",
     .fault = Fault{"segfault", "main", "name[0]"},
     .words = {"read of 0x00000000, near the null pointer (a Cortex-M has its table of vectors there"}},
    {.core = "big_stack",
     .fault = Fault{"stack_overflow", "work", "memset("},
     .words = {"the stack of 256 KB is used up"}},
    {.core = "endless_recursion", .fault = Fault{"stack_overflow", "deep", ""}},
    {.core = "double_free", .fault = Fault{"abort", "main", "free(p)"}},
    {.core = "uncaught_exception",
     .fault = Fault{"abort", "main", "throw std::runtime_error"},
     .words = {"an exception that nobody catches: std::runtime_error, no sensor"}},
    {.core = "cpp_throw_in_handler",
     .fault = Fault{"abort", "tick_isr", "throw Overcurrent"},
     .words = {"an exception that nobody catches: Overcurrent"}},
    {.core = "cpp_constructor_throws",
     .fault = Fault{"abort", "Flash::Flash()", "throw std::runtime_error"},
     .words = {"an exception that nobody catches: std::runtime_error, settings are damaged"}},
    {.core = "cpp_throw_through_qsort",
     .fault = Fault{"abort", "compare", "throw left"},
     .words = {"an exception that nobody catches: int"}},
    {.core = "cpp_noexcept",
     .fault = Fault{"abort", "nth", "v.at(n)"},
     .words = {"an exception that nobody catches: std::out_of_range, vector::_M_range_check: __n (which is 3)"}},
    {.core = "cpp_pure_virtual",
     .fault = Fault{"abort", "Sensor::start()", "read();"},
     .words = {"a pure virtual function is called"}},
    {.core = "thread_crash",
     .fault = Fault{"refused_call", "main", "pthread_create(&t, 0, run, (void*)16)"},
     .findings = {"pthread_create"}},
    {.core = "thread_crash",
     .arguments = {"--no-sandbox"},
     .fault = Fault{"segfault", "run", "*(volatile int*)p = 1"},
     .findings = {"pthread_create"}},
};
// Names are those that `pensim symbols` lists; behind a pointer that is null or wild lies NaN.
TEST(CppNames, AreWatchedAndPokedAsListedAndThroughPointers) {
  const test::Reported reported =
      test::run_scenarios(PENSIM_PROGRAM, {PENSIM_CASES "/scenarios/cpp_names.yaml", "--no-always", "--firmware",
                                           "native:" PENSIM_TEST_CORES "/cases/cpp_names.so"});
  const std::string text = reported.ran.out + reported.ran.err;
  ASSERT_EQ(reported.runs.size(), 1u) << text;
  const nlohmann::json& run = reported.runs[0];
  EXPECT_EQ(run["verdict"], "pass") << text;
  const auto measured = [&](const char* name) { return run["measures"][name].get<double>(); };
  EXPECT_NEAR(measured("result"), 5500, 6);
  EXPECT_NEAR(measured("by_comparison"), 2 * 395, 4);
  EXPECT_NEAR(measured("duty"), 1250, 3);
  for (const char* same : {"through_pointer", "through_table", "by_reference", "starred", "indexed"})
    EXPECT_EQ(measured(same), measured("duty")) << same;
  EXPECT_EQ(measured("fault"), 5);
  EXPECT_NEAR(measured("poked"), -7000, 1);
  ASSERT_EQ(findings_of(run).size(), 1u) << text;
  EXPECT_NE(findings_of(run)[0].find("drive::wild->duty cannot be read: a pointer on the way is "
                                     "0x00000010, where no memory is"),
            std::string::npos)
      << run["findings"][0];
}

TEST(Uninitialised, ALocalVariableDiffersInASecondRun) {
  const test::Reported reported =
      test::run_scenarios(PENSIM_PROGRAM, {PENSIM_CASES "/scenarios/wrap.yaml", "--no-always", "--twice", "--firmware",
                                           "native:" PENSIM_TEST_CORES "/cases/uninitialised_local.so"});
  ASSERT_EQ(reported.runs.size(), 1u) << reported.ran.err;
  EXPECT_EQ(reported.runs[0]["verdict"], "error");
  const std::string cause = reported.runs[0]["cause"];
  EXPECT_EQ(cause.find("two runs differ"), 0u) << cause;
  EXPECT_NE(cause.find("out.duty_q15"), std::string::npos) << cause;
}

TEST(FpuMode, OfTheCoreIsNotThatOfTheModels) {
  const auto hash_of = [](const char* core) {
    const test::Reported reported =
        test::run_scenarios(PENSIM_PROGRAM, {PENSIM_CASES "/scenarios/wrap.yaml", "--no-always", "--firmware",
                                             std::string("native:" PENSIM_TEST_CORES "/cases/") + core + ".so"});
    EXPECT_EQ(reported.runs.size(), 1u) << reported.ran.err;
    return reported.runs.empty() ? std::string(core) : reported.runs[0]["hash"].get<std::string>();
  };
  EXPECT_EQ(hash_of("fpu_mode"), hash_of("fpu_mode_left_alone"));
}

// A firmware may call its variables as the runtime calls its own.
TEST(NamesOfTheRuntime, AreFreeForTheFirmware) {
  const std::string core = "native:" PENSIM_TEST_CORES "/cases/names_of_runtime.so";
  const test::Ran listed = test::run_program(PENSIM_PROGRAM, {"symbols", core});
  EXPECT_NE(listed.out.find("\nuart.head"), std::string::npos) << listed.out;
  EXPECT_EQ(listed.out.find("pen_time"), std::string::npos) << listed.out;
  EXPECT_EQ(listed.out.find("pen_runtime.c"), std::string::npos) << listed.out;
  const test::Ran all = test::run_program(PENSIM_PROGRAM, {"symbols", core, "--all"});
  EXPECT_NE(all.out.find("\npen_time."), std::string::npos) << all.out;
  EXPECT_NE(all.out.find("\npen_runtime.c:uart."), std::string::npos) << all.out;
}

INSTANTIATE_TEST_SUITE_P(Stops, Cases, testing::ValuesIn(stops), name_of);

}  // namespace
}  // namespace pensim
