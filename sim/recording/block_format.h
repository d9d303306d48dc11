// block_format.h - the layout of tail and blocks, shared by who writes them (block_writer.cpp) and who reads them
// (block_source.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "firmware_shim/pen_shim.h"
#include "sim/recording/plan.h"

namespace pensim::block_format {

// The part of PenIn and PenOut that is stored for every tick. The rest (edges, UART, memory data, aux) is stored when
// it is not what the rule of `rest` says: all zero, and aux as before.
inline constexpr std::size_t in_head = offsetof(PenIn, edges);      // 32
inline constexpr std::size_t out_head = offsetof(PenOut, uart);     // 16
inline constexpr std::size_t in_rest = sizeof(PenIn) - in_head;     // 120
inline constexpr std::size_t out_rest = sizeof(PenOut) - out_head;  // 56

// Tail: header page, rows, ms rows, slow rows, variable records.
// Row: floats (padded to 16), head of PenIn, head of PenOut (pen only), end of the variable area after this row (u32),
// check (u32);
// padded to 16.
// Nothing in the header is trusted: rows and records are valid by their check words, which contain the number of the
// block, so what an earlier block left behind is never taken for new.
struct TailHeader {
  std::uint64_t generation;
  std::uint32_t rows, ms_rows, slow_rows, variable_used;
};
struct TailLayout {
  std::size_t float_bytes = 0, io_at = 0, io_bytes = 0, row_bytes = 0;
  std::size_t end_at() const { return io_at + io_bytes; }  // of the row's data: where the two words stand
  std::uint32_t row_capacity = 0, ms_capacity = 0, slow_capacity = 0;
  std::size_t ms_bytes = 0, slow_bytes = 0;  // one ms or slow row: floats and check
  std::size_t rows_at = 0, ms_at = 0, slow_at = 0, variable_at = 0, size = 0;
};
inline constexpr std::size_t variable_capacity = 64 * 1024;
inline constexpr std::size_t page = 4096;
TailLayout tail_layout(const RecordingPlan& plan);

enum RecordKind : std::uint32_t { rest_in = 1, rest_out, stroke_record, command_record, finding_record };
struct RecordHeader {
  std::int64_t tick;
  std::uint32_t kind, size;  // size of what follows, which is padded to 8
  std::uint32_t check, zero;
};
inline constexpr std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

// `size`: a multiple of 16 for rows of ticks; `variable_end`: what the row says of the variable area.
std::uint32_t row_check(const unsigned char* row, std::size_t size, std::uint32_t variable_end,
                        std::uint64_t generation, std::uint64_t index);
std::uint32_t record_check(const RecordHeader& header, const unsigned char* bytes, std::uint64_t generation);

// The heads are stored as columns of 16-bit words: words 0, 1 of PenIn are its time, 2.. its ADC channels.
inline constexpr int in_words = static_cast<int>(in_head / 2), out_words = static_cast<int>(out_head / 2),
                     io_words = in_words + out_words;
inline constexpr int first_adc_word = 2, in_pins_word = 11, out_duty_word = in_words, out_pins_word = in_words + 3;
inline constexpr int cause_word = 13;  // uart_count in the low byte, reset_cause in the high one
static_assert(offsetof(PenIn, adc) == 2 * first_adc_word && offsetof(PenIn, pins) == 2 * in_pins_word);
static_assert(offsetof(PenIn, reset_cause) == 2 * cause_word + 1);
static_assert(offsetof(PenOut, duty_q15) == 0 && offsetof(PenOut, pins) == 2 * (out_pins_word - in_words));

// Block in the file: header, one Column per float of a row, one per word of the heads (pen), then the columns that
// vary, ms rows and slow rows without their checks, variable records.
struct BlockHeader {
  std::uint64_t magic, total_bytes, checksum;  // checksum of all that follows this struct's first 24 bytes
  std::int64_t first_tick, first_ms, first_slow;
  std::uint32_t rows, ms_rows, slow_rows, variable_bytes;
  std::uint32_t ms_at, slow_at, variable_at;
  std::uint32_t time_linear, time, time_step;  // 1: PenIn.time_us of row r is time + r * time_step, and words 0, 1
                                               // are not stored
  std::uint32_t zero[2];
};
struct Column {
  std::uint32_t constant;  // 1: every value has the bits `where`; 0: the values are at byte `where` of the block
  std::uint32_t where;
};
inline constexpr std::uint64_t block_magic = 0x316b636f6c426e50;  // "PnBlock1"
inline constexpr std::size_t checked_from = 24;
static_assert(sizeof(BlockHeader) % 8 == 0);

// Encodes what the tail areas hold.
struct Staged {
  const unsigned char *rows, *ms_rows, *slow_rows, *variable;
  std::uint32_t row_count, ms_count, slow_count;
  std::size_t variable_bytes;
  std::int64_t first_tick, first_ms, first_slow;
};
// `block` becomes as large as it must; what is returned is how much of it is the block.
std::size_t encode_block(const RecordingPlan& plan, const TailLayout& layout, const Staged& staged,
                         std::vector<unsigned char>& block);
std::uint64_t block_checksum(const unsigned char* block, std::size_t total_bytes);

// Throws std::runtime_error: `what`, and what errno `error` means.
[[noreturn]] void fail(const char* what, int error);

}  // namespace pensim::block_format
