#include "sim/recording/source.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace pensim {
namespace bf = block_format;

namespace {

// Where the signals of PenIn and PenOut stand: the column `from` of signals.inl.
struct Word {
  DerivedSignal::Rule rule;
  int word, bit = 0;
  bool operator==(const Word&) const = default;
};
constexpr Word adc(int channel) { return {DerivedSignal::Rule::counts, bf::first_adc_word + channel}; }
constexpr Word line(int bit) { return {DerivedSignal::Rule::bit, bf::in_pins_word, bit}; }
constexpr Word pin(int bit) { return {DerivedSignal::Rule::bit, bf::out_pins_word, bit}; }
constexpr Word duty{DerivedSignal::Rule::duty, bf::out_duty_word},
    reset_cause{DerivedSignal::Rule::cause, bf::cause_word};

constexpr struct {
  const char* name;
  Word from;
} io_signals[] = {
#define IO_SIGNAL(name, unit, kind, full_scale, from, meaning) {name, from},
#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/signals.inl"
};

consteval bool each_once(Word (*from)(int), int count) {
  for (int i = 0; i < count; ++i)
    if (std::count_if(std::begin(io_signals), std::end(io_signals), [&](const auto& s) { return s.from == from(i); }) !=
        1)
      return false;
  return true;
}
static_assert(each_once(adc, PEN_ADC_COUNT) && each_once(line, PEN_LINE_COUNT) && each_once(pin, PEN_OUT_COUNT),
              "signals.inl: every channel and pin of pen_shim.h has one signal");
static_assert(aux_inputs == PEN_AUX);

class LogSource final : public RecordingSource {
 public:
  explicit LogSource(LogChannels channels) : channels_(std::move(channels)) {
    for (std::size_t i = 0; i < channels_.signals.size(); ++i)
      series_.push_back({channels_.signals[i], 0, Series::From::event, static_cast<int>(i)});
  }
  Tick ticks() const override { return channels_.end; }
  const std::vector<Series>& series() const override { return series_; }
  std::int64_t size(const Series&) const override { return static_cast<std::int64_t>(channels_.ticks.size()); }
  void read(const Series& s, std::int64_t first, std::int64_t count, float* values) const override {
    std::memcpy(values, channels_.values[static_cast<std::size_t>(s.column)].data() + first,
                static_cast<std::size_t>(count) * sizeof(float));
  }
  const std::vector<Tick>& event_ticks() const override { return channels_.ticks; }
  const std::vector<RecordedText>& findings() const override { return channels_.events; }

 private:
  LogChannels channels_;
  std::vector<Series> series_;
};

template <typename T>
const std::vector<T>& none() {
  static const std::vector<T> empty;
  return empty;
}

}  // namespace

const std::vector<DerivedSignal>& derived_signals() {
  static const std::vector<DerivedSignal> all = [] {
    std::vector<DerivedSignal> out;
    for (const auto& [name, from] : io_signals) out.push_back({from.rule, from.word, from.bit, name});
    for (int i = 0; i < aux_inputs; ++i) out.push_back({DerivedSignal::Rule::aux, 0, i, aux_signal(i)});
    return out;
  }();
  return all;
}

void derived_values(const DerivedSignal& signal, const unsigned char* words, std::size_t count, float* values) {
  const auto each = [&](auto value_of) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint16_t word;
      std::memcpy(&word, words + 2 * i, 2);
      values[i] = value_of(word);
    }
  };
  switch (signal.rule) {
    case DerivedSignal::Rule::counts:
      return each([](std::uint16_t word) { return static_cast<float>(word); });
    case DerivedSignal::Rule::bit:
      return each([bit = signal.bit](std::uint16_t word) { return static_cast<float>((word >> bit) & 1); });
    case DerivedSignal::Rule::duty:
      return each([](std::uint16_t word) { return static_cast<float>(static_cast<std::int16_t>(word)) / 32767.0f; });
    case DerivedSignal::Rule::cause:
      return each([](std::uint16_t word) { return static_cast<float>(word >> 8); });
    case DerivedSignal::Rule::aux:
      return each([](std::uint16_t) { return 0.0f; });
  }
}

float derived_value(const DerivedSignal& signal, std::uint16_t word) {
  float value = 0.0f;
  derived_values(signal, reinterpret_cast<const unsigned char*>(&word), 1, &value);
  return value;
}

const std::vector<Tick>& RecordingSource::event_ticks() const { return none<Tick>(); }
bool RecordingSource::pyramid(const Series&, int, std::int64_t, std::int64_t, MinMax*) const { return false; }
bool RecordingSource::constant(const Series&, std::int64_t, std::int64_t, float&) const { return false; }
bool RecordingSource::constant_word(int, Tick, Tick, std::uint16_t&) const { return false; }
void RecordingSource::words(int, Tick, Tick, std::uint16_t*) const {
  throw std::logic_error("recording: no PenIn and PenOut");
}
void RecordingSource::times(Tick, Tick, std::uint32_t*) const {
  throw std::logic_error("recording: no PenIn and PenOut");
}
void RecordingSource::rests(Tick, Tick, std::vector<InRest>*, std::vector<OutRest>*) const {
  throw std::logic_error("recording: no PenIn and PenOut");
}
const std::vector<SignalInfo>& RecordingSource::stroke_columns() const { return none<SignalInfo>(); }
const std::vector<StrokeRow>& RecordingSource::strokes() const { return none<StrokeRow>(); }
std::int64_t RecordingSource::stroke_count() const { return static_cast<std::int64_t>(strokes().size()); }
void RecordingSource::stroke_ends(std::int64_t first, std::int64_t count, Tick* ends) const {
  for (std::int64_t i = 0; i < count; ++i) ends[i] = strokes()[static_cast<std::size_t>(first + i)].end;
}
void RecordingSource::stroke_values(int column, std::int64_t first, std::int64_t count, float* values) const {
  for (std::int64_t i = 0; i < count; ++i) values[i] = strokes()[static_cast<std::size_t>(first + i)].value[column];
}
const std::vector<RecordedText>& RecordingSource::commands() const { return none<RecordedText>(); }
const std::vector<RecordedText>& RecordingSource::findings() const { return none<RecordedText>(); }
const std::vector<RecordedUart>& RecordingSource::uart() const { return none<RecordedUart>(); }

void apply_rests(Tick first, Tick count, const std::vector<InRest>* in_rests, PenIn* in,
                 const std::vector<OutRest>* out_rests, PenOut* out) {
  if (in) {
    const std::int32_t* aux = nullptr;
    auto it = in_rests->begin();
    for (; it != in_rests->end() && it->tick < first; ++it) aux = it->aux;
    for (Tick k = 0; k < count; ++k) {
      auto* bytes = reinterpret_cast<unsigned char*>(in + k) + bf::in_head;
      if (it != in_rests->end() && it->tick == first + k) {
        std::memcpy(bytes, it->edges, bf::in_rest);
        aux = it->aux;
        ++it;
      } else {
        std::memset(bytes, 0, bf::in_rest);
        if (aux) std::memcpy(in[k].aux, aux, sizeof in[k].aux);
      }
    }
  }
  if (out) {
    const std::int32_t* aux = nullptr;
    auto it = out_rests->begin();
    for (; it != out_rests->end() && it->tick < first; ++it) aux = it->aux;
    for (Tick k = 0; k < count; ++k) {
      auto* bytes = reinterpret_cast<unsigned char*>(out + k) + bf::out_head;
      if (it != out_rests->end() && it->tick == first + k) {
        std::memcpy(bytes, it->uart, bf::out_rest);
        aux = it->aux;
        ++it;
      } else {
        std::memset(bytes, 0, bf::out_rest);
        if (aux) std::memcpy(out[k].aux, aux, sizeof out[k].aux);
      }
    }
  }
}

void RecordingSource::io(Tick first, Tick count, PenIn* in, PenOut* out) const {
  std::vector<std::uint16_t> column(static_cast<std::size_t>(count));
  if (in) {
    std::vector<std::uint32_t> time(static_cast<std::size_t>(count));
    times(first, count, time.data());
    for (Tick k = 0; k < count; ++k) in[k].time_us = time[static_cast<std::size_t>(k)];
  }
  for (int word = in ? 2 : bf::in_words; word < (out ? bf::io_words : bf::in_words); ++word) {
    words(word, first, count, column.data());
    unsigned char* to = word < bf::in_words ? reinterpret_cast<unsigned char*>(in) + 2 * word
                                            : reinterpret_cast<unsigned char*>(out) + 2 * (word - bf::in_words);
    const std::size_t stride = word < bf::in_words ? sizeof(PenIn) : sizeof(PenOut);
    for (std::size_t k = 0; k < column.size(); ++k) std::memcpy(to + k * stride, &column[k], 2);
  }
  std::vector<InRest> in_rests;
  std::vector<OutRest> out_rests;
  rests(first, count, in ? &in_rests : nullptr, out ? &out_rests : nullptr);
  apply_rests(first, count, &in_rests, in, &out_rests, out);
}

void min_max(const float* values, std::int64_t count, std::int64_t bucket, MinMax* buckets) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (std::int64_t from = 0; from < count; from += bucket, ++buckets) {
    const std::int64_t n = std::min(bucket, count - from);
    // Vectors of four. A NaN loses every comparison.
    typedef float Vector __attribute__((vector_size(16)));
    Vector lows = {inf, inf, inf, inf}, highs = -lows, lows_b = lows, highs_b = highs;
    const float* v = values + from;
    std::int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
      Vector a, b;
      std::memcpy(&a, v + i, sizeof a);
      std::memcpy(&b, v + i + 4, sizeof b);
      lows = a < lows ? a : lows;
      highs = a > highs ? a : highs;
      lows_b = b < lows_b ? b : lows_b;
      highs_b = b > highs_b ? b : highs_b;
    }
    float low = inf, high = -inf;
    for (int j = 0; j < 4; ++j) {
      low = std::min({low, lows[j], lows_b[j]});
      high = std::max({high, highs[j], highs_b[j]});
    }
    for (; i < n; ++i) {
      low = v[i] < low ? v[i] : low;
      high = v[i] > high ? v[i] : high;
    }
    *buckets = {low, high};
    if (low > high) buckets->min = buckets->max = std::numeric_limits<float>::quiet_NaN();
  }
}

std::unique_ptr<RecordingSource> make_log_source(LogChannels channels) {
  return std::make_unique<LogSource>(std::move(channels));
}

}  // namespace pensim
