#include "sim/recording/block_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#define XXH_INLINE_ALL
#include <xxhash.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "sim/recording/block_format.h"
#include "sim/recording/long_hash.h"

namespace pensim {
namespace bf = block_format;

namespace {

constexpr std::uint32_t rows_per_block = 2000;  // 0.1 s
constexpr std::size_t page = 4096;

std::size_t whole_pages(std::size_t size) { return (size + page - 1) / page * page; }

[[noreturn]] void fail(const char* what, int error) {
  throw std::runtime_error(std::string("recording: ") + what + ": " + std::strerror(error));
}

bool starts_with(const std::string& text, const char* prefix) {
  return text.compare(0, std::strlen(prefix), prefix) == 0;
}

}  // namespace

bool derived_from_io(const std::string& name) {
  return starts_with(name, "adc.") || starts_with(name, "pin.") || starts_with(name, "aux.") ||
         name == "core.pwm_duty" || name == "core.reset_cause";
}

RecordingPlan pen_plan(const std::vector<std::string>& extra, int needles, Nanoseconds tick_ns) {
  RecordingPlan plan;
  plan.tick_ns = tick_ns;
  plan.ms_ticks = 1'000'000 / tick_ns;
  plan.slow_ticks = 100'000'000 / tick_ns;
  plan.needles = needles;
  const auto add = [&](const SignalInfo& signal) {
    if (derived_from_io(signal.name) || rig_only(signal.name)) return;
    switch (signal.period) {
      case SignalPeriod::tick:
        plan.tick.push_back(signal);
        break;
      case SignalPeriod::ms:
        plan.ms.push_back(signal);
        break;
      case SignalPeriod::slow:
        plan.slow.push_back(signal);
        break;
      case SignalPeriod::stroke:
        plan.stroke.push_back(signal);
        break;
    }
  };
  for (const SignalInfo& signal : signal_table()) add(signal);
  for (const std::string& name : extra) {
    if (find_signal(name)) continue;
    SignalInfo signal;
    if (!make_signal(name, signal)) throw std::invalid_argument("no signal is called '" + name + "'");
    add(signal);
  }
  return plan;
}

RecordingPlan rig_plan(const std::vector<std::string>& extra, int needles, Nanoseconds tick_ns) {
  constexpr const char* rows[] = {"needle.extension",
                                  "needle.tip_depth",
                                  "skin.indentation",
                                  "needle.in_skin",
                                  "needle.penetration",
                                  "needle.penetration_max",
                                  "needle.force",
                                  "needle.punctured",
                                  "skin.channel_depth",
                                  "insertion.travel",
                                  "insertion.force",
                                  "insertion.nose_force",
                                  "insertion.energy",
                                  "insertion.phase",
                                  "insertion.puncture_force",
                                  "insertion.puncture_travel"};
  constexpr const char* strokes[] = {"stroke.index",
                                     "stroke.extension_peak",
                                     "stroke.penetration_peak",
                                     "stroke.penetration_mean",
                                     "stroke.penetration_min",
                                     "stroke.force_peak",
                                     "stroke.dwell"};
  RecordingPlan plan;
  plan.kind = RecordingKind::rig;
  plan.tick_ns = tick_ns;
  plan.needles = needles;
  const auto add = [](std::vector<SignalInfo>& to, const std::string& name) {
    SignalInfo signal;
    if (!make_signal(name, signal)) throw std::invalid_argument("no signal is called '" + name + "'");
    to.push_back(signal);
  };
  for (const char* name : rows) add(plan.tick, name);
  for (const std::string& name : extra) add(plan.tick, name);
  for (const char* name : strokes) add(plan.stroke, name);
  return plan;
}

namespace block_format {

TailLayout tail_layout(const RecordingPlan& plan) {
  TailLayout layout;
  layout.float_bytes = plan.tick.size() * sizeof(float);
  layout.io_bytes = plan.kind == RecordingKind::pen ? in_head + out_head : 0;
  layout.io_at = (layout.float_bytes + 15) / 16 * 16;
  layout.row_bytes = (layout.end_at() + 8 + 15) / 16 * 16;
  layout.row_capacity = rows_per_block;
  layout.ms_capacity = static_cast<std::uint32_t>(rows_per_block / plan.ms_ticks + 2);
  layout.slow_capacity = static_cast<std::uint32_t>(rows_per_block / plan.slow_ticks + 2);
  layout.ms_bytes = padded(plan.ms.size() * sizeof(float) + 4);
  layout.slow_bytes = padded(plan.slow.size() * sizeof(float) + 4);
  layout.rows_at = page;
  layout.ms_at = layout.rows_at + layout.row_bytes * layout.row_capacity;
  layout.slow_at = layout.ms_at + layout.ms_bytes * layout.ms_capacity;
  layout.variable_at = layout.slow_at + layout.slow_bytes * layout.slow_capacity;
  layout.size = whole_pages(layout.variable_at + variable_capacity);
  return layout;
}

// Sum of products of keyed 32-bit halves (NH, Black et al. 1999): a third of the time that XXH3 takes for a row.
std::uint32_t row_check(const unsigned char* row, std::size_t size, std::uint32_t variable_end,
                        std::uint64_t generation, std::uint64_t index) {
  std::uint64_t sum[2] = {0, 0};
  std::uint32_t key = 0x9E3779B9u;
  std::size_t at = 0;
#ifdef __SSE2__
  __m128i keys = _mm_set_epi32(0x7F4A7C15, static_cast<int>(0xF39CC060u), 0x1082276B, static_cast<int>(0x9E3779B9u));
  const __m128i step = _mm_set1_epi32(static_cast<int>(0x9E3779B9u));
  __m128i total = _mm_setzero_si128();
  for (; at + 16 <= size; at += 16) {
    const __m128i keyed = _mm_add_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + at)), keys);
    total = _mm_add_epi64(total, _mm_mul_epu32(keyed, _mm_srli_epi64(keyed, 32)));
    keys = _mm_add_epi32(keys, step);
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sum), total);
#endif
  for (; at < size; at += 8) {
    std::uint32_t half[2] = {0, 0};
    std::memcpy(half, row + at, size - at < 8 ? size - at : 8);
    sum[0] += static_cast<std::uint64_t>(half[0] + key) * (half[1] + (key ^ 0x7F4A7C15u));
    key += 0x9E3779B9u;
  }
  std::uint64_t mixed = (sum[0] * 0x9E3779B97F4A7C15u) ^ (sum[1] * 0xC2B2AE3D27D4EB4Fu) ^
                        ((generation + 1) * 0x165667B19E3779F9u + (index << 32 | variable_end) * 0x27D4EB2F165667C5u);
  mixed ^= mixed >> 29;
  mixed *= 0xBF58476D1CE4E5B9u;
  return static_cast<std::uint32_t>(mixed >> 32);
}

std::uint32_t record_check(const RecordHeader& header, const unsigned char* bytes, std::uint64_t generation) {
  const std::uint64_t head = XXH3_64bits_withSeed(&header, offsetof(RecordHeader, check), generation + 1);
  const std::uint64_t all = XXH3_64bits(bytes, header.size) * 0x9E3779B97F4A7C15u ^ head;
  return static_cast<std::uint32_t>(all ^ (all >> 32));
}

std::uint64_t block_checksum(const unsigned char* block, std::size_t total_bytes) {
  return long_hash(block + checked_from, total_bytes - checked_from);
}

namespace {

// Four neighbouring columns of rows [r0, r1) to where they go in the block.
void transpose(const unsigned char* from, std::size_t stride, const std::uint32_t (&to)[4], unsigned char* base,
               std::size_t r0, std::size_t r1) {
  std::size_t r = r0;
#ifdef __SSE2__
  for (; r + 4 <= r1; r += 4) {
    const auto load = [&](std::size_t i) {
      return _mm_loadu_ps(reinterpret_cast<const float*>(from + (r + i) * stride));
    };
    __m128 a = load(0), b = load(1), c = load(2), d = load(3);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    const auto store = [&](std::uint32_t where, __m128 values) {
      if (where) _mm_storeu_ps(reinterpret_cast<float*>(base + where + r * 4), values);
    };
    store(to[0], a);
    store(to[1], b);
    store(to[2], c);
    store(to[3], d);
  }
#endif
  for (int c = 0; c < 4; ++c)
    if (to[c])
      for (std::size_t i = r; i < r1; ++i)
        std::memcpy(base + to[c] + i * 4, from + i * stride + static_cast<std::size_t>(c) * 4, 4);
}

}  // namespace

void encode_block(const RecordingPlan& plan, const TailLayout& layout, const Staged& staged,
                  std::vector<unsigned char>& block) {
  const std::size_t columns = plan.tick.size(), n = staged.row_count, stride = layout.row_bytes;
  const std::size_t words = layout.io_bytes / 2;
  const std::size_t ms_floats = plan.ms.size() * sizeof(float), slow_floats = plan.slow.size() * sizeof(float);
  block.resize(sizeof(BlockHeader) + (columns + words) * sizeof(Column) + n * (layout.float_bytes + layout.io_bytes) +
               staged.ms_count * ms_floats + staged.slow_count * slow_floats + 16 + staged.variable_bytes);
  unsigned char* const base = block.data();
  BlockHeader header{};
  header.magic = block_magic;
  header.first_tick = staged.first_tick;
  header.first_ms = staged.first_ms;
  header.first_slow = staged.first_slow;
  header.rows = staged.row_count;
  header.ms_rows = staged.ms_count;
  header.slow_rows = staged.slow_count;
  header.variable_bytes = static_cast<std::uint32_t>(staged.variable_bytes);
  std::size_t end = sizeof(BlockHeader) + (columns + words) * sizeof(Column);

  // Which columns vary: most flags, counters and unused faults do not. A row is walked in pieces of 16 bytes; what lies
  // behind its columns is compared too, and not looked at.
  typedef std::uint32_t Piece __attribute__((vector_size(16), aligned(4), may_alias));
  constexpr std::size_t pieces_max = 64;
  std::vector<std::uint32_t> differs(stride / 4 + 4, 0);
  if (n > 0) {
    for (std::size_t from = 0; from < stride; from += pieces_max * 16) {
      const std::size_t pieces = (stride - from < pieces_max * 16 ? stride - from : pieces_max * 16) / 16;
      Piece difference[pieces_max] = {};
      const auto* first = reinterpret_cast<const Piece*>(staged.rows + from);
      for (std::size_t r = 1; r < n; ++r) {
        const auto* row = reinterpret_cast<const Piece*>(staged.rows + r * stride + from);
        for (std::size_t i = 0; i < pieces; ++i) difference[i] |= row[i] ^ first[i];
      }
      std::memcpy(differs.data() + from / 4, difference, pieces * 16);
    }
  }
  const auto* const difference_bytes = reinterpret_cast<const unsigned char*>(differs.data());

  std::vector<Column> table(columns + words, Column{1, 0});
  struct Four {
    std::size_t from;
    std::uint32_t to[4];
  };  // neighbours; to 0: not wanted
  struct Varying {
    std::uint32_t from, to;
  };
  std::vector<Four> fours;
  std::vector<Varying> narrow;  // columns of 2 bytes
  if (n > 0) {
    for (std::size_t c = 0; c < columns; ++c) {
      std::memcpy(&table[c].where, staged.rows + c * 4, 4);
      if (differs[c] == 0) continue;
      if (fours.empty() || fours.back().from != c / 4 * 16) fours.push_back({c / 4 * 16, {}});
      fours.back().to[c % 4] = static_cast<std::uint32_t>(end);
      table[c] = {0, static_cast<std::uint32_t>(end)};
      end += n * 4;
    }
    if (words > 0) {
      const auto time_of = [&](std::size_t r) {
        std::uint32_t time;
        std::memcpy(&time, staged.rows + r * stride + layout.io_at, 4);
        return time;
      };
      header.time = time_of(0);
      header.time_step = n > 1 ? time_of(1) - header.time : 0;
      header.time_linear = 1;
      for (std::size_t r = 1; r < n; ++r)
        if (time_of(r) != header.time + static_cast<std::uint32_t>(r) * header.time_step) {
          header.time_linear = 0;
          break;
        }
    }
    for (std::size_t w = 0; w < words; ++w) {
      const std::size_t at = layout.io_at + 2 * w;
      std::uint16_t value, difference;
      std::memcpy(&value, staged.rows + at, 2);
      std::memcpy(&difference, difference_bytes + at, 2);
      Column& column = table[columns + w];
      column.where = value;
      if (difference == 0 || (w < 2 && header.time_linear)) continue;
      narrow.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
      column = {0, static_cast<std::uint32_t>(end)};
      end += n * 2;
    }
    end = (end + 3) & ~std::size_t{3};
    // Some rows at a time, so that they stay in the first-level cache while every column takes its part.
    constexpr std::size_t strip = 64;
    for (std::size_t r0 = 0; r0 < n; r0 += strip) {
      const std::size_t r1 = r0 + strip < n ? r0 + strip : n;
      for (const Four& f : fours) transpose(staged.rows + f.from, stride, f.to, base, r0, r1);
      for (const Varying& v : narrow) {
        const unsigned char* from = staged.rows + v.from;
        for (std::size_t r = r0; r < r1; ++r) std::memcpy(base + v.to + r * 2, from + r * stride, 2);
      }
    }
  }
  std::memcpy(base + sizeof(BlockHeader), table.data(), table.size() * sizeof(Column));

  header.ms_at = static_cast<std::uint32_t>(end);
  for (std::uint32_t r = 0; r < staged.ms_count; ++r, end += ms_floats)
    std::memcpy(base + end, staged.ms_rows + r * layout.ms_bytes, ms_floats);
  header.slow_at = static_cast<std::uint32_t>(end);
  for (std::uint32_t r = 0; r < staged.slow_count; ++r, end += slow_floats)
    std::memcpy(base + end, staged.slow_rows + r * layout.slow_bytes, slow_floats);
  const std::size_t records = padded(end);
  std::memset(base + end, 0, records - end);
  header.variable_at = static_cast<std::uint32_t>(records);
  if (staged.variable_bytes) std::memcpy(base + records, staged.variable, staged.variable_bytes);
  const std::size_t total = padded(records + staged.variable_bytes);
  block.resize(total);
  header.total_bytes = total;
  std::memcpy(block.data(), &header, sizeof header);
  header.checksum = block_checksum(block.data(), total);
  std::memcpy(block.data(), &header, sizeof header);
}

}  // namespace block_format

BlockStore::BlockStore(RecordingPlan plan, const std::string& directory) : plan_(std::move(plan)) {
  if (plan_.tick_ns <= 0 || plan_.ms_ticks <= 0 || plan_.slow_ticks <= 0 || plan_.needles < 0 ||
      plan_.needles > stroke_needles_max || plan_.stroke.size() > stroke_values_max)
    throw std::runtime_error("recording: a plan out of bounds");
  if (directory.empty()) {
    file_ = ::memfd_create("pensim-blocks", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file_ < 0) fail("no memory for a run's blocks", errno);
    ::fcntl(file_, F_ADD_SEALS, F_SEAL_SHRINK);
  } else {
    file_ = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file_ < 0) {  // a file system without nameless files
      std::string name = directory + "/.pensim-blocks-XXXXXX";
      file_ = ::mkostemp(name.data(), O_CLOEXEC);
      if (file_ < 0) fail(("cannot keep a run's blocks in " + directory).c_str(), errno);
      ::unlink(name.c_str());
    }
  }
  tail_file_ = ::memfd_create("pensim-tail", MFD_CLOEXEC);
  if (tail_file_ < 0 || ::ftruncate(tail_file_, static_cast<off_t>(bf::tail_layout(plan_).size)) != 0) {
    const int error = errno;
    if (tail_file_ >= 0) ::close(tail_file_);
    ::close(file_);
    fail("no memory for the tail", error);
  }
  map_tail();
}

BlockStore::BlockStore(RecordingPlan plan, int file, int tail_file)
    : plan_(std::move(plan)), file_(file), tail_file_(tail_file) {
  map_tail();
}

void BlockStore::map_tail() {
  tail_size_ = bf::tail_layout(plan_).size;
  void* whole = ::mmap(nullptr, tail_size_ + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* inner = MAP_FAILED;
  if (whole != MAP_FAILED)
    inner = ::mmap(static_cast<unsigned char*>(whole) + page, tail_size_, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED, tail_file_, 0);
  if (inner == MAP_FAILED) {
    const int error = errno;
    if (whole != MAP_FAILED) ::munmap(whole, tail_size_ + 2 * page);
    ::close(file_);
    ::close(tail_file_);
    fail("no memory for the tail", error);
  }
  tail_ = static_cast<unsigned char*>(inner);
}

void BlockStore::replace(int file, int tail_file) {
  if (::mmap(tail_, tail_size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, tail_file, 0) == MAP_FAILED)
    fail("no memory for the tail", errno);
  ::close(file_);
  ::close(tail_file_);
  file_ = file;
  tail_file_ = tail_file;
}

BlockStore::~BlockStore() {
  ::munmap(tail_ - page, tail_size_ + 2 * page);
  ::close(file_);
  ::close(tail_file_);
}

BlockWriter::BlockWriter(BlockStore& store) : store_(store) {
  const bf::TailLayout layout = bf::tail_layout(store.plan());
  rows_ = store.tail() + layout.rows_at;
  ms_rows_ = store.tail() + layout.ms_at;
  slow_rows_ = store.tail() + layout.slow_at;
  variable_ = store.tail() + layout.variable_at;
  float_bytes_ = layout.float_bytes;
  io_at_ = layout.io_at;
  end_at_ = layout.end_at();
  row_bytes_ = layout.row_bytes;
  row_capacity_ = layout.row_capacity;
}

BlockWriter::~BlockWriter() {
  try {
    close();
  } catch (...) {  // what is in the tail stays there, where the parent finds it
  }
}

inline void BlockWriter::rest(std::uint32_t kind, Tick at, const void* bytes, std::size_t size) {
  bf::RecordHeader header{at, kind, static_cast<std::uint32_t>(size), 0, 0};
  header.check = bf::record_check(header, static_cast<const unsigned char*>(bytes), generation_);
  unsigned char* record = variable_ + variable_used_;
  std::memcpy(record, &header, sizeof header);
  std::memcpy(record + sizeof header, bytes, size);
  std::memset(record + sizeof header + size, 0, bf::padded(size) - size);
  variable_used_ += static_cast<std::uint32_t>(sizeof header + bf::padded(size));
}

inline void BlockWriter::end_row(unsigned char* row) {
  const std::uint32_t words[2] = {variable_used_, bf::row_check(row, end_at_, variable_used_, generation_, row_count_)};
  std::atomic_signal_fence(std::memory_order_release);
  std::memcpy(row + end_at_, words, sizeof words);
  ++row_count_;
  const bf::TailHeader header{generation_, row_count_, ms_count_, slow_count_, variable_used_};
  std::memcpy(store_.tail(), &header, sizeof header);
  if (row_count_ == row_capacity_) flush();
}

void BlockWriter::make_room(std::size_t size) {
  if (variable_used_ + size > bf::variable_capacity) flush();
}

namespace {

// The rest of PenIn or PenOut is kept when there is something in it, or another aux (its end) than before.
template <std::size_t size>
bool has_news(const unsigned char* rest, const std::int32_t (&aux)[PEN_AUX]) {
  typedef std::uint64_t Piece __attribute__((vector_size(16), aligned(4), may_alias));
  const auto piece = [](const void* bytes, std::size_t at) {
    return *reinterpret_cast<const Piece*>(static_cast<const unsigned char*>(bytes) + at);
  };
  constexpr std::size_t aux_at = size - sizeof aux;
  Piece any = piece(rest, aux_at - sizeof(Piece));  // may overlap the one before
  for (std::size_t at = 0; at + sizeof(Piece) < aux_at; at += sizeof(Piece)) any |= piece(rest, at);
  for (std::size_t at = 0; at < sizeof aux; at += sizeof(Piece)) any |= piece(rest, aux_at + at) ^ piece(aux, at);
  return (any[0] | any[1]) != 0;
}

}  // namespace

float* BlockWriter::row() {
  make_room(2 * sizeof(bf::RecordHeader) + bf::in_rest + bf::out_rest);
  return reinterpret_cast<float*>(rows_ + row_count_ * row_bytes_);
}

void BlockWriter::tick(const float* values, const PenIn& in, const PenOut& out) {
  std::memcpy(row(), values, float_bytes_);
  tick(in, out);
}

void BlockWriter::tick(const PenIn& in, const PenOut& out) {
  unsigned char* row = rows_ + row_count_ * row_bytes_;
  std::memcpy(row + io_at_, &in, bf::in_head);
  std::memcpy(row + io_at_ + bf::in_head, &out, bf::out_head);

  const unsigned char *in_rest = reinterpret_cast<const unsigned char*>(&in) + bf::in_head,
                      *out_rest = reinterpret_cast<const unsigned char*>(&out) + bf::out_head;
  if (has_news<bf::in_rest>(in_rest, aux_in_)) {
    rest(bf::rest_in, ticks(), in_rest, bf::in_rest);
    std::memcpy(aux_in_, in.aux, sizeof aux_in_);
  }
  if (has_news<bf::out_rest>(out_rest, aux_out_)) {
    rest(bf::rest_out, ticks(), out_rest, bf::out_rest);
    std::memcpy(aux_out_, out.aux, sizeof aux_out_);
  }
  end_row(row);
}

void BlockWriter::tick(const float* values) {
  if (store_.plan().kind == RecordingKind::pen) {
    tick(values, PenIn{}, PenOut{});
    return;
  }
  unsigned char* row = rows_ + row_count_ * row_bytes_;
  std::memcpy(row, values, float_bytes_);
  end_row(row);
}

namespace {

void slow_row(unsigned char* at, const float* values, std::size_t count, std::uint64_t generation,
              std::uint64_t index) {
  std::memcpy(at, values, count * sizeof(float));
  const std::uint32_t check = bf::row_check(at, count * sizeof(float), 0, generation, index);
  std::memcpy(at + count * sizeof(float), &check, 4);
}

}  // namespace

void BlockWriter::ms(const float* values) {
  const bf::TailLayout layout = bf::tail_layout(store_.plan());
  if (ms_count_ == layout.ms_capacity) flush();
  slow_row(ms_rows_ + ms_count_ * layout.ms_bytes, values, store_.plan().ms.size(), generation_, ms_count_);
  ++ms_count_;
}

void BlockWriter::slow(const float* values) {
  const bf::TailLayout layout = bf::tail_layout(store_.plan());
  if (slow_count_ == layout.slow_capacity) flush();
  slow_row(slow_rows_ + slow_count_ * layout.slow_bytes, values, store_.plan().slow.size(), generation_, slow_count_);
  ++slow_count_;
}

void BlockWriter::event(std::uint32_t kind, Tick at, const void* bytes, std::size_t size) {
  const std::size_t needed = sizeof(bf::RecordHeader) + bf::padded(size);
  if (needed > bf::variable_capacity / 2) {  // too long for the tail: a block of its own
    flush();
    std::vector<unsigned char> record(needed, 0);
    bf::RecordHeader header{at, kind, static_cast<std::uint32_t>(size), 0, 0};
    header.check = bf::record_check(header, static_cast<const unsigned char*>(bytes), generation_);
    std::memcpy(record.data(), &header, sizeof header);
    std::memcpy(record.data() + sizeof header, bytes, size);
    unsigned char* const variable = variable_;
    variable_ = record.data();
    variable_used_ = static_cast<std::uint32_t>(needed);
    flush();
    variable_ = variable;
    return;
  }
  make_room(needed);
  rest(kind, at, bytes, size);
  const bf::TailHeader header{generation_, row_count_, ms_count_, slow_count_, variable_used_};
  std::memcpy(store_.tail(), &header, sizeof header);
}

void BlockWriter::stroke(const StrokeRow& row) { event(bf::stroke_record, row.end, &row, sizeof row); }
void BlockWriter::command(Tick at, std::string_view text) { event(bf::command_record, at, text.data(), text.size()); }
void BlockWriter::finding(Tick at, std::string_view text) { event(bf::finding_record, at, text.data(), text.size()); }

void BlockWriter::flush() {
  if (row_count_ + ms_count_ + slow_count_ + variable_used_ == 0) return;
  const bf::TailLayout layout = bf::tail_layout(store_.plan());
  for (std::uint32_t r = 0; r < row_count_; ++r) {
    const unsigned char* row = rows_ + r * row_bytes_;
    std::uint32_t words[2];
    std::memcpy(words, row + end_at_, sizeof words);
    if (words[1] != bf::row_check(row, end_at_, words[0], generation_, r))
      throw std::runtime_error("recording: the row of tick " + std::to_string(first_tick_ + r) +
                               " was overwritten in memory, by the firmware core or by a defect of the simulator");
  }
  const bf::Staged staged = {rows_,       ms_rows_,       slow_rows_,  variable_, row_count_, ms_count_,
                             slow_count_, variable_used_, first_tick_, ms_total_, slow_total_};
  bf::encode_block(store_.plan(), layout, staged, encoded_);
  std::size_t done = 0;
  while (done < encoded_.size()) {
    const ssize_t n =
        ::pwrite(store_.file(), encoded_.data() + done, encoded_.size() - done, file_end_ + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("a block could not be written", n < 0 ? errno : ENOSPC);
    done += static_cast<std::size_t>(n);
  }
  file_end_ += static_cast<std::int64_t>(encoded_.size());
  first_tick_ += row_count_;
  ms_total_ += ms_count_;
  slow_total_ += slow_count_;
  ++generation_;
  row_count_ = ms_count_ = slow_count_ = variable_used_ = 0;
  std::memset(aux_in_, 0, sizeof aux_in_);
  std::memset(aux_out_, 0, sizeof aux_out_);
  const bf::TailHeader header{generation_, 0, 0, 0, 0};
  std::memcpy(store_.tail(), &header, sizeof header);
}

void BlockWriter::go_on_in(int file, int tail_file) {
  if (row_count_ + ms_count_ + slow_count_ + variable_used_ != 0)
    throw std::logic_error("recording: a writer goes on elsewhere between blocks only");
  std::vector<unsigned char> piece(1u << 20);
  for (off_t at = 0; at < file_end_;) {
    const ssize_t got =
        ::pread(store_.file(), piece.data(), static_cast<std::size_t>(std::min<off_t>(file_end_ - at, 1 << 20)), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("the blocks so far could not be read", got < 0 ? errno : EIO);
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::pwrite(file, piece.data() + done, static_cast<std::size_t>(got - done), at + done);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) fail("a block could not be written", put < 0 ? errno : ENOSPC);
      done += put;
    }
    at += got;
  }
  store_.replace(file, tail_file);
  const bf::TailHeader header{generation_, 0, 0, 0, 0};
  std::memcpy(store_.tail(), &header, sizeof header);
}

void BlockWriter::close() {
  if (closed_) return;
  flush();
  closed_ = true;
}

void RunHash::tick(const PenIn& in, const PenOut& out) {
  value_ = XXH3_64bits_withSeed(&in, sizeof in, value_);
  value_ = XXH3_64bits_withSeed(&out, sizeof out, value_);
}

void RunHash::state(const void* bytes, std::size_t size) { value_ = long_hash(bytes, size, value_); }

std::string RunHash::text() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 0; i < 16; ++i) text[static_cast<std::size_t>(i)] = digits[(value_ >> (60 - 4 * i)) & 15];
  return text;
}

}  // namespace pensim
