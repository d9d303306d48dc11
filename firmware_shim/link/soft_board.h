// soft_board.h - a native core behind the code that a board links (firmware_shim/device/pen_agent.h): a board without
// hardware, on a Unix socket or a pseudo-terminal. For tests, and for trying a link before there is a board.
//
// Time is the wall clock of this machine: in real time the ticks of a core come in bursts of up to a millisecond, as
// fast as the system lets this process run. One connection at a time; the session survives the connection, as on a
// board whose cable was pulled. A core that crashes, ends itself or loops (native/crash.h) leaves the board alive, and
// the next reset loads it anew.
#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace pensim {

struct SoftBoardOptions {
  std::string core;      // a shared object
  std::string build_id;  // of it, hexadecimal; "" if unknown
  std::string socket;    // path of a Unix socket to listen at; "": a pseudo-terminal
};

class SoftBoard {
 public:
  // Loads the core and opens the line. Throws std::runtime_error.
  explicit SoftBoard(const SoftBoardOptions&);
  ~SoftBoard();
  std::string address() const;  // for --firmware link:
  // Serves until `stop` is set, also by a signal handler.
  void serve(const std::atomic<bool>& stop);

 private:
  struct Board;
  std::unique_ptr<Board> board_;
};

}  // namespace pensim
