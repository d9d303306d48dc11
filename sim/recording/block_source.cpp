// Recordings from the blocks of a run, complete or cut short.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "sim/recording/block_format.h"
#include "sim/recording/block_store.h"
#include "sim/recording/source.h"

namespace pensim {
namespace bf = block_format;

namespace {

class BlockSource final : public RecordingSource {
 public:
  BlockSource(const BlockStore& store, std::unique_ptr<BlockStore> owned)
      : owned_(std::move(owned)), store_(store), layout_(bf::tail_layout(store.plan())) {
    const RecordingPlan& plan = store.plan();
    const auto add = [&](const std::vector<SignalInfo>& signals, Tick period, Series::From from) {
      for (std::size_t i = 0; i < signals.size(); ++i)
        series_.push_back({signals[i], period, from, static_cast<int>(i)});
    };
    add(plan.tick, 1, Series::From::tick);
    add(plan.ms, plan.ms_ticks, Series::From::ms);
    add(plan.slow, plan.slow_ticks, Series::From::slow);
    add(plan.stroke, 0, Series::From::stroke);
    if (plan.kind == RecordingKind::pen)
      for (std::size_t i = 0; i < derived_signals().size(); ++i) {
        Series s{{}, 1, Series::From::io, static_cast<int>(i)};
        make_signal(derived_signals()[i].name, s.info);
        series_.push_back(s);
      }
    refresh(false);
  }
  ~BlockSource() override {
    if (map_) ::munmap(map_, mapped_);
  }

  bool refresh(bool whole_blocks) override;
  void release(Tick before) override;
  std::size_t held_blocks() const override { return complete_; }
  Tick ticks() const override { return ticks_; }
  const std::vector<Series>& series() const override { return series_; }
  std::int64_t size(const Series& s) const override;
  void read(const Series& s, std::int64_t first, std::int64_t count, float* values) const override;
  bool constant(const Series& s, std::int64_t first, std::int64_t count, float& value) const override {
    std::uint32_t bits = 0;
    if (s.from != Series::From::tick || !constant_column(static_cast<std::size_t>(s.column), first, count, bits))
      return false;
    std::memcpy(&value, &bits, sizeof value);
    return true;
  }
  bool constant_word(int word, Tick first, Tick count, std::uint16_t& value) const override {
    std::uint32_t bits = 0;
    if (word < 2 || !constant_column(store_.plan().tick.size() + static_cast<std::size_t>(word), first, count, bits))
      return false;
    value = static_cast<std::uint16_t>(bits);
    return true;
  }
  bool has_io() const override { return store_.plan().kind == RecordingKind::pen; }
  unsigned aux_used() const override { return aux_used_; }
  void words(int word, Tick first, Tick count, std::uint16_t* values) const override;
  void times(Tick first, Tick count, std::uint32_t* values) const override;
  void rests(Tick first, Tick count, std::vector<InRest>* in, std::vector<OutRest>* out) const override;
  const std::vector<SignalInfo>& stroke_columns() const override { return store_.plan().stroke; }
  int stroke_needles() const override { return store_.plan().needles; }
  const std::vector<StrokeRow>& strokes() const override { return strokes_; }
  const std::vector<RecordedText>& commands() const override { return commands_; }
  const std::vector<RecordedText>& findings() const override { return findings_; }
  const std::vector<RecordedUart>& uart() const override;
  std::string note() const override { return note_; }

 private:
  struct Block {
    std::size_t at = 0;  // in the file; npos: the tail
    bf::BlockHeader header{};
  };
  static constexpr std::size_t in_tail = ~std::size_t{0};

  const unsigned char* bytes(const Block& block) const {
    return block.at == in_tail ? tail_.data() : static_cast<const unsigned char*>(map_) + block.at;
  }
  bf::Column column(const Block& block, std::size_t index) const {
    bf::Column column;
    std::memcpy(&column, bytes(block) + sizeof(bf::BlockHeader) + index * sizeof column, sizeof column);
    return column;
  }
  bool constant_column(std::size_t index, Tick first, Tick count, std::uint32_t& bits) const {
    bool known = false, one = true;
    each_piece(first, count, [&](const Block& block, std::size_t, std::size_t, std::size_t) {
      const bf::Column c = column(block, index);
      one = one && c.constant && (!known || c.where == bits);
      bits = c.where;
      known = true;
    });
    return known && one;
  }
  // Calls use(block, first row in it, rows, offset in the request) for the pieces of [first, first + count).
  template <typename Use>
  void each_piece(Tick first, Tick count, Use use) const {
    if (released_ > 0 && count > 0 && (blocks_.empty() || first < blocks_.front().header.first_tick))
      throw std::logic_error("recording: ticks that were released");
    auto it = std::upper_bound(blocks_.begin(), blocks_.end(), first,
                               [](Tick t, const Block& b) { return t < b.header.first_tick; });
    if (it != blocks_.begin()) --it;
    for (; it != blocks_.end() && it->header.first_tick < first + count; ++it) {
      const Tick begin = std::max(first, it->header.first_tick),
                 end = std::min(first + count, it->header.first_tick + it->header.rows);
      if (begin < end)
        use(*it, static_cast<std::size_t>(begin - it->header.first_tick), static_cast<std::size_t>(end - begin),
            static_cast<std::size_t>(begin - first));
    }
  }
  template <typename Use>
  void each_record(const Block& block, Use use) const {
    const unsigned char* at = bytes(block) + block.header.variable_at;
    const unsigned char* const end = at + block.header.variable_bytes;
    while (at + sizeof(bf::RecordHeader) <= end) {
      bf::RecordHeader header;
      std::memcpy(&header, at, sizeof header);
      at += sizeof header;
      if (header.size > static_cast<std::size_t>(end - at)) return;
      use(header, at);
      at += bf::padded(header.size);
    }
  }
  bool valid(const unsigned char* at, std::size_t room, std::int64_t first_tick, bf::BlockHeader& header) const;
  void take_records(const Block& block);
  void take_blocks();
  bool take_tail(bool whatever_it_is);

  std::unique_ptr<BlockStore> owned_;
  const BlockStore& store_;
  const bf::TailLayout layout_;
  std::vector<Series> series_;
  void* map_ = nullptr;
  std::size_t mapped_ = 0, parsed_ = 0, complete_ = 0;  // complete_: blocks of the file, without those released
  std::uint64_t released_ = 0;                          // blocks
  std::vector<Block> blocks_;
  std::vector<unsigned char> tail_;
  Tick ticks_ = 0, complete_ticks_ = 0;
  std::int64_t ms_ = 0, slow_ = 0, complete_ms_ = 0, complete_slow_ = 0;
  std::vector<StrokeRow> strokes_;
  std::vector<RecordedText> commands_, findings_;
  std::size_t complete_strokes_ = 0, complete_commands_ = 0, complete_findings_ = 0;
  unsigned aux_used_ = 0;
  std::string note_;
  mutable std::vector<RecordedUart> uart_;
  mutable Tick uart_until_ = 0;
};

bool BlockSource::valid(const unsigned char* at, std::size_t room, std::int64_t first_tick, bf::BlockHeader& h) const {
  if (room < sizeof h) return false;
  std::memcpy(&h, at, sizeof h);
  const std::size_t columns = store_.plan().tick.size() + layout_.io_bytes / 2;
  if (h.magic != bf::block_magic || h.total_bytes > room || h.total_bytes < sizeof h + columns * sizeof(bf::Column))
    return false;
  if (h.first_tick != first_tick || h.checksum != bf::block_checksum(at, h.total_bytes)) return false;
  return true;
}

void BlockSource::take_records(const Block& block) {
  each_record(block, [&](const bf::RecordHeader& header, const unsigned char* at) {
    const auto text = [&] { return std::string(reinterpret_cast<const char*>(at), header.size); };
    switch (header.kind) {
      case bf::rest_in: {
        std::int32_t aux[PEN_AUX];
        std::memcpy(aux, at + bf::in_rest - sizeof aux, sizeof aux);
        for (unsigned i = 0; i < PEN_AUX; ++i) aux_used_ |= static_cast<unsigned>(aux[i] != 0) << i;
        break;
      }
      case bf::stroke_record:
        if (header.size == sizeof(StrokeRow)) std::memcpy(&strokes_.emplace_back(), at, sizeof(StrokeRow));
        break;
      case bf::command_record:
        commands_.push_back({header.tick, text()});
        break;
      case bf::finding_record:
        findings_.push_back({header.tick, text()});
        break;
      default:
        break;
    }
  });
}

void BlockSource::take_blocks() {
  struct stat status {};
  if (::fstat(store_.file(), &status) == 0 && static_cast<std::size_t>(status.st_size) > mapped_) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* map = map_ ? ::mremap(map_, mapped_, size, MREMAP_MAYMOVE)
                     : ::mmap(nullptr, size, PROT_READ, MAP_SHARED, store_.file(), 0);
    if (map != MAP_FAILED) {
      map_ = map;
      mapped_ = size;
    }
  }
  Block block;
  while (valid(static_cast<const unsigned char*>(map_) + parsed_, mapped_ - parsed_, complete_ticks_, block.header)) {
    block.at = parsed_;
    blocks_.push_back(block);
    take_records(block);
    parsed_ += block.header.total_bytes;
    complete_ticks_ += block.header.rows;
    complete_ms_ += block.header.ms_rows;
    complete_slow_ += block.header.slow_rows;
  }
  complete_ = blocks_.size();
  complete_strokes_ = strokes_.size();
  complete_commands_ = commands_.size();
  complete_findings_ = findings_.size();
  ticks_ = complete_ticks_;
  ms_ = complete_ms_;
  slow_ = complete_slow_;
}

bool BlockSource::refresh(bool whole_blocks) {
  const Tick before = ticks_;
  const std::size_t events = strokes_.size() + commands_.size() + findings_.size();
  blocks_.resize(complete_);
  strokes_.resize(complete_strokes_);
  commands_.resize(complete_commands_);
  findings_.resize(complete_findings_);
  take_blocks();
  if (whole_blocks) return ticks_ != before;
  // A block that was completed in between stands in the file by now.
  for (int attempt = 0; !take_tail(attempt == 4); ++attempt) take_blocks();
  return ticks_ != before || events != strokes_.size() + commands_.size() + findings_.size();
}

void BlockSource::release(Tick before) {
  std::size_t n = 0;
  while (n < complete_ && blocks_[n].header.first_tick + blocks_[n].header.rows <= before) ++n;
  if (n > 0) {
    const std::size_t end = blocks_[n - 1].at + blocks_[n - 1].header.total_bytes;
    store_.forget(end, n);
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(n));
    complete_ -= n;
    released_ += n;
  }
  strokes_.erase(strokes_.begin(), strokes_.begin() + static_cast<std::ptrdiff_t>(complete_strokes_));
  complete_strokes_ = 0;
  uart_.clear();
}

// What the tail holds, as far as its check words go. Everything is copied before it is checked: a child may still be
// writing. False if the tail belongs to a later block by now.
bool BlockSource::take_tail(bool whatever_it_is) {
  const unsigned char* const shared = store_.tail();
  const std::uint64_t generation = released_ + complete_;
  bf::TailHeader hint;
  std::memcpy(&hint, shared, sizeof hint);
  std::vector<unsigned char> variable(shared + layout_.variable_at,
                                      shared + layout_.variable_at + bf::variable_capacity);
  std::size_t variable_end = 0;
  while (variable_end + sizeof(bf::RecordHeader) <= variable.size()) {
    bf::RecordHeader header;
    std::memcpy(&header, variable.data() + variable_end, sizeof header);
    const unsigned char* at = variable.data() + variable_end + sizeof header;
    const std::size_t room = variable.size() - variable_end - sizeof header;
    if (header.kind < bf::rest_in || header.kind > bf::finding_record || header.size > room ||
        bf::padded(header.size) > room)
      break;
    if (header.check != bf::record_check(header, at, generation)) break;
    variable_end += sizeof header + bf::padded(header.size);
  }
  std::vector<unsigned char> rows(layout_.row_bytes * layout_.row_capacity);
  std::uint32_t row_count = 0;
  std::size_t used = 0;  // variable area at the last row
  for (; row_count < layout_.row_capacity; ++row_count) {
    unsigned char* row = rows.data() + row_count * layout_.row_bytes;
    std::memcpy(row, shared + layout_.rows_at + row_count * layout_.row_bytes, layout_.row_bytes);
    std::uint32_t words[2];
    std::memcpy(words, row + layout_.end_at(), sizeof words);
    if (words[1] != bf::row_check(row, layout_.end_at(), words[0], generation, row_count) || words[0] > variable_end ||
        words[0] < used)
      break;
    used = words[0];
  }
  const auto take_slow = [&](std::size_t at, std::size_t row_bytes, std::size_t floats, std::uint32_t capacity,
                             std::vector<unsigned char>& into) {
    into.assign(shared + at, shared + at + row_bytes * capacity);
    std::uint32_t n = 0;
    for (; n < capacity; ++n) {
      std::uint32_t check;
      std::memcpy(&check, into.data() + n * row_bytes + floats * 4, 4);
      if (check != bf::row_check(into.data() + n * row_bytes, floats * 4, 0, generation, n)) break;
    }
    return n;
  };
  std::vector<unsigned char> ms, slow;
  const std::uint32_t ms_count =
      take_slow(layout_.ms_at, layout_.ms_bytes, store_.plan().ms.size(), layout_.ms_capacity, ms);
  const std::uint32_t slow_count =
      take_slow(layout_.slow_at, layout_.slow_bytes, store_.plan().slow.size(), layout_.slow_capacity, slow);

  bf::TailHeader now;
  std::memcpy(&now, shared, sizeof now);
  if (now.generation > generation && !whatever_it_is) return false;

  note_.clear();
  const bool flushed = hint.generation + 1 == generation;  // ended between the last block and the clearing of the tail
  char text[200];
  if (!flushed && hint.generation != generation) {
    std::snprintf(text, sizeof text,
                  "the memory of the last ticks was overwritten; what stands from tick %lld (%.6f s) on may be cut",
                  static_cast<long long>(ticks_ + row_count), seconds((ticks_ + row_count) * store_.plan().tick_ns));
    note_ = text;
  } else if (!flushed && (hint.rows > row_count || hint.variable_used > variable_end || hint.ms_rows > ms_count ||
                          hint.slow_rows > slow_count)) {
    std::snprintf(text, sizeof text,
                  "the memory of the last ticks was overwritten; the recording is cut at tick %lld (%.6f s)",
                  static_cast<long long>(ticks_ + row_count), seconds((ticks_ + row_count) * store_.plan().tick_ns));
    note_ = text;
  }
  if (row_count == 0 && variable_end == 0) return true;

  // Commands and findings of the tick that never ended are kept, its other records are not.
  std::vector<unsigned char> records(variable.begin(), variable.begin() + static_cast<std::ptrdiff_t>(used));
  for (std::size_t at = used; at < variable_end;) {
    bf::RecordHeader header;
    std::memcpy(&header, variable.data() + at, sizeof header);
    const std::size_t size = sizeof header + bf::padded(header.size);
    if (header.kind == bf::command_record || header.kind == bf::finding_record)
      records.insert(records.end(), variable.begin() + static_cast<std::ptrdiff_t>(at),
                     variable.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  const bf::Staged staged = {rows.data(), ms.data(),      slow.data(),     records.data(), row_count,     ms_count,
                             slow_count,  records.size(), complete_ticks_, complete_ms_,   complete_slow_};
  bf::encode_block(store_.plan(), layout_, staged, tail_);
  Block block;
  block.at = in_tail;
  std::memcpy(&block.header, tail_.data(), sizeof block.header);
  blocks_.push_back(block);
  take_records(block);
  ticks_ += row_count;
  ms_ += ms_count;
  slow_ += slow_count;
  return true;
}

std::int64_t BlockSource::size(const Series& s) const {
  const auto due = [&](std::int64_t have, Tick period) {
    return ticks_ == 0 ? 0 : std::min(have, (ticks_ - 1) / period + 1);
  };
  switch (s.from) {
    case Series::From::ms:
      return due(ms_, s.period_ticks);
    case Series::From::slow:
      return due(slow_, s.period_ticks);
    default:
      return ticks_;
  }
}

void BlockSource::read(const Series& s, std::int64_t first, std::int64_t count, float* values) const {
  if (s.from == Series::From::tick) {
    each_piece(first, count, [&](const Block& block, std::size_t row, std::size_t rows, std::size_t at) {
      const bf::Column c = column(block, static_cast<std::size_t>(s.column));
      if (c.constant) {
        float value;
        std::memcpy(&value, &c.where, 4);
        std::fill_n(values + at, rows, value);
      } else {
        std::memcpy(values + at, bytes(block) + c.where + row * 4, rows * 4);
      }
    });
  } else if (s.from == Series::From::io) {
    const DerivedSignal& signal = derived_signals()[static_cast<std::size_t>(s.column)];
    if (signal.rule == DerivedSignal::Rule::aux) {
      std::vector<InRest> in;
      rests(first, count, &in, nullptr);
      auto it = in.begin();
      float held = 0.0f;
      for (std::int64_t i = 0; i < count; ++i) {
        for (; it != in.end() && it->tick <= first + i; ++it) held = static_cast<float>(it->aux[signal.bit]);
        values[i] = held;
      }
      return;
    }
    each_piece(first, count, [&](const Block& block, std::size_t row, std::size_t rows, std::size_t at) {
      const bf::Column c = column(block, store_.plan().tick.size() + static_cast<std::size_t>(signal.word));
      if (c.constant)
        std::fill_n(values + at, rows, derived_value(signal, static_cast<std::uint16_t>(c.where)));
      else
        derived_values(signal, bytes(block) + c.where + row * 2, rows, values + at);
    });
  } else {
    const bool is_ms = s.from == Series::From::ms;
    const std::size_t width = is_ms ? store_.plan().ms.size() : store_.plan().slow.size();
    const auto begin_of = [&](const Block& b) { return is_ms ? b.header.first_ms : b.header.first_slow; };
    auto it = std::upper_bound(blocks_.begin(), blocks_.end(), first,
                               [&](std::int64_t i, const Block& b) { return i < begin_of(b); });
    if (it != blocks_.begin()) --it;
    for (; it != blocks_.end() && begin_of(*it) < first + count; ++it) {
      const Block& block = *it;
      const std::int64_t begin = begin_of(block);
      const std::int64_t rows = is_ms ? block.header.ms_rows : block.header.slow_rows;
      const unsigned char* at = bytes(block) + (is_ms ? block.header.ms_at : block.header.slow_at);
      for (std::int64_t i = std::max(first, begin); i < std::min(first + count, begin + rows); ++i)
        std::memcpy(values + (i - first),
                    at + (static_cast<std::size_t>(i - begin) * width + static_cast<std::size_t>(s.column)) * 4, 4);
    }
  }
}

void BlockSource::words(int word, Tick first, Tick count, std::uint16_t* values) const {
  each_piece(first, count, [&](const Block& block, std::size_t row, std::size_t rows, std::size_t at) {
    const bf::Column c = column(block, store_.plan().tick.size() + static_cast<std::size_t>(word));
    if (c.constant)
      std::fill_n(values + at, rows, static_cast<std::uint16_t>(c.where));
    else
      std::memcpy(values + at, bytes(block) + c.where + row * 2, rows * 2);
  });
}

void BlockSource::times(Tick first, Tick count, std::uint32_t* values) const {
  each_piece(first, count, [&](const Block& block, std::size_t row, std::size_t rows, std::size_t at) {
    if (block.header.time_linear) {
      for (std::size_t i = 0; i < rows; ++i)
        values[at + i] = block.header.time + static_cast<std::uint32_t>(row + i) * block.header.time_step;
      return;
    }
    const bf::Column low = column(block, store_.plan().tick.size()),
                     high = column(block, store_.plan().tick.size() + 1);
    for (std::size_t i = 0; i < rows; ++i) {
      auto l = static_cast<std::uint16_t>(low.where), h = static_cast<std::uint16_t>(high.where);
      if (!low.constant) std::memcpy(&l, bytes(block) + low.where + (row + i) * 2, 2);
      if (!high.constant) std::memcpy(&h, bytes(block) + high.where + (row + i) * 2, 2);
      values[at + i] = static_cast<std::uint32_t>(h) << 16 | l;
    }
  });
}

// Aux is known to each block by itself: its first tick has a record unless aux is zero there.
void BlockSource::rests(Tick first, Tick count, std::vector<InRest>* in, std::vector<OutRest>* out) const {
  each_piece(first, count, [&](const Block& block, std::size_t row, std::size_t rows, std::size_t) {
    const Tick begin = block.header.first_tick + static_cast<Tick>(row), end = begin + static_cast<Tick>(rows);
    InRest before_in;
    OutRest before_out;
    before_in.tick = before_out.tick = block.header.first_tick - 1;
    const auto put = [&](auto* list, auto& before, const bf::RecordHeader& header, const unsigned char* at) {
      if (!list || header.tick >= end) return;
      auto record = before;
      record.tick = header.tick;
      std::memcpy(reinterpret_cast<unsigned char*>(&record) + 8, at, sizeof record - 8);
      if (header.tick < begin)
        before = record;
      else
        list->push_back(record);
    };
    const std::size_t in_at = in ? in->size() : 0, out_at = out ? out->size() : 0;
    each_record(block, [&](const bf::RecordHeader& header, const unsigned char* at) {
      if (header.kind == bf::rest_in && header.size == bf::in_rest) put(in, before_in, header, at);
      if (header.kind == bf::rest_out && header.size == bf::out_rest) put(out, before_out, header, at);
    });
    // The record before the piece; at the start of a block it says that aux begins at zero.
    const auto begin_with = [&](auto* list, std::size_t at, auto before) {
      if (!list) return;
      if (at < list->size() && (*list)[at].tick == begin) return;
      if (begin > first) {  // within the request, aux falls back to what `before` holds: a record of its own, with
                            // nothing else
        auto fresh = before;
        fresh = {};
        fresh.tick = begin;
        std::memcpy(fresh.aux, before.aux, sizeof fresh.aux);
        before = fresh;
      } else {
        before.tick = first - 1;
      }
      list->insert(list->begin() + static_cast<std::ptrdiff_t>(at), before);
    };
    begin_with(in, in_at, before_in);
    begin_with(out, out_at, before_out);
  });
}

const std::vector<RecordedUart>& BlockSource::uart() const {
  constexpr int in_count_word = offsetof(PenIn, uart_count) / 2;                                     // low byte
  constexpr int out_count_word = bf::in_words + static_cast<int>(offsetof(PenOut, uart_count) / 2);  // high byte
  static_assert(offsetof(PenIn, uart_count) % 2 == 0 && offsetof(PenOut, uart_count) % 2 == 1);
  if (!has_io()) return uart_;
  std::vector<std::uint16_t> in_counts, out_counts;
  for (Tick at = uart_until_; at < ticks_;) {
    const Tick n = std::min<Tick>(4096, ticks_ - at);
    in_counts.resize(static_cast<std::size_t>(n));
    out_counts.resize(static_cast<std::size_t>(n));
    words(in_count_word, at, n, in_counts.data());
    words(out_count_word, at, n, out_counts.data());
    for (Tick k = 0; k < n; ++k) {
      const unsigned received = in_counts[static_cast<std::size_t>(k)] & 0xFF,
                     sent = out_counts[static_cast<std::size_t>(k)] >> 8;
      if (received == 0 && sent == 0) continue;
      PenIn in;
      PenOut out;
      io(at + k, 1, &in, &out);
      const auto text = [](const std::uint8_t* from, unsigned count) {
        return std::string(reinterpret_cast<const char*>(from), std::min(count, PEN_UART_BYTES));
      };
      if (received) uart_.push_back({at + k, true, text(in.uart, received)});
      if (sent) uart_.push_back({at + k, false, text(out.uart, sent)});
    }
    at += n;
  }
  uart_until_ = ticks_;
  return uart_;
}

}  // namespace

std::unique_ptr<RecordingSource> open_block_source(const BlockStore& store, std::unique_ptr<BlockStore> owned) {
  return std::make_unique<BlockSource>(store, std::move(owned));
}

}  // namespace pensim
