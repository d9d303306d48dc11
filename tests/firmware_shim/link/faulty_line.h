// faulty_line.h - a bad cable between two Unix sockets: bytes dropped, doubled, damaged, out of order, late; the cable
// pulled and put back. Seeded: what it does to the n-th piece is a function of seed and n. In a process of its own.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <new>
#include <stdexcept>
#include <string>

namespace pensim::test {

struct LineFaults {  // of a hundred thousand pieces (reads), so many
  int drop = 0, twice = 0, damage = 0, reorder = 0, late = 0;
  int pull = 0;     // the cable is pulled for pulled_ms
  int swallow = 0;  // everything is swallowed for pulled_ms, while the connection stays
  int late_ms = 8, pulled_ms = 30;
  int cut_after = -1;  // pieces, then the cable is out for good
  std::uint64_t seed = 1;
};

struct LineCounts {  // injected, in memory that is shared with the process of the line
  std::uint64_t pieces = 0, dropped = 0, doubled = 0, damaged = 0, reordered = 0, late = 0, pulled = 0, swallowed = 0;
  bool cut = false;  // asked for from outside: no connection until it is false again
  std::uint64_t all() const { return dropped + doubled + damaged + reordered + late + pulled + swallowed; }
};

inline int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return file;
  close(file);
  return -1;
}

class FaultyLine {
 public:
  // Listens at `near`, passes on to `far`.
  FaultyLine(const std::string& near, const std::string& far, const LineFaults& faults)
      : far_(far), faults_(faults), random_(faults.seed * 0x9E3779B97F4A7C15ull + 1) {
    void* page = mmap(nullptr, sizeof(LineCounts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    counts_ = new (page) LineCounts;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, near.c_str(), sizeof address.sun_path - 1);
    listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listening_, 4) != 0)
      throw std::runtime_error(near + ": " + std::strerror(errno));
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      signal(SIGPIPE, SIG_IGN);
      serve();
    }
    close(listening_);
  }
  ~FaultyLine() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    munmap(counts_, sizeof(LineCounts));
  }
  FaultyLine(const FaultyLine&) = delete;
  FaultyLine& operator=(const FaultyLine&) = delete;

  volatile LineCounts& counts() { return *counts_; }
  LineCounts now() const { return *counts_; }

 private:
  static double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  std::uint32_t next() {  // xorshift64*
    random_ ^= random_ >> 12;
    random_ ^= random_ << 25;
    random_ ^= random_ >> 27;
    return static_cast<std::uint32_t>((random_ * 0x2545F4914F6CDD1Dull) >> 32);
  }
  bool happens(int of_100000) { return of_100000 > 0 && next() % 100000u < static_cast<std::uint32_t>(of_100000); }

  struct Late {
    double at_s;
    int to;
    std::string bytes;
  };

  void hang_up() {
    for (int* file : {&ends_[0], &ends_[1]}) {
      if (*file >= 0) close(*file);
      *file = -1;
    }
    late_.clear();
  }
  void put(int to, const std::string& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = write(to, bytes.data() + done, bytes.size() - done);
      if (n <= 0) return;
      done += static_cast<std::size_t>(n);
    }
  }

  void pass(int from) {
    char buffer[4096];
    const ssize_t got = read(ends_[from], buffer, sizeof buffer);
    if (got <= 0) return hang_up();
    const int to = ends_[1 - from];
    std::string bytes(buffer, static_cast<std::size_t>(got));
    if (faults_.cut_after >= 0 && counts_->pieces >= static_cast<std::uint64_t>(faults_.cut_after)) {
      counts_->cut = true;
      return hang_up();
    }
    ++counts_->pieces;
    if (now_s() < swallow_until_s_) return;
    if (happens(faults_.pull)) {
      ++counts_->pulled;
      blocked_until_s_ = now_s() + faults_.pulled_ms * 1e-3;
      return hang_up();
    }
    if (happens(faults_.swallow)) {
      ++counts_->swallowed;
      swallow_until_s_ = now_s() + faults_.pulled_ms * 1e-3;
      return;
    }
    if (happens(faults_.drop)) {
      ++counts_->dropped;
      const std::size_t first = next() % bytes.size();
      bytes.erase(first, 1 + next() % (bytes.size() - first));
    }
    if (!bytes.empty() && happens(faults_.damage)) {
      ++counts_->damaged;
      bytes[next() % bytes.size()] ^= static_cast<char>(1u << next() % 8);
    }
    if (happens(faults_.twice)) {
      ++counts_->doubled;
      bytes += bytes;
    }
    if (happens(faults_.reorder)) {  // it comes behind what follows, or alone after late_ms
      ++counts_->reordered;
      late_.push_back({now_s() + faults_.late_ms * 1e-3, to, bytes});
      return;
    }
    if (happens(faults_.late)) {
      ++counts_->late;
      usleep(static_cast<useconds_t>(faults_.late_ms) * 1000);
    }
    put(to, bytes);
  }

  [[noreturn]] void serve() {
    for (;;) {
      if (static_cast<volatile LineCounts*>(counts_)->cut) hang_up();
      const bool blocked = static_cast<volatile LineCounts*>(counts_)->cut || now_s() < blocked_until_s_;
      pollfd polled[3] = {{blocked ? -1 : listening_, POLLIN, 0}, {ends_[0], POLLIN, 0}, {ends_[1], POLLIN, 0}};
      poll(polled, 3, late_.empty() && !blocked ? 20 : 1);
      if (polled[0].revents != 0) {
        const int file = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (file >= 0) {
          hang_up();
          ends_[0] = file;
          ends_[1] = connect_unix(far_);
          if (ends_[1] < 0) hang_up();
          continue;
        }
      }
      for (int end : {0, 1})
        if (polled[1 + end].revents != 0 && ends_[end] >= 0) pass(end);
      while (!late_.empty() && late_.front().at_s <= now_s()) {
        const Late one = late_.front();
        late_.pop_front();
        put(one.to, one.bytes);
      }
    }
  }

  std::string far_;
  LineFaults faults_;
  std::uint64_t random_;
  LineCounts* counts_ = nullptr;
  int listening_ = -1, ends_[2] = {-1, -1};
  pid_t pid_ = -1;
  double blocked_until_s_ = 0.0, swallow_until_s_ = 0.0;
  std::deque<Late> late_;
};

}  // namespace pensim::test
