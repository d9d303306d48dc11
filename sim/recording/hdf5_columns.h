// hdf5_columns.h - datasets of a recording's file that are written piece by piece, in chunks.
//
// A chunk whose values all are the fill value, which is the first value of the column, uses no storage, so a constant
// column uses none at all. Compressed chunks are shuffled and deflated by libdeflate, which takes a third of the time
// of the library's filter, and handed over as they are; every HDF5 reader undoes that. Throws HdfError.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/recording/hdf5.h"

namespace pensim::hdf5 {

enum class Element : std::uint8_t { f32, u32, u16, i16, u8 };

constexpr hsize_t chunk_rows = 16384;

// What the columns of a file share: buffers, and whether chunks are compressed.
class ChunkPacker {
 public:
  explicit ChunkPacker(bool compress);
  bool compress() const { return compressor_ != nullptr; }
  // Writes one whole chunk of `bytes` that begins at `row`.
  void write(hid_t set, hsize_t row, const unsigned char* chunk, std::size_t bytes, std::size_t element_size,
             const char* name);

 private:
  struct Free {
    void operator()(void* compressor) const;
  };
  std::unique_ptr<void, Free> compressor_;
  std::vector<unsigned char> shuffled_, packed_;
};

// One column, or a table of `width` columns of the same kind.
class Column {
 public:
  struct Shape {
    Element element = Element::f32;
    hsize_t rows = 0;            // that are expected, 0: not known; more or fewer may come
    hsize_t chunk = chunk_rows;  // rows of a chunk at most, a multiple of 64
    hsize_t width = 1;
    bool with_pyramid = false;  // of a column of width 1: minimum and maximum of every 64, then of every 4096 samples
    bool left_out_if_constant = false;  // no dataset then
  };
  // `group`, and `pyramids` for a column that has one, must be open as long as this.
  Column(ChunkPacker& packer, hid_t group, hid_t pyramids, std::string name, const Shape& shape);
  Column(Column&&) noexcept;
  ~Column();

  hsize_t rows() const { return done_ + in_chunk_; }
  // The next rows, read by read(first, count, to) in pieces that end where a chunk does.
  template <class Read>
  void append(hsize_t count, Read read) {
    while (count > 0) {
      hsize_t n = count;
      unsigned char* const to = room(n);
      read(rows(), n, to);
      added(n);
      count -= n;
    }
  }
  // Rows that all have this value.
  void append_same(const void* value, hsize_t count);
  void finish();
  // After finish(); a null identifier if it was left out.
  hid_t set() const { return set_; }

 private:
  struct Summary;

  unsigned char* room(hsize_t& count);  // where the next rows go; `count` becomes at most what fits
  void added(hsize_t count);
  void make_plain();  // the rows of this chunk, one by one
  void put_chunk();
  void create();
  void extend(hsize_t rows);
  bool is_fill(const unsigned char* bytes, std::size_t size) const;

  ChunkPacker* packer_;
  hid_t group_;
  std::string name_;
  Shape shape_;
  std::size_t size_, row_bytes_;
  std::vector<unsigned char> buffer_;  // of the chunk under way, unless all its values are `value_`
  bool same_ = true, known_ = false, all_fill_ = true;
  unsigned char value_[8] = {}, fill_[8] = {};
  hsize_t done_ = 0, in_chunk_ = 0;
  Id set_;
  std::unique_ptr<Summary> summary_;
};

// A table whose rows are compounds.
class Table {
 public:
  // `memory` is the type of the rows that are appended, `file` that of the rows in the file. Both must outlive this.
  Table(bool compress, hid_t group, std::string name, hid_t memory, hid_t file);
  void append(const void* rows, std::size_t count);
  void finish();
  hid_t set() const { return set_; }

 private:
  void put();

  bool compress_;
  hid_t group_;
  std::string name_;
  hid_t memory_, file_;
  std::size_t row_bytes_;
  std::vector<unsigned char> waiting_;
  hsize_t done_ = 0;
  Id set_;
};

}  // namespace pensim::hdf5
