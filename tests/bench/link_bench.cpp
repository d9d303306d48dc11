// Exchanges with a board in lockstep against a bare echo of as many bytes over the same line; a minute in real time.
//   link_bench CORE.so [SECONDS of real time]
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "firmware_shim/link/link_target.h"
#include "firmware_shim/native/native_target.h"
#include "tests/firmware_shim/link/soft_board_process.h"
#include "tests/sim/program.h"

namespace {

using namespace pensim;

// Channels with noise, an edge now and then: what a running pen shows.
struct Inputs {
  std::mt19937 random{5};
  PenIn in{};
  const PenIn& next() {
    in.reset_cause = PEN_RESET_POWER_ON;
    in.time_us += 50;
    in.edge_count = 0;
    in.edges[0] = {};
    for (int channel : {0, 1, 4, 6}) in.adc[channel] = static_cast<std::uint16_t>(2000 + random() % 8);
    if (random() % 80 == 0) in.edges[in.edge_count++] = {in.time_us - 20, PEN_LINE_HALL, 1, 0};
    return in;
  }
};

constexpr std::size_t question_bytes = 25, answer_bytes = 19;  // on the wire, as counted over such inputs

void write_all(int file, const char* at, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    const ssize_t n = write(file, at + done, count - done);
    if (n <= 0) _exit(1);
    done += static_cast<std::size_t>(n);
  }
}
void read_all(int file, char* at, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    const ssize_t n = read(file, at + done, count - done);
    if (n <= 0) _exit(1);
    done += static_cast<std::size_t>(n);
  }
}

double bare_echo_per_s(int near, int far, long count) {
  const pid_t pid = fork();
  char buffer[64] = {};
  if (pid == 0)
    for (;;) {
      read_all(far, buffer, question_bytes);
      write_all(far, buffer, answer_bytes);
    }
  const double begin = BoardLine::now_s();
  for (long i = 0; i < count; ++i) {
    write_all(near, buffer, question_bytes);
    read_all(near, buffer, answer_bytes);
  }
  const double took = BoardLine::now_s() - begin;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return static_cast<double>(count) / took;
}

double lockstep_per_s(Target& target, long count) {
  Inputs inputs;
  target.reset(PEN_RESET_POWER_ON);
  PenOut out{};
  for (long k = 0; k < 1000; ++k) target.step(k, inputs.next(), out);
  const double begin = BoardLine::now_s();
  for (long k = 0; k < count; ++k) target.step(k, inputs.next(), out);
  return static_cast<double>(count) / (BoardLine::now_s() - begin);
}

void compare(const char* line, const std::string& core, const std::string& socket) {
  constexpr long count = 40000;
  const test::SoftBoardProcess board({core, "", socket});
  const auto target = open_link({TargetSpec::Kind::link, "", board.address(), {}});
  int ends[2];
  if (socket.empty()) {
    openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr);
    for (const int end : ends) {
      termios settings{};
      tcgetattr(end, &settings);
      cfmakeraw(&settings);
      tcsetattr(end, TCSANOW, &settings);
    }
  } else {
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  }
  double best_echo = 0, best_link = 0;
  for (int round = 0; round < 5; ++round) {
    best_echo = std::max(best_echo, bare_echo_per_s(ends[0], ends[1], count));
    best_link = std::max(best_link, lockstep_per_s(*target, count));
  }
  std::printf("%-16s bare echo %7.0f /s, lockstep %7.0f /s: %.0f %%\n", line, best_echo, best_link,
              100.0 * best_link / best_echo);
}

void real_time(const std::string& core, const std::string& socket, double seconds) {
  const test::SoftBoardProcess board({core, "", socket});
  LinkOptions options;
  options.mode = LinkOptions::Mode::real_time;
  options.on_loss = LinkOptions::OnLoss::hold;
  const auto target = open_link({TargetSpec::Kind::link, "", board.address(), options});
  target->reset(PEN_RESET_POWER_ON);
  Inputs inputs;
  PenOut out{};
  StepReport report;
  std::vector<double> trips_us;
  double skew_low_s = 1e9, skew_high_s = -1e9;
  const long ticks = static_cast<long>(seconds * 20000.0);
  long late = 0;
  for (long k = 0; k < ticks; ++k) {
    report = target->step(k, inputs.next(), out);
    if (k % 20 != 0) continue;
    if (report.link.state == LinkReport::State::linked)
      trips_us.push_back(report.link.round_trip_s * 1e6);
    else
      ++late;
    skew_low_s = std::min(skew_low_s, report.link.skew_s);
    skew_high_s = std::max(skew_high_s, report.link.skew_s);
  }
  std::sort(trips_us.begin(), trips_us.end());
  const auto at = [&](double share) {
    return trips_us[static_cast<std::size_t>(share * static_cast<double>(trips_us.size() - 1))];
  };
  std::printf("real time, %.0f s at 1 kHz: %zu exchanges in time, %ld late, %llu asked again, lost %llu times\n",
              seconds, trips_us.size(), late, static_cast<unsigned long long>(report.link.resent),
              static_cast<unsigned long long>(report.link.losses));
  std::printf("  round trip: least %.0f us, median %.0f, 99 %% %.0f, 99.9 %% %.0f, most %.0f; skew %.2f .. %.2f ms\n",
              at(0), at(0.5), at(0.99), at(0.999), at(1), 1e3 * skew_low_s, 1e3 * skew_high_s);
  double low_us = 1.0;
  for (std::size_t next = 0; next < trips_us.size(); low_us *= 2.0) {
    std::size_t count = 0;
    while (next < trips_us.size() && trips_us[next] < 2.0 * low_us) ++next, ++count;
    if (count > 0) std::printf("  %8.0f .. %-8.0f us %7zu\n", low_us, 2.0 * low_us, count);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string core = argv[1];
  const test::Folder folder;
  compare("Unix socket", core, folder / "board");
  compare("pseudo-terminal", core, "");
  real_time(core, folder / "clock", argc > 2 ? std::atof(argv[2]) : 60.0);
  return 0;
}
