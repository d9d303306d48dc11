#include "sim/recording/recording.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "sim/input/input_error.h"
#include "sim/recording/source.h"

namespace pensim {
namespace bf = block_format;

namespace {

// The order of the channels and lines in pen_shim.h.
constexpr const char* adc_names[] = {"motor_current", "battery", "ntc_motor",  "ntc_housing", "nose_force",
                                     "cartridge_id",  "supply",  "depth_dial", "rate_dial"};
constexpr const char* line_names[] = {"hall",    "start", "plus",      "minus",  "mode",
                                      "confirm", "home",  "cartridge", "charger"};
constexpr const char* out_names[] = {"enable", "led_ready", "led_alarm", "led_contact", "buzzer"};
static_assert(std::size(adc_names) == PEN_ADC_COUNT && std::size(line_names) == PEN_LINE_COUNT &&
              std::size(out_names) == PEN_OUT_COUNT);

constexpr Tick slab = 1 << 16;

class NoSource final : public Recording::Source {
 public:
  Tick ticks() const override { return 0; }
  const std::vector<Series>& series() const override {
    static const std::vector<Series> none;
    return none;
  }
  std::int64_t size(const Series&) const override { return 0; }
  void read(const Series&, std::int64_t, std::int64_t, float*) const override {}
};

class LogSource final : public Recording::Source {
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
    using Rule = DerivedSignal::Rule;
    std::vector<DerivedSignal> out;
    for (int i = 0; i < PEN_ADC_COUNT; ++i)
      out.push_back({Rule::counts, bf::first_adc_word + i, 0, std::string("adc.") + adc_names[i]});
    for (int i = 0; i < PEN_LINE_COUNT; ++i)
      out.push_back({Rule::bit, bf::in_pins_word, i, std::string("pin.") + line_names[i]});
    for (int i = 0; i < PEN_OUT_COUNT; ++i)
      out.push_back({Rule::bit, bf::out_pins_word, i, std::string("pin.") + out_names[i]});
    out.push_back({Rule::duty, bf::out_duty_word, 0, "core.pwm_duty"});
    out.push_back({Rule::cause, bf::cause_word, 0, "core.reset_cause"});
    for (int i = 0; i < static_cast<int>(PEN_AUX); ++i) out.push_back({Rule::aux, 0, i, "aux." + std::to_string(i)});
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

const std::vector<Tick>& Recording::Source::event_ticks() const { return none<Tick>(); }
bool Recording::Source::pyramid(const Series&, int, std::int64_t, std::int64_t, MinMax*) const { return false; }
bool Recording::Source::constant(const Series&, float&) const { return false; }
bool Recording::Source::constant_word(int, std::uint16_t&) const { return false; }
void Recording::Source::words(int, Tick, Tick, std::uint16_t*) const {
  throw std::logic_error("recording: no PenIn and PenOut");
}
void Recording::Source::times(Tick, Tick, std::uint32_t*) const {
  throw std::logic_error("recording: no PenIn and PenOut");
}
void Recording::Source::rests(Tick, Tick, std::vector<InRest>*, std::vector<OutRest>*) const {
  throw std::logic_error("recording: no PenIn and PenOut");
}
const std::vector<SignalInfo>& Recording::Source::stroke_columns() const { return none<SignalInfo>(); }
const std::vector<StrokeRow>& Recording::Source::strokes() const { return none<StrokeRow>(); }
const std::vector<RecordedText>& Recording::Source::commands() const { return none<RecordedText>(); }
const std::vector<RecordedText>& Recording::Source::findings() const { return none<RecordedText>(); }
const std::vector<RecordedUart>& Recording::Source::uart() const { return none<RecordedUart>(); }

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

void Recording::Source::io(Tick first, Tick count, PenIn* in, PenOut* out) const {
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

std::unique_ptr<Recording::Source> make_log_source(LogChannels channels) {
  return std::make_unique<LogSource>(std::move(channels));
}

Recording::Recording() : source_(std::make_unique<NoSource>()) {}
Recording::Recording(std::unique_ptr<Source> source, RecordingMeta meta)
    : meta_(std::move(meta)), source_(std::move(source)) {
  if (const std::string note = source_->note(); !note.empty()) meta_.notes.push_back(note);
}
Recording::Recording(Recording&&) noexcept = default;
Recording& Recording::operator=(Recording&&) noexcept = default;
Recording::~Recording() = default;

Recording Recording::from_blocks(const BlockStore& store, RecordingMeta meta) {
  meta.kind = store.plan().kind;
  meta.tick_ns = store.plan().tick_ns;
  return Recording(open_block_source(store, nullptr), std::move(meta));
}

Recording Recording::open(const std::string& path) {
  Recording recording;
  recording.source_ = open_file_source(path, recording.meta_, recording.verdicts_, recording.measures_);
  recording.path_ = path;
  return recording;
}

bool Recording::refresh() {
  const std::string before = source_->note();
  const bool news = source_->refresh();
  const std::string after = source_->note();
  if (before != after) {
    std::erase(meta_.notes, before);
    if (!after.empty()) meta_.notes.push_back(after);
  }
  return news;
}

Tick Recording::ticks() const { return source_->ticks(); }

const std::vector<SignalInfo>& Recording::signals() const {
  const unsigned aux = source_->aux_used();
  if (source_->listed_aux == aux) return source_->listed;
  std::vector<SignalInfo> all;
  for (const Series& s : source_->series())
    if (s.info.name.compare(0, 4, "aux.") != 0 || s.from != Series::From::io || (aux >> (s.info.name[4] - '0') & 1))
      all.push_back(s.info);
  const auto& table = signal_table();
  const auto rank = [&](const SignalInfo& info) {
    return std::find_if(table.begin(), table.end(), [&](const SignalInfo& t) { return t.name == info.name; }) -
           table.begin();
  };
  std::vector<std::tuple<std::ptrdiff_t, std::string, std::size_t>> order;
  for (std::size_t i = 0; i < all.size(); ++i) order.emplace_back(rank(all[i]), all[i].name, i);
  std::sort(order.begin(), order.end());
  source_->listed.clear();
  for (const auto& [place, name, i] : order) source_->listed.push_back(all[i]);
  source_->listed_aux = aux;
  return source_->listed;
}

namespace {

const Series* series_of(const Recording::Source& source, const std::string& name) {
  for (const Series& s : source.series())
    if (s.info.name == name) return &s;
  return nullptr;
}

const Series& series_or_throw(const Recording::Source& source, const Recording& recording, const std::string& name) {
  if (const Series* s = series_of(source, name)) return *s;
  std::vector<std::string> known;
  for (const Series& s : source.series()) known.push_back(s.info.name);
  const std::string near = nearest_name(name, known);
  throw InputError({{recording.path(), 0, 0},
                    "the recording has no signal '" + name + "'",
                    near.empty() ? "" : "did you mean '" + near + "'?"});
}

std::int64_t column_of(const std::vector<SignalInfo>& columns, const std::string& name) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == name) return static_cast<std::int64_t>(i);
  return -1;
}

// Strokes as samples: 0 until the first ends, then each value from the end of its stroke on. What was indexed stays so
// while a run grows.
const Recording::Source::StrokeIndex& index_strokes(const Recording::Source& source) {
  Recording::Source::StrokeIndex& index = source.stroke_index;
  const std::vector<StrokeRow>& rows = source.strokes();
  const Tick last = std::max<Tick>(source.ticks() - 1, 0);
  if (index.at.empty() || index.rows > rows.size() || (index.cut && index.last != last))
    index = {{0}, {-1}, 0, last, false};
  index.last = last;
  for (; index.rows < rows.size(); ++index.rows) {
    const Tick end = rows[index.rows].end, before = index.at.back();
    index.cut = index.cut || end > last;
    const Tick at = std::clamp<Tick>(end, before, std::max(last, before));
    if (at == before) {
      index.row.back() = static_cast<std::int64_t>(index.rows);
    } else {
      index.at.push_back(at);
      index.row.push_back(static_cast<std::int64_t>(index.rows));
    }
  }
  return index;
}

}  // namespace

const SignalInfo* Recording::find(const std::string& name) const {
  const Series* s = series_of(*source_, name);
  return s ? &s->info : nullptr;
}

Samples Recording::samples(const std::string& name) const {
  const SampleRange all = range(name, 0, std::max<Tick>(ticks() - 1, 0));
  Samples samples;
  samples.value = all.value;
  samples.period_ticks = std::max<Tick>(all.period_ticks, 1);
  samples.tick = all.tick;
  return samples;
}

SampleRange Recording::range(const std::string& name, Tick from, Tick to) const {
  const Series& s = series_or_throw(*source_, *this, name);
  SampleRange out;
  from = std::max<Tick>(from, 0);
  to = std::min(to, ticks() - 1);
  if (s.from == Series::From::stroke || s.period_ticks == 0) {
    const Source::StrokeIndex* strokes = s.from == Series::From::stroke ? &index_strokes(*source_) : nullptr;
    const std::vector<Tick>& at = strokes ? strokes->at : source_->event_ticks();
    out.period_ticks = 0;
    if (from > to || at.empty()) return out;
    const auto begin = std::max(at.begin() + 1, std::upper_bound(at.begin(), at.end(), from)) - 1;
    const auto end = std::upper_bound(begin, at.end(), to);
    out.first = begin - at.begin();
    out.tick.assign(begin, end);
    out.value.resize(out.tick.size());
    if (strokes) {
      const std::int64_t column = column_of(source_->stroke_columns(), s.info.name);
      for (std::size_t i = 0; i < out.value.size(); ++i) {
        const std::int64_t row = strokes->row[static_cast<std::size_t>(out.first) + i];
        out.value[i] = row < 0 ? 0.0f : source_->strokes()[static_cast<std::size_t>(row)].value[column];
      }
    } else
      source_->read(s, out.first, static_cast<std::int64_t>(out.value.size()), out.value.data());
    return out;
  }
  out.period_ticks = s.period_ticks;
  const std::int64_t size = source_->size(s);
  if (from > to || size == 0) return out;
  out.first = std::min(from / s.period_ticks, size - 1);
  const std::int64_t last = std::min(to / s.period_ticks, size - 1);
  out.value.resize(static_cast<std::size_t>(last - out.first + 1));
  source_->read(s, out.first, last - out.first + 1, out.value.data());
  return out;
}

float Recording::at(const std::string& name, Tick tick) const {
  const SampleRange one = range(name, tick, tick);
  return one.value.empty() ? std::numeric_limits<float>::quiet_NaN() : one.value.back();
}

std::vector<MinMax> Recording::pyramid(const std::string& name, int size, std::int64_t first,
                                       std::int64_t count) const {
  if (size != 64 && size != 4096) throw std::invalid_argument("recording: pyramids are of 64 and 4096 samples");
  const Series& s = series_or_throw(*source_, *this, name);
  if (s.period_ticks == 0) throw std::invalid_argument("recording: '" + name + "' has no uniform samples");
  const std::int64_t samples = source_->size(s), buckets = (samples + size - 1) / size;
  first = std::clamp<std::int64_t>(first, 0, buckets);
  count = std::clamp<std::int64_t>(count, 0, buckets - first);
  std::vector<MinMax> out(static_cast<std::size_t>(count));
  if (count == 0 || source_->pyramid(s, size, first, count, out.data())) return out;

  // Not stored: whole buckets are kept once made, the last short one is made each time.
  const auto index = static_cast<std::size_t>(&s - source_->series().data());
  if (source_->pyramids.size() < source_->series().size()) source_->pyramids.resize(source_->series().size());
  if (!source_->pyramids[index]) source_->pyramids[index] = std::make_unique<Source::Pyramid>();
  Source::Pyramid& kept = *source_->pyramids[index];
  std::vector<float> values(static_cast<std::size_t>(slab));
  auto have = static_cast<std::int64_t>(kept.by_64.size());
  const std::int64_t whole = samples / 64;
  while (have < whole) {
    const std::int64_t n = std::min<std::int64_t>(slab / 64, whole - have);
    source_->read(s, have * 64, n * 64, values.data());
    kept.by_64.resize(static_cast<std::size_t>(have + n));
    min_max(values.data(), n * 64, 64, kept.by_64.data() + have);
    have += n;
  }
  const auto merge = [](const MinMax* from, std::size_t n) {
    MinMax m = from[0];
    for (std::size_t i = 1; i < n; ++i) {
      m.min = std::fmin(m.min, from[i].min);
      m.max = std::fmax(m.max, from[i].max);
    }
    return m;
  };
  for (std::size_t i = kept.by_4096.size(); i < static_cast<std::size_t>(samples / 4096); ++i)
    kept.by_4096.push_back(merge(&kept.by_64[i * 64], 64));
  const std::vector<MinMax>& level = size == 64 ? kept.by_64 : kept.by_4096;
  for (std::int64_t i = 0; i < count; ++i) {
    if (static_cast<std::size_t>(first + i) < level.size()) {
      out[static_cast<std::size_t>(i)] = level[static_cast<std::size_t>(first + i)];
    } else {
      const std::int64_t from = (first + i) * size;
      values.resize(static_cast<std::size_t>(samples - from));
      source_->read(s, from, samples - from, values.data());
      min_max(values.data(), samples - from, size, &out[static_cast<std::size_t>(i)]);
    }
  }
  return out;
}

std::vector<MinMax> Recording::envelope(const std::string& name, Tick from, Tick to, int columns) const {
  const Series& s = series_or_throw(*source_, *this, name);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<MinMax> out(static_cast<std::size_t>(std::max(columns, 0)), MinMax{nan, nan});
  const Tick last_tick = ticks() - 1;
  if (columns <= 0 || to < from || from > last_tick || to < 0) return out;
  const auto column_begin = [&](int c) {
    return from + static_cast<Tick>(static_cast<double>(to - from + 1) * c / columns);
  };
  const auto merge = [](MinMax& into, const MinMax& m) {
    into.min = std::fmin(into.min, m.min);
    into.max = std::fmax(into.max, m.max);
  };
  const bool uniform = s.period_ticks > 0 && s.from != Series::From::stroke;
  const double samples_per_column =
      static_cast<double>(to - from + 1) / columns / static_cast<double>(std::max<Tick>(s.period_ticks, 1));
  const std::int64_t bucket = !uniform || samples_per_column < 64 ? 1 : samples_per_column < 4096 ? 64 : 4096;
  if (bucket > 1) {
    const std::int64_t ticks_per_bucket = bucket * s.period_ticks;
    const std::int64_t first = std::max<Tick>(from, 0) / ticks_per_bucket,
                       last = std::min(to, last_tick) / ticks_per_bucket;
    const std::vector<MinMax> level = pyramid(name, static_cast<int>(bucket), first, last - first + 1);
    for (int c = 0; c < columns; ++c) {
      const Tick a = std::max<Tick>(column_begin(c), 0),
                 b = std::min(std::max(column_begin(c + 1) - 1, column_begin(c)), last_tick);
      if (a > b) continue;
      for (std::int64_t i = a / ticks_per_bucket - first;
           i <= b / ticks_per_bucket - first && i < static_cast<std::int64_t>(level.size()); ++i)
        merge(out[static_cast<std::size_t>(c)], level[static_cast<std::size_t>(i)]);
    }
    return out;
  }
  const SampleRange samples = range(name, from, to);
  if (samples.value.empty()) return out;
  const auto last = static_cast<std::int64_t>(samples.value.size()) - 1;
  const auto index_at = [&](Tick t) {
    if (samples.period_ticks > 0) return std::clamp<std::int64_t>(t / samples.period_ticks - samples.first, 0, last);
    return std::max<std::int64_t>(
        std::upper_bound(samples.tick.begin(), samples.tick.end(), t) - samples.tick.begin() - 1, 0);
  };
  for (int c = 0; c < columns; ++c) {
    const Tick a = std::max<Tick>(column_begin(c), 0),
               b = std::min(std::max(column_begin(c + 1) - 1, column_begin(c)), last_tick);
    if (a > b) continue;
    for (std::int64_t i = index_at(a); i <= index_at(b); ++i) {
      const float v = samples.value[static_cast<std::size_t>(i)];
      merge(out[static_cast<std::size_t>(c)], {v, v});
    }
  }
  return out;
}

bool Recording::has_io() const { return source_->has_io(); }

void Recording::io(Tick first, Tick count, PenIn* in, PenOut* out) const {
  if (first < 0 || count < 0 || first > ticks() - count) throw std::out_of_range("recording: ticks that are not there");
  if (count > 0) source_->io(first, count, in, out);
}

const std::vector<SignalInfo>& Recording::stroke_columns() const { return source_->stroke_columns(); }
int Recording::stroke_needles() const { return source_->stroke_needles(); }
const std::vector<StrokeRow>& Recording::strokes() const { return source_->strokes(); }
const std::vector<RecordedText>& Recording::commands() const { return source_->commands(); }
const std::vector<RecordedText>& Recording::findings() const { return source_->findings(); }
const std::vector<RecordedUart>& Recording::uart() const { return source_->uart(); }
void Recording::write(const std::string& path, WriteOptions options) const {
  write_file(path, *this, *source_, options.compress);
}

}  // namespace pensim
