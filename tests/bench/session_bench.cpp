// How long a session takes to catch up after a change of the past, and what the sleeping copies cost.
//   session_bench SCENARIO PROGRAM [ROUNDS]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/session/session.h"

namespace {

double wall_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Seconds until the run has ended again.
double until_ended(pensim::Session& session) {
  const double begin_s = wall_s();
  session.set_speed(0);
  session.play();
  while (session.state() != pensim::Session::State::ended) {
    session.poll(0.001);
    usleep(500);
  }
  return wall_s() - begin_s;
}

void print(const char* what, std::vector<double> times_s) {
  std::sort(times_s.begin(), times_s.end());
  std::printf("%-44s median %6.1f ms  (%.1f to %.1f)\n", what, 1e3 * times_s[times_s.size() / 2], 1e3 * times_s.front(),
              1e3 * times_s.back());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "session_bench SCENARIO PROGRAM [ROUNDS]\n"), 2;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  pensim::SessionOptions options;
  options.program = argv[2];
  std::vector<double> whole, posted, by_copy, by_rerun;
  for (int i = 0; i < rounds; ++i) {
    pensim::Session session(argv[1], options);
    whole.push_back(until_ended(session));
    const pensim::Command change{session.duration() / 2, pensim::Command::Kind::set, "user.rate", 100.0 + i, 0, 0, ""};
    const double begin_s = wall_s();
    session.post(change);
    posted.push_back(wall_s() - begin_s);
    by_copy.push_back(posted.back() + until_ended(session));
    const double again_s = wall_s();
    session.set_override("seed=" + std::to_string(i + 100));
    by_rerun.push_back(wall_s() - again_s + until_ended(session));
  }
  print("the whole run, from zero", whole);
  print("post() in the middle of the past", posted);
  print("caught up after it, by a copy", by_copy);
  print("caught up after a new seed, by a rerun", by_rerun);
}
