// A host against what is no good board: every wait has an end, and the message says what, where and how to mend it.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <functional>
#include <future>

#include "firmware_shim/link/link_target.h"
#include "tests/firmware_shim/link/faulty_line.h"
#include "tests/firmware_shim/link/soft_board_process.h"
#include "tests/sim/program.h"

namespace pensim {
namespace {

using test::connect_unix;
using test::FaultyLine;
using test::Folder;
using test::LineFaults;
using test::SoftBoardProcess;

std::string core_file(const std::string& name) { return std::string(PENSIM_CORES "/") + name + ".so"; }

TargetSpec link_to(const std::string& address, const LinkOptions& options = {}) {
  return {TargetSpec::Kind::link, "", address, options};
}

std::string error_of(const TargetSpec& spec) {
  try {
    open_link(spec);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

#define EXPECT_SAYS(text, what) EXPECT_NE((text).find(what), std::string::npos) << (text)

// Listens, and does with each connection what it is told, in a process of its own.
class Peer {
 public:
  Peer(int listening, const std::function<void(int)>& with_each) {
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      signal(SIGPIPE, SIG_IGN);
      for (;;) {
        const int file = accept(listening, nullptr, nullptr);
        with_each(file);
        close(file);
      }
    }
    close(listening);
  }
  ~Peer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

 private:
  pid_t pid_ = -1;
};

int listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(file, 4) != 0)
    throw std::runtime_error(path);
  return file;
}

int listen_tcp(int& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof address;
  if (bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(file, 4) != 0 ||
      getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port");
  port = ntohs(address.sin_port);
  return file;
}

void says_nothing(int file) {
  char buffer[256];
  while (read(file, buffer, sizeof buffer) > 0) {
  }
}

void writes_for_ever(int file, const std::string& bytes) {
  while (write(file, bytes.data(), bytes.size()) > 0) {
  }
}

std::string frame(std::uint8_t type, std::uint16_t sequence, const void* payload, std::uint32_t count) {
  std::uint8_t bytes[PEN_LINK_FRAME];
  return {reinterpret_cast<char*>(bytes), pen_frame_encode(0, type, sequence, payload, count, bytes)};
}

// Answers PEN_LINK_INFO only.
void identifies_itself(int file, const PenIdentity& identity) {
  PenDecoder decoder{};
  std::uint8_t buffer[256];
  for (ssize_t got; (got = read(file, buffer, sizeof buffer)) > 0;)
    for (std::uint32_t at = 0, used = 0; at < static_cast<std::uint32_t>(got); at += used) {
      PenFrame question;
      if (pen_frame_decode(&decoder, 0, buffer + at, static_cast<std::uint32_t>(got) - at, &used, &question) == 0)
        continue;
      if (question.type != PEN_LINK_INFO) continue;
      const std::string answer = frame(PEN_LINK_INFO | PEN_LINK_ANSWER, question.sequence, &identity, sizeof identity);
      if (write(file, answer.data(), answer.size()) < 0) return;
    }
}

PenIdentity good_identity() {
  PenIdentity id{};
  id.link_version = PEN_LINK_VERSION;
  id.shim_version = PEN_SHIM_VERSION;
  id.tick_us = 50;
  id.pointer_bytes = id.long_bytes = 4;
  std::strcpy(id.core, "pen");
  std::strcpy(id.board, "nobody's board");
  return id;
}

// Each waits for 2 s: all at once.
std::vector<std::string> errors_of(const std::vector<std::string>& addresses) {
  std::vector<std::future<std::string>> running;
  for (const std::string& address : addresses)
    running.push_back(std::async(std::launch::async, [address] { return error_of(link_to(address)); }));
  std::vector<std::string> errors;
  for (auto& one : running) errors.push_back(one.get());
  return errors;
}

TEST(Peer, ThatGivesNoGoodAnswer) {
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>(i * 31 + i / 7);
  const PenIdentity identity = good_identity();
  std::string frames;  // whole, and answers to nothing that was asked
  for (std::uint16_t i = 500; i < 540; ++i)
    frames += frame(PEN_LINK_INFO | PEN_LINK_ANSWER, i, &identity, sizeof identity);
  const Folder folder;
  int port = 0;
  const Peer silent(listen_tcp(port), says_nothing);
  const Peer noisy(listen_unix(folder / "noise"), [&](int file) { writes_for_ever(file, noise); });
  const Peer framed(listen_unix(folder / "frames"), [&](int file) { writes_for_ever(file, frames); });
  const Peer zero(listen_unix(folder / "zero"), [](int file) { writes_for_ever(file, std::string(5000, '\0')); });
  const Peer closing(listen_unix(folder / "closing"), [](int) {});
  const Peer stubborn(listen_unix(folder / "stubborn"), [&](int file) { identifies_itself(file, identity); });
  const std::string tcp = "tcp:127.0.0.1:" + std::to_string(port), unix_in = "unix:" + folder.path() + "/";
  const std::vector<std::string> errors = errors_of(
      {tcp, unix_in + "noise", unix_in + "frames", unix_in + "zero", unix_in + "closing", unix_in + "stubborn"});
  EXPECT_SAYS(errors[0], "link:" + tcp + ": no board answers within 2 s (power, wiring, baud rate, image?)");
  for (int i : {1, 2, 3}) EXPECT_SAYS(errors[static_cast<std::size_t>(i)], " bytes came, but no answer within 2 s");
  EXPECT_SAYS(errors[4], "no board answers within 2 s");
  EXPECT_SAYS(errors[5], "takes no new session");
}

TEST(Peer, OfAnotherTime) {
  const auto error_with = [](const std::function<void(PenIdentity&)>& change) {
    PenIdentity identity = good_identity();
    change(identity);
    const Folder folder;
    const Peer peer(listen_unix(folder / "peer"), [&](int file) { identifies_itself(file, identity); });
    return error_of(link_to("unix:" + (folder / "peer")));
  };
  EXPECT_SAYS(error_with([](PenIdentity& id) { id.shim_version = 99; }), "built for version 99 of pen_shim.h");
  EXPECT_SAYS(error_with([](PenIdentity& id) { id.link_version = 1; }), "version 1 of the protocol");
  EXPECT_SAYS(error_with([](PenIdentity& id) { id.tick_us = 0; }), "names no tick");
  EXPECT_SAYS(error_with([](PenIdentity& id) {
                std::memset(id.core, 'x', sizeof id.core);
                id.build_id_bytes = 255;
                id.link_version = 9;
              }),
              "version 9");
}

TEST(Peer, WhoseCableIsPulledDuringTheHandshake) {
  const Folder folder;
  std::vector<std::unique_ptr<SoftBoardProcess>> boards;
  std::vector<std::unique_ptr<FaultyLine>> lines;
  std::vector<std::string> pulled;
  for (int pieces = 0; pieces < 6; ++pieces) {  // INFO, INFO, START, each with its answer
    const std::string board = folder / ("board" + std::to_string(pieces)),
                      line = folder / ("line" + std::to_string(pieces));
    boards.push_back(std::make_unique<SoftBoardProcess>(SoftBoardOptions{core_file("reference_pen"), "", board}));
    LineFaults faults;
    faults.cut_after = pieces;
    lines.push_back(std::make_unique<FaultyLine>(line, board, faults));
    pulled.push_back("unix:" + line);
  }
  const std::vector<std::string> errors = errors_of(pulled);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    EXPECT_SAYS(errors[i], i < 2 ? "no board answers within 2 s" : "takes no new session");
    EXPECT_EQ(error_of(link_to(boards[i]->address())), "") << i;  // it has come to no harm
  }
}

TEST(Peer, ThatIsTwoBoards) {
  const Folder folder;
  const SoftBoardProcess one({core_file("reference_pen"), "", folder / "one"});
  const SoftBoardProcess other({core_file("example_rates"), "", folder / "other"});
  const Peer both(listen_unix(folder / "both"), [&](int file) {
    const int ends[2] = {connect_unix(folder / "one"), connect_unix(folder / "other")};
    char buffer[1024];
    for (;;) {
      pollfd polled[3] = {{file, POLLIN, 0}, {ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
      poll(polled, 3, -1);
      for (int from = 0; from < 3; ++from) {
        if (polled[from].revents == 0) continue;
        const ssize_t got = read(polled[from].fd, buffer, sizeof buffer);
        if (got <= 0) return;
        for (const int to : {ends[0], ends[1]})
          if (from == 0 && write(to, buffer, static_cast<std::size_t>(got)) < 0) return;
        if (from != 0 && write(file, buffer, static_cast<std::size_t>(got)) < 0) return;
      }
    }
  });
  std::string error;
  try {
    const auto link = open_link(link_to("unix:" + (folder / "both")));
    link->reset(PEN_RESET_POWER_ON);
    PenIn in{};
    in.reset_cause = PEN_RESET_POWER_ON;
    for (long k = 0; k < 5000; ++k) {
      PenOut out{};
      in.time_us = static_cast<std::uint32_t>(50 * k);
      link->step(k, in, out);
    }
  } catch (const std::runtime_error& e) {
    error = e.what();
  }
  EXPECT_SAYS(error, "more than one board is on this line");
}

TEST(Port, SaysWhyItCannotBeOpened) {
  const Folder folder;
  EXPECT_SAYS(error_of(link_to("serial:" + (folder / "none") + "@115200")),
              "No such file or directory: is the board plugged in?");
  EXPECT_SAYS(error_of(link_to("unix:" + (folder / "none"))), "No such file or directory: start the board");
  EXPECT_SAYS(error_of(link_to("serial:/dev/null@115200")), "this is no serial port");
  EXPECT_SAYS(error_of(link_to("serial:/dev/null@fast")), "'fast' is no baud rate");
  int port = 0;
  close(listen_tcp(port));
  EXPECT_SAYS(error_of(link_to("tcp:127.0.0.1:" + std::to_string(port))), "refused: nobody listens there");
  EXPECT_SAYS(error_of(link_to("usb:1")), "expected tcp:HOST:PORT, unix:PATH or serial:DEVICE@BAUD");
  if (getuid() == 0) {  // root may open everything: as somebody else
    const pid_t child = fork();
    if (child == 0) {
      const int listening = listen_unix(folder / "locked");
      chmod((folder / "locked").c_str(), 0);
      chmod(std::filesystem::path(folder / "locked").parent_path().c_str(), 0755);
      if (listening < 0 || setuid(65534) != 0) _exit(3);
      _exit(error_of(link_to("unix:" + (folder / "locked"))).find("belongs to another user") != std::string::npos ? 0
                                                                                                                  : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace pensim
