// gdb_server.h - the remote protocol of gdb for a Cortex-M that stands still between two of its instructions.
//
// Source: "Debugging with GDB", appendix E (Remote Serial Protocol), and its appendix G.5.3 for the features
// org.gnu.gdb.arm.m-profile and org.gnu.gdb.arm.vfp. One client at a time, one thread (the core), all-stop.
//
//   GdbServer server("unix:/tmp/x");        listens
//   server.wait_for_client();
//   for each stop of the guest (the first one before its first instruction):
//     switch (server.stopped(guest, why))   answers the debugger until it lets the guest go on
//   between slices of running: if (server.interrupted()) ...  (Ctrl-C)
//   server.ended(0);                        the run is over
//
// Not modelled: several threads or cores, tracepoints, reverse execution, flash programming (memory is written as it
// is), extended-remote.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace pensim {

// The registers that gdb knows of a Cortex-M with a single precision FPU: d[n] holds s[2n] in its lower half.
struct ArmRegisters {
  std::uint32_t r[16] = {};  // r13 is the stack pointer in use, r14 LR, r15 PC
  std::uint32_t xpsr = 0;
  std::uint64_t d[16] = {};
  std::uint32_t fpscr = 0;
};

// What a target offers to a debugger. Called between two instructions of the guest only.
class GdbGuest {
 public:
  enum class Watch : std::uint8_t { write, read, access };
  virtual ~GdbGuest() = default;
  virtual ArmRegisters registers() const = 0;
  virtual void set_registers(const ArmRegisters&) = 0;
  // False where nothing is mapped; a part is never written.
  virtual bool read_memory(std::uint32_t address, std::uint8_t* to, std::size_t bytes) const = 0;
  virtual bool write_memory(std::uint32_t address, const std::uint8_t* from, std::size_t bytes) = 0;
  virtual void breakpoint(std::uint32_t address, bool set) = 0;
  // The guest stops before the instruction that makes a watched access, as a Cortex-M does.
  virtual void watchpoint(std::uint32_t address, std::uint32_t bytes, Watch, bool set) = 0;
  // `monitor COMMAND` of gdb: the answer, a line or more; "" if there is no such command.
  virtual std::string monitor(const std::string& command) = 0;
};

struct GdbStop {
  int signal = 5;  // as gdb numbers them: 2 interrupted, 4 illegal instruction, 5 breakpoint or step, 11 bad access
  bool watched = false;
  GdbGuest::Watch watch = GdbGuest::Watch::write;
  std::uint32_t watch_address = 0;
};

class GdbServer {
 public:
  enum class Go : std::uint8_t {
    resume,
    step,    // one instruction
    detach,  // the guest runs on alone
    kill     // the run ends here
  };
  // `address`: unix:PATH, or tcp:PORT, which is open to this machine only (127.0.0.1). Throws std::runtime_error with a
  // sentence: the address is in use, the path is too long.
  explicit GdbServer(const std::string& address);
  ~GdbServer();  // removes the socket's file
  GdbServer(const GdbServer&) = delete;
  GdbServer& operator=(const GdbServer&) = delete;

  void wait_for_client();
  // Says why the guest stands, if it had been let go, then answers until the debugger lets it go on. A client that
  // closes the connection without a word has detached.
  Go stopped(GdbGuest&, const GdbStop& why = {});
  // Whether the debugger wants the running guest to stop. Never waits.
  bool interrupted();
  // The guest has run to its end: the debugger is told, if it is still there.
  void ended(int exit_code);
  bool connected() const { return client_ != nullptr; }

 private:
  using Socket = boost::asio::generic::stream_protocol::socket;
  bool read_packet(std::string& packet);
  bool read_byte(char& byte);
  void send(const std::string& payload);
  void drop();

  boost::asio::io_context io_;
  std::string path_;  // of a Unix socket
  int listener_ = -1;
  std::unique_ptr<Socket> client_;
  bool acknowledge_ = true, running_ = false;
  std::string received_;  // read, not yet looked at
  std::size_t next_ = 0;
};

}  // namespace pensim
