// Main loops over plain memory: virtual time moves, builds agree, and a computation is not taken for a wait.
#include <filesystem>

#include "tests/firmware_shim/core_driver.h"

namespace pensim {
namespace {

enum Mode {
  by_function,
  by_pointer,
  by_barrier,
  in_struct,
  idle_counter,
  two_flags,
  by_memcmp,
  two_places,
  in_handler,
  work_and_wait,
  counter_only,
  unanswered,
  work_only
};

std::vector<std::string> builds() {
  std::vector<std::string> names;
  for (const char* compiler : {"gcc", "g++", "clang", "clang++"})
    for (const char* level : {"O0", "O2"}) {
      const std::string name = std::string("test:plain_waits_") + compiler + "_" + level;
      if (std::filesystem::exists(CoreDriver::file(name))) names.push_back(name);
    }
  return names;
}

CoreDriver start(const std::string& core, Mode mode) {
  CoreDriver d(core);
  d.in.aux[0] = mode;
  return d;
}

class Plain : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Waits, Plain,
                         testing::Values(by_function, by_pointer, by_barrier, in_struct, idle_counter, by_memcmp,
                                         two_places, in_handler));

TEST_P(Plain, EveryBuildSeesEveryAnswerAtTheSameTime) {
  ASSERT_GE(builds().size(), 2u);
  std::uint64_t first = 0;
  for (const std::string& name : builds()) {
    CoreDriver d = start(name, static_cast<Mode>(GetParam()));
    d.run_ms(200);
    const int expected = GetParam() == in_handler ? 19 : GetParam() == two_places ? 132 : 199;
    EXPECT_NEAR(d.out.aux[0], expected, 1) << name;
    EXPECT_FALSE(d.report.hang) << name;
    EXPECT_EQ(d.core->take_findings().size(), GetParam() == two_places ? 2u : 1u) << name;
    if (!first) first = d.hash;
    EXPECT_EQ(d.hash, first) << name << " and " << builds()[0];
  }
}

// Which of two flags is looked at first is a matter of the order of functions in the file, which compilers choose.
TEST(PlainWaits, TwoFlagsAgreeBetweenLevelsOfOneCompiler) {
  for (const char* compiler : {"gcc", "clang"}) {
    std::vector<std::uint64_t> hashes;
    for (const char* level : {"_O0", "_O2"}) {
      const std::string name = std::string("test:plain_waits_") + compiler + level;
      if (!std::filesystem::exists(CoreDriver::file(name))) continue;
      CoreDriver d = start(name, two_flags);
      d.run_ms(200);
      EXPECT_EQ(d.out.aux[0], 199) << name;
      EXPECT_NEAR(d.out.aux[4], 198000, 3) << name;
      hashes.push_back(d.hash);
    }
    for (std::uint64_t hash : hashes) EXPECT_EQ(hash, hashes[0]) << compiler;
  }
}

TEST(PlainWaits, TheFindingNamesPlaceAndVariableOnce) {
  CoreDriver d = start("test:plain_waits_gcc_O2", in_struct);
  d.run_ms(50);
  d.reset(PEN_RESET_SOFTWARE);
  d.run_ms(50);
  const auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].rfind("main (", 0), 0u) << findings[0];
  EXPECT_NE(findings[0].find("plain_waits.c:"), std::string::npos) << findings[0];
  EXPECT_NE(findings[0].find("state.ready, which is not volatile"), std::string::npos) << findings[0];
}

TEST(PlainWaits, WorkTakesNoTime) {
  for (const std::string& name : builds()) {
    CoreDriver d = start(name, work_only);
    d.run_ms(10);
    EXPECT_EQ(d.out.aux[3], 1) << name;  // the clock read itself
    EXPECT_TRUE(d.core->take_findings().empty()) << name;
    CoreDriver both = start(name, work_and_wait);
    both.run_ms(10);
    EXPECT_EQ(both.out.aux[0], 9) << name;
    EXPECT_EQ(both.out.aux[3], 1) << name;
  }
}

TEST(PlainWaits, OneThatNobodyAnswersIsAHang) {
  CoreDriver d = start("test:plain_waits_gcc_O2", unanswered);
  d.run_ms(999);
  EXPECT_FALSE(d.report.hang);
  d.run_ms(3);
  EXPECT_TRUE(d.report.hang);
  EXPECT_NE(d.core->waiting().addresses[0], 0u);
  CoreDriver counts = start("test:plain_waits_gcc_O2", counter_only);
  counts.run_ms(1500);
  EXPECT_FALSE(counts.report.hang);
}

}  // namespace
}  // namespace pensim
