// Whatever a core does, the run ends with a verdict that says where, its recording is complete up to that tick, and
// other runs are what they are alone. Through the real program, one call for all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <regex>

#include "firmware_shim/cores/misbehave/misbehave.h"
#include "sim/recording/recording.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;
constexpr double tick_s = 50e-6, at_s = 0.05;

struct Misbehaviour {
  const char* core;
  const char* mark;  // `at: NAME` in misbehave.c
  int what;
  const char* kind;
  const char* function;
  const char* detail;  // part of what is printed
};
#define ALL(core, name, kind, function, detail) \
  { core, #name, name, kind, function, detail }
const Misbehaviour misbehaviours[] = {
    ALL("misbehave", NULL_WRITE, "segfault", "put", "write to 0x00000000, near the null pointer"),
    ALL("misbehave", NULL_READ, "segfault", "null_read", "read of 0x00000008, near the null pointer"),
    ALL("misbehave", RECURSE, "stack_overflow", "recurse", "is used up"),
    ALL("misbehave_main", RECURSE, "stack_overflow", "recurse", "is used up"),
    ALL("misbehave_main", HUGE_FRAME, "stack_overflow", "huge_frame", "is used up"),
    ALL("misbehave", ABORT, "abort", "control", "abort()"),
    ALL("misbehave", ASSERT, "abort", "control", "assertion"),
    ALL("misbehave", FREE_RUBBISH, "abort", "control", "heap corruption"),
    ALL("misbehave", EXIT_0, "exit", "control", "exit code 0"),
    ALL("misbehave", EXIT_NOW_3, "exit", "control", "exit code 3"),
    ALL("misbehave", EXIT_SYSTEM_5, "exit", "control", "exit code 5"),
    ALL("misbehave_main", EXIT_0, "exit", "control", "exit code 0"),
    ALL("misbehave", DIVIDE, "divide", "divide", "division by zero"),
    ALL("misbehave", TRAP, "illegal_instruction", "control", "trap"),
    ALL("misbehave", SPIN, "hang", "spin", "processor time"),
    ALL("misbehave_main", SPIN, "hang", "spin", "processor time"),
    ALL("misbehave_main", WAIT_FOREVER, "hang", "wait_forever", "virtual time"),
    {"misbehave", "SCRIBBLE", SCRIBBLE_UP, "segfault", "scribble", "past the end of the core's memory"},
    {"misbehave", "SCRIBBLE", SCRIBBLE_DOWN, "segfault", "scribble", "read-only memory of the core"},
    ALL("misbehave", WILD_WRITE, "segfault", "wild_write", "write to 0x123456789000, not mapped"),
    {"misbehave", "CALL", CALL_1234, "segfault", "call_address", "call of 0x00001234"},
    {"misbehave", "CALL", CALL_DATA, "segfault", "call_address", "data of the core"},
    ALL("misbehave", SMASH, "segfault", "smash", "a return address was overwritten"),
    {"misbehave", "BUS_FILE", BUS, "refused_call", "bus", "called memfd_create"},
    ALL("misbehave", LIBRARY_NULL, "segfault", "library_null", "read of 0x00000000"),
    ALL("misbehave", BAD_UART, "segfault", "control", "near the null pointer"),
};
#undef ALL

int line_of(const std::string& mark) {
  std::ifstream in("firmware_shim/cores/misbehave/misbehave.c");
  int number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.find("/* at: " + mark + " */") != std::string::npos) return number;
  }
  return -1;
}

std::string timeline(const std::string& core, const std::vector<std::pair<int, std::int64_t>>& aux,
                     const std::string& duration = "2 s") {
  std::string text = "title: misbehaves\nduration: " + duration + "\nfirmware: " + core + "\ntimeline:\n";
  for (const auto& [index, value] : aux)
    text += "  - {at: 0.05 s, set: aux." + std::to_string(index) +
            ", to: " + std::to_string(static_cast<std::int32_t>(value)) + "}\n";
  return text +
         "require:\n"
         "  - {id: HOLDS-01, that: \"always (battery.voltage > 3 V)\"}\n"
         "  - {id: FAILS-01, that: \"always (battery.voltage > 5 V)\"}\n"
         "  - {id: AFTER-01, that: \"eventually[1.5 s, 1.9 s] (battery.voltage > 3 V)\"}\n";
}

std::string name_of(const Misbehaviour& m) { return std::string(m.core) + "_" + std::to_string(m.what); }

// One call of the program with every misbehaviour, and good runs before, between and after them.
struct Call {
  Folder folder;
  Reported reported;
  std::map<std::string, nlohmann::json> runs;  // by file name
  std::map<std::string, std::string> alone;    // hashes of the good ones

  Call() {
    const std::map<std::string, std::string> good = {{"a_good.yaml", "sim/cli/selftest/cheek.yaml"},
                                                     {"misbehave_1_good.yaml", "sim/cli/selftest/faults.yaml"},
                                                     {"z_good.yaml", "sim/cli/selftest/faults.yaml"}};
    for (const auto& [name, source] : good) {
      write_file(folder / ("s/" + name), read_file(source));
      write_file(folder / ("alone/" + name), read_file(source));
    }
    for (const auto& run : run_scenarios(program, {folder / "alone", "--no-always", "--jobs", "1"}).runs)
      alone[std::filesystem::path(run.at("scenario").get<std::string>()).filename()] = run.at("hash");
    for (const Misbehaviour& m : misbehaviours)
      write_file(folder / ("s/" + name_of(m) + ".yaml"), timeline(m.core, {{0, m.what}}));
    write_file(folder / "s/misbehave_0.yaml", timeline("misbehave", {{0, BEHAVE}}));
    write_file(folder / "s/misbehave_main_0.yaml", timeline("misbehave_main", {{0, BEHAVE}}));
    reported = run_scenarios(program, {folder / "s", "--no-always", "--jobs", "2", "--out", folder / "runs"});
    for (const auto& run : reported.runs)
      runs[std::filesystem::path(run.at("scenario").get<std::string>()).stem()] = run;
  }
};
Call& call() {
  static Call once;
  return once;
}

TEST(Containment, EveryMisbehaviourIsNamedWithItsPlaceAndTick) {
  EXPECT_EQ(call().reported.ran.code, 3) << call().reported.ran.err;
  ASSERT_EQ(call().runs.size(), std::size(misbehaviours) + 5);
  for (const Misbehaviour& m : misbehaviours) {
    SCOPED_TRACE(name_of(m) + " " + m.mark);
    const auto& run = call().runs.at(name_of(m));
    ASSERT_EQ(run.at("verdict"), "firmware_fault") << run.dump(1);
    const auto& fault = run.at("firmware_fault");
    EXPECT_EQ(fault.at("kind"), m.kind);
    EXPECT_EQ(fault.at("function"), m.function);
    const std::string file = fault.at("file");
    EXPECT_EQ(std::filesystem::path(file).filename(), "misbehave.c");
    const int line = fault.at("line");
    const int ought = line_of(m.mark);
    ASSERT_GT(ought, 0);
    // A loop is met anywhere in it; a frame that is too large fails at its first access.
    const bool roughly = m.what == SPIN || m.what == WAIT_FOREVER || m.what == HUGE_FRAME || m.what == RECURSE;
    EXPECT_NEAR(line, ought, roughly ? 3 : 0);
    const double waits_s = m.what == WAIT_FOREVER ? 1.0 : 0.0;
    EXPECT_NEAR(fault.at("at_s").get<double>(), at_s + waits_s, waits_s > 0 ? 2e-3 : 1e-9);
    const std::string& out = call().reported.ran.out;
    const std::size_t begin = out.find("/" + name_of(m) + ".yaml ");
    ASSERT_NE(begin, std::string::npos);
    const std::string block = out.substr(begin, out.find("reproduce: ", begin) - begin);
    EXPECT_NE(block.find(m.detail), std::string::npos) << block;
    EXPECT_NE(block.find(m.function), std::string::npos) << block;
  }
}

TEST(Containment, TheRecordingIsCompleteUpToThatTick) {
  const std::map<std::string, std::string> behaved = {{"misbehave", "misbehave_0"},
                                                      {"misbehave_main", "misbehave_main_0"}};
  for (const Misbehaviour& m : misbehaviours) {
    SCOPED_TRACE(name_of(m) + " " + m.mark);
    const auto& run = call().runs.at(name_of(m));
    const double fault_s = run.at("firmware_fault").at("at_s");
    const Recording r = Recording::open(run.at("recording"));
    EXPECT_NEAR(static_cast<double>(r.ticks()), fault_s / tick_s, 1.01);
    EXPECT_EQ(r.meta().fault.kind, m.kind);
    EXPECT_NEAR(run.at("sim_s").get<double>(), fault_s, 1.01 * tick_s);
    // What is there is what a core that behaves leaves in the same ticks.
    const Recording good = Recording::open(call().runs.at(behaved.at(m.core)).at("recording"));
    const Tick ticks = std::min<Tick>(r.ticks(), 1000);
    ASSERT_EQ(ticks, 1000);
    std::vector<PenIn> in(1000), good_in(1000);
    std::vector<PenOut> out(1000), good_out(1000);
    r.io(0, ticks, in.data(), out.data());
    good.io(0, ticks, good_in.data(), good_out.data());
    EXPECT_EQ(std::memcmp(in.data(), good_in.data(), 1000 * sizeof(PenIn)), 0);
    EXPECT_EQ(std::memcmp(out.data(), good_out.data(), 1000 * sizeof(PenOut)), 0);
    for (const SignalInfo& s : good.signals()) {
      const Samples samples = r.samples(s.name), ought = good.samples(s.name);
      ASSERT_LE(samples.value.size(), ought.value.size()) << s.name;
      const std::size_t count = std::min<std::size_t>(
          samples.value.size(),
          samples.period_ticks > 0 ? static_cast<std::size_t>((999 + samples.period_ticks) / samples.period_ticks) : 0);
      EXPECT_TRUE(std::equal(samples.value.begin(), samples.value.begin() + static_cast<std::ptrdiff_t>(count),
                             ought.value.begin()))
          << s.name;
    }
  }
}

TEST(Containment, RequirementsAreJudgedUpToThatTick) {
  for (const Misbehaviour& m : misbehaviours) {
    SCOPED_TRACE(name_of(m) + " " + m.mark);
    const auto& run = call().runs.at(name_of(m));
    std::map<std::string, std::string> verdicts;
    for (const auto& q : run.at("requirements")) verdicts[q.at("id")] = q.at("verdict");
    EXPECT_EQ(verdicts.at("HOLDS-01"), "invalid");
    EXPECT_EQ(verdicts.at("FAILS-01"), "fail");
    EXPECT_EQ(verdicts.at("AFTER-01"), "invalid");
    const Ran judged = run_program(program, {"judge", run.at("recording"), "--json", call().folder / "judged.json"});
    EXPECT_EQ(judged.code, 3) << judged.out << judged.err;
    const nlohmann::json again = nlohmann::json::parse(read_file(call().folder / "judged.json"))[0];
    EXPECT_EQ(again.at("requirements"), run.at("requirements"));
    EXPECT_EQ(again.at("firmware_fault").at("function"), m.function);
  }
}

TEST(Containment, OtherRunsOfTheCallAreWhatTheyAreAlone) {
  ASSERT_EQ(call().alone.size(), 3u);
  for (const auto& [name, hash] : call().alone) {
    EXPECT_EQ(hash.size(), 16u);
    EXPECT_EQ(call().runs.at(std::filesystem::path(name).stem()).at("hash"), hash) << name;
  }
  EXPECT_EQ(call().runs.at("misbehave_0").at("verdict"), "fail");  // by its requirement, as written
  EXPECT_EQ(call().runs.at("misbehave_main_0").at("verdict"), "fail");
}

TEST(Containment, TheLineThatReproducesItDoes) {
  const std::string& out = call().reported.ran.out;
  const std::size_t begin = out.find("/misbehave_" + std::to_string(DIVIDE) + ".yaml "),
                    at = out.find("reproduce: pensim ", begin);
  ASSERT_NE(at, std::string::npos);
  std::vector<std::string> arguments;
  std::istringstream words(out.substr(at + 18, out.find('\n', at) - at - 18));
  for (std::string word; words >> word;) arguments.push_back(word);
  arguments.insert(arguments.end(), {"--keep", "none"});
  const Ran again = run_program(program, arguments);
  EXPECT_EQ(again.code, 3) << again.out << again.err;
  EXPECT_NE(again.out.find("division by zero"), std::string::npos) << again.out;
}

TEST(Containment, TwiceGivesTheSameVerdict) {
  const Folder f;
  write_file(f / "a.yaml", timeline("misbehave", {{0, NULL_WRITE}}));
  const Reported r = run_scenarios(program, {f / "a.yaml", "--no-always", "--twice"});
  EXPECT_EQ(r.ran.code, 3) << r.ran.out << r.ran.err;
  EXPECT_EQ(r.runs.at(0).at("firmware_fault").at("kind"), "segfault");
}

// --- a watchdog

TEST(Containment, AWatchdogEndsAWaitAndTheRunGoesOn) {
  const Folder f;
  const std::string core = "native:" PENSIM_TEST_CORES "/watched.so";
  write_file(f / "s/a_once.yaml", timeline(core, {{0, 1}}));
  write_file(f / "s/b_always.yaml", timeline(core, {{0, 2}}));
  write_file(f / "s/c_never.yaml", timeline(core, {{0, 0}}));
  const Reported r = run_scenarios(program, {f / "s", "--no-always", "--out", f / "runs", "--twice"});
  ASSERT_EQ(r.runs.size(), 3u) << r.ran.err;
  const auto recording = [&](int i) { return Recording::open(r.runs.at(static_cast<std::size_t>(i)).at("recording")); };
  for (const auto& run : r.runs) {
    EXPECT_EQ(run.at("verdict"), "fail") << run.dump(1);  // FAILS-01; no fault of the firmware
    EXPECT_NEAR(run.at("sim_s").get<double>(), 2.0, 1e-9);
  }
  // The last kick is that of the tick in which the wait began: 20 ms, then 5 ms of boot.
  const Recording once = recording(0);
  EXPECT_EQ(once.at("core.resets", 39999), 1.0f);
  EXPECT_EQ(once.at("core.reset_cause", 1390), 1.0f);
  EXPECT_EQ(once.at("core.reset_cause", 1450), 0.0f);
  EXPECT_EQ(once.at("core.reset_cause", 39999), 4.0f);
  Tick reset = 0;
  while (reset < 39999 && once.at("core.resets", reset) < 1.0f) ++reset;
  EXPECT_NEAR(static_cast<double>(reset), 1000 + 400, 3);
  std::vector<PenOut> out(2);
  once.io(39998, 2, nullptr, out.data());
  EXPECT_EQ(out[1].aux[0], out[0].aux[0] + 1) << "it works again";
  EXPECT_NEAR(recording(1).at("core.resets", 39999), std::floor(1.95 / 0.025), 2.0);
  EXPECT_EQ(recording(2).at("core.resets", 39999), 0.0f);
}

// --- writes into the simulator

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t n; pipe != nullptr && (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  if (pipe != nullptr) pclose(pipe);
  return text;
}

// Where the program keeps the address of a function of the C library: the program lies at a fixed place.
std::int64_t slot_of(const std::string& function) {
  static const std::string relocations = output_of("readelf -rW " + program);
  std::smatch found;
  std::regex line("([0-9a-f]{16}) .*R_X86_64_(?:JUMP_SLOT?|GLOB_DAT)\\s+[0-9a-f]+\\s+" + function + "@");
  std::istringstream in(relocations);
  for (std::string text; std::getline(in, text);)
    if (std::regex_search(text, found, line)) return std::stoll(found[1], nullptr, 16);
  return 0;
}

TEST(Containment, AWriteIntoTheBenchIsFoundByASecondRun) {
  const Folder f;
  for (const char* function : {"pwrite", "memcpy", "memset"}) {
    const std::int64_t slot = slot_of(function);
    ASSERT_GT(slot, 0) << function;
    write_file(f / ("s/" + std::string(function) + ".yaml"),
               timeline("misbehave", {{0, WRITE_AT}, {1, slot & 0xffffffff}, {2, slot >> 32}}));
  }
  write_file(f / "s/a_good.yaml", read_file("sim/cli/selftest/faults.yaml"));
  write_file(f / "s/z_good.yaml", read_file("sim/cli/selftest/faults.yaml"));
  const Reported r = run_scenarios(program, {f / "s", "--no-always", "--jobs", "2", "--out", f / "runs"});
  EXPECT_EQ(r.ran.code, 3) << r.ran.out << r.ran.err;
  ASSERT_EQ(r.runs.size(), 5u);
  for (std::size_t i = 1; i < 4; ++i) {
    const auto& run = r.runs[i];
    ASSERT_EQ(run.at("verdict"), "firmware_fault") << run.dump(1);
    const auto& fault = run.at("firmware_fault");
    EXPECT_EQ(fault.at("kind"), "segfault");
    EXPECT_EQ(fault.at("function"), "write_at");
    EXPECT_EQ(fault.at("line"), line_of("WRITE_AT"));
    EXPECT_NEAR(fault.at("at_s").get<double>(), at_s, 1e-9);
    const Recording recording = Recording::open(run.at("recording"));
    EXPECT_NEAR(static_cast<double>(recording.ticks()), at_s / tick_s, 1.01);
    EXPECT_EQ(run_program(program, {"judge", run.at("recording")}).code, 3);
  }
  EXPECT_NE(
      r.ran.out.find("memory of the simulator (pensim) (found by a second run with the simulator's memory read-only)"),
      std::string::npos)
      << r.ran.out;
  EXPECT_EQ(r.runs[0].at("hash"), r.runs[4].at("hash"));
  EXPECT_EQ(r.runs[0].at("hash"), call().alone.at("z_good.yaml"));
}

TEST(Containment, CodeAndConstantsOfTheBenchCannotBeWritten) {
  const Folder f;
  const std::int64_t code = 0x70010000;
  write_file(f / "a.yaml", timeline("misbehave", {{0, MEMSET_AT}, {1, code}, {2, 0}, {3, 4096}}));
  const Reported r = run_scenarios(program, {f / "a.yaml", "--no-always"});
  const auto& fault = r.runs.at(0).at("firmware_fault");
  EXPECT_EQ(fault.at("function"), "memset_at");
  EXPECT_EQ(fault.at("line"), line_of("MEMSET_AT"));
  EXPECT_NE(r.ran.out.find("write to 0x70010000, memory of the simulator (pensim)"), std::string::npos) << r.ran.out;
}

}  // namespace
}  // namespace pensim::test
