// C++ cores as ARM code: the same hash as the native ones, and the same verdict with the same place.
#include <gtest/gtest.h>

#include <string>

#include "tests/sim/program.h"

namespace pensim {
namespace {

const std::string cases = PENSIM_TEST_CORES "/cases/";

test::Reported run_case(const std::string& firmware, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"tests/firmware_shim/cases/scenarios/wrap.yaml", "--no-always", "--firmware",
                                        firmware};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::run_scenarios(PENSIM_PROGRAM, arguments);
}

class SameHash : public testing::TestWithParam<const char*> {};
TEST_P(SameHash, NativeAndEmulated) {
  const test::Reported both = run_case("native:" + cases + GetParam() + ".so", {"--also", "emulated"});
  EXPECT_EQ(both.ran.code, 0) << both.ran.out << both.ran.err;
  EXPECT_NE(both.ran.out.find("the same hash"), std::string::npos) << both.ran.out;
}
INSTANTIATE_TEST_SUITE_P(Cpp, SameHash,
                         testing::Values("cpp_library", "cpp_exceptions", "cpp_statics_after_reset", "cpp_init_order",
                                         "cpp_unwinding", "cpp_alias_int32", "cpp_heap_exhausted",
                                         "constructor_reads_clock", "arduino_sketch", "half_wrap"),
                         [](const auto& core) { return std::string(core.param); });

class SameFault : public testing::TestWithParam<const char*> {};
TEST_P(SameFault, NativeAndEmulated) {
  const test::Reported native = run_case("native:" + cases + GetParam() + ".so");
  const test::Reported emulated = run_case("emulated:" + cases + GetParam() + ".elf");
  ASSERT_EQ(native.runs.size(), 1u) << native.ran.err;
  ASSERT_EQ(emulated.runs.size(), 1u) << emulated.ran.err;
  EXPECT_EQ(emulated.runs[0]["verdict"], "firmware_fault") << emulated.ran.out;
  const nlohmann::json &expected = native.runs[0]["firmware_fault"], &fault = emulated.runs[0]["firmware_fault"];
  for (const char* what : {"kind", "function", "line"}) EXPECT_EQ(fault[what], expected[what]) << emulated.ran.out;
}
INSTANTIATE_TEST_SUITE_P(Cpp, SameFault,
                         testing::Values("uncaught_exception", "cpp_throw_in_handler", "cpp_constructor_throws",
                                         "cpp_throw_through_qsort", "cpp_pure_virtual"),
                         [](const auto& core) { return std::string(core.param); });

// Refused in words on a PC (cases/refused_test.sh).
TEST(Naked, AHandlerInAssemblerIsWhatItIs) {
  const test::Reported reported = run_case("emulated:" + cases + "naked_handler.elf");
  ASSERT_EQ(reported.runs.size(), 1u) << reported.ran.err;
  EXPECT_EQ(reported.runs[0]["verdict"], "measured") << reported.ran.out;
  EXPECT_NEAR(reported.runs[0]["measures"]["result"].get<double>(), 995, 2);
}

}  // namespace
}  // namespace pensim
