// Writes recordings as HDF5 files.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "sim/input/input_error.h"
#include "sim/platform/file.h"
#include "sim/recording/block_format.h"
#include "sim/recording/file_sum.h"
#include "sim/recording/hdf5_file.h"
#include "sim/recording/hdf5_output.h"
#include "sim/recording/hdf5_types.h"

namespace pensim {
namespace bf = block_format;
using namespace hdf5;

namespace {

constexpr std::size_t text_piece = 200;  // longer texts of a table go on in the next row
constexpr hsize_t chunk_max = 16384;

const char* kind_text(SignalKind kind) {
  return kind == SignalKind::truth ? "truth" : kind == SignalKind::input ? "input" : "output";
}

class FileWriter {
 public:
  FileWriter(const std::string& path, OutputState& state, std::size_t signals, bool compress) : compress_(compress) {
    Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access");
    check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "file access");
    // checksums on what is not data; MATLAB reads it
    check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), "file access");
    check(H5Pset_meta_block_size(access, std::clamp<std::size_t>(signals * 1024, 2048, 64 * 1024)), "file access");
    use_output_driver(access, state);
    Id create(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "file creation");
    file_ = Id(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, create, access), H5Fclose, "the file");
    scalar_ = Id(H5Screate(H5S_SCALAR), H5Sclose, "scalar");
  }

  void close() { check(file_.close(), "the end of the file"); }

  void text_attribute(hid_t object, const char* name, const std::string& text) {
    const Id type = string_type(text.size());
    const Id attribute(H5Acreate2(object, name, type, scalar_, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
    const std::string padded = text.empty() ? std::string(1, '\0') : text;
    check(H5Awrite(attribute, type, padded.data()), name);
  }
  void attribute(hid_t object, const char* name, hid_t type, const void* value) {
    const Id a(H5Acreate2(object, name, type, scalar_, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
    check(H5Awrite(a, type, value), name);
  }
  void integer(const char* name, std::int64_t value) { attribute(file_, name, H5T_STD_I64LE, &value); }
  void number(const char* name, double value) { attribute(file_, name, H5T_IEEE_F64LE, &value); }

  // Short texts are attributes of the root; long ones datasets of /text.
  void text(const char* name, const std::string& value) {
    if (value.size() <= 4096) {
      text_attribute(file_, name, value);
      return;
    }
    long_text(name, value);
  }
  void long_text(const char* name, const std::string& value) {
    if (!texts_) texts_ = group("text");
    const Id type = string_type(value.size());
    const Id set(H5Dcreate2(texts_, name, type, scalar_, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose, name);
    const std::string padded = value.empty() ? std::string(1, '\0') : value;
    check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, padded.data()), name);
  }

  Id group(const char* name) {
    return Id(H5Gcreate2(file_, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, name);
  }

  // A dataset that is written piece by piece from its beginning. As long as all pieces hold one and the same value,
  // that becomes the fill value and nothing is stored.
  class Column {
   public:
    Column(FileWriter& writer, hid_t group, const std::string& name, hid_t type, hsize_t rows, hsize_t width,
           bool may_be_constant)
        : writer_(writer),
          group_(group),
          name_(name),
          type_(type),
          size_(H5Tget_size(type)),
          rows_(rows),
          width_(width),
          may_be_constant_(may_be_constant) {}

    void write(const void* values, hsize_t rows) {
      const auto* bytes = static_cast<const unsigned char*>(values);
      const std::size_t total = static_cast<std::size_t>(rows * width_) * size_;
      if (total > 0 && may_be_constant_ && !stored_) {
        const bool same =
            std::memcmp(bytes, bytes + size_, total - size_) == 0 && (!set_ || std::memcmp(bytes, value_, size_) == 0);
        if (same) {
          if (!set_) {
            std::memcpy(value_, bytes, size_);
            create(true);
          }
          done_ += rows;
          return;
        }
      }
      if (!set_) create(false);
      stored_ = true;
      if (total > 0) {
        if (done_ == 0 && rows == rows_) {
          check(H5Dwrite(set_, type_, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name_.c_str());
        } else {
          const hsize_t from[2] = {done_, 0}, count[2] = {rows, width_};
          const int rank = width_ > 1 ? 2 : 1;
          const Id file(H5Dget_space(set_), H5Sclose, name_.c_str());
          check(H5Sselect_hyperslab(file, H5S_SELECT_SET, from, nullptr, count, nullptr), name_.c_str());
          const Id memory(H5Screate_simple(rank, count, nullptr), H5Sclose, name_.c_str());
          check(H5Dwrite(set_, type_, memory, file, H5P_DEFAULT, values), name_.c_str());
        }
      }
      done_ += rows;
    }
    void all(const void* value) {  // every element is this
      std::memcpy(value_, value, size_);
      create(true);
    }
    hid_t set() {
      if (!set_) create(false);
      return set_;
    }

   private:
    void create(bool constant) {
      const hsize_t dims[2] = {rows_, width_};
      const Id space(H5Screate_simple(width_ > 1 ? 2 : 1, dims, nullptr), H5Sclose, name_.c_str());
      const Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name_.c_str());
      if (constant) {
        check(H5Pset_fill_value(properties, type_, value_), name_.c_str());
        check(H5Pset_fill_time(properties, H5D_FILL_TIME_IFSET), name_.c_str());
      } else {
        check(H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER), name_.c_str());
      }
      if (writer_.compress_ && rows_ > 64) {
        const hsize_t chunk[2] = {std::min(rows_, chunk_max), width_};
        check(H5Pset_chunk(properties, width_ > 1 ? 2 : 1, chunk), name_.c_str());
        check(H5Pset_shuffle(properties), name_.c_str());
        check(H5Pset_deflate(properties, 1), name_.c_str());
      }
      set_ = Id(H5Dcreate2(group_, name_.c_str(), type_, space, H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose,
                name_.c_str());
    }

    FileWriter& writer_;
    hid_t group_;
    std::string name_;
    hid_t type_;
    std::size_t size_;
    hsize_t rows_, width_, done_ = 0;
    bool may_be_constant_, stored_ = false;
    unsigned char value_[8] = {};
    Id set_;
  };

  void table(hid_t group, const char* name, hid_t type, const void* rows, std::size_t count) {
    Column column(*this, group, name, type, count, 1, false);
    if (count > 0)
      column.write(rows, count);
    else
      column.set();
  }

  hid_t file() const { return file_; }

 private:
  bool compress_;
  Id file_, scalar_, texts_;
};

template <typename T>
struct Extremes {
  T min, max;
};

// Minimum and maximum of each `bucket` values, as min_max (source.h) for floats: a NaN loses every
// comparison.
template <typename T>
void extremes(const T* values, std::int64_t count, std::int64_t bucket, Extremes<T>* out) {
  if constexpr (std::is_same_v<T, float>) {
    static_assert(sizeof(Extremes<float>) == sizeof(MinMax));
    min_max(values, count, bucket, reinterpret_cast<MinMax*>(out));
  } else {
    typedef T Vector __attribute__((vector_size(16)));
    constexpr int lanes = 16 / sizeof(T);
    for (std::int64_t from = 0; from < count; from += bucket, ++out) {
      const T* v = values + from;
      const std::int64_t n = std::min(bucket, count - from);
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

class RecordingWriter {
 public:
  RecordingWriter(FileWriter& file, const FileContent& content)
      : file_(file),
        content_(content),
        source_(content.source),
        signals_(file.group("signals")),
        pyramids_(file.group("pyramid")) {}

  void write() {
    write_meta();
    write_geometry();
    if (source_.has_io()) write_io();
    for (const SignalInfo& info : content_.signals) write_signal(info);
    const auto& events = source_.event_ticks();
    if (!events.empty()) {
      const Id log = file_.group("log");
      file_.table(log, "tick", H5T_STD_I64LE, events.data(), events.size());
    }
    write_strokes();
    write_texts("commands", source_.commands());
    write_texts("findings", source_.findings());
    write_uart();
    write_verdicts();
    write_measures();
  }

 private:
  void write_meta() {
    const RecordingMeta& m = content_.meta;
    file_.text("format", "pensim recording");
    file_.integer("format_version", recording_format_version);
    file_.text("kind", m.kind == RecordingKind::pen ? "pen" : "rig");
    file_.integer("seam_version", m.seam_version);
    file_.integer("tick_ns", m.tick_ns);
    file_.integer("ticks", source_.ticks());
    file_.number("duration_s", seconds(source_.ticks() * content_.meta.tick_ns));
    file_.text("coverage", m.sparse ? "sparse" : "complete");
    file_.integer("started_at_reset", m.started_at_reset);
    file_.attribute(file_.file(), "seed", H5T_STD_U64LE, &m.seed);
    each_meta_text(m, [&](const char* name, const std::string& value) { file_.text(name, value); });
    if (!m.fault.kind.empty()) {
      file_.text("fault_kind", m.fault.kind);
      file_.text("fault_function", m.fault.function);
      file_.text("fault_file", m.fault.file);
      file_.integer("fault_line", m.fault.line);
      file_.number("fault_at_s", m.fault.at_s);
    }
    file_.long_text("scenario", m.scenario_text);
    file_.long_text("resolved_scenario", m.resolved_scenario);
    std::string tolerances;
    char number[40];
    for (const RecordedTolerance& t : m.tolerances) {
      *std::to_chars(number, number + sizeof number, t.value).ptr = '\0';
      tolerances += t.signal + (t.relative ? " relative " : " absolute ") + number + '\n';
    }
    if (!tolerances.empty()) file_.text("tolerances", tolerances);
    std::string notes;
    for (const std::string& note : m.notes) notes += note + '\n';
    if (!notes.empty()) file_.long_text("notes", notes);
  }

  void write_geometry() {
    const PenGeometry& g = content_.meta.geometry;
    if (!g.known()) return;
    const Id group = file_.group("geometry");
    each_geometry_number(
        g, [&](const char* name, const double& value) { file_.attribute(group, name, H5T_IEEE_F64LE, &value); });
    const std::int64_t base_plate = g.base_plate;
    file_.attribute(group, "base_plate", H5T_STD_I64LE, &base_plate);
    std::vector<NeedlePlaceRow> rows;
    for (std::size_t i = 0; i < g.along_m.size(); ++i) rows.push_back({g.along_m[i], g.across_m[i]});
    file_.table(group, "needles", needle_places_type(), rows.data(), rows.size());
  }

  void write_io() {
    const Tick ticks = source_.ticks();
    const Id io = file_.group("io"), in_type = pen_in_type(), out_type = pen_out_type();
    FileWriter::Column in(file_, io, "pen_in", in_type, static_cast<hsize_t>(ticks), 1, false);
    FileWriter::Column out(file_, io, "pen_out", out_type, static_cast<hsize_t>(ticks), 1, false);
    constexpr Tick strip = 1024;  // heads are put together in the cache
    constexpr Tick piece = 16 * strip;
    const Tick most = std::min<Tick>(piece, ticks);
    std::vector<unsigned char> in_rows(static_cast<std::size_t>(most) * bf::in_head),
        out_rows(static_cast<std::size_t>(most) * bf::out_head);
    std::vector<std::uint16_t> column(strip);
    std::vector<std::uint32_t> time(strip);
    for (Tick from = 0; from < ticks; from += piece) {
      const Tick n = std::min(piece, ticks - from);
      for (Tick at = 0; at < n; at += strip) {
        const Tick rows = std::min(strip, n - at);
        unsigned char *in_at = in_rows.data() + static_cast<std::size_t>(at) * bf::in_head,
                      *out_at = out_rows.data() + static_cast<std::size_t>(at) * bf::out_head;
        source_.times(from + at, rows, time.data());
        for (std::size_t k = 0; k < static_cast<std::size_t>(rows); ++k)
          std::memcpy(in_at + k * bf::in_head, &time[k], 4);
        for (int word = 2; word < bf::io_words; ++word) {
          source_.words(word, from + at, rows, column.data());
          const std::size_t stride = word < bf::in_words ? bf::in_head : bf::out_head;
          unsigned char* to = word < bf::in_words ? in_at + 2 * word : out_at + 2 * (word - bf::in_words);
          for (std::size_t k = 0; k < static_cast<std::size_t>(rows); ++k) std::memcpy(to + k * stride, &column[k], 2);
        }
      }
      in.write(in_rows.data(), static_cast<hsize_t>(n));
      out.write(out_rows.data(), static_cast<hsize_t>(n));
    }
    if (ticks == 0) in.set(), out.set();

    // Records that say nothing new (the first of a block) are left out.
    std::vector<InRest> in_rests, in_all;
    std::vector<OutRest> out_rests, out_all;
    const auto take = [](auto& all, const auto& some, Tick from) {
      for (const auto& record : some) {
        if (record.tick < from) continue;
        auto rule = record;
        rule = {};
        rule.tick = record.tick;
        if (!all.empty()) std::memcpy(rule.aux, all.back().aux, sizeof rule.aux);
        if (std::memcmp(&rule, &record, sizeof rule) != 0) all.push_back(record);
      }
    };
    for (Tick from = 0; from < ticks; from += slab) {
      in_rests.clear();
      out_rests.clear();
      source_.rests(from, std::min(slab, ticks - from), &in_rests, &out_rests);
      take(in_all, in_rests, from);
      take(out_all, out_rests, from);
    }
    file_.table(io, "pen_in_sparse", in_rest_type(), in_all.data(), in_all.size());
    file_.table(io, "pen_out_sparse", out_rest_type(), out_all.data(), out_all.size());
  }

  template <typename T, typename Read, typename Constant>
  void write_values(const SignalInfo& info, const Series& s, hid_t type, Read read, Constant constant) {
    const std::int64_t samples = source_.size(s);
    const std::string link = link_name(info.name);
    FileWriter::Column column(file_, signals_, link, type, static_cast<hsize_t>(samples), 1, true);
    const bool with_pyramid = s.period_ticks > 0;
    const std::int64_t n64 = buckets(samples, 64), n4096 = buckets(samples, 4096);
    if (T value; samples > 0 && with_pyramid && constant(value)) {  // not even read
      column.all(&value);
      describe(column.set(), info, s);
      FileWriter::Column levels(file_, pyramids_, link, type, static_cast<hsize_t>(n64 + n4096), 2, true);
      levels.all(&value);
      return;
    }
    std::vector<T>& values = buffer<T>();
    values.resize(static_cast<std::size_t>(std::min(slab, samples)));
    std::vector<Extremes<T>> pyramid(with_pyramid ? static_cast<std::size_t>(n64 + n4096) : 0);
    for (std::int64_t from = 0; from < samples; from += slab) {
      const std::int64_t n = std::min(slab, samples - from);
      read(from, n, values.data());
      column.write(values.data(), static_cast<hsize_t>(n));
      if (with_pyramid) extremes(values.data(), n, 64, pyramid.data() + from / 64);
    }
    describe(column.set(), info, s);
    if (!with_pyramid) return;
    for (std::int64_t i = 0; i < n4096; ++i) {
      Extremes<T> m = pyramid[static_cast<std::size_t>(i * 64)];
      for (std::int64_t j = i * 64; j < std::min(n64, (i + 1) * 64); ++j) {
        const Extremes<T>& p = pyramid[static_cast<std::size_t>(j)];
        m.min = p.min < m.min || m.min != m.min ? p.min : m.min;
        m.max = p.max > m.max || m.max != m.max ? p.max : m.max;
      }
      pyramid[static_cast<std::size_t>(n64 + i)] = m;
    }
    FileWriter::Column levels(file_, pyramids_, link, type, static_cast<hsize_t>(n64 + n4096), 2, true);
    if (!pyramid.empty())
      levels.write(pyramid.data(), static_cast<hsize_t>(pyramid.size()));
    else
      levels.set();
  }

  void write_signal(const SignalInfo& info) {
    const Series* series = nullptr;
    for (const Series& s : source_.series())
      if (s.info.name == info.name) series = &s;
    if (series->from == Series::From::stroke) return;  // in /strokes
    const auto plain = [&](std::int64_t first, std::int64_t count, float* values) {
      source_.read(*series, first, count, values);
    };
    const DerivedSignal* derived = nullptr;
    if (source_.has_io())
      for (const DerivedSignal& d : derived_signals())
        if (d.name == info.name) derived = &d;
    if (!derived || derived->rule == DerivedSignal::Rule::duty || derived->rule == DerivedSignal::Rule::aux) {
      write_values<float>(info, *series, H5T_IEEE_F32LE, plain,
                          [&](float& value) { return source_.constant(*series, value); });
    } else if (derived->rule == DerivedSignal::Rule::counts) {
      write_values<std::uint16_t>(
          info, *series, H5T_STD_U16LE,
          [&](std::int64_t first, std::int64_t count, std::uint16_t* values) {
            source_.words(derived->word, first, count, values);
          },
          [&](std::uint16_t& value) { return source_.constant_word(derived->word, value); });
    } else {
      const unsigned shift = derived->rule == DerivedSignal::Rule::cause ? 8u : static_cast<unsigned>(derived->bit);
      const unsigned mask = derived->rule == DerivedSignal::Rule::cause ? 0xFFu : 1u;
      write_values<std::uint8_t>(
          info, *series, H5T_STD_U8LE,
          [&](std::int64_t first, std::int64_t count, std::uint8_t* values) {
            words_.resize(static_cast<std::size_t>(count));
            source_.words(derived->word, first, count, words_.data());
            for (std::size_t i = 0; i < words_.size(); ++i)
              values[i] = static_cast<std::uint8_t>((words_[i] >> shift) & mask);
          },
          [&](std::uint8_t& value) {
            std::uint16_t word;
            if (!source_.constant_word(derived->word, word)) return false;
            value = static_cast<std::uint8_t>((word >> shift) & mask);
            return true;
          });
    }
  }

  void describe(hid_t set, const SignalInfo& info, const Series& s) {
    const double period_s = seconds(s.period_ticks * content_.meta.tick_ns);
    file_.text_attribute(set, "unit", info.unit);
    file_.text_attribute(set, "kind", kind_text(info.kind));
    file_.attribute(set, "period_s", H5T_IEEE_F64LE, &period_s);
  }

  void write_strokes() {
    const auto& columns = source_.stroke_columns();
    if (columns.empty()) return;
    const Id type = strokes_type(columns, source_.stroke_needles());
    // In the file without the gap of unused columns.
    const Id packed(H5Tcopy(type), H5Tclose, "strokes");
    check(H5Tpack(packed), "strokes");
    const auto& rows = source_.strokes();
    const hsize_t count = rows.size();
    const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose, "strokes");
    const Id set(H5Dcreate2(file_.file(), "strokes", packed, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
                 "strokes");
    if (!rows.empty()) check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()), "strokes");
    std::string names, units;
    for (const SignalInfo& column : columns) {
      names += (names.empty() ? "" : ",") + column.name;
      units += (units.empty() ? "" : ",") + column.unit;
    }
    file_.text_attribute(set, "columns", names);
    file_.text_attribute(set, "units", units);
  }

  void write_texts(const char* name, const std::vector<RecordedText>& texts) {
    std::size_t width = 1, rows = 0;
    for (const RecordedText& t : texts) {
      width = std::max(width, std::min(t.text.size(), text_piece));
      rows += std::max<std::size_t>((t.text.size() + text_piece - 1) / text_piece, 1);
    }
    const std::size_t size = 24 + width;
    const Id type = compound(size);
    member(type, "tick", 0, H5T_STD_I64LE);
    member(type, "at_s", 8, H5T_IEEE_F64LE);
    member(type, "continues", 16, H5T_STD_U8LE);
    member(type, "text", 24, string_type(width));
    std::vector<unsigned char> bytes(rows * size, 0);
    unsigned char* row = bytes.data();
    for (const RecordedText& t : texts) {
      std::size_t at = 0;
      do {
        const double at_s = seconds(t.at * content_.meta.tick_ns);
        const std::size_t n = std::min(t.text.size() - at, text_piece);
        std::memcpy(row, &t.at, 8);
        std::memcpy(row + 8, &at_s, 8);
        row[16] = at + n < t.text.size();
        std::memcpy(row + 24, t.text.data() + at, n);
        row += size;
        at += n;
      } while (at < t.text.size());
    }
    file_.table(file_.file(), name, type, bytes.data(), rows);
  }

  void write_uart() {
    const auto& uart = source_.uart();
    constexpr std::size_t size = 32;
    const Id type = compound(size);
    member(type, "tick", 0, H5T_STD_I64LE);
    member(type, "at_s", 8, H5T_IEEE_F64LE);
    member(type, "to_core", 16, H5T_STD_U8LE);
    member(type, "count", 17, H5T_STD_U8LE);
    member(type, "bytes", 24, array_type(H5T_STD_U8LE, PEN_UART_BYTES));
    std::vector<unsigned char> bytes(uart.size() * size, 0);
    unsigned char* row = bytes.data();
    for (const RecordedUart& u : uart) {
      const double at_s = seconds(u.at * content_.meta.tick_ns);
      std::memcpy(row, &u.at, 8);
      std::memcpy(row + 8, &at_s, 8);
      row[16] = u.to_core;
      row[17] = static_cast<unsigned char>(std::min<std::size_t>(u.bytes.size(), PEN_UART_BYTES));
      std::memcpy(row + 24, u.bytes.data(), row[17]);
      row += size;
    }
    file_.table(file_.file(), "uart", type, bytes.data(), uart.size());
  }

  // A table with columns of text, as wide as their longest entry, and of numbers.
  struct Cell {
    const char* name;
    std::vector<const std::string*> text;
    std::vector<double> number;
  };
  void write_cells(const char* name, const std::vector<Cell>& cells, std::size_t rows) {
    std::vector<std::size_t> width;
    std::size_t size = 0;
    for (const Cell& cell : cells) {
      std::size_t w = 1;
      for (const std::string* text : cell.text) w = std::max(w, text->size());
      width.push_back(cell.text.empty() && !cell.number.empty() ? 8 : w);
      if (rows == 0) width.back() = 8;
      size += width.back();
    }
    const Id type = compound(size);
    std::vector<unsigned char> bytes(rows * size, 0);
    std::size_t at = 0;
    for (std::size_t c = 0; c < cells.size(); at += width[c], ++c) {
      if (!cells[c].number.empty())
        member(type, cells[c].name, at, H5T_IEEE_F64LE);
      else
        member(type, cells[c].name, at, string_type(width[c]));
      for (std::size_t r = 0; r < rows; ++r) {
        if (!cells[c].number.empty())
          std::memcpy(&bytes[r * size + at], &cells[c].number[r], 8);
        else
          std::memcpy(&bytes[r * size + at], cells[c].text[r]->data(), cells[c].text[r]->size());
      }
    }
    file_.table(file_.file(), name, type, bytes.data(), rows);
  }

  void write_verdicts() {
    std::vector<Cell> cells = {{"id", {}, {}},   {"outcome", {}, {}}, {"margin", {}, {}},
                               {"unit", {}, {}}, {"at_s", {}, {}},    {"atom", {}, {}},
                               {"text", {}, {}}, {"that", {}, {}},    {"may_be_vacuous", {}, {}}};
    for (const RecordedVerdict& v : content_.verdicts) {
      cells[0].text.push_back(&v.id);
      cells[1].text.push_back(&v.outcome);
      cells[2].number.push_back(v.margin);
      cells[3].text.push_back(&v.unit);
      cells[4].number.push_back(v.at_s);
      cells[5].text.push_back(&v.atom);
      cells[6].text.push_back(&v.text);
      cells[7].text.push_back(&v.that);
      cells[8].number.push_back(v.may_be_vacuous ? 1.0 : 0.0);
    }
    if (!content_.verdicts.empty()) write_cells("verdicts", cells, content_.verdicts.size());
  }
  void write_measures() {
    std::vector<Cell> cells = {{"name", {}, {}}, {"value", {}, {}}, {"unit", {}, {}}};
    for (const RecordedMeasure& m : content_.measures) {
      cells[0].text.push_back(&m.name);
      cells[1].number.push_back(m.value);
      cells[2].text.push_back(&m.unit);
    }
    if (!content_.measures.empty()) write_cells("measures", cells, content_.measures.size());
  }

  template <typename T>
  std::vector<T>& buffer() {
    if constexpr (std::is_same_v<T, float>)
      return floats_;
    else if constexpr (std::is_same_v<T, std::uint16_t>)
      return counts_;
    else
      return levels_;
  }

  FileWriter& file_;
  const FileContent& content_;
  const RecordingSource& source_;
  Id signals_, pyramids_;
  std::vector<float> floats_;
  std::vector<std::uint16_t> counts_, words_;
  std::vector<std::uint8_t> levels_;
};

}  // namespace

void write_file(const std::string& path, const FileContent& content, bool compress) {
  be_quiet();
  const auto fail = [&](const std::string& what) -> void {
    throw InputError(
        {{path, 0, 0}, "the recording cannot be written: " + what, "choose another folder with --out, or make room"});
  };
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, error))
    std::filesystem::create_directories(folder, error);
  if (error) fail(error.message());
  try {
    NewFile written(path);
    OutputState output{written.descriptor()};
    try {
      FileWriter file(path, output, content.signals.size(), compress);
      RecordingWriter(file, content).write();
      file.close();
    } catch (const HdfError& e) {
      if (output.error == 0) fail("the HDF5 library failed at '" + e.what + "'");
    }
    if (output.error != 0) fail(std::strerror(output.error));
    append_file_sum(written.descriptor());
    written.put(NewFile::Old::kept);
  } catch (const std::system_error& e) {
    fail(e.code().message());
  }
}

}  // namespace pensim
