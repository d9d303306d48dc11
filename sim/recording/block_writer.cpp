#include "sim/recording/block_writer.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "sim/recording/block_format.h"

namespace pensim {
namespace bf = block_format;

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
  const std::size_t size = bf::encode_block(store_.plan(), layout, staged, encoded_);
  store_.await_room();
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n =
        ::pwrite(store_.file(), encoded_.data() + done, size - done, file_end_ + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) bf::fail("a block could not be written", n < 0 ? errno : ENOSPC);
    done += static_cast<std::size_t>(n);
  }
  file_end_ += static_cast<std::int64_t>(size);
  store_.announce();
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
    if (got <= 0) bf::fail("the blocks so far could not be read", got < 0 ? errno : EIO);
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::pwrite(file, piece.data() + done, static_cast<std::size_t>(got - done), at + done);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) bf::fail("a block could not be written", put < 0 ? errno : ENOSPC);
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

}  // namespace pensim
