#include "sim/recording/recording.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "sim/input/input_error.h"
#include "sim/recording/block_store.h"
#include "sim/recording/file_sum.h"
#include "sim/recording/hdf5_file.h"
#include "sim/recording/recording_file.h"
#include "sim/recording/source.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace bf = block_format;

namespace {

constexpr Tick slab = 1 << 16;

class NoSource final : public RecordingSource {
 public:
  Tick ticks() const override { return 0; }
  const std::vector<Series>& series() const override {
    static const std::vector<Series> none;
    return none;
  }
  std::int64_t size(const Series&) const override { return 0; }
  void read(const Series&, std::int64_t, std::int64_t, float*) const override {}
};

}  // namespace

Recording::Recording() : source_(std::make_unique<NoSource>()) {}
Recording::Recording(std::unique_ptr<RecordingSource> source, RecordingMeta meta)
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

bool Recording::refresh(bool whole_blocks) {
  const std::string before = source_->note();
  const bool news = source_->refresh(whole_blocks);
  const std::string after = source_->note();
  if (before != after) {
    std::erase(meta_.notes, before);
    if (!after.empty()) meta_.notes.push_back(after);
  }
  return news;
}

std::size_t Recording::held_blocks() const { return source_->held_blocks(); }
Tick Recording::ticks() const { return source_->ticks(); }

const std::vector<SignalInfo>& Recording::signals() const {
  const unsigned aux = source_->aux_used();
  if (source_->listed_aux == aux) return source_->listed;
  std::vector<SignalInfo> all;
  for (const Series& s : source_->series()) {
    const SignalName name = parse_signal_name(s.info.name);
    if (!name.is(SignalName::Form::aux) || s.from != Series::From::io || (aux >> name.index & 1)) all.push_back(s.info);
  }
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

const Series* series_of(const RecordingSource& source, const std::string& name) {
  for (const Series& s : source.series())
    if (s.info.name == name) return &s;
  return nullptr;
}

const Series& series_or_throw(const RecordingSource& source, const Recording& recording, const std::string& name) {
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
const RecordingSource::StrokeIndex& index_strokes(const RecordingSource& source) {
  RecordingSource::StrokeIndex& index = source.stroke_index;
  const std::int64_t rows = source.stroke_count();
  const Tick last = std::max<Tick>(source.ticks() - 1, 0);
  if (index.at.empty() || index.rows > rows || (index.cut && index.last != last)) index = {{0}, {-1}, 0, last, false};
  index.last = last;
  std::vector<Tick> ends(static_cast<std::size_t>(rows - index.rows));
  source.stroke_ends(index.rows, rows - index.rows, ends.data());
  for (const Tick end : ends) {
    const Tick before = index.at.back();
    index.cut = index.cut || end > last;
    const Tick at = std::clamp<Tick>(end, before, std::max(last, before));
    if (at == before) {
      index.row.back() = static_cast<std::int32_t>(index.rows);
    } else {
      index.at.push_back(at);
      index.row.push_back(static_cast<std::int32_t>(index.rows));
    }
    ++index.rows;
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
    const RecordingSource::StrokeIndex* strokes = s.from == Series::From::stroke ? &index_strokes(*source_) : nullptr;
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
      const auto row_of = [&](std::size_t i) { return strokes->row[static_cast<std::size_t>(out.first) + i]; };
      const std::int64_t first = std::max(0, row_of(0)), last = row_of(out.value.size() - 1);
      std::vector<float> values(static_cast<std::size_t>(std::max<std::int64_t>(last - first + 1, 0)));
      source_->stroke_values(static_cast<int>(column), first, static_cast<std::int64_t>(values.size()), values.data());
      for (std::size_t i = 0; i < out.value.size(); ++i)
        out.value[i] = row_of(i) < 0 ? 0.0f : values[static_cast<std::size_t>(row_of(i) - first)];
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
  if (!source_->pyramids[index]) source_->pyramids[index] = std::make_unique<RecordingSource::Pyramid>();
  RecordingSource::Pyramid& kept = *source_->pyramids[index];
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
std::string Recording::change() const {
  if (path_.empty()) return "";
  const FileSum sum = check_file_sum(path_);
  const bool changed = sum == FileSum::wrong || (sum == FileSum::absent && !meta_.checksum.empty());
  return changed ? "is not what was written: it was damaged, or changed by another program (its checksum is off)" : "";
}

void Recording::write(const std::string& path, WriteOptions options) const {
  RecordingFile file(*this, path, ticks(), options.compress);
  file.finish(*this);
  file.put(*this);
}

}  // namespace pensim
