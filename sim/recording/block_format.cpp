#include "sim/recording/block_format.h"

#include <cstring>
#include <stdexcept>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "sim/recording/long_hash.h"

namespace pensim::block_format {
namespace {

constexpr std::uint32_t rows_per_block = 2000;  // 0.1 s

std::size_t whole_pages(std::size_t size) { return (size + page - 1) / page * page; }

}  // namespace

void fail(const char* what, int error) {
  throw std::runtime_error(std::string("recording: ") + what + ": " + std::strerror(error));
}

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

std::size_t encode_block(const RecordingPlan& plan, const TailLayout& layout, const Staged& staged,
                         std::vector<unsigned char>& block) {
  const std::size_t columns = plan.tick.size(), n = staged.row_count, stride = layout.row_bytes;
  const std::size_t words = layout.io_bytes / 2;
  const std::size_t ms_floats = plan.ms.size() * sizeof(float), slow_floats = plan.slow.size() * sizeof(float);
  const std::size_t most = sizeof(BlockHeader) + (columns + words) * sizeof(Column) +
                           n * (layout.float_bytes + layout.io_bytes) + staged.ms_count * ms_floats +
                           staged.slow_count * slow_floats + 24 + staged.variable_bytes;
  if (block.size() < most) block.resize(most);
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
    if (end % 4 != 0) std::memset(base + end, 0, 4 - end % 4);
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
  const std::size_t behind = records + staged.variable_bytes, total = padded(behind);
  std::memset(base + behind, 0, total - behind);
  header.total_bytes = total;
  std::memcpy(block.data(), &header, sizeof header);
  header.checksum = block_checksum(block.data(), total);
  std::memcpy(block.data(), &header, sizeof header);
  return total;
}

}  // namespace pensim::block_format
