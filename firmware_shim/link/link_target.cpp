#include "firmware_shim/link/link_target.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "firmware_shim/address_text.h"
#include "firmware_shim/finding_text.h"
#include "firmware_shim/link/board_fault.h"
#include "firmware_shim/symbols/symbols.h"

namespace pensim {
namespace {

constexpr double handshake_patience_s = 2.0;
constexpr double pause_s = 0.1;         // of this computer in real time: more is left out, not caught up with
constexpr double check_every_s = 0.25;  // whether a board that is lost has started anew

std::string seconds_text(double value_s) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", value_s);
  return text;
}

std::string sentence_of(const PenLinkFinding& f) {
  return f.what == PEN_LINK_SENTENCE ? std::string(f.text) : finding_text(f.kind, f.text, f.number, 0);
}

BoardIdentity accepted(BoardLine& line, const TargetSpec& spec) {
  const std::optional<BoardIdentity> identity = line.identify(handshake_patience_s);
  if (!identity) {
    const std::string within = " within " + seconds_text(handshake_patience_s);
    throw std::runtime_error("link:" + spec.address + ": " +
                             (line.counts().bytes > 0
                                  ? std::to_string(line.counts().bytes) + " bytes came, but no answer" + within +
                                        " (baud rate, another program on this line, another image?)"
                                  : "no board answers" + within + " (power, wiring, baud rate, image?)"));
  }
  if (const std::string why = board_refusal(*identity, spec.link.expects); !why.empty())
    throw std::runtime_error("link:" + spec.address + ": " + why);
  return *identity;
}

class LinkTarget final : public Target {
 public:
  explicit LinkTarget(const TargetSpec& spec);

  void reset(std::uint8_t cause) override;
  StepReport step(std::int64_t tick, const PenIn& in, PenOut& out) override;
  WatchId watch(const CoreVariable& variable) override;
  void read(const WatchId* watches, std::size_t count, float* values) const override;
  double peek(const CoreVariable& variable) const override;
  bool poke(const CoreVariable& variable, double value) override;
  std::uint32_t tick_us() const override { return identity_.tick_us; }
  std::vector<std::string> take_findings() override;
  const TargetFault* fault() const override { return fault_ ? &*fault_ : nullptr; }

 private:
  using Answer = BoardLine::Answer;
  struct Watched {
    CoreVariable variable;
    alignas(16) std::uint8_t bytes[16] = {};
  };

  bool real_time() const { return spec_.link.mode == LinkOptions::Mode::real_time; }
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error("link:" + spec_.address + ": " + why);
  }
  // A question whose answer is needed before anything else can go on; waits as the scenario says, or throws.
  Answer ask_and_wait(std::uint8_t type, const void* payload, std::uint32_t count);
  bool wait_as_told(Answer& answer);
  bool core_is_to_blame(Answer& answer);
  void check_session();
  bool read_memory(std::uint64_t address, void* to, std::size_t bytes);
  double followed_value(const CoreVariable& variable);
  void fetch_findings();
  void settle_reset();
  void ask_tick(std::int64_t tick);
  void take_answer(const Answer& answer);
  void give_out(PenOut& out);
  void step_lockstep(std::int64_t tick, PenOut& out);
  void leave_out_pause(double behind_s);
  void step_real_time(std::int64_t tick, PenOut& out);
  StepReport report() const;

  TargetSpec spec_;
  mutable BoardLine line_;
  BoardIdentity identity_;
  bool reset_due_ = false;
  std::uint8_t reset_cause_ = 0;

  PenIn gathered_{};       // what the next question brings
  std::string uart_rest_;  // bytes for the core beyond what a question holds
  PenIn asked_in_{};       // of the last tick that was asked
  bool has_base_ = false;  // the board has asked_in_, and state_ is its answer
  std::uint16_t tick_sequence_ = 0;
  std::uint8_t state_[PEN_LINK_STATE_BYTES] = {};
  PenLinkState told_{};      // the beginning of state_
  bool fresh_ = false;       // ONCE fields of told_.out were not given yet
  bool tick_asked_ = false;  // the question that waits is a tick

  std::vector<std::unique_ptr<Watched>> watched_;   // come with every tick
  std::vector<std::unique_ptr<Watched>> followed_;  // through pointers: asked for after every tick
  std::vector<Watch> reads_;
  bool watches_due_ = false;

  LinkReport::State link_state_ = LinkReport::State::linked;
  double lost_since_s_ = 0.0, checked_s_ = 0.0;
  std::uint64_t losses_ = 0;
  double epoch_s_ = 0.0;  // real time: wall time of tick epoch_tick_
  std::int64_t epoch_tick_ = -1, period_ticks_ = 1;
  bool pause_told_ = false;
  double skew_s_ = 0.0;
  bool skew_known_ = false;
  std::vector<std::string> findings_;
  std::int64_t tick_ = -1;  // that step() was called for last
  std::optional<TargetFault> fault_;
};

LinkTarget::LinkTarget(const TargetSpec& spec) : spec_(spec), line_(spec.address) {
  identity_ = accepted(line_, spec_);
  if (!line_.start(real_time() ? PEN_LINK_REAL_TIME : PEN_LINK_LOCKSTEP, handshake_patience_s))
    fail("the board answers, but takes no new session (a line that breaks, or another program on it?); try again");
  period_ticks_ = std::max<std::int64_t>(1, std::llround(1e6 / (spec_.link.rate_Hz * identity_.tick_us)));
  if (real_time())
    findings_.push_back("real time on " + identity_.text() + ": this run cannot be reproduced bit for bit");
}

// ---- what happens without an answer ----

// The board says itself whether it still has our session.
void LinkTarget::check_session() {
  checked_s_ = line_.now_s();
  const std::optional<BoardIdentity> now = line_.identify(20e-3);
  if (now && now->session != line_.session())
    fail("the board has started anew (reset, power, another user): its core is not where the run is");
}

bool LinkTarget::wait_as_told(Answer& answer) {
  const double timeout_s = spec_.link.timeout_s;
  if (line_.wait(std::llround(timeout_s * 1e6), answer)) return true;
  ++losses_;
  link_state_ = LinkReport::State::lost;
  lost_since_s_ = line_.now_s() - timeout_s;
  check_session();
  if (spec_.link.on_loss == LinkOptions::OnLoss::hold) return false;
  if (spec_.link.on_loss == LinkOptions::OnLoss::abort) {
    if (core_is_to_blame(answer)) return true;
    fail("lost: no answer within " + seconds_text(timeout_s) + " (" + std::to_string(line_.counts().resent) +
         " questions were sent again so far; link: {on_loss: freeze} would wait)" +
         (line_.is_open() ? ", nor a word of its core: the line, the power, or a core that loops with interrupts masked"
                          : ": the connection is gone"));
  }
  const double end_s = line_.now_s() + spec_.link.freeze_limit_s;
  while (line_.now_s() < end_s) {
    if (line_.wait(100'000, answer)) {
      const double stood_s = line_.now_s() - lost_since_s_;
      findings_.push_back("link:" + spec_.address + " was lost; virtual time stood for " + seconds_text(stood_s));
      if (epoch_tick_ >= 0) epoch_s_ += stood_s;
      return true;
    }
    check_session();
  }
  fail("lost: no answer within " + seconds_text(timeout_s) + ", and it did not come back within " +
       seconds_text(spec_.link.freeze_limit_s));
}

// A board whose core loops answers nothing, until its slow timer has seen that for some time (device/pen_fault.c).
bool LinkTarget::core_is_to_blame(Answer& answer) {
  const double end_s = line_.now_s() + spec_.link.patience_s;
  while (line_.is_open() && line_.now_s() < end_s) {
    if (line_.wait(100'000, answer)) {
      take_answer(answer);
      return (told_.flags & PEN_STATE_FAULT) != 0;
    }
    check_session();
  }
  return false;
}

LinkTarget::Answer LinkTarget::ask_and_wait(std::uint8_t type, const void* payload, std::uint32_t count) {
  Answer answer;
  if (line_.waits() && wait_as_told(answer)) take_answer(answer);
  if (line_.waits()) fail("the link is lost; nothing else can be asked now");
  line_.ask(type, payload, count);
  tick_asked_ = false;
  if (!wait_as_told(answer)) fail("lost before the board has answered");
  return answer;
}

// ---- ticks ----

void LinkTarget::reset(std::uint8_t cause) {
  reset_due_ = true;
  reset_cause_ = cause;
  gathered_ = PenIn{};
  uart_rest_.clear();
}

void LinkTarget::settle_reset() {
  if (watches_due_) {
    std::vector<std::uint8_t> payload(1 + 9 * watched_.size());
    payload[0] = static_cast<std::uint8_t>(watched_.size());
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      const CoreVariable& v = watched_[i]->variable;
      std::uint8_t* const at = payload.data() + 1 + 9 * i;
      pen_put_u32(at, static_cast<std::uint32_t>(v.address));
      pen_put_u32(at + 4, static_cast<std::uint32_t>(v.address >> 32));
      at[8] = v.size_bytes;
    }
    const Answer answer = ask_and_wait(PEN_LINK_WATCH, payload.data(), static_cast<std::uint32_t>(payload.size()));
    if (answer.type == PEN_LINK_REFUSED) fail("the board does not give the watched variables: not in its memory");
    watches_due_ = false;
    has_base_ = false;
  }
  if (!reset_due_) return;
  if (line_.waits()) {  // lost, and the question is of before the reset
    Answer answer;
    if (!line_.wait(0, answer)) return;
  }
  const Answer answer = ask_and_wait(PEN_LINK_RESET, &reset_cause_, 1);
  if (answer.type == PEN_LINK_REFUSED) fail("the board refuses a reset of its core");
  reset_due_ = false;
  told_ = PenLinkState{};
  fresh_ = false;
  epoch_tick_ = -1;
  skew_known_ = false;
}

void LinkTarget::ask_tick(std::int64_t) {
  std::uint8_t changes[PEN_LINK_PAYLOAD];
  const std::uint16_t next = static_cast<std::uint16_t>(line_.sequence() + 1);
  const unsigned distance = static_cast<std::uint16_t>(next - tick_sequence_);
  const bool full = !has_base_ || distance > 255;
  if (!full) pen_expect_next_tick(&asked_in_, identity_.tick_us);
  const std::uint32_t count = pen_changes_encode(full ? nullptr : &asked_in_, &gathered_, sizeof gathered_,
                                                 static_cast<std::uint8_t>(distance), changes, sizeof changes);
  asked_in_ = gathered_;
  has_base_ = !full;
  line_.ask(PEN_LINK_TICK, changes, count);
  tick_sequence_ = line_.sequence();
  tick_asked_ = true;
  // The levels stay; what shows once was sent.
  gathered_.edge_count = gathered_.edge_overflow = gathered_.uart_count = 0;
  std::memset(gathered_.edges, 0, sizeof gathered_.edges);
  std::memset(gathered_.uart, 0, sizeof gathered_.uart);
  std::memset(gathered_.nvm_data, 0, sizeof gathered_.nvm_data);
  gathered_.nvm_status = gathered_.nvm_length = 0;
}

void LinkTarget::take_answer(const Answer& answer) {
  if (!tick_asked_) return;
  tick_asked_ = false;
  if (answer.type == PEN_LINK_REFUSED) {
    const unsigned why = answer.count > 0 ? answer.payload[0] : 0u;
    if (why == PEN_REFUSED_FAULT) {
      told_.flags |= PEN_STATE_FAULT | PEN_STATE_FINDINGS;
      return;
    }
    fail(why == PEN_REFUSED_NO_CORE ? "the board has no running core" : "the board does not understand the question");
  }
  std::uint32_t bytes = sizeof(PenLinkState);
  for (const auto& w : watched_) bytes += w->variable.size_bytes;
  if (!has_base_) std::memset(state_, 0, sizeof state_);
  if (!take_state(answer.payload, answer.count, state_, bytes)) fail("an answer makes no sense");
  has_base_ = true;
  std::memcpy(&told_, state_, sizeof told_);
  fresh_ = true;
  std::uint32_t at = sizeof(PenLinkState);
  for (const auto& w : watched_) {
    std::memcpy(w->bytes, state_ + at, w->variable.size_bytes);
    at += w->variable.size_bytes;
  }
}

// LEVEL fields as they were told last, ONCE fields once.
void LinkTarget::give_out(PenOut& out) {
  out = told_.out;
  if (fresh_) {
    fresh_ = false;
    return;
  }
  const PenOut levels = out;
  out = PenOut{};
  out.duty_q15 = levels.duty_q15;
  out.bridge_mode = levels.bridge_mode;
  out.pins = levels.pins;
  std::memcpy(out.aux, levels.aux, sizeof out.aux);
}

void LinkTarget::step_lockstep(std::int64_t tick, PenOut& out) {
  Answer answer;
  settle_reset();
  if (line_.waits()) {  // lost and held: virtual time goes by the wall clock
    if (line_.wait(identity_.tick_us, answer))
      take_answer(answer);
    else if (line_.now_s() > checked_s_ + check_every_s)
      check_session();
    if (line_.waits()) return give_out(out);
    settle_reset();
  }
  if (fresh_) return give_out(out);  // what came late is given before the next question
  ask_tick(tick);
  if (wait_as_told(answer)) {
    take_answer(answer);
    link_state_ = line_.counts().resent > 0 && line_.asked_s() + line_.round_trip_s() < line_.now_s() - 1e-3
                      ? LinkReport::State::late
                      : LinkReport::State::linked;
  }
  give_out(out);
}

// A simulator that was stopped, or found no processor, for longer than it should catch up with.
void LinkTarget::leave_out_pause(double behind_s) {
  if (behind_s < pause_s) return;
  epoch_s_ += behind_s;
  if (std::exchange(pause_told_, true)) return;
  findings_.push_back("this computer was busy, or the run stopped, for " + seconds_text(behind_s) +
                      ": the plant stood and the board's clock ran on (told once)");
}

void LinkTarget::step_real_time(std::int64_t tick, PenOut& out) {
  Answer answer;
  if (epoch_tick_ < 0 || reset_due_) {
    settle_reset();
    epoch_tick_ = tick;
    epoch_s_ = line_.now_s();
  }
  if ((tick - epoch_tick_) % period_ticks_ != 0) return give_out(out);
  const double tick_s = identity_.tick_us * 1e-6;
  const double since_epoch_s = static_cast<double>(tick - epoch_tick_) * tick_s;
  leave_out_pause(line_.now_s() - epoch_s_ - since_epoch_s);
  const double due_s = epoch_s_ + since_epoch_s;
  const double next_s = due_s + static_cast<double>(period_ticks_) * tick_s;
  for (double now = line_.now_s(); now < due_s; now = line_.now_s())
    ::usleep(static_cast<useconds_t>(std::max(1.0, (due_s - now) * 1e6)));
  if (line_.waits()) {  // of an exchange before
    if (line_.wait(0, answer))
      take_answer(answer);
    else if (line_.now_s() - line_.asked_s() > spec_.link.timeout_s && link_state_ != LinkReport::State::lost &&
             wait_as_told(answer))
      take_answer(answer);
    else if (link_state_ == LinkReport::State::lost && line_.now_s() > checked_s_ + check_every_s)
      check_session();
    if (line_.waits()) {
      if (link_state_ != LinkReport::State::lost) link_state_ = LinkReport::State::late;
      return give_out(out);
    }
  }
  if (fresh_) return give_out(out);  // what came late is given before the next question
  ask_tick(tick);
  const std::uint32_t sent_us = asked_in_.time_us;
  // A plant that is behind the wall clock waits as well: that is no fault of the link.
  const double patience_s = std::max(next_s - line_.now_s(), 0.5 * static_cast<double>(period_ticks_) * tick_s);
  if (line_.wait(static_cast<std::int64_t>(patience_s * 1e6), answer)) {
    take_answer(answer);
    link_state_ = LinkReport::State::linked;
    const auto apart_us = static_cast<std::int32_t>(told_.time_us - sent_us);
    skew_s_ = static_cast<double>(apart_us) * 1e-6;
  } else {
    link_state_ = LinkReport::State::late;
  }
  give_out(out);
}

StepReport LinkTarget::report() const {
  StepReport r;
  r.cpu_load = std::max(0.0, 1.0 - told_.slept_ns * 1e-3 / identity_.tick_us);
  r.interrupts_lost = told_.interrupts_lost;
  r.reset_requested = (told_.flags & PEN_STATE_RESET_REQUESTED) != 0;
  r.faulted = fault_.has_value();
  r.link.state = link_state_;
  r.link.round_trip_s = line_.round_trip_s();
  r.link.skew_s = skew_s_;
  r.link.resent = line_.counts().resent;
  r.link.losses = losses_;
  return r;
}

StepReport LinkTarget::step(std::int64_t tick, const PenIn& in, PenOut& out) {
  tick_ = tick;
  gather_input(in, gathered_, uart_rest_);
  if (real_time())
    step_real_time(tick, out);
  else
    step_lockstep(tick, out);
  if (line_.is_contradicted())
    fail("two different answers came to one question: more than one board is on this line; leave one");
  if ((told_.flags & PEN_STATE_FAULT) != 0 && !line_.waits()) fetch_findings();
  for (const auto& w : followed_) {
    const double value = line_.waits() ? std::numeric_limits<double>::quiet_NaN() : followed_value(w->variable);
    std::memcpy(w->bytes, &value, sizeof value);
  }
  return report();
}

// ---- variables ----

WatchId LinkTarget::watch(const CoreVariable& v) {
  if (!v.hops.empty()) {
    followed_.push_back(std::make_unique<Watched>());
    followed_.back()->variable = v;
    CoreVariable value;
    value.kind = CoreVariable::Kind::floating;
    value.size_bytes = sizeof(double);
    reads_.push_back(make_watch(value, followed_.back()->bytes));
    return static_cast<WatchId>(reads_.size() - 1);
  }
  if (watched_.size() == PEN_LINK_WATCHES)
    fail("at most " + std::to_string(PEN_LINK_WATCHES) + " variables can be watched on a board");
  watched_.push_back(std::make_unique<Watched>());
  watched_.back()->variable = v;
  reads_.push_back(make_watch(v, watched_.back()->bytes));
  watches_due_ = true;
  return static_cast<WatchId>(reads_.size() - 1);
}

void LinkTarget::read(const WatchId* watches, std::size_t count, float* values) const {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(read_watch(reads_[watches[i]]));
}

static std::vector<std::uint8_t> with_address(std::uint64_t address) {
  std::vector<std::uint8_t> payload(8);
  pen_put_u32(payload.data(), static_cast<std::uint32_t>(address));
  pen_put_u32(payload.data() + 4, static_cast<std::uint32_t>(address >> 32));
  return payload;
}

bool LinkTarget::read_memory(std::uint64_t address, void* to, std::size_t bytes) {
  std::vector<std::uint8_t> payload = with_address(address);
  payload.push_back(static_cast<std::uint8_t>(bytes));
  const Answer answer = ask_and_wait(PEN_LINK_READ, payload.data(), 9);
  if (answer.type == PEN_LINK_REFUSED || answer.count != bytes) return false;
  std::memcpy(to, answer.payload, bytes);
  return true;
}

// NaN where a pointer is null, or leads to where nothing is.
double LinkTarget::followed_value(const CoreVariable& v) {
  const auto ask = [&](std::uint64_t address, void* to, std::size_t bytes) { return read_memory(address, to, bytes); };
  const Followed place = follow(v, v.address, ask);
  std::uint64_t memory = 0;
  return place.address && read_memory(*place.address, &memory, v.size_bytes) ? read_variable(v, &memory)
                                                                             : std::numeric_limits<double>::quiet_NaN();
}

double LinkTarget::peek(const CoreVariable& v) const {
  auto* const self = const_cast<LinkTarget*>(this);  // asking changes the line, not the core
  if (!v.hops.empty()) return self->followed_value(v);
  std::uint64_t memory = 0;
  if (!self->read_memory(v.address, &memory, v.size_bytes))
    fail(v.name + " at " + hex(v.address) + " is not in the memory of the board");
  return read_variable(v, &memory);
}

bool LinkTarget::poke(const CoreVariable& v, double value) {
  const auto ask = [&](std::uint64_t address, void* to, std::size_t bytes) { return read_memory(address, to, bytes); };
  const std::uint64_t address = follow(v, v.address, ask).address.value_or(0);
  std::uint8_t memory[8] = {};
  bool written = read_memory(address, memory, v.size_bytes);  // a bit-field shares its bytes
  if (written && !write_variable(v, memory, value)) {
    findings_.push_back("a write of " + std::to_string(value) + " to " + v.name + " was refused: it does not fit");
    return false;
  }
  if (written) {
    std::vector<std::uint8_t> payload = with_address(address);
    payload.insert(payload.end(), memory, memory + v.size_bytes);
    const Answer answer = ask_and_wait(PEN_LINK_WRITE, payload.data(), static_cast<std::uint32_t>(payload.size()));
    written = answer.type != PEN_LINK_REFUSED;
  }
  if (!written)
    findings_.push_back("a write to " + v.name + " at " + hex(v.hops.empty() ? v.address : address) +
                        " was refused: not in the core's writable memory");
  return written;
}

// ---- findings ----

void LinkTarget::fetch_findings() {
  while (!line_.waits()) {
    const Answer answer = ask_and_wait(PEN_LINK_FINDING, nullptr, 0);
    PenLinkFinding f{};
    if (answer.type == PEN_LINK_REFUSED || answer.count != sizeof f) break;
    std::memcpy(&f, answer.payload, sizeof f);
    f.text[sizeof f.text - 1] = '\0';
    if (f.what == PEN_LINK_NO_FINDING) break;
    if (f.what == PEN_LINK_CRASH) {
      fault_ = board_fault(f, spec_.path, [this](std::uint32_t address, std::uint32_t& word) {
        return read_memory(address, &word, sizeof word);
      });
      fault_->tick = tick_;
    } else if (f.what == PEN_LINK_PLACE) {
      if (fault_) fault_->frames.push_back(board_place(f));
    } else {
      findings_.push_back(sentence_of(f));
    }
  }
  told_.flags = static_cast<std::uint8_t>(told_.flags & ~PEN_STATE_FINDINGS);
}

std::vector<std::string> LinkTarget::take_findings() {
  if ((told_.flags & PEN_STATE_FINDINGS) != 0) fetch_findings();
  return std::exchange(findings_, {});
}

}  // namespace

bool take_state(const std::uint8_t* changes, std::uint32_t length, std::uint8_t* state, std::uint32_t bytes) {
  if (pen_changes_decode(changes, length, state, bytes) == 0) return false;
  PenOut out;
  std::memcpy(&out, state, sizeof out);
  return pen_out_is_sound(&out);
}

void gather_input(const PenIn& in, PenIn& gathered, std::string& uart_rest) {
  const PenIn before = gathered;
  gathered = in;
  if (before.edge_count > 0) {
    std::memcpy(gathered.edges, before.edges, sizeof gathered.edges);
    gathered.edge_count = before.edge_count;
    gathered.edge_overflow = static_cast<std::uint8_t>(before.edge_overflow | in.edge_overflow);
    for (unsigned i = 0; i < in.edge_count; ++i) {
      if (gathered.edge_count == PEN_EDGES)
        gathered.edge_overflow = 1;
      else
        gathered.edges[gathered.edge_count++] = in.edges[i];
    }
  }
  if (before.uart_count > 0 || !uart_rest.empty()) {
    uart_rest.insert(0, reinterpret_cast<const char*>(before.uart), before.uart_count);
    uart_rest.append(reinterpret_cast<const char*>(in.uart), in.uart_count);
    gathered.uart_count = static_cast<std::uint8_t>(std::min<std::size_t>(uart_rest.size(), PEN_UART_BYTES));
    std::memset(gathered.uart, 0, sizeof gathered.uart);
    std::memcpy(gathered.uart, uart_rest.data(), gathered.uart_count);
    uart_rest.erase(0, gathered.uart_count);
  }
  if (before.nvm_status >= PEN_NVM_DONE && in.nvm_status < PEN_NVM_DONE) {
    gathered.nvm_status = before.nvm_status;
    gathered.nvm_length = before.nvm_length;
    std::memcpy(gathered.nvm_data, before.nvm_data, sizeof gathered.nvm_data);
  }
}

std::string board_refusal(const BoardIdentity& board, const std::string& expected_build) {
  if (board.link_version != PEN_LINK_VERSION)
    return "the board speaks version " + std::to_string(board.link_version) + " of the protocol, expected " +
           std::to_string(PEN_LINK_VERSION) + ": build its image again";
  if (board.shim_version != PEN_SHIM_VERSION)
    return "the board's core was built for version " + std::to_string(board.shim_version) +
           " of pen_shim.h, expected " + std::to_string(PEN_SHIM_VERSION) + ": build its image again";
  if (board.tick_us == 0) return "the board names no tick";
  if (!expected_build.empty() && board.build_id != expected_build)
    return "this is the wrong board: it runs " + board.text() + ", expected build " + expected_build.substr(0, 8);
  return "";
}

BoardIdentity identify_board(const TargetSpec& spec) {
  BoardLine line(spec.address);
  return accepted(line, spec);
}

std::unique_ptr<Target> open_link(const TargetSpec& spec) { return std::make_unique<LinkTarget>(spec); }

}  // namespace pensim
