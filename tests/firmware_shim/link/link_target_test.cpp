// A core behind a link against the same core in the process: every PenOut, over a good line and over bad ones.
#include "firmware_shim/link/link_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "firmware_shim/native/native_target.h"
#include "firmware_shim/symbols/symbols.h"
#include "tests/firmware_shim/link/faulty_line.h"
#include "tests/firmware_shim/link/soft_board_process.h"
#include "tests/sim/program.h"

namespace pensim {
namespace {

using test::FaultyLine;
using test::Folder;
using test::LineFaults;
using test::SoftBoardProcess;

constexpr const char* build_id = "00112233445566778899aabbccddeeff00112233";

std::string core_file(const std::string& name) { return std::string(PENSIM_CORES "/") + name + ".so"; }

// What a pen might show its core: drifting channels, edges of hall sensor and start button, bytes, memory results.
class Inputs {
 public:
  explicit Inputs(unsigned seed) : random_(seed) { in_.reset_cause = PEN_RESET_POWER_ON; }
  const PenIn& next() {
    in_.time_us += 50;
    in_.edge_count = in_.edge_overflow = in_.uart_count = in_.nvm_status = in_.nvm_length = 0;
    std::memset(in_.edges, 0, sizeof in_.edges);
    std::memset(in_.uart, 0, sizeof in_.uart);
    std::memset(in_.nvm_data, 0, sizeof in_.nvm_data);
    for (auto& counts : in_.adc) counts = static_cast<std::uint16_t>((counts + random_() % 7 + 4093) % 4096);
    if (random_() % 50 == 0) edge(PEN_LINE_HALL);
    if (random_() % 4000 == 0) edge(PEN_LINE_START);
    if (random_() % 200 == 0)
      for (const char c : std::string("?\n")) in_.uart[in_.uart_count++] = static_cast<std::uint8_t>(c);
    if (random_() % 30 == 0) {
      in_.nvm_status = PEN_NVM_DONE;
      in_.nvm_length = 16;
      for (auto& b : in_.nvm_data) b = static_cast<std::uint8_t>(random_());
    }
    if (random_() % 1000 == 0) in_.aux[random_() % PEN_AUX] = static_cast<std::int32_t>(random_());
    return in_;
  }

 private:
  void edge(std::uint8_t line) {
    in_.pins = static_cast<std::uint16_t>(in_.pins ^ 1u << line);
    in_.edges[in_.edge_count++] = {in_.time_us - 20, line, static_cast<std::uint8_t>(in_.pins >> line & 1u), 0};
  }
  std::mt19937 random_;
  PenIn in_{};
};

TargetSpec link_to(const std::string& address, LinkOptions options = {}) {
  return {TargetSpec::Kind::link, "", address, options};
}

// The first tick at which the two differ; -1: none.
long first_difference(Target& link, const std::string& core, long ticks, StepReport* last = nullptr) {
  const auto native = open_native(core_file(core), {.private_copy = true});
  Inputs inputs(5);
  native->reset(PEN_RESET_POWER_ON);
  link.reset(PEN_RESET_POWER_ON);
  for (long k = 0; k < ticks; ++k) {
    if (k == ticks / 2) {
      native->reset(PEN_RESET_WATCHDOG);
      link.reset(PEN_RESET_WATCHDOG);
    }
    const PenIn& in = inputs.next();
    PenOut a{}, b{};
    const StepReport ra = native->step(k, in, a), rb = link.step(k, in, b);
    if (std::memcmp(&a, &b, sizeof a) != 0 || ra.reset_requested != rb.reset_requested || ra.hang != rb.hang) return k;
    EXPECT_NEAR(ra.cpu_load, rb.cpu_load, 1e-4) << k;
    if (last != nullptr) *last = rb;
  }
  return -1;
}

std::string error_of(const TargetSpec& spec) {
  try {
    open_link(spec);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Lockstep, EveryOutputIsThatOfTheNativeCore) {
  for (const char* core : {"reference_pen", "example_main", "example_registers", "probe"}) {
    const Folder folder;
    const SoftBoardProcess board({core_file(core), build_id, folder / "board"});
    const auto link = open_link(link_to(board.address()));
    EXPECT_EQ(link->tick_us(), 50u);
    EXPECT_EQ(first_difference(*link, core, 20000), -1) << core;
  }
}

TEST(Lockstep, AlsoOnAPseudoTerminal) {
  const SoftBoardProcess board({core_file("reference_pen"), build_id, ""});
  EXPECT_EQ(board.address().rfind("serial:/dev/pts/", 0), 0u);
  const auto link = open_link(link_to(board.address()));
  EXPECT_EQ(first_difference(*link, "reference_pen", 20000), -1);
}

TEST(Handshake, RefusesTheWrongBoardInWords) {
  const Folder folder;
  const SoftBoardProcess board({core_file("example_rates"), build_id, folder / "board"});
  const BoardIdentity identity = identify_board(link_to(board.address()));
  EXPECT_EQ(identity.core, "example_rates");
  EXPECT_EQ(identity.build_id, build_id);
  EXPECT_EQ(identity.tick_us, 50u);
  EXPECT_EQ(identity.shim_version, PEN_SHIM_VERSION);
  LinkOptions other;
  other.expects = "ffffffff445566778899aabbccddeeff00112233";
  EXPECT_NE(
      error_of(link_to(board.address(), other)).find("this is the wrong board: it runs example_rates on soft board"),
      std::string::npos)
      << error_of(link_to(board.address(), other));
  other.expects = build_id;
  EXPECT_EQ(error_of(link_to(board.address(), other)), "");
  BoardIdentity old = identity;
  old.shim_version = 99;
  EXPECT_NE(board_refusal(old, "").find("version 99 of pen_shim.h"), std::string::npos);
  old = identity;
  old.link_version = 7;
  EXPECT_NE(board_refusal(old, "").find("version 7 of the protocol"), std::string::npos);
}

TEST(Handshake, OneRunAtATime) {
  const Folder folder;
  const SoftBoardProcess board({core_file("probe"), build_id, folder / "board"});
  auto first = open_link(link_to(board.address()));
  EXPECT_NE(error_of(link_to(board.address())).find("in use by process " + std::to_string(getpid())),
            std::string::npos);
  first.reset();
  EXPECT_EQ(error_of(link_to(board.address())), "");
}

TEST(Variables, AreWatchedReadAndWrittenByAddress) {
  const Folder folder;
  const SoftBoardProcess board({core_file("example_rates"), build_id, folder / "board"});
  const auto link = open_link(link_to(board.address()));
  const auto native = open_native(core_file("example_rates"), {.private_copy = true});
  const CoreSymbols symbols(core_file("example_rates"));
  std::vector<CoreVariable> variables;
  for (const SymbolLine& line : symbols.list("speed"))
    if (variables.size() < 8) variables.push_back(symbols.find(line.name));
  ASSERT_GE(variables.size(), 2u);
  std::vector<WatchId> of_link, of_native;
  for (const CoreVariable& v : variables) of_link.push_back(link->watch(v)), of_native.push_back(native->watch(v));
  for (Target* t : {static_cast<Target*>(native.get()), link.get()}) t->reset(PEN_RESET_POWER_ON);
  Inputs inputs(5);
  int moved = 0;
  std::vector<float> a(variables.size()), b(variables.size()), before;
  for (long k = 0; k < 5000; ++k) {
    const PenIn& in = inputs.next();
    PenOut x{}, y{};
    if (k == 2500) {
      const CoreVariable& v = variables[0];
      native->poke(v, 3);
      link->poke(v, 3);
      EXPECT_EQ(link->peek(v), native->peek(v));
    }
    native->step(k, in, x);
    link->step(k, in, y);
    native->read(of_native.data(), of_native.size(), a.data());
    link->read(of_link.data(), of_link.size(), b.data());
    ASSERT_EQ(a, b) << k;
    moved += k > 0 && a != before;
    before = a;
    ASSERT_EQ(std::memcmp(&x, &y, sizeof x), 0) << k;
  }
  EXPECT_GT(moved, 50);
  EXPECT_TRUE(link->take_findings().empty());
  CoreVariable nowhere = variables[0];
  nowhere.address = 0x10;
  link->poke(nowhere, 1);
  const auto findings = link->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("not in the core's writable memory"), std::string::npos) << findings[0];
  EXPECT_THROW(link->peek(nowhere), std::runtime_error);
}

TEST(Gather, KeepsWhatShowsOnce) {
  PenIn gathered{}, in{};
  std::string rest;
  for (unsigned k = 0; k < 12; ++k) {
    in = PenIn{};
    in.time_us = 50 * k;
    in.edge_count = 1;
    in.edges[0] = {50 * k, PEN_LINE_HALL, 1, 0};
    in.uart_count = 1;
    in.uart[0] = static_cast<std::uint8_t>('a' + k);
    in.nvm_status = k == 3 ? PEN_NVM_DONE : PEN_NVM_IDLE;
    in.nvm_data[0] = k == 3 ? 77 : 0;
    in.adc[0] = static_cast<std::uint16_t>(k);
    gather_input(in, gathered, rest);
  }
  EXPECT_EQ(gathered.time_us, 550u);
  EXPECT_EQ(gathered.adc[0], 11);
  EXPECT_EQ(gathered.edge_count, 8);
  EXPECT_EQ(gathered.edges[7].time_us, 350u);
  EXPECT_EQ(gathered.edge_overflow, 1);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(gathered.uart), 8), "abcdefgh");
  EXPECT_EQ(rest, "ijkl");
  EXPECT_EQ(gathered.nvm_status, PEN_NVM_DONE);
  EXPECT_EQ(gathered.nvm_data[0], 77);
}

// ---- faults of the line ----

struct Case {
  const char* name;
  LineFaults faults;
};

TEST(Faults, LockstepStaysTheSameWhateverTheLineDoes) {
  const Case cases[] = {
      {"dropped", {.drop = 1500}},
      {"doubled", {.twice = 5000}},
      {"damaged", {.damage = 1500}},
      {"reordered", {.reorder = 1000}},
      {"late", {.late = 500}},
      {"pulled", {.pull = 60}},
      {"swallowed", {.swallow = 60}},
      {"all", {.drop = 400, .twice = 2000, .damage = 400, .reorder = 400, .late = 200, .pull = 20, .swallow = 20}},
  };
  for (const Case& c : cases) {
    const Folder folder;
    const SoftBoardProcess board({core_file("reference_pen"), build_id, folder / "board"});
    LinkOptions options;
    options.on_loss = LinkOptions::OnLoss::freeze;
    options.timeout_s = 20e-3;
    options.freeze_limit_s = 20.0;
    FaultyLine line(folder / "line", folder / "board", c.faults);
    const auto link = open_link(link_to("unix:" + (folder / "line"), options));
    StepReport last;
    EXPECT_EQ(first_difference(*link, "reference_pen", 15000, &last), -1) << c.name;
    const test::LineCounts n = line.now();
    std::printf(
        "%-10s %6lu pieces, injected: %4lu dropped %4lu doubled %4lu damaged %4lu reordered %4lu late %3lu pulled "
        "%3lu swallowed; resent %lu, lost %lu times\n",
        c.name, n.pieces, n.dropped, n.doubled, n.damaged, n.reordered, n.late, n.pulled, n.swallowed, last.link.resent,
        last.link.losses);
    EXPECT_GT(n.all(), 5u) << c.name;
    const LineFaults& f = c.faults;
    EXPECT_TRUE(f.drop + f.damage + f.pull + f.swallow == 0 || last.link.resent > 0) << c.name;
    EXPECT_TRUE(f.pull + f.swallow == 0 || last.link.losses > 0) << c.name;
  }
}

// The probe echoes what is typed, byte by byte: what comes back says whether anything was lost, doubled or changed.
TEST(Faults, InRealTimeNothingThatShowsOnceIsLostOrDoubled) {
  const LineFaults faults = {
      .drop = 2000, .twice = 3000, .damage = 2000, .reorder = 1000, .late = 500, .pull = 300, .swallow = 300};
  const Folder folder;
  const SoftBoardProcess board({core_file("probe"), build_id, folder / "board"});
  LinkOptions options;
  options.mode = LinkOptions::Mode::real_time;
  options.on_loss = LinkOptions::OnLoss::hold;
  options.timeout_s = 50e-3;
  FaultyLine line(folder / "line", folder / "board", faults);
  const auto link = open_link(link_to("unix:" + (folder / "line"), options));
  link->reset(PEN_RESET_POWER_ON);
  PenIn in{};
  in.reset_cause = PEN_RESET_POWER_ON;
  std::string typed, came;
  StepReport report;
  long late = 0, lost = 0;
  const auto step = [&](long k) {
    PenOut out{};
    in.time_us = static_cast<std::uint32_t>(50 * k);
    report = link->step(k, in, out);
    late += report.link.state == LinkReport::State::late;
    lost += report.link.state == LinkReport::State::lost;
    came.append(reinterpret_cast<const char*>(out.uart), out.uart_count);
    in.uart_count = 0;
    std::memset(in.uart, 0, sizeof in.uart);
  };
  long k = 0;
  for (; k < 30000; ++k) {
    if (k >= 2000 && k % 40 == 0) {
      in.uart[in.uart_count++] = static_cast<std::uint8_t>('A' + typed.size() % 26);
      typed += static_cast<char>(in.uart[0]);
    }
    step(k);
  }
  for (const long end = k + 60000; k < end && (came.size() < typed.size() || !came.ends_with(typed)); ++k) step(k);
  const test::LineCounts n = line.now();
  std::printf(
      "real time  %6lu pieces, injected: %4lu dropped %4lu doubled %4lu damaged %4lu reordered %4lu late %3lu pulled "
      "%3lu swallowed; resent %lu, lost %lu times, %ld ticks late, %ld lost\n",
      n.pieces, n.dropped, n.doubled, n.damaged, n.reordered, n.late, n.pulled, n.swallowed, report.link.resent,
      report.link.losses, late, lost);
  EXPECT_GT(n.all(), 20u);
  EXPECT_GT(report.link.resent, 0u);
  const std::size_t greeting = came.find("\r\n");
  ASSERT_NE(greeting, std::string::npos) << came;
  EXPECT_EQ(came.substr(greeting + 2), typed);
}

TEST(RealTime, TheBoardKeepsItsClockAndTheFrozenPlantWaits) {
  Folder folder;
  const SoftBoardProcess board({core_file("probe"), build_id, folder / "board"});
  LinkOptions options;
  options.mode = LinkOptions::Mode::real_time;
  options.on_loss = LinkOptions::OnLoss::freeze;
  options.timeout_s = 30e-3;
  FaultyLine line(folder / "line", folder / "board", {});
  const auto link = open_link(link_to("unix:" + (folder / "line"), options));
  link->reset(PEN_RESET_POWER_ON);
  PenIn in{};
  in.reset_cause = PEN_RESET_POWER_ON;
  StepReport report;
  std::int32_t ticks_of_core = 0;
  for (long k = 0; k < 20000; ++k) {
    PenOut out{};
    in.time_us = static_cast<std::uint32_t>(50 * k);
    if (k == 10000) {
      line.counts().cut = true;
      std::thread([&] {
        usleep(150'000);
        line.counts().cut = false;
      }).detach();
    }
    report = link->step(k, in, out);
    ticks_of_core = out.aux[7];
  }
  EXPECT_EQ(report.link.losses, 1u);
  EXPECT_GT(report.link.skew_s, 0.1);  // the board's clock ran on while virtual time stood
  EXPECT_GE(ticks_of_core, 22000);     // and so did its ticks
  bool said = false;
  for (const std::string& finding : link->take_findings())
    said = said || finding.find("virtual time stood") != std::string::npos;
  EXPECT_TRUE(said);
}

struct Loss {
  Folder folder;
  SoftBoardProcess board{{core_file("reference_pen"), build_id, folder / "board"}};
  FaultyLine line{folder / "line", folder / "board", {}};
  std::unique_ptr<Target> link;
  Inputs inputs{5};
  PenOut out{};
  long k = 0;
  explicit Loss(LinkOptions::OnLoss on_loss, double freeze_limit_s = 10.0,
                LinkOptions::Mode mode = LinkOptions::Mode::lockstep) {
    LinkOptions options;
    options.mode = mode;
    options.on_loss = on_loss;
    options.timeout_s = 30e-3;
    options.patience_s = 0.1;
    options.freeze_limit_s = freeze_limit_s;
    link = open_link(link_to("unix:" + (folder / "line"), options));
    link->reset(PEN_RESET_POWER_ON);
  }
  StepReport step() { return link->step(k++, inputs.next(), out); }
  std::string error_within(int steps) {
    try {
      for (int i = 0; i < steps; ++i) step();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST(Loss, AbortSaysWhichLinkAndForHowLong) {
  Loss run(LinkOptions::OnLoss::abort);
  EXPECT_EQ(run.error_within(100), "");
  run.line.counts().cut = true;
  EXPECT_NE(run.error_within(10).find("lost: no answer within 0.03 s"), std::string::npos);
}

TEST(Loss, FreezeHasALimit) {
  Loss run(LinkOptions::OnLoss::freeze, 0.2);
  EXPECT_EQ(run.error_within(100), "");
  run.line.counts().cut = true;
  EXPECT_NE(run.error_within(10).find("did not come back within 0.2 s"), std::string::npos);
}

TEST(Loss, HoldKeepsTheLastLevelsAndGoesOnWhenTheLinkIsBack) {
  Loss run(LinkOptions::OnLoss::hold);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run.step().link.state, LinkReport::State::linked);
  const PenOut before = run.out;
  run.line.counts().cut = true;
  StepReport report;
  for (int i = 0; i < 50; ++i) {
    report = run.step();
    EXPECT_EQ(report.link.state, LinkReport::State::lost) << i;
    EXPECT_EQ(run.out.duty_q15, before.duty_q15);
    EXPECT_EQ(run.out.pins, before.pins);
    EXPECT_EQ(run.out.watchdog, 0);
    EXPECT_EQ(run.out.stepper_steps, 0);
    EXPECT_EQ(run.out.uart_count, 0);
  }
  EXPECT_EQ(report.link.losses, 1u);
  run.line.counts().cut = false;
  int steps = 0;
  while (run.step().link.state == LinkReport::State::lost && steps < 20000) ++steps;
  EXPECT_LT(steps, 20000);
  for (int i = 0; i < 100; ++i) report = run.step();
  EXPECT_EQ(report.link.state, LinkReport::State::linked);
}

TEST(Loss, ABoardThatStartedAnewIsNoticedInRealTime) {
  for (const auto on_loss : {LinkOptions::OnLoss::abort, LinkOptions::OnLoss::hold, LinkOptions::OnLoss::freeze}) {
    Loss run(on_loss, 10.0, LinkOptions::Mode::real_time);
    EXPECT_EQ(run.error_within(1000), "");
    run.board.restart();
    EXPECT_NE(run.error_within(200000).find("has started anew"), std::string::npos) << static_cast<int>(on_loss);
  }
}

TEST(RealTime, APausedSimulatorGoesOnAndSaysSo) {
  Loss run(LinkOptions::OnLoss::abort, 10.0, LinkOptions::Mode::real_time);
  EXPECT_EQ(run.error_within(1000), "");
  usleep(500'000);  // what SIGSTOP and SIGCONT come to
  StepReport report;
  for (int i = 0; i < 2000; ++i) report = run.step();
  EXPECT_EQ(report.link.losses, 0u);
  EXPECT_GT(report.link.skew_s, 0.3);  // left out, not caught up with
  const std::vector<std::string> findings = run.link->take_findings();
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const std::string& finding) {
    return finding.find("the plant stood and the board's clock ran on") != std::string::npos;
  }));
}

TEST(Loss, ABoardThatStartedAnewIsNoticed) {
  for (const auto on_loss : {LinkOptions::OnLoss::abort, LinkOptions::OnLoss::hold, LinkOptions::OnLoss::freeze}) {
    Loss run(on_loss);
    EXPECT_EQ(run.error_within(100), "");
    run.board.restart();
    EXPECT_NE(run.error_within(20000).find("has started anew"), std::string::npos) << static_cast<int>(on_loss);
  }
}

}  // namespace
}  // namespace pensim
