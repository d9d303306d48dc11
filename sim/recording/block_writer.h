// block_writer.h - writes a run into a BlockStore, tick by tick.
//
// Rows are staged in the tail; a complete block (0.1 s) is transposed into columns and appended to the file by pwrite.
// The child never maps the file, so a scribbling core cannot reach what was recorded; in the tail every row and every
// event carries a check word, so that damage is seen and cut.
//
// Order within tick k: stroke(), command(), finding(), ms() and slow() first, then tick(), which publishes the row.
// Events of a tick that never ended (crash) are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firmware_shim/pen_shim.h"
#include "sim/recording/block_store.h"
#include "sim/recording/plan.h"
#include "sim/vocabulary/time.h"

namespace pensim {

// The writing end. Throws std::runtime_error when the file takes no more (disk full).
class BlockWriter {
 public:
  explicit BlockWriter(BlockStore& store);
  ~BlockWriter();
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  // The next row, to be filled in place before tick(in, out); no other record may come in between.
  float* row();
  void tick(const PenIn& in, const PenOut& out);                    // pen
  void tick(const float* row, const PenIn& in, const PenOut& out);  // pen
  void tick(const float* row);                                      // rig
  void ms(const float* row);
  void slow(const float* row);
  void stroke(const StrokeRow& row);
  void command(Tick at, std::string_view canonical_text);
  void finding(Tick at, std::string_view text);
  // UART bytes need no call: they are in PenIn and PenOut.

  Tick ticks() const { return first_tick_ + row_count_; }
  void end_block() { flush(); }  // early: the tail is empty then
  // With an empty tail: goes on in other files (of a new store of the same plan), which get a copy of what was written
  // so far.
  void go_on_in(int file, int tail_file);
  void close();  // appends what is in the tail; the destructor does it too

 private:
  void rest(std::uint32_t kind, Tick at, const void* bytes, std::size_t size);
  void event(std::uint32_t kind, Tick at, const void* bytes, std::size_t size);
  void end_row(unsigned char* row);
  void make_room(std::size_t size);
  void flush();

  BlockStore& store_;
  // areas of the tail
  unsigned char *rows_ = nullptr, *ms_rows_ = nullptr, *slow_rows_ = nullptr, *variable_ = nullptr;
  std::size_t float_bytes_ = 0, io_at_ = 0, end_at_ = 0, row_bytes_ = 0;
  std::uint32_t row_capacity_ = 0, row_count_ = 0, ms_count_ = 0, slow_count_ = 0, variable_used_ = 0;
  std::int32_t aux_in_[PEN_AUX] = {}, aux_out_[PEN_AUX] = {};  // as known to the block being filled
  std::vector<unsigned char> encoded_;
  std::uint64_t generation_ = 0;  // number of the block being filled
  std::int64_t file_end_ = 0, ms_total_ = 0, slow_total_ = 0;
  Tick first_tick_ = 0;
  bool closed_ = false;
};

}  // namespace pensim
