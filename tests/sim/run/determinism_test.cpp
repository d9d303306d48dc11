// Same inputs, same bits: across repeats, -O0 and -O2, g++ and clang++, one job and two, an idle and a loaded host,
// glibc with and without its FMA variants. The programs are those of the presets release, o0 and clang; PENSIM_PROGRAMS
// names them.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>

#include "tests/sim/program.h"

namespace pensim::test {
namespace {

std::vector<std::string> programs() {
  std::vector<std::string> list;
  std::istringstream in(PENSIM_PROGRAMS);
  for (std::string item; std::getline(in, item, ':');) list.push_back(item);
  return list;
}

using Hashes = std::map<std::string, std::string>;

Hashes hashes_of(std::vector<std::string> arguments, const std::string& program,
                 const std::vector<std::string>& environment = {}) {
  const Reported reported = run_scenarios(program, arguments, environment);
  EXPECT_EQ(reported.ran.code, 0) << program << "\n" << reported.ran.out << reported.ran.err;
  Hashes found;
  for (const auto& run : reported.runs) found[run.at("scenario")] = run.at("hash");
  return found;
}

Hashes hashes(const std::string& program, const std::vector<std::string>& more = {},
              const std::vector<std::string>& environment = {}) {
  std::vector<std::string> arguments = {"sim/cli/selftest", "--no-always"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return hashes_of(arguments, program, environment);
}

// Recorded hashes, of `pensim selftest` as well: "<scenario> <hash>" per line. A changed one is a defect, or a line
// `Golden:` in the commit that says why.
Hashes golden() {
  Hashes found;
  std::istringstream in(read_file("sim/cli/selftest/hashes.txt"));
  for (std::string scenario, hash; in >> scenario >> hash;) found["sim/cli/selftest/" + scenario] = hash;
  return found;
}

TEST(Determinism, HashesAreTheRecordedOnes) {
  const Hashes expected = golden();
  ASSERT_GE(expected.size(), 3u);
  EXPECT_EQ(hashes(programs().front()), expected);
}

TEST(Determinism, CompilersAndOptimisationLevelsAgree) {
  const std::vector<std::string> all = programs();
  ASSERT_GE(all.size(), 3u);
  for (const std::string& program : all) {
    ASSERT_TRUE(std::filesystem::exists(program)) << program << ": the tests build.o0 and build.clang make it";
    EXPECT_EQ(hashes(program), golden()) << program;
  }
}

TEST(Determinism, RigsAgreeToo) {
  const Hashes expected = hashes_of({"scenarios/rigs", "--jobs", "2", "--twice"}, programs().front());
  ASSERT_GE(expected.size(), 15u);
  for (const std::string& program : programs()) EXPECT_EQ(hashes_of({"scenarios/rigs"}, program), expected) << program;
  EXPECT_EQ(hashes_of({"scenarios/rigs"}, programs().front(),
                      {"GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX2_Usable,-FMA_Usable"}),
            expected);
}

TEST(Determinism, OneJobOrTwo) {
  EXPECT_EQ(hashes(programs().front(), {"--jobs", "1"}), golden());
  EXPECT_EQ(hashes(programs().front(), {"--jobs", "2"}), golden());
}

TEST(Determinism, AnotherHeapAndLoadAddress) { EXPECT_EQ(hashes(programs().front(), {"--twice"}), golden()); }

TEST(Determinism, GlibcWithoutFma) {
  EXPECT_EQ(
      hashes(programs().front(), {}, {"GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX2_Usable,-FMA_Usable"}),
      golden());
}

TEST(Determinism, OverloadedHost) {
  std::vector<pid_t> load;
  for (int i = 0; i < 6; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      volatile unsigned n = 0;
      for (;;) {
        const unsigned next = n + 1;
        n = next;
      }
    }
    load.push_back(pid);
  }
  const Hashes found = hashes(programs().front());
  for (const pid_t pid : load) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  EXPECT_EQ(found, golden());
}

TEST(Determinism, AnotherSeedIsAnotherRun) {
  const Hashes found = hashes(programs().front(), {"--seed", "424242"});
  for (const auto& [scenario, hash] : golden()) EXPECT_NE(found.at(scenario), hash) << scenario;
}

}  // namespace
}  // namespace pensim::test
