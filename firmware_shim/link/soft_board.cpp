#include "firmware_shim/link/soft_board.h"

#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "firmware_shim/device/pen_agent.h"
#include "firmware_shim/native/crash.h"
#include "firmware_shim/native/native_target.h"

namespace pensim {
namespace {

constexpr std::uint32_t longest_wait_us = 20'000;  // between two looks at `stop`
constexpr std::uint32_t burst_us = 500;            // shorter waits cost more than they give on a PC

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

bool readable(int file, std::uint32_t wait_us) {
  pollfd polled{file, POLLIN, 0};
  const timespec time{0, static_cast<long>(wait_us) * 1000};
  return ::ppoll(&polled, 1, &time, nullptr) > 0;
}

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + ": too long for a Unix socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) fail(path);
  if (::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(file, 1) != 0) {
    ::close(file);
    fail(path);
  }
  return file;
}

sigjmp_buf after_crash;  // one soft board serves at a time

// Of the core's data model: its file says it.
std::uint8_t pointer_bytes(const std::string& path) {
  char head[EI_NIDENT] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  return head[EI_CLASS] == ELFCLASS32 ? 4 : 8;
}

}  // namespace

struct SoftBoard::Board {
  std::string path;
  std::unique_ptr<NativeTarget> core;
  CrashReport report;
  bool crashed = false;  // the core was left in the middle of a tick
  std::string socket, terminal;
  int listening = -1, line = -1;
  int slave = -1;  // held open, so that a host that goes away leaves the terminal as it is
  const std::atomic<bool>* stop = nullptr;
  PenAgent agent{};
  PenAgentBoard functions{};

  ~Board() {
    for (const int file : {listening, line, slave})
      if (file >= 0) ::close(file);
    if (listening >= 0) ::unlink(socket.c_str());
  }

  void hang_up() {
    if (listening < 0) return;  // a terminal stays
    ::close(line);
    line = -1;
  }

  std::uint32_t read(void* to, std::uint32_t room, std::uint32_t wait_us) {
    if (stop->load()) {
      agent.stop = 1;
      return 0;
    }
    wait_us = std::min(wait_us, longest_wait_us);
    if (agent.mode == PEN_LINK_REAL_TIME && wait_us < burst_us && wait_us > 0) wait_us = burst_us;
    if (line < 0) {
      if (readable(listening, wait_us)) line = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
      if (line < 0) return 0;
      const timeval slice{0, longest_wait_us};
      ::setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice);
    }
    const bool in_one = listening >= 0 && wait_us == longest_wait_us;
    if (!in_one && !readable(line, wait_us)) return 0;
    const ssize_t got = ::read(line, to, room);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got > 0) return static_cast<std::uint32_t>(got);
    if (got == 0 || (errno != EINTR && errno != EAGAIN)) hang_up();
    return 0;
  }

  void write(const void* bytes, std::uint32_t count) {
    const char* at = static_cast<const char*>(bytes);
    while (count > 0 && line >= 0) {
      const ssize_t put = listening >= 0 ? ::send(line, at, count, MSG_NOSIGNAL) : ::write(line, at, count);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return hang_up();
      at += put;
      count -= static_cast<std::uint32_t>(put);
    }
  }

  void guard() {
    CrashSetup setup = crash_setup(report, *core);
    setup.after = [](void*) { siglongjmp(after_crash, 1); };
    crash_install(setup);
  }

  void reset() {
    if (std::exchange(crashed, false)) {
      crash_uninstall();
      core.reset();
      core = open_native(path);
      guard();
    }
    core->reset(agent.reset_cause);
  }

  // What a Cortex-M board tells by registers.
  void tell_crash() {
    crashed = true;
    const CrashVerdict v = explain_crash(report, crash_own_process, path);
    const std::string text = std::string(crash_kind_name(v.kind)) + "\n" + v.detail;
    const std::uint64_t pc = v.frames.empty() ? 0 : v.frames.front().pc - core->load_bias();
    pen_agent_crash(&agent, PEN_CRASH_NAMED, pc, text.data(), static_cast<std::uint32_t>(text.size()));
    bool inside = false;  // of what the verdict names: not in the runtime
    for (const Frame& f : v.frames) {
      inside = inside || (f.function == v.function && f.line == v.line);
      if (!f.in_core || !inside) continue;
      const std::string place = f.function + "\t" + f.file;
      pen_agent_place(&agent, f.pc - core->load_bias(), place.c_str(), static_cast<std::uint32_t>(f.line));
    }
  }

  // An address as linked, in this process; null if it is not all in a segment of the core.
  std::uint8_t* memory(std::uint64_t address, std::uint32_t count, bool writable) const {
    const std::uintptr_t begin = core->load_bias() + address;
    for (const NativeTarget::Range& r : core->loaded_ranges())
      if (begin >= r.begin && begin < r.end && count <= r.end - begin && (r.writable || !writable))
        return reinterpret_cast<std::uint8_t*>(begin);
    return nullptr;
  }
};

SoftBoard::SoftBoard(const SoftBoardOptions& options) : board_(std::make_unique<Board>()) {
  Board& b = *board_;
  b.path = options.core;
  b.core = open_native(b.path);
  if (options.socket.empty()) {
    char name[128];
    if (::openpty(&b.line, &b.slave, name, nullptr, nullptr) != 0) fail("no pseudo-terminal");
    termios settings{};
    ::tcgetattr(b.slave, &settings);
    ::cfmakeraw(&settings);
    ::tcsetattr(b.slave, TCSANOW, &settings);
    ::fcntl(b.line, F_SETFD, FD_CLOEXEC);
    ::fcntl(b.slave, F_SETFD, FD_CLOEXEC);
    b.terminal = name;
  } else {
    b.socket = options.socket;
    b.listening = listen_at(options.socket);
  }
  PenAgentBoard& f = b.functions;
  f.context = &b;
  f.read = [](void* c, void* to, std::uint32_t room, std::uint32_t wait_us) {
    return static_cast<Board*>(c)->read(to, room, wait_us);
  };
  f.write = [](void* c, const void* bytes, std::uint32_t count) { static_cast<Board*>(c)->write(bytes, count); };
  f.now_us = [](void*) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
  };
  f.read_memory = [](void* c, std::uint64_t address, void* to, std::uint32_t count) {
    const std::uint8_t* const at = static_cast<Board*>(c)->memory(address, count, false);
    if (at != nullptr) std::memcpy(to, at, count);
    return at != nullptr ? 1 : 0;
  };
  f.write_memory = [](void* c, std::uint64_t address, const void* from, std::uint32_t count) {
    std::uint8_t* const at = static_cast<Board*>(c)->memory(address, count, true);
    if (at != nullptr) std::memcpy(at, from, count);
    return at != nullptr ? 1 : 0;
  };
  PenIdentity& id = f.identity;
  id.link_version = PEN_LINK_VERSION;
  id.shim_version = PEN_SHIM_VERSION;
  id.tick_us = b.core->tick_us();
  id.pointer_bytes = id.long_bytes = pointer_bytes(options.core);
  for (std::size_t i = 0; i + 1 < options.build_id.size() && i / 2 < PEN_BUILD_ID_BYTES; i += 2) {
    id.build_id[i / 2] = static_cast<std::uint8_t>(std::stoul(options.build_id.substr(i, 2), nullptr, 16));
    ++id.build_id_bytes;
  }
  std::strncpy(id.core, std::filesystem::path(options.core).stem().c_str(), sizeof id.core - 1);
  std::strncpy(id.board, "soft board", sizeof id.board - 1);
  pen_agent_init(&b.agent, &f);
}

SoftBoard::~SoftBoard() = default;

std::string SoftBoard::address() const {
  return board_->listening >= 0 ? "unix:" + board_->socket : "serial:" + board_->terminal + "@115200";
}

void SoftBoard::serve(const std::atomic<bool>& stop) {
  Board& b = *board_;
  b.stop = &stop;
  b.agent.stop = 0;
  const double tick_ns = b.core->tick_us() * 1e3;
  b.guard();
  PenIn in;
  PenOut out;
  std::int64_t tick = 0;
  if (sigsetjmp(after_crash, 1) != 0) b.tell_crash();
  for (;;) switch (pen_agent_next(&b.agent, &in)) {
      case PEN_AGENT_RESET:
        b.reset();
        break;
      case PEN_AGENT_TICK: {
        const StepReport report = b.core->step(tick++, in, out);
        if (report.hang) crash_report_hang(*b.core);  // does not return: it becomes a crash
        for (const std::string& finding : b.core->take_findings())
          pen_agent_finding(&b.agent, PEN_LINK_SENTENCE, 0, finding.c_str(), 0);
        const auto slept_ns = static_cast<std::uint32_t>(std::lround((1.0 - report.cpu_load) * tick_ns));
        pen_agent_done(&b.agent, &out, slept_ns, static_cast<std::uint32_t>(report.interrupts_lost),
                       report.reset_requested ? PEN_STATE_RESET_REQUESTED : 0);
        break;
      }
      default:
        crash_uninstall();
        return;
    }
}

}  // namespace pensim
