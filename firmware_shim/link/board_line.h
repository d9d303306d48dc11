// board_line.h - questions to a board and its answers (firmware_shim/device/pen_frame.h): sent again until there is an
// answer, each taking effect once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/device/pen_frame.h"
#include "firmware_shim/link/stream.h"

namespace pensim {

// What a board says of itself.
struct BoardIdentity {
  std::string core, board;
  std::string build_id;  // of its image, hexadecimal; "" if it has none
  unsigned link_version = 0, shim_version = 0, tick_us = 0, pointer_bytes = 0, long_bytes = 0;
  std::uint32_t session = 0;  // that runs on it
  std::string text() const;   // "reference_pen on soft board (build 1a2b3c4d, tick 50 us, 8-byte pointers)"
};

struct LinkCounts {
  std::uint64_t questions = 0;  // asked
  std::uint64_t resent = 0;     // asked again
  std::uint64_t ignored = 0;    // answers to something else: late or doubled
  std::uint64_t reopened = 0;   // the line was gone and came back
  std::uint64_t bytes = 0;      // received
};

class BoardLine {
 public:
  struct Answer {
    std::uint8_t type = 0;
    std::uint32_t count = 0;
    std::uint8_t payload[PEN_LINK_PAYLOAD];
  };

  // Connects; throws std::runtime_error.
  explicit BoardLine(const std::string& address);

  // Questions of no session, also while another waits. Nothing: no answer within the time.
  std::optional<BoardIdentity> identify(double patience_s = 1.0);
  std::optional<double> echo(std::uint32_t bytes, double patience_s = 1.0);  // round trip, s
  // A new session. False: no answer, or another one took the board meanwhile.
  bool start(std::uint32_t mode, double patience_s = 1.0);
  std::uint32_t session() const { return session_; }

  // Questions of the session, one at a time: ask, then wait until there is the answer.
  void ask(std::uint8_t type, const void* payload, std::uint32_t count);
  bool waits() const { return waits_; }
  // Up to patience_us (0: what is there already), asking again meanwhile. True: the answer is there.
  bool wait(std::int64_t patience_us, Answer& answer);
  std::uint16_t sequence() const { return sequence_; }

  bool is_open() const { return stream_.is_open(); }
  const std::string& address() const { return stream_.address(); }
  const LinkCounts& counts() const { return counts_; }
  std::uint32_t damaged() const { return decoder_.damaged; }  // frames that were thrown away
  // A second, different answer to a question that was answered: more than one board is on the line.
  bool is_contradicted() const { return contradicted_; }
  double round_trip_s() const { return round_trip_s_; }       // of the last answer to a question that went once
  double asked_s() const { return asked_s_; }                 // when it was asked first, on the clock of now_s
  static double now_s();                                      // that only goes forward

 private:
  bool ask_once(std::uint8_t type, const void* payload, std::uint32_t count, double patience_s, Answer& answer);
  bool receive(std::uint32_t session, std::uint8_t type, std::uint16_t sequence, std::int64_t wait_us, Answer& answer);
  void look_for_contradiction(const PenFrame& frame);
  void send(const std::uint8_t* frame, std::uint32_t bytes);

  Stream stream_;
  PenDecoder decoder_{};
  std::uint8_t input_[512];
  std::uint32_t input_at_ = 0, input_count_ = 0;
  std::uint32_t session_ = 0;
  std::uint16_t sequence_ = 0, free_sequence_ = 0;  // of the session; of questions of no session
  std::uint8_t question_[PEN_LINK_FRAME];
  std::uint32_t question_bytes_ = 0;
  std::uint8_t question_type_ = 0;
  Answer answered_{};  // to the question before
  bool contradicted_ = false;
  bool waits_ = false, repeated_ = false;
  double asked_s_ = 0.0, sent_s_ = 0.0, tried_open_s_ = 0.0;
  double resend_after_s_ = 0.0;
  double round_trip_s_ = 0.0, mean_s_ = 0.0, spread_s_ = 0.0;
  LinkCounts counts_;
};

}  // namespace pensim
