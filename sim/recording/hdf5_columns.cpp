#include "sim/recording/hdf5_columns.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>

#include "sim/recording/hdf5_types.h"
#include "sim/recording/source.h"

namespace pensim::hdf5 {
namespace {

constexpr int deflate_level = 1;
constexpr hsize_t table_chunk = 1024;
constexpr std::int64_t fine = 64, coarse = 4096;  // samples of a bucket

hid_t type_of(Element element) {
  switch (element) {
    case Element::f32:
      return H5T_IEEE_F32LE;
    case Element::u32:
      return H5T_STD_U32LE;
    case Element::u16:
      return H5T_STD_U16LE;
    case Element::i16:
      return H5T_STD_I16LE;
    default:
      return H5T_STD_U8LE;
  }
}

std::size_t size_of(Element element) {
  return element == Element::u8 ? 1 : element == Element::u16 || element == Element::i16 ? 2 : 4;
}

template <typename T>
struct Extremes {
  T min, max;
};

// Minimum and maximum of each `fine` values, as min_max (source.h) for floats: a NaN loses every comparison.
template <typename T>
void extremes(const T* values, std::int64_t count, Extremes<T>* out) {
  if constexpr (std::is_same_v<T, float>) {
    static_assert(sizeof(Extremes<float>) == sizeof(MinMax));
    min_max(values, count, fine, reinterpret_cast<MinMax*>(out));
  } else {
    typedef T Vector __attribute__((vector_size(16)));
    constexpr int lanes = 16 / sizeof(T);
    for (std::int64_t from = 0; from < count; from += fine, ++out) {
      const T* v = values + from;
      const std::int64_t n = std::min(fine, count - from);
      T low = v[0], high = v[0];
      std::int64_t i = 0;
      if (n >= lanes) {
        Vector lows, highs;
        std::memcpy(&lows, v, 16);
        highs = lows;
        for (i = lanes; i + lanes <= n; i += lanes) {
          Vector piece;
          std::memcpy(&piece, v + i, 16);
          lows = piece < lows ? piece : lows;
          highs = piece > highs ? piece : highs;
        }
        for (int j = 0; j < lanes; ++j) {
          low = std::min<T>(low, lows[j]);
          high = std::max<T>(high, highs[j]);
        }
      }
      for (; i < n; ++i) {
        low = std::min(low, v[i]);
        high = std::max(high, v[i]);
      }
      *out = {low, high};
    }
  }
}

// Calls use(T{}) with the type of the elements.
template <class Use>
void with_type(Element element, Use use) {
  switch (element) {
    case Element::f32:
      return use(float{});
    case Element::u32:
      return use(std::uint32_t{});
    case Element::u16:
      return use(std::uint16_t{});
    case Element::i16:
      return use(std::int16_t{});
    case Element::u8:
      return use(std::uint8_t{});
  }
}

// `bytes` of copies of one value.
void fill_same(unsigned char* to, const void* value, std::size_t bytes, std::size_t size) {
  if (bytes == 0) return;
  std::memcpy(to, value, size);
  for (std::size_t done = size; done < bytes; done *= 2) std::memcpy(to + done, to, std::min(done, bytes - done));
}

void filter(hid_t properties, const char* name) {
  check(H5Pset_shuffle(properties), name);
  check(H5Pset_deflate(properties, deflate_level), name);
}

}  // namespace

// --- chunks

void ChunkPacker::Free::operator()(void* compressor) const {
  libdeflate_free_compressor(static_cast<libdeflate_compressor*>(compressor));
}

ChunkPacker::ChunkPacker(bool compress) : compressor_(compress ? libdeflate_alloc_compressor(deflate_level) : nullptr) {
  if (compress && !compressor_) throw HdfError{"no memory for a compressor"};
}

void ChunkPacker::write(hid_t set, hsize_t row, const unsigned char* chunk, std::size_t bytes, std::size_t element_size,
                        const char* name) {
  const hsize_t from[2] = {row, 0};
  if (!compress()) {
    check(H5Dwrite_chunk(set, H5P_DEFAULT, 0, from, bytes, chunk), name);
    return;
  }
  constexpr std::uint32_t shuffled_only = 2;  // bit i: filter i was left out
  const unsigned char* plain = chunk;
  if (element_size > 1) {
    shuffled_.resize(bytes);
    const std::size_t n = bytes / element_size;
    for (std::size_t b = 0; b < element_size; ++b)
      for (std::size_t i = 0; i < n; ++i) shuffled_[b * n + i] = chunk[i * element_size + b];
    plain = shuffled_.data();
  }
  packed_.resize(bytes);
  const std::size_t size = libdeflate_zlib_compress(static_cast<libdeflate_compressor*>(compressor_.get()), plain,
                                                    bytes, packed_.data(), packed_.size());
  if (size > 0)
    check(H5Dwrite_chunk(set, H5P_DEFAULT, 0, from, size, packed_.data()), name);
  else  // no smaller
    check(H5Dwrite_chunk(set, H5P_DEFAULT, shuffled_only, from, bytes, plain), name);
}

// --- columns

// The pyramid of a column.
struct Column::Summary {
  explicit Summary(Column column) : levels(std::move(column)) {}

  Column levels;
  unsigned char coarse_now[8] = {};  // of the fine buckets since the last coarse one
  std::int64_t fine_buckets = 0;
  std::vector<unsigned char> coarse_buckets;

  template <typename T>
  void take(const Extremes<T>* buckets, std::int64_t count) {
    levels.append(static_cast<hsize_t>(count), [&](hsize_t, hsize_t n, unsigned char* to) {
      std::memcpy(to, buckets, n * sizeof *buckets);
      for (hsize_t i = 0; i < n; ++i) merge(*buckets++);
    });
  }
  template <typename T>
  void take_same(T value, std::int64_t count) {
    levels.append_same(&value, static_cast<hsize_t>(count));
    for (std::int64_t i = 0; i < count; ++i) merge(Extremes<T>{value, value});
  }
  template <typename T>
  void merge(const Extremes<T>& bucket) {
    Extremes<T> m;
    std::memcpy(&m, coarse_now, sizeof m);
    if (fine_buckets == 0) {
      m = bucket;
    } else {
      m.min = bucket.min < m.min || m.min != m.min ? bucket.min : m.min;
      m.max = bucket.max > m.max || m.max != m.max ? bucket.max : m.max;
    }
    std::memcpy(coarse_now, &m, sizeof m);
    if (++fine_buckets == coarse / fine) put_coarse(sizeof m);
  }
  void put_coarse(std::size_t size) {
    coarse_buckets.insert(coarse_buckets.end(), coarse_now, coarse_now + size);
    fine_buckets = 0;
  }
  void finish(std::size_t size) {
    if (fine_buckets > 0) put_coarse(size);
    const unsigned char* from = coarse_buckets.data();
    levels.append(coarse_buckets.size() / size, [&](hsize_t, hsize_t n, unsigned char* to) {
      std::memcpy(to, from, n * size);
      from += n * size;
    });
    levels.finish();
  }
};

Column::Column(ChunkPacker& packer, hid_t group, hid_t pyramids, std::string name, const Shape& shape)
    : packer_(&packer),
      group_(group),
      name_(std::move(name)),
      shape_(shape),
      size_(size_of(shape.element)),
      row_bytes_(size_ * shape.width) {
  if (shape_.rows > 0 && shape_.rows < shape_.chunk) shape_.chunk = (shape_.rows + fine - 1) / fine * fine;
  if (!shape.with_pyramid) return;
  const auto samples = static_cast<std::int64_t>(shape_.rows);
  const Shape levels{.element = shape_.element,
                     .rows = static_cast<hsize_t>(buckets(samples, fine) + buckets(samples, coarse)),
                     .chunk = chunk_rows / 16,
                     .width = 2,
                     .left_out_if_constant = true};
  summary_ = std::make_unique<Summary>(Column(packer, pyramids, -1, name_, levels));
}
Column::Column(Column&&) noexcept = default;
Column::~Column() = default;

void Column::make_plain() {
  if (!same_) return;
  buffer_.resize(static_cast<std::size_t>(shape_.chunk) * row_bytes_);
  fill_same(buffer_.data(), value_, static_cast<std::size_t>(in_chunk_) * row_bytes_, size_);
  same_ = false;
}

unsigned char* Column::room(hsize_t& count) {
  make_plain();
  count = std::min(count, shape_.chunk - in_chunk_);
  return buffer_.data() + static_cast<std::size_t>(in_chunk_) * row_bytes_;
}

void Column::added(hsize_t count) {
  in_chunk_ += count;
  if (in_chunk_ == shape_.chunk) put_chunk();
}

void Column::append_same(const void* value, hsize_t count) {
  while (count > 0) {
    if (in_chunk_ == 0) {
      same_ = true;
      std::memcpy(value_, value, size_);
    }
    const hsize_t n = std::min(count, shape_.chunk - in_chunk_);
    if (!same_ || std::memcmp(value_, value, size_) != 0) {
      make_plain();
      fill_same(buffer_.data() + static_cast<std::size_t>(in_chunk_) * row_bytes_, value,
                static_cast<std::size_t>(n) * row_bytes_, size_);
    }
    added(n);
    count -= n;
  }
}

bool Column::is_fill(const unsigned char* bytes, std::size_t size) const {
  return std::memcmp(bytes, fill_, size_) == 0 && std::memcmp(bytes, bytes + size_, size - size_) == 0;
}

// The chunk under way, as far as it goes: what lies behind its rows is never read.
void Column::put_chunk() {
  const std::size_t bytes = static_cast<std::size_t>(in_chunk_) * row_bytes_;
  if (!known_) {
    std::memcpy(fill_, same_ ? value_ : buffer_.data(), size_);
    known_ = true;
  }
  const bool fill = same_ ? std::memcmp(value_, fill_, size_) == 0 : is_fill(buffer_.data(), bytes);
  if (summary_)
    with_type(shape_.element, [&](auto zero) {
      using T = decltype(zero);
      const std::int64_t n = buckets(static_cast<std::int64_t>(in_chunk_), fine);
      if (same_ || fill) {
        T value;
        std::memcpy(&value, same_ ? value_ : fill_, size_);
        summary_->take_same(value, n);
        return;
      }
      Extremes<T> of_chunk[chunk_rows / fine];
      extremes(reinterpret_cast<const T*>(buffer_.data()), static_cast<std::int64_t>(in_chunk_), of_chunk);
      summary_->take(of_chunk, n);
    });
  if (!fill) {
    all_fill_ = false;
    make_plain();
    if (!set_) create();
    std::memset(buffer_.data() + bytes, 0, buffer_.size() - bytes);
    if (done_ + in_chunk_ > shape_.rows) extend(done_ + in_chunk_);
    packer_->write(set_, done_, buffer_.data(), buffer_.size(), size_, name_.c_str());
  }
  done_ += in_chunk_;
  in_chunk_ = 0;
  same_ = true;
}

void Column::create() {
  const hsize_t dims[2] = {std::max(shape_.rows, done_ + in_chunk_), shape_.width},
                most[2] = {H5S_UNLIMITED, shape_.width}, chunk[2] = {shape_.chunk, shape_.width};
  const int rank = shape_.width > 1 ? 2 : 1;
  shape_.rows = dims[0];
  const Id space(H5Screate_simple(rank, dims, most), H5Sclose, name_.c_str());
  const Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name_.c_str());
  const hid_t type = type_of(shape_.element);
  check(H5Pset_fill_value(properties, type, fill_), name_.c_str());
  check(H5Pset_fill_time(properties, H5D_FILL_TIME_IFSET), name_.c_str());
  check(H5Pset_chunk(properties, rank, chunk), name_.c_str());
  if (packer_->compress()) filter(properties, name_.c_str());
  set_ =
      Id(H5Dcreate2(group_, name_.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose, name_.c_str());
}

void Column::finish() {
  if (in_chunk_ > 0) put_chunk();
  if (summary_) summary_->finish(2 * size_);
  if (!set_) {
    if (all_fill_ && shape_.left_out_if_constant) return;
    create();
  }
  if (shape_.rows != done_) extend(done_);
}

void Column::extend(hsize_t rows) {
  const hsize_t dims[2] = {rows, shape_.width};
  check(H5Dset_extent(set_, dims), name_.c_str());
  shape_.rows = rows;
}

// --- tables

Table::Table(bool compress, hid_t group, std::string name, hid_t memory, hid_t file)
    : compress_(compress),
      group_(group),
      name_(std::move(name)),
      memory_(memory),
      file_(file),
      row_bytes_(H5Tget_size(memory)) {}

void Table::append(const void* rows, std::size_t count) {
  const auto* bytes = static_cast<const unsigned char*>(rows);
  waiting_.insert(waiting_.end(), bytes, bytes + count * row_bytes_);
  if (waiting_.size() >= table_chunk * row_bytes_) put();
}

void Table::put() {
  const hsize_t count = waiting_.size() / row_bytes_, rows = done_ + count, most = H5S_UNLIMITED, chunk = table_chunk;
  if (!set_) {
    const Id space(H5Screate_simple(1, &rows, &most), H5Sclose, name_.c_str());
    const Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name_.c_str());
    check(H5Pset_chunk(properties, 1, &chunk), name_.c_str());
    if (compress_) filter(properties, name_.c_str());
    set_ = Id(H5Dcreate2(group_, name_.c_str(), file_, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose,
              name_.c_str());
  } else {
    check(H5Dset_extent(set_, &rows), name_.c_str());
  }
  const Id file(H5Dget_space(set_), H5Sclose, name_.c_str()),
      memory(H5Screate_simple(1, &count, nullptr), H5Sclose, name_.c_str());
  check(H5Sselect_hyperslab(file, H5S_SELECT_SET, &done_, nullptr, &count, nullptr), name_.c_str());
  check(H5Dwrite(set_, memory_, memory, file, H5P_DEFAULT, waiting_.data()), name_.c_str());
  done_ = rows;
  waiting_.clear();
}

void Table::finish() {
  if (set_) {
    if (!waiting_.empty()) put();
    return;
  }
  const hsize_t rows = waiting_.size() / row_bytes_;  // few: as they are
  const Id space(H5Screate_simple(1, &rows, nullptr), H5Sclose, name_.c_str());
  set_ = Id(H5Dcreate2(group_, name_.c_str(), file_, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
            name_.c_str());
  if (rows > 0) check(H5Dwrite(set_, memory_, H5S_ALL, H5S_ALL, H5P_DEFAULT, waiting_.data()), name_.c_str());
}

}  // namespace pensim::hdf5
