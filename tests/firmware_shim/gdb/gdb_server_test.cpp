// The remote protocol: with gdb itself, and with what no debugger would send.
#include "firmware_shim/gdb/gdb_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "tests/sim/program.h"

namespace pensim {
namespace {

// A processor whose program adds 1 to r0 in each instruction of two bytes and stores it at `counter`.
struct FakeGuest : GdbGuest {
  static constexpr std::uint32_t ram = 0x20000000, counter = ram + 16;
  ArmRegisters now;
  std::array<std::uint8_t, 64> memory{};
  std::set<std::uint32_t> breakpoints;
  std::map<std::uint32_t, Watch> watchpoints;

  FakeGuest() {
    now.r[13] = ram + 64;
    now.r[15] = 0x08000100;
    now.xpsr = 0x01000000;
    now.d[1] = 0x3ff8000000000000;  // 1.5
  }
  ArmRegisters registers() const override { return now; }
  void set_registers(const ArmRegisters& all) override { now = all; }
  bool inside(std::uint32_t address, std::size_t bytes) const {
    return address >= ram && bytes <= memory.size() && address - ram <= memory.size() - bytes;
  }
  bool read_memory(std::uint32_t address, std::uint8_t* to, std::size_t bytes) const override {
    if (!inside(address, bytes)) return false;
    std::memcpy(to, memory.data() + (address - ram), bytes);
    return true;
  }
  bool write_memory(std::uint32_t address, const std::uint8_t* from, std::size_t bytes) override {
    if (!inside(address, bytes)) return false;
    std::memcpy(memory.data() + (address - ram), from, bytes);
    return true;
  }
  void breakpoint(std::uint32_t address, bool set) override {
    set ? void(breakpoints.insert(address)) : void(breakpoints.erase(address));
  }
  void watchpoint(std::uint32_t address, std::uint32_t, Watch kind, bool set) override {
    set ? void(watchpoints[address] = kind) : void(watchpoints.erase(address));
  }
  std::string monitor(const std::string& command) override { return command == "time" ? "virtual time 1.25 ms\n" : ""; }

  void instruction() {
    now.r[15] += 2;
    ++now.r[0];
    std::memcpy(memory.data() + (counter - ram), &now.r[0], 4);
  }
};

struct Ran {
  GdbServer::Go last = GdbServer::Go::resume;
  int stops = 0;
};

// The guest runs 1000 instructions, as a target would run it: it stops before an instruction that a watchpoint is for,
// as a Cortex-M does.
GdbServer::Go run(GdbServer& server, FakeGuest& guest) {
  GdbServer::Go go = server.stopped(guest);
  for (int i = 0; i < 1000; ++i) {
    const bool watched = server.connected() && guest.watchpoints.count(FakeGuest::counter) != 0;
    if (watched && go == GdbServer::Go::resume)
      go = server.stopped(guest, {5, true, guest.watchpoints[FakeGuest::counter], FakeGuest::counter});
    guest.instruction();
    const bool broke = server.connected() && guest.breakpoints.count(guest.now.r[15]) != 0;
    if (go == GdbServer::Go::step || broke) go = server.stopped(guest);
    if (go == GdbServer::Go::kill) break;
  }
  server.ended(0);
  return go;
}

std::string shell(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1 </dev/null").c_str(), "r");
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  pclose(pipe);
  return text;
}

TEST(GdbServer, GdbReadsWritesStepsAndStops) {
  const test::Folder f;
  GdbServer server("unix:" + (f / "gdb"));
  FakeGuest guest;
  std::thread core([&] {
    server.wait_for_client();
    run(server, guest);
  });
  test::write_file(f / "commands",
                   "set pagination off\nset confirm off\nset architecture armv7e-m\ntarget remote " + (f / "gdb") +
                       "\ninfo registers d1\nprintf \"pc %x sp %x \\n\", $pc, $sp\n"
                       "set $r4 = 0x1234\nset {int}0x20000004 = 77\n"
                       "printf \"memory %d r4 %x\\n\", {int}0x20000004, $r4\n"
                       "stepi\nprintf \"stepped to %x\\n\", $pc\n"
                       "break *0x0800010a\ncontinue\nprintf \"broke at %x r0 %d\\n\", $pc, $r0\n"
                       "delete\nwatch *(int*)0x20000010\ncontinue\nprintf \"watched %d\\n\", *(int*)0x20000010\n"
                       "delete\nmonitor time\nmonitor nonsense\nx/xw 0x30000000\ncontinue\n");
  const std::string said = shell("gdb-multiarch -q -nx -batch -x " + (f / "commands"));
  core.join();
  for (const char* expected : {"pc 8000100 sp 20000040", "(raw 0x3ff8000000000000)", "memory 77 r4 1234",
                               "stepped to 8000102", "broke at 800010a r0 5", "watched 6", "virtual time 1.25 ms",
                               "no such command: nonsense", "Cannot access memory at address 0x30000000"})
    EXPECT_NE(said.find(expected), std::string::npos) << expected << " in\n" << said;
  EXPECT_EQ(guest.now.r[0], 1000u);  // all of its instructions, no more and no fewer
  EXPECT_EQ(guest.now.r[4], 0x1234u);
  EXPECT_FALSE(server.connected());
}

TEST(GdbServer, AGdbThatLeavesLetsTheGuestRunOn) {
  const test::Folder f;
  GdbServer server("unix:" + (f / "gdb"));
  FakeGuest guest;
  GdbServer::Go last = GdbServer::Go::resume;
  std::thread core([&] {
    server.wait_for_client();
    last = run(server, guest);
  });
  const std::string said = shell("gdb-multiarch -q -nx -batch -ex 'set architecture armv7e-m' -ex 'target remote " +
                                 (f / "gdb") + "' -ex 'break *0x08000104' -ex continue -ex detach");
  core.join();
  EXPECT_NE(said.find("detached"), std::string::npos) << said;
  EXPECT_EQ(last, GdbServer::Go::detach);
  EXPECT_EQ(guest.now.r[0], 1000u);
}

// One end of a connection that speaks raw bytes.
struct RawClient {
  int file = -1;
  explicit RawClient(const std::string& path) {
    file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::snprintf(at.sun_path, sizeof at.sun_path, "%s", path.c_str());
    EXPECT_EQ(::connect(file, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  }
  ~RawClient() { ::close(file); }
  void say(const std::string& bytes) {
    EXPECT_EQ(::send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL), ssize_t(bytes.size()));
  }
  void packet(const std::string& payload) {
    unsigned sum = 0;
    for (const char c : payload) sum += static_cast<unsigned char>(c);
    char end[8];
    std::snprintf(end, sizeof end, "#%02x", sum & 255u);
    say("$" + payload + end);
  }
  // Up to the sum of the next packet.
  std::string answer() {
    std::string text;
    for (char c = 0; ::recv(file, &c, 1, 0) == 1;) {
      text += c;
      if (text.size() > 3 && text[text.size() - 3] == '#') return text;
    }
    return text;
  }
};

TEST(GdbServer, WhatNoDebuggerSendsIsAnsweredOrPassedOver) {
  const test::Folder f;
  GdbServer server("unix:" + (f / "gdb"));
  FakeGuest guest;
  GdbServer::Go last = GdbServer::Go::resume;
  std::thread core([&] {
    server.wait_for_client();
    last = server.stopped(guest);
  });
  {
    RawClient client(f / "gdb");
    client.say("noise+++$g#00");  // a wrong sum is asked for again
    client.packet("mffffffff,ffffffff");
    EXPECT_EQ(client.answer(), "-+$E01#a6");
    client.packet("m20000000");
    EXPECT_EQ(client.answer(), "+$E01#a6");
    client.packet("M20000000,4:12");
    EXPECT_EQ(client.answer(), "+$E01#a6");
    client.packet("M2000003c,8:0011223344556677");  // runs over the end: nothing is written
    EXPECT_EQ(client.answer().substr(0, 5), "+$E0e");
    EXPECT_EQ(guest.memory[60], 0);
    client.packet("G00");
    EXPECT_EQ(client.answer().substr(0, 5), "+$E01");
    client.packet("P63=00");
    EXPECT_EQ(client.answer().substr(0, 5), "+$E01");
    client.packet("Z9,0,1");
    EXPECT_EQ(client.answer(), "+$#00");
    client.packet("Z2,20000000,ffffffff");
    EXPECT_EQ(client.answer(), "+$E01#a6");
    client.packet("");
    EXPECT_EQ(client.answer(), "+$#00");
    client.packet(std::string(100000, 'x'));
    client.packet("qAttached");
    const std::string huge = client.answer();
    EXPECT_EQ(huge, "+$#00");
    EXPECT_EQ(client.answer(), "+$1#31");
    client.say("$m2000");  // and gone in the middle of a packet
  }
  core.join();
  EXPECT_EQ(last, GdbServer::Go::detach);
  EXPECT_EQ(guest.now.r[0], 0u);
}

TEST(GdbServer, AnInterruptIsSeenAndALeavingClientToo) {
  const test::Folder f;
  GdbServer server("unix:" + (f / "gdb"));
  FakeGuest guest;
  auto client = std::make_unique<RawClient>(f / "gdb");
  server.wait_for_client();
  client->packet("c");
  EXPECT_EQ(server.stopped(guest), GdbServer::Go::resume);
  EXPECT_FALSE(server.interrupted());
  client->say("\x03");
  EXPECT_TRUE(server.interrupted());
  EXPECT_FALSE(server.interrupted());
  EXPECT_TRUE(server.connected());
  client.reset();
  EXPECT_FALSE(server.interrupted());
  EXPECT_FALSE(server.connected());
}

TEST(GdbServer, AddressesThatCannotBeHadAreRefused) {
  const test::Folder f;
  const auto why = [](const std::string& address) -> std::string {
    try {
      GdbServer server(address);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  for (const char* address : {"", "unix:", "tcp:", "tcp:0", "tcp:70000", "tcp:12x", "/tmp/x", "udp:1"})
    EXPECT_NE(why(address).find("expected unix:PATH or tcp:PORT"), std::string::npos)
        << address << ": " << why(address);
  EXPECT_NE(why("unix:/" + std::string(300, 'x')), "");
  GdbServer first("unix:" + (f / "gdb"));
  EXPECT_NE(why("unix:" + (f / "gdb")).find("in use"), std::string::npos);
}

}  // namespace
}  // namespace pensim
