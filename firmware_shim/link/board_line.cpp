#include "firmware_shim/link/board_line.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <random>

namespace pensim {
namespace {

constexpr double resend_least_s = 10e-3, resend_most_s = 50e-3, reopen_every_s = 20e-3;
constexpr double least_look_s = 1e-3;  // at what comes in without end

std::string until_zero(const char* text, std::size_t room) { return {text, ::strnlen(text, room)}; }

}  // namespace

std::string BoardIdentity::text() const {
  return core + " on " + board + " (build " + (build_id.empty() ? "unknown" : build_id.substr(0, 8)) + ", tick " +
         std::to_string(tick_us) + " us, " + std::to_string(pointer_bytes) + "-byte pointers, " +
         std::to_string(long_bytes) + "-byte long)";
}

BoardLine::BoardLine(const std::string& address) : stream_(address), resend_after_s_(resend_most_s) {}

double BoardLine::now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void BoardLine::look_for_contradiction(const PenFrame& frame) {
  if (session_ == 0 || frame.type != answered_.type || frame.sequence != static_cast<std::uint16_t>(sequence_ - 1u))
    return;
  if (frame.count != answered_.count || std::memcmp(frame.payload, answered_.payload, frame.count) != 0)
    contradicted_ = true;
}

// Takes what has come in, up to the answer that is waited for. Everything else is late or doubled. A line that never
// falls silent is left when the time is over.
bool BoardLine::receive(std::uint32_t session, std::uint8_t type, std::uint16_t sequence, std::int64_t wait_us,
                        Answer& answer) {
  const double end_s = now_s() + std::max(static_cast<double>(wait_us) * 1e-6, least_look_s);
  for (;;) {
    while (input_at_ < input_count_) {
      PenFrame frame;
      std::uint32_t used = 0;
      const int whole =
          pen_frame_decode(&decoder_, session, input_ + input_at_, input_count_ - input_at_, &used, &frame);
      input_at_ += used;
      if (whole == 0) continue;
      if (frame.sequence == sequence && (frame.type == (type | PEN_LINK_ANSWER) || frame.type == PEN_LINK_REFUSED)) {
        answer.type = frame.type;
        answer.count = frame.count;
        std::memcpy(answer.payload, frame.payload, frame.count);
        return true;
      }
      ++counts_.ignored;
      look_for_contradiction(frame);
    }
    const bool over = input_count_ > 0 && now_s() > end_s;
    input_at_ = input_count_ = 0;
    if (over) return false;
    input_count_ = static_cast<std::uint32_t>(stream_.read(input_, sizeof input_, wait_us));
    if (input_count_ == 0) return false;
    counts_.bytes += input_count_;
    wait_us = 0;
  }
}

void BoardLine::send(const std::uint8_t* frame, std::uint32_t bytes) {
  sent_s_ = now_s();
  if (!stream_.is_open()) {
    if (sent_s_ - tried_open_s_ < reopen_every_s) return;
    tried_open_s_ = sent_s_;
    if (!stream_.reopen()) return;
    ++counts_.reopened;
    decoder_.count = 0;
    input_at_ = input_count_ = 0;
  }
  stream_.write(frame, bytes);
}

bool BoardLine::ask_once(std::uint8_t type, const void* payload, std::uint32_t count, double patience_s,
                         Answer& answer) {
  ++free_sequence_;
  std::uint8_t frame[PEN_LINK_FRAME];
  const std::uint32_t bytes = pen_frame_encode(0, type, free_sequence_, payload, count, frame);
  const double end_s = now_s() + patience_s;
  for (double now = now_s(); now < end_s; now = now_s()) {
    send(frame, bytes);
    const double again_s = std::min(end_s, now + 0.1);
    do {
      if (!stream_.is_open()) ::usleep(1000);
      if (receive(session_, type, free_sequence_, static_cast<std::int64_t>((again_s - now) * 1e6) + 1, answer))
        return answer.type == (type | PEN_LINK_ANSWER);
      now = now_s();
    } while (now < again_s);
  }
  return false;
}

std::optional<BoardIdentity> BoardLine::identify(double patience_s) {
  Answer answer;
  PenIdentity got;
  if (!ask_once(PEN_LINK_INFO, nullptr, 0, patience_s, answer)) return std::nullopt;
  // The first two members keep their place in every version.
  std::memset(&got, 0, sizeof got);
  std::memcpy(&got, answer.payload, std::min<std::size_t>(answer.count, sizeof got));
  BoardIdentity identity;
  identity.link_version = got.link_version;
  identity.shim_version = got.shim_version;
  identity.tick_us = got.tick_us;
  identity.pointer_bytes = got.pointer_bytes;
  identity.long_bytes = got.long_bytes;
  identity.session = got.session;
  identity.core = until_zero(got.core, sizeof got.core);
  identity.board = until_zero(got.board, sizeof got.board);
  static constexpr char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < std::min<unsigned>(got.build_id_bytes, PEN_BUILD_ID_BYTES); ++i) {
    identity.build_id += digits[got.build_id[i] >> 4];
    identity.build_id += digits[got.build_id[i] & 15];
  }
  return identity;
}

std::optional<double> BoardLine::echo(std::uint32_t bytes, double patience_s) {
  std::uint8_t payload[PEN_LINK_PAYLOAD];
  bytes = std::min<std::uint32_t>(bytes, sizeof payload);
  for (std::uint32_t i = 0; i < bytes; ++i) payload[i] = static_cast<std::uint8_t>(i * 7 + free_sequence_);
  Answer answer;
  const double begin_s = now_s();
  if (!ask_once(PEN_LINK_ECHO, payload, bytes, patience_s, answer)) return std::nullopt;
  if (answer.count != bytes || std::memcmp(answer.payload, payload, bytes) != 0) return std::nullopt;
  return now_s() - begin_s;
}

bool BoardLine::start(std::uint32_t mode, double patience_s) {
  const std::optional<BoardIdentity> before = identify(patience_s);
  if (!before) return false;
  PenLinkStart start{};
  std::random_device device;
  do start.session = device();
  while (start.session == 0 || start.session == before->session);
  start.previous = before->session;
  start.mode = mode;
  Answer answer;
  PenLinkStarted started;
  if (!ask_once(PEN_LINK_START, &start, sizeof start, patience_s, answer) || answer.count != sizeof started)
    return false;
  std::memcpy(&started, answer.payload, sizeof started);
  if (started.session != start.session) return false;
  session_ = start.session;
  sequence_ = 0;
  answered_.type = 0;
  waits_ = false;
  return true;
}

void BoardLine::ask(std::uint8_t type, const void* payload, std::uint32_t count) {
  ++sequence_;
  ++counts_.questions;
  question_type_ = type;
  question_bytes_ = pen_frame_encode(session_, type, sequence_, payload, count, question_);
  waits_ = true;
  repeated_ = false;
  resend_after_s_ = std::clamp(mean_s_ + 4.0 * spread_s_, resend_least_s, resend_most_s);
  send(question_, question_bytes_);
  asked_s_ = sent_s_;
}

bool BoardLine::wait(std::int64_t patience_us, Answer& answer) {
  const double end_s = patience_us > 0 ? now_s() + static_cast<double>(patience_us) * 1e-6 : 0.0;
  double now = patience_us > 0 ? end_s - static_cast<double>(patience_us) * 1e-6 : now_s();
  for (;;) {
    const double wait_s = std::min(end_s, sent_s_ + resend_after_s_) - now;
    if (receive(session_, question_type_, sequence_, wait_s > 0 ? static_cast<std::int64_t>(wait_s * 1e6) + 1 : 0,
                answer)) {
      waits_ = false;
      answered_.type = answer.type;
      answered_.count = answer.count;
      std::memcpy(answered_.payload, answer.payload, answer.count);
      if (!repeated_) {  // what was asked twice has no round trip (Karn and Partridge 1987)
        round_trip_s_ = now_s() - asked_s_;
        spread_s_ += (std::abs(round_trip_s_ - mean_s_) - spread_s_) / 4.0;
        mean_s_ += (round_trip_s_ - mean_s_) / 8.0;
      }
      return true;
    }
    now = now_s();
    if (now >= sent_s_ + resend_after_s_) {
      repeated_ = true;
      ++counts_.resent;
      resend_after_s_ = std::min(2.0 * resend_after_s_, resend_most_s);
      send(question_, question_bytes_);
      now = sent_s_;
    }
    if (now >= end_s) return false;
    if (!stream_.is_open()) ::usleep(1000);
  }
}

}  // namespace pensim
