// Reads recordings from HDF5 files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "sim/input/input_error.h"
#include "sim/recording/block_format.h"
#include "sim/recording/hdf5_file.h"
#include "sim/recording/hdf5_output.h"
#include "sim/recording/hdf5_types.h"
#include "sim/recording/recording.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace bf = block_format;
using namespace hdf5;

namespace {

constexpr std::int64_t ticks_max = std::int64_t{1} << 36;
constexpr std::size_t signals_max = 4096;
constexpr std::size_t text_max = std::size_t{64} << 20;

// Whether a file begins with text.
bool is_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string begin(512, ' ');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(file.gcount()));
  return std::all_of(begin.begin(), begin.end(),
                     [](unsigned char c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
}

class FileSource final : public RecordingSource {
 public:
  // Of an open file with `descriptor` >= 0, which `path` names in messages only.
  FileSource(const std::string& path, int descriptor, RecordingMeta& meta, std::vector<RecordedVerdict>& verdicts,
             std::vector<RecordedMeasure>& measures)
      : path_(path), opened_{descriptor} {
    Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access");
    check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "file access");
    check(H5Pset_file_locking(access, false, true), "file access");
    struct stat status {};
    if (descriptor >= 0) {
      if (::fstat(descriptor, &status) != 0) bad(std::string("cannot be read: ") + std::strerror(errno));
      use_output_driver(access, opened_);
    } else {
      check_path(status);
    }
    file_size_ = status.st_size;
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
    if (file < 0)
      bad("is damaged or truncated (the HDF5 library cannot open it)",
          "copy it again from where it came from; a run makes its recording again: pensim run SCENARIO");
    file_ = Id(file, H5Fclose, "the file");
    try {
      read_meta(meta);
      read_geometry(meta.geometry);
      read_signals();
      read_io(meta);
      read_strokes();
      commands_set_ = table("commands");
      findings_set_ = table("findings");
      uart_set_ = table("uart");
      read_verdicts(verdicts);
      read_measures(measures);
    } catch (const HdfError& error) {
      bad("is damaged at '" + error.what + "'");
    }
  }

  Tick ticks() const override { return ticks_; }
  const std::vector<Series>& series() const override { return series_; }
  std::int64_t size(const Series& s) const override { return s.from == Series::From::stroke ? 0 : samples_[index(s)]; }
  void read(const Series& s, std::int64_t first, std::int64_t count, float* values) const override {
    read_rows(sets_[index(s)], H5T_NATIVE_FLOAT, first, count, values, s.info.name);
  }
  const std::vector<Tick>& event_ticks() const override { return event_ticks_; }
  bool pyramid(const Series& s, int size, std::int64_t first, std::int64_t count, MinMax* out) const override {
    const Id& set = pyramid_sets_[index(s)];
    if (!set && same_[index(s)]) {
      float value = 0.0f;
      read(s, 0, 1, &value);
      std::fill_n(out, count, MinMax{value, value});
      return true;
    }
    if (!set) return false;
    const std::int64_t skip = size == 64 ? 0 : buckets(samples_[index(s)], 64);
    const hsize_t from[2] = {static_cast<hsize_t>(skip + first), 0}, n[2] = {static_cast<hsize_t>(count), 2};
    try {
      const Id file(H5Dget_space(set), H5Sclose, "pyramid");
      check(H5Sselect_hyperslab(file, H5S_SELECT_SET, from, nullptr, n, nullptr), "pyramid");
      const Id memory(H5Screate_simple(2, n, nullptr), H5Sclose, "pyramid");
      check(H5Dread(set, H5T_NATIVE_FLOAT, memory, file, H5P_DEFAULT, out), "pyramid");
    } catch (const HdfError&) {
      bad("is damaged at the pyramid of '" + s.info.name + "'");
    }
    return true;
  }

  bool has_io() const override { return has_io_; }
  unsigned aux_used() const override { return aux_used_; }
  void words(int word, Tick first, Tick count, std::uint16_t* values) const override {
    if (!in_set_) return words_of_fields(word, first, count, values);
    const bool in = word < bf::in_words;
    const std::size_t size = in ? bf::in_head : bf::out_head;
    heads(in, first, count);
    for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k)
      std::memcpy(values + k, heads_.data() + k * size + 2 * static_cast<std::size_t>(in ? word : word - bf::in_words),
                  2);
  }
  void times(Tick first, Tick count, std::uint32_t* values) const override {
    if (!in_set_) return read_rows(time_set_, H5T_NATIVE_UINT32, first, count, values, "io/pen_in/time_us");
    heads(true, first, count);
    for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k)
      std::memcpy(values + k, heads_.data() + k * bf::in_head, 4);
  }
  void io(Tick first, Tick count, PenIn* in, PenOut* out) const override {
    if (!in_set_) return RecordingSource::io(first, count, in, out);
    for (Tick at = 0; at < count; at += slab) {
      const Tick n = std::min(slab, count - at);
      if (in) {
        heads(true, first + at, n);
        for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k)
          std::memcpy(reinterpret_cast<unsigned char*>(in + at) + k * sizeof(PenIn), heads_.data() + k * bf::in_head,
                      bf::in_head);
      }
      if (out) {
        heads(false, first + at, n);
        for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k)
          std::memcpy(reinterpret_cast<unsigned char*>(out + at) + k * sizeof(PenOut), heads_.data() + k * bf::out_head,
                      bf::out_head);
      }
    }
    std::vector<InRest> in_rests;
    std::vector<OutRest> out_rests;
    rests(first, count, in ? &in_rests : nullptr, out ? &out_rests : nullptr);
    apply_rests(first, count, &in_rests, in, &out_rests, out);
  }
  void rests(Tick first, Tick count, std::vector<InRest>* in, std::vector<OutRest>* out) const override {
    if (in) read_rests(in_rest_set_, in_rest_type(), in_rest_count_, first, count, *in, "io/pen_in_sparse");
    if (out) read_rests(out_rest_set_, out_rest_type(), out_rest_count_, first, count, *out, "io/pen_out_sparse");
  }

  const std::vector<SignalInfo>& stroke_columns() const override { return stroke_columns_; }
  int stroke_needles() const override { return stroke_needles_; }
  const std::vector<StrokeRow>& strokes() const override {
    if (stroke_set_ && strokes_.empty() && stroke_count_ > 0) {
      strokes_.resize(static_cast<std::size_t>(stroke_count_));
      if (H5Dread(stroke_set_, strokes_type(stroke_columns_, stroke_needles_), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                  strokes_.data()) < 0)
        bad("is damaged at 'strokes'");
    }
    return strokes_;
  }
  std::int64_t stroke_count() const override { return stroke_count_; }
  void stroke_ends(std::int64_t first, std::int64_t count, Tick* ends) const override {
    stroke_member("end_tick", H5T_NATIVE_INT64, first, count, ends);
  }
  void stroke_values(int column, std::int64_t first, std::int64_t count, float* values) const override {
    stroke_member(member_name(stroke_columns_[static_cast<std::size_t>(column)].name).c_str(), H5T_NATIVE_FLOAT, first,
                  count, values);
  }
  const std::vector<RecordedText>& commands() const override { return texts(commands_set_, "commands", commands_); }
  const std::vector<RecordedText>& findings() const override { return texts(findings_set_, "findings", findings_); }
  const std::vector<RecordedUart>& uart() const override {
    if (!uart_set_) return uart_;
    try {
      struct Row {
        std::int64_t tick;
        std::uint8_t to_core, count, bytes[PEN_UART_BYTES];
      };
      const Id type = compound(sizeof(Row));
      member(type, "tick", offsetof(Row, tick), H5T_NATIVE_INT64);
      member(type, "to_core", offsetof(Row, to_core), H5T_NATIVE_UINT8);
      member(type, "count", offsetof(Row, count), H5T_NATIVE_UINT8);
      member(type, "bytes", offsetof(Row, bytes), array_type(H5T_NATIVE_UINT8, PEN_UART_BYTES));
      std::vector<Row> rows(static_cast<std::size_t>(row_count(uart_set_, "uart")));
      if (!rows.empty()) check(H5Dread(uart_set_, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()), "uart");
      for (const Row& row : rows)
        uart_.push_back(
            {row.tick, row.to_core != 0,
             std::string(reinterpret_cast<const char*>(row.bytes), std::min<std::size_t>(row.count, PEN_UART_BYTES))});
      uart_set_ = Id();
    } catch (const HdfError& error) {
      bad("is damaged at '" + error.what + "'");
    }
    return uart_;
  }

 private:
  void check_path(struct stat& status) const {
    if (::stat(path_.c_str(), &status) != 0) bad(std::string("cannot be opened: ") + std::strerror(errno));
    if (!S_ISREG(status.st_mode)) bad("is not a file", "name a recording");
    const int probe = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (probe < 0) bad(std::string("cannot be opened: ") + std::strerror(errno));
    ::close(probe);
    if (status.st_size == 0) bad("is empty");
    if (H5Fis_hdf5(path_.c_str()) <= 0) not_hdf5();
  }
  [[noreturn]] void bad(const std::string& what, const std::string& help = "") const {
    throw InputError({{path_, 0, 0}, what, help});
  }
  [[noreturn]] void not_hdf5() const {
    const bool scenario = path_.ends_with(".yaml") || path_.ends_with(".yml");
    if (is_text(path_))
      bad(scenario ? "is a scenario, not an HDF5 file" : "is text, not an HDF5 file",
          scenario ? "pensim run makes a recording of it" : "pensim import makes a recording of a field log");
    bad("is not an HDF5 file, or its beginning is damaged",
        "copy it again from where it came from; pensim run and pensim import make recordings");
  }

  std::size_t index(const Series& s) const { return static_cast<std::size_t>(&s - series_.data()); }

  bool exists(hid_t at, const char* name) const { return H5Lexists(at, name, H5P_DEFAULT) > 0; }

  // A dataset keeps two chunks: columns are read from their begin on, and there are many.
  static hid_t dataset_access() {
    static const Id access = [] {
      Id list(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, "dataset access");
      check(H5Pset_chunk_cache(list, 13, 8 * chunk_rows, H5D_CHUNK_CACHE_W0_DEFAULT), "dataset access");
      return list;
    }();
    return access;
  }
  // Only what lies in this file: no soft, external or virtual references.
  Id dataset(hid_t at, const char* name) const {
    H5L_info_t info;
    if (H5Lget_info(at, name, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD) throw HdfError{name};
    Id set(H5Dopen2(at, name, dataset_access()), H5Dclose, name);
    const Id properties(H5Dget_create_plist(set), H5Pclose, name);
    const H5D_layout_t layout = H5Pget_layout(properties);
    if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT) throw HdfError{name};
    if (H5Pget_external_count(properties) != 0) throw HdfError{name};
    if (layout == H5D_CHUNKED) {
      hsize_t chunk[4];
      const int rank = H5Pget_chunk(properties, 4, chunk);
      if (rank < 1 || rank > 2) throw HdfError{name};
      hsize_t size = H5Tget_size(Id(H5Dget_type(set), H5Tclose, name));
      for (int i = 0; i < rank; ++i)
        if (chunk[i] == 0 || chunk[i] > (std::size_t{64} << 20) || (size *= chunk[i]) > (std::size_t{64} << 20))
          throw HdfError{name};
    }
    return set;
  }
  std::vector<hsize_t> dims(const Id& set, const char* name) const {
    const Id space(H5Dget_space(set), H5Sclose, name);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > 2) throw HdfError{name};
    std::vector<hsize_t> out(static_cast<std::size_t>(rank));
    if (rank > 0) check(H5Sget_simple_extent_dims(space, out.data(), nullptr), name);
    return out;
  }
  // Rows of a table. What is stored bounds them, so that a forged size cannot make us allocate.
  hsize_t row_count(const Id& set, const char* name) const {
    const std::vector<hsize_t> d = dims(set, name);
    const Id type(H5Dget_type(set), H5Tclose, name);
    const std::size_t size = H5Tget_size(type);
    if (d.size() != 1 || size == 0) throw HdfError{name};
    const auto most = static_cast<hsize_t>(file_size_) * 1100 / size;  // deflate packs 1032 to 1 at best
    if (d[0] > most || (d[0] > 0 && H5Dget_storage_size(set) == 0)) throw HdfError{name};
    return d[0];
  }
  Id table(const char* name) const {
    if (!exists(file_, name)) return Id();
    Id set = dataset(file_, name);
    const Id type(H5Dget_type(set), H5Tclose, name);
    if (H5Tget_class(type) != H5T_COMPOUND) throw HdfError{name};
    row_count(set, name);
    return set;
  }

  std::string text_of(const Id& type, std::size_t limit, const char* name, auto read) const {
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0) throw HdfError{name};
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > limit) throw HdfError{name};
    std::string text(size, '\0');
    read(text.data());
    text.erase(text.find_last_not_of('\0') + 1);
    return text;
  }
  bool has_attribute(hid_t object, const char* name) const { return H5Aexists(object, name) > 0; }
  std::string text_attribute(hid_t object, const char* name) const {
    const Id attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, name);
    const Id space(H5Aget_space(attribute), H5Sclose, name), type(H5Aget_type(attribute), H5Tclose, name);
    if (H5Sget_simple_extent_npoints(space) != 1) throw HdfError{name};
    return text_of(type, 1 << 16, name, [&](char* to) { check(H5Aread(attribute, type, to), name); });
  }
  void number_attribute(hid_t object, const char* name, H5T_class_t expected, hid_t as, void* to) const {
    const Id attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, name);
    const Id space(H5Aget_space(attribute), H5Sclose, name), type(H5Aget_type(attribute), H5Tclose, name);
    if (H5Sget_simple_extent_npoints(space) != 1 || H5Tget_class(type) != expected) throw HdfError{name};
    check(H5Aread(attribute, as, to), name);
  }
  std::int64_t integer(const char* name) const {
    std::int64_t value = 0;
    number_attribute(file_, name, H5T_INTEGER, H5T_NATIVE_INT64, &value);
    return value;
  }
  double number(hid_t object, const char* name) const {
    double value = 0;
    number_attribute(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, &value);
    return value;
  }
  std::string text(const char* name) const {
    if (has_attribute(file_, name)) return text_attribute(file_, name);
    if (!exists(file_, "text")) return "";
    const Id group(H5Gopen2(file_, "text", H5P_DEFAULT), H5Gclose, "text");
    if (!exists(group, name)) return "";
    const Id set = dataset(group, name);
    if (!dims(set, name).empty()) throw HdfError{name};
    const Id type(H5Dget_type(set), H5Tclose, name);
    if (H5Tget_size(type) > static_cast<std::size_t>(file_size_)) throw HdfError{name};
    return text_of(type, text_max, name,
                   [&](char* to) { check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to), name); });
  }

  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }

  void read_meta(RecordingMeta& m) {
    if (!has_attribute(file_, "format") || text("format") != "pensim recording")
      bad("is an HDF5 file, but not a recording of pensim");
    const std::int64_t version = integer("format_version");
    if (version > recording_format_version)
      throw InputError({{path_, 0, 0},
                        "was written by a newer version of pensim (format " + std::to_string(version) +
                            ", this one reads " + std::to_string(recording_format_version) + ")",
                        "use the version that wrote it: " + text("simulator_version")});
    if (version < 1) throw HdfError{"format_version"};
    version_ = version;
    const std::string kind = text("kind");
    if (kind != "pen" && kind != "rig") throw HdfError{"kind"};
    m.kind = kind == "pen" ? RecordingKind::pen : RecordingKind::rig;
    const std::int64_t seam = integer("seam_version");
    if (seam < 0 || seam > 0xFFFF) throw HdfError{"seam_version"};
    m.seam_version = static_cast<std::uint32_t>(seam);
    m.tick_ns = integer("tick_ns");
    if (m.tick_ns < 1 || m.tick_ns > ns_per_s) throw HdfError{"tick_ns"};
    ticks_ = integer("ticks");
    if (ticks_ < 0 || ticks_ > ticks_max) throw HdfError{"ticks"};
    m.sparse = text("coverage") == "sparse";
    // A stored tick takes at least a byte or so, compressed or not; shorter runs are no danger.
    if (!m.sparse && ticks_ > std::max<std::int64_t>(50'000'000, 4 * file_size_)) throw HdfError{"ticks"};
    m.started_at_reset = integer("started_at_reset") != 0;
    number_attribute(file_, "seed", H5T_INTEGER, H5T_NATIVE_UINT64, &m.seed);
    each_meta_text(m, [&](const char* name, std::string& value) { value = text(name); });
    m.scenario_text = text("scenario");
    m.resolved_scenario = text("resolved_scenario");
    if (has_attribute(file_, "fault_kind")) {
      m.fault.kind = text("fault_kind");
      m.fault.function = text("fault_function");
      m.fault.file = text("fault_file");
      m.fault.line = static_cast<int>(std::clamp<std::int64_t>(integer("fault_line"), 0, 1 << 30));
      m.fault.at_s = number(file_, "fault_at_s");
    }
    m.notes = lines(text("notes"));
    for (const std::string& line : lines(text("tolerances"))) {
      const std::size_t number_at = line.rfind(' '),
                        rule_at = number_at == std::string::npos ? number_at : line.rfind(' ', number_at - 1);
      if (rule_at == std::string::npos) throw HdfError{"tolerances"};
      RecordedTolerance t;
      t.signal = line.substr(0, rule_at);
      t.relative = line.compare(rule_at + 1, number_at - rule_at - 1, "relative") == 0;
      const auto [stop, error] = std::from_chars(line.data() + number_at + 1, line.data() + line.size(), t.value);
      if (error != std::errc() || stop != line.data() + line.size() || !(t.value >= 0)) throw HdfError{"tolerances"};
      m.tolerances.push_back(t);
    }
    tick_ns_ = m.tick_ns;
  }

  // Recordings of earlier programs have none.
  void read_geometry(PenGeometry& g) const {
    if (!exists(file_, "geometry")) return;
    const Id group(H5Gopen2(file_, "geometry", H5P_DEFAULT), H5Gclose, "geometry");
    bool finite = true;
    each_geometry_number(g, [&](const char* name, double& value) {
      value = number(group, name);
      finite = finite && std::isfinite(value);
    });
    std::int64_t base_plate = 0;
    number_attribute(group, "base_plate", H5T_INTEGER, H5T_NATIVE_INT64, &base_plate);
    g.base_plate = base_plate != 0;
    const Id set = dataset(group, "needles"), type(H5Dget_type(set), H5Tclose, "geometry/needles");
    if (H5Tequal(type, needle_places_type()) <= 0) throw HdfError{"geometry/needles"};
    const hsize_t count = row_count(set, "geometry/needles");
    if (count < 1 || count > needles_max) throw HdfError{"geometry/needles"};
    std::vector<NeedlePlaceRow> rows(static_cast<std::size_t>(count));
    check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()), "geometry/needles");
    for (const NeedlePlaceRow& row : rows) {
      finite = finite && std::isfinite(row.along_m) && std::isfinite(row.across_m);
      g.along_m.push_back(row.along_m);
      g.across_m.push_back(row.across_m);
    }
    if (!finite) throw HdfError{"geometry"};
  }

  static herr_t collect(hid_t, const char* name, const H5L_info_t*, void* into) {
    auto& names = *static_cast<std::vector<std::string>*>(into);
    if (names.size() >= signals_max) return -1;
    names.emplace_back(name);
    return 0;
  }

  void read_signals() {
    if (exists(file_, "log")) {
      const Id group(H5Gopen2(file_, "log", H5P_DEFAULT), H5Gclose, "log");
      const Id set = dataset(group, "tick");
      event_ticks_.resize(static_cast<std::size_t>(row_count(set, "log/tick")));
      const Id type(H5Dget_type(set), H5Tclose, "log/tick");
      if (H5Tget_class(type) != H5T_INTEGER) throw HdfError{"log/tick"};
      if (!event_ticks_.empty())
        check(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, event_ticks_.data()), "log/tick");
      for (std::size_t i = 0; i < event_ticks_.size(); ++i)
        if (i == 0 ? event_ticks_[i] != 0 : event_ticks_[i] <= event_ticks_[i - 1]) throw HdfError{"log/tick"};
      if (!event_ticks_.empty() && event_ticks_.back() >= std::max<Tick>(ticks_, 1)) throw HdfError{"log/tick"};
    }
    const Id group(H5Gopen2(file_, "signals", H5P_DEFAULT), H5Gclose, "signals");
    const Id summaries =
        exists(file_, "pyramid") ? Id(H5Gopen2(file_, "pyramid", H5P_DEFAULT), H5Gclose, "pyramid") : Id();
    std::vector<std::string> links;
    hsize_t at = 0;
    check(H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, collect, &links), "signals");
    for (const std::string& link : links) {
      const std::string place = "signals/" + link;
      Id set = dataset(group, link.c_str());
      const Id type(H5Dget_type(set), H5Tclose, place.c_str());
      const H5T_class_t type_class = H5Tget_class(type);
      const std::vector<hsize_t> d = dims(set, place.c_str());
      if ((type_class != H5T_FLOAT && type_class != H5T_INTEGER) || H5Tget_size(type) > 8 || d.size() != 1)
        throw HdfError{place};
      Series s;
      if (!make_signal(name_of_link(link), s.info)) s.info.name = name_of_link(link);
      s.info.unit = text_attribute(set, "unit");
      const std::string kind = text_attribute(set, "kind");
      s.info.kind = kind == "input" ? SignalKind::input : kind == "output" ? SignalKind::output : SignalKind::truth;
      const double period_s = number(set, "period_s"), period = period_s * 1e9 / static_cast<double>(tick_ns_);
      if (!(period >= 0 && period < 1e12)) throw HdfError{place};
      s.period_ticks = static_cast<Tick>(std::llround(period));
      s.from = s.period_ticks == 0 ? Series::From::event : Series::From::tick;
      s.info.period = s.period_ticks == 1                                     ? SignalPeriod::tick
                      : static_cast<double>(s.period_ticks * tick_ns_) <= 2e6 ? SignalPeriod::ms
                                                                              : SignalPeriod::slow;
      if (s.period_ticks == 0) s.info.period = SignalPeriod::tick;
      const hsize_t most = s.period_ticks == 0 ? event_ticks_.size()
                           : ticks_ == 0       ? 0
                                               : static_cast<hsize_t>((ticks_ - 1) / s.period_ticks + 1);
      if (d[0] > most || (s.period_ticks == 0 && d[0] != most)) throw HdfError{place};
      const bool stored = H5Dget_storage_size(set) != 0;
      // A dataset without storage reads as its fill value, and must have one.
      H5D_fill_value_t fill = H5D_FILL_VALUE_UNDEFINED;
      H5D_fill_time_t fill_time = H5D_FILL_TIME_NEVER;
      if (!stored && d[0] > 0) {
        const Id properties(H5Dget_create_plist(set), H5Pclose, place.c_str());
        check(H5Pfill_value_defined(properties, &fill), place.c_str());
        check(H5Pget_fill_time(properties, &fill_time), place.c_str());
        if (fill != H5D_FILL_VALUE_USER_DEFINED || fill_time == H5D_FILL_TIME_NEVER) throw HdfError{place};
      }
      Id pyramid;
      if (s.period_ticks > 0 && summaries && exists(summaries, link.c_str())) {
        pyramid = dataset(summaries, link.c_str());
        const Id pyramid_type(H5Dget_type(pyramid), H5Tclose, place.c_str());
        const std::vector<hsize_t> p = dims(pyramid, place.c_str());
        const auto n = static_cast<std::int64_t>(d[0]);
        const H5T_class_t c = H5Tget_class(pyramid_type);
        if ((c != H5T_FLOAT && c != H5T_INTEGER) || p.size() != 2 || p[1] != 2 ||
            static_cast<std::int64_t>(p[0]) != buckets(n, 64) + buckets(n, 4096))
          throw HdfError{"pyramid/" + link};
      }
      series_.push_back(s);
      samples_.push_back(static_cast<std::int64_t>(d[0]));
      sets_.push_back(std::move(set));
      pyramid_sets_.push_back(std::move(pyramid));
      same_.push_back(!stored && d[0] > 0);
    }
  }

  void read_io(const RecordingMeta& meta) {
    if (meta.kind != RecordingKind::pen || meta.sparse) return;
    has_io_ = true;
    const Id group(H5Gopen2(file_, "io", H5P_DEFAULT), H5Gclose, "io");
    const auto open = [&](const char* name, const Id& expected, hsize_t rows, bool exact) {
      Id set = dataset(group, name);
      const Id type(H5Dget_type(set), H5Tclose, name);
      if (H5Tequal(type, expected) <= 0) throw HdfError{std::string("io/") + name};
      const hsize_t count = row_count(set, name);
      if (exact && count != rows) throw HdfError{std::string("io/") + name};
      return std::make_pair(std::move(set), static_cast<std::int64_t>(count));
    };
    std::int64_t unused;
    if (version_ == 1) {  // whole heads
      std::tie(in_set_, unused) = open("pen_in", pen_in_type(), static_cast<hsize_t>(ticks_), true);
      std::tie(out_set_, unused) = open("pen_out", pen_out_type(), static_cast<hsize_t>(ticks_), true);
    } else {
      read_fields(group);
    }
    std::tie(in_rest_set_, in_rest_count_) = open("pen_in_sparse", in_rest_type(), 0, false);
    std::tie(out_rest_set_, out_rest_count_) = open("pen_out_sparse", out_rest_type(), 0, false);
    for (const Series& s : series_)
      if (const SignalName name = parse_signal_name(s.info.name); name.is(SignalName::Form::aux))
        aux_used_ |= 1u << name.index;
  }

  // The heads, field by field.
  void read_fields(const Id& io) {
    const Id in(H5Gopen2(io, "pen_in", H5P_DEFAULT), H5Gclose, "io/pen_in"),
        out(H5Gopen2(io, "pen_out", H5P_DEFAULT), H5Gclose, "io/pen_out");
    const auto open = [&](const IoField& field) {
      const std::string place = std::string(field.in ? "io/pen_in/" : "io/pen_out/") + field.name;
      Id set = dataset(field.in ? in : out, field.name);
      const std::vector<hsize_t> d = dims(set, place.c_str());
      const Id type(H5Dget_type(set), H5Tclose, place.c_str());
      if (H5Tget_class(type) != H5T_INTEGER || d.size() != 1 || d[0] != static_cast<hsize_t>(ticks_))
        throw HdfError{place};
      return set;
    };
    fields_.resize(bf::io_words);
    for (const IoField& field : io_fields()) {
      if (field.element == Element::u32)
        time_set_ = open(field);
      else
        fields_[static_cast<std::size_t>(field.word)].push_back({&field, open(field)});
    }
    signal_of_word_.assign(bf::io_words, -1);
    for (const DerivedSignal& d : derived_signals()) {
      using Rule = DerivedSignal::Rule;
      if (d.rule != Rule::counts && d.rule != Rule::cause && d.rule != Rule::duty) continue;
      for (std::size_t i = 0; i < series_.size(); ++i)
        if (series_[i].info.name == d.name && series_[i].period_ticks == 1 && samples_[i] == ticks_)
          signal_of_word_[static_cast<std::size_t>(d.word)] = static_cast<int>(i);
      if (signal_of_word_[static_cast<std::size_t>(d.word)] < 0) throw HdfError{"signals/" + d.name};
    }
  }

  void words_of_fields(int word, Tick first, Tick count, std::uint16_t* values) const {
    const auto n = static_cast<std::size_t>(count);
    std::fill_n(values, n, std::uint16_t{0});
    std::vector<std::uint16_t> part(n);
    const auto add = [&](unsigned shift) {
      for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<std::uint16_t>(values[i] | part[i] << shift);
    };
    for (const auto& [field, set] : fields_[static_cast<std::size_t>(word)]) {
      const bool is_signed = field->element == Element::i16;
      read_rows(set, is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16, first, count, part.data(), field->name);
      add(field->part == IoField::Part::high ? 8 : 0);
    }
    const int signal = signal_of_word_[static_cast<std::size_t>(word)];
    if (signal < 0) return;
    const Series& s = series_[static_cast<std::size_t>(signal)];
    if (word != bf::out_duty_word) {
      read_rows(sets_[static_cast<std::size_t>(signal)], H5T_NATIVE_UINT16, first, count, part.data(), s.info.name);
      add(word == bf::cause_word ? 8 : 0);
      return;
    }
    std::vector<float> duty(n);
    read(s, first, count, duty.data());
    for (std::size_t i = 0; i < n; ++i) {
      const float q15 = duty[i] * 32767.0f;
      const long rounded = std::isfinite(q15) ? std::lround(std::clamp(q15, -32768.0f, 32767.0f)) : 0;
      values[i] = static_cast<std::uint16_t>(static_cast<std::int16_t>(rounded));
    }
  }

  void stroke_member(const char* name, hid_t type, std::int64_t first, std::int64_t count, void* into) const {
    const Id one = compound(H5Tget_size(type));
    member(one, name, 0, type);
    read_rows(stroke_set_, one, first, count, into, "strokes");
  }

  void read_strokes() {
    if (!exists(file_, "strokes")) return;
    stroke_set_ = table("strokes");
    stroke_count_ = static_cast<std::int64_t>(row_count(stroke_set_, "strokes"));
    const auto split = [](const std::string& joined) {
      std::vector<std::string> out;
      for (std::size_t at = 0; at <= joined.size();) {
        const std::size_t end = std::min(joined.find(',', at), joined.size());
        out.push_back(joined.substr(at, end - at));
        at = end + 1;
      }
      return out;
    };
    const std::vector<std::string> names = split(text_attribute(stroke_set_, "columns")),
                                   units = split(text_attribute(stroke_set_, "units"));
    if (names.size() > stroke_values_max || units.size() != names.size()) throw HdfError{"strokes"};
    const Id type(H5Dget_type(stroke_set_), H5Tclose, "strokes");
    for (std::size_t i = 0; i < names.size(); ++i) {
      Series s{{}, 0, Series::From::stroke, static_cast<int>(i)};
      if (!make_signal(names[i], s.info)) s.info.name = names[i];
      s.info.unit = units[i];
      s.info.period = SignalPeriod::stroke;
      for (const Series& other : series_)
        if (other.info.name == s.info.name) throw HdfError{"strokes"};
      if (H5Tget_member_index(type, member_name(names[i]).c_str()) < 0) throw HdfError{"strokes"};
      stroke_columns_.push_back(s.info);
      series_.push_back(s);
    }
    samples_.resize(series_.size(), 0);
    sets_.resize(series_.size());
    pyramid_sets_.resize(series_.size());
    same_.resize(series_.size());
    const int needle_member = H5Tget_member_index(type, "needle_penetration_peak");
    if (needle_member >= 0) {
      const Id array(H5Tget_member_type(type, static_cast<unsigned>(needle_member)), H5Tclose, "strokes");
      hsize_t count[4] = {};
      if (H5Tget_class(array) != H5T_ARRAY || H5Tget_array_ndims(array) != 1 || H5Tget_array_dims2(array, count) < 0 ||
          count[0] < 1 || count[0] > needles_max)
        throw HdfError{"strokes"};
      stroke_needles_ = static_cast<int>(count[0]);
    }
    const Id expected = strokes_type(stroke_columns_, stroke_needles_), packed(H5Tcopy(expected), H5Tclose, "strokes");
    check(H5Tpack(packed), "strokes");
    if (H5Tequal(packed, type) <= 0) throw HdfError{"strokes"};
  }

  // A member of text in a table: its width.
  std::size_t text_width(const Id& set, const char* table_name, const char* member_of) const {
    const Id type(H5Dget_type(set), H5Tclose, table_name);
    const int i = H5Tget_member_index(type, member_of);
    if (i < 0) throw HdfError{table_name};
    const Id text_member(H5Tget_member_type(type, static_cast<unsigned>(i)), H5Tclose, table_name);
    const std::size_t size = H5Tget_size(text_member);
    if (H5Tget_class(text_member) != H5T_STRING || H5Tis_variable_str(text_member) != 0 || size == 0 ||
        size > (1 << 20))
      throw HdfError{table_name};
    return size;
  }

  const std::vector<RecordedText>& texts(Id& set, const char* name, std::vector<RecordedText>& into) const {
    if (!set) return into;
    try {
      const std::size_t width = text_width(set, name, "text"), size = 16 + width;
      const Id type = compound(size);
      member(type, "tick", 0, H5T_NATIVE_INT64);
      member(type, "continues", 8, H5T_NATIVE_UINT8);
      member(type, "text", 16, string_type(width));
      const hsize_t rows = row_count(set, name);
      std::vector<unsigned char> bytes(static_cast<std::size_t>(rows) * size);
      if (rows > 0) check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), name);
      bool more = false;
      for (hsize_t r = 0; r < rows; ++r) {
        const unsigned char* row = bytes.data() + r * size;
        if (!more) {
          into.emplace_back();
          std::memcpy(&into.back().at, row, 8);
        }
        more = row[8] != 0;
        std::string piece(reinterpret_cast<const char*>(row + 16), width);
        if (!more) piece.erase(piece.find_last_not_of('\0') + 1);
        into.back().text += piece;
      }
      set = Id();
    } catch (const HdfError& error) {
      bad("is damaged at '" + error.what + "'");
    }
    return into;
  }

  // Reads the named texts and numbers of a small table, row by row.
  template <typename Use>
  void cells(const char* name, const std::vector<const char*>& text_names, const std::vector<const char*>& number_names,
             Use use) const {
    const Id set = table(name);
    if (!set) return;
    std::vector<std::size_t> widths;
    std::size_t size = number_names.size() * 8;
    for (const char* t : text_names) {
      widths.push_back(text_width(set, name, t));
      size += widths.back();
    }
    const Id type = compound(size);
    std::size_t at = 0;
    for (const char* n : number_names) {
      member(type, n, at, H5T_NATIVE_DOUBLE);
      at += 8;
    }
    for (std::size_t i = 0; i < text_names.size(); ++i) {
      member(type, text_names[i], at, string_type(widths[i]));
      at += widths[i];
    }
    const hsize_t rows = row_count(set, name);
    if (rows > 100'000 || rows * size > text_max) throw HdfError{name};
    std::vector<unsigned char> bytes(static_cast<std::size_t>(rows) * size);
    if (rows > 0) check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), name);
    for (hsize_t r = 0; r < rows; ++r) {
      const unsigned char* row = bytes.data() + r * size;
      std::vector<double> numbers(number_names.size());
      if (!numbers.empty()) std::memcpy(numbers.data(), row, numbers.size() * 8);
      std::vector<std::string> values;
      std::size_t offset = numbers.size() * 8;
      for (const std::size_t width : widths) {
        std::string value(reinterpret_cast<const char*>(row + offset), width);
        value.erase(value.find_last_not_of('\0') + 1);
        values.push_back(std::move(value));
        offset += width;
      }
      use(values, numbers);
    }
  }

  void read_verdicts(std::vector<RecordedVerdict>& verdicts) {
    cells("verdicts", {"id", "outcome", "unit", "atom", "text", "that"}, {"margin", "at_s", "may_be_vacuous"},
          [&](const std::vector<std::string>& t, const std::vector<double>& n) {
            verdicts.push_back({t[0], t[4], t[5], t[1], n[0], t[2], n[1], t[3], n[2] != 0});
          });
  }
  void read_measures(std::vector<RecordedMeasure>& measures) {
    cells("measures", {"name", "unit"}, {"value"},
          [&](const std::vector<std::string>& t, const std::vector<double>& n) {
            measures.push_back({t[0], n[0], t[1]});
          });
  }

  void read_rows(const Id& set, hid_t type, std::int64_t first, std::int64_t count, void* into,
                 const std::string& name) const {
    if (count == 0) return;
    try {
      const auto from = static_cast<hsize_t>(first), n = static_cast<hsize_t>(count);
      const Id file(H5Dget_space(set), H5Sclose, name.c_str());
      check(H5Sselect_hyperslab(file, H5S_SELECT_SET, &from, nullptr, &n, nullptr), name.c_str());
      const Id memory(H5Screate_simple(1, &n, nullptr), H5Sclose, name.c_str());
      check(H5Dread(set, type, memory, file, H5P_DEFAULT, into), name.c_str());
    } catch (const HdfError&) {
      bad("is damaged at '" + name + "'");
    }
  }
  void heads(bool in, Tick first, Tick count) const {
    heads_.resize(static_cast<std::size_t>(count) * (in ? bf::in_head : bf::out_head));
    if (in)
      read_rows(in_set_, pen_in_type(), first, count, heads_.data(), "io/pen_in");
    else
      read_rows(out_set_, pen_out_type(), first, count, heads_.data(), "io/pen_out");
  }

  template <typename Rest>
  void read_rests(const Id& set, const Id& type, std::int64_t rows, Tick first, Tick count, std::vector<Rest>& into,
                  const char* name) const {
    const Id tick_type = compound(8);
    member(tick_type, "tick", 0, H5T_NATIVE_INT64);
    const auto lower = [&](Tick tick) {  // first record at or after `tick`
      std::int64_t low = 0, high = rows;
      while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        Tick at = 0;
        read_rows(set, tick_type, middle, 1, &at, name);
        if (at < tick)
          low = middle + 1;
        else
          high = middle;
      }
      return low;
    };
    const std::int64_t begin = std::max<std::int64_t>(lower(first) - 1, 0), end = std::max(lower(first + count), begin);
    into.resize(static_cast<std::size_t>(end - begin));
    read_rows(set, type, begin, end - begin, into.data(), name);
    // Damage must not put a record out of order.
    for (std::size_t i = 1; i < into.size(); ++i)
      if (into[i].tick <= into[i - 1].tick) bad(std::string("is damaged at '") + name + "'");
  }

  std::string path_;
  OutputState opened_;
  std::int64_t file_size_ = 0, version_ = 0;
  Id file_;
  Tick ticks_ = 0;
  Nanoseconds tick_ns_ = default_tick_ns;
  std::vector<Series> series_;
  std::vector<std::int64_t> samples_;
  std::vector<Id> sets_, pyramid_sets_;
  std::vector<Tick> event_ticks_;
  std::vector<bool> same_;  // of a signal: every sample is the fill value
  bool has_io_ = false;
  struct FieldSet {
    const IoField* field;
    Id set;
  };
  std::vector<std::vector<FieldSet>> fields_;  // by word; format 1 has the heads whole
  std::vector<int> signal_of_word_;            // index of the signal that holds it, or half of it
  Id time_set_;
  Id in_set_, out_set_, in_rest_set_, out_rest_set_, stroke_set_;
  mutable Id commands_set_, findings_set_, uart_set_;
  std::int64_t in_rest_count_ = 0, out_rest_count_ = 0, stroke_count_ = 0;
  unsigned aux_used_ = 0;
  std::vector<SignalInfo> stroke_columns_;
  int stroke_needles_ = 0;
  mutable std::vector<unsigned char> heads_;
  mutable std::vector<StrokeRow> strokes_;
  mutable std::vector<RecordedText> commands_, findings_;
  mutable std::vector<RecordedUart> uart_;
};

}  // namespace

bool is_hdf5(const std::string& path) {
  const std::string_view signature = "\x89HDF\r\n\x1a\n";
  if (std::error_code error; !std::filesystem::is_regular_file(path, error)) return false;  // a pipe would make us wait
  std::ifstream file(path, std::ios::binary);
  std::string begin(signature.size(), ' ');
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == signature;
}

std::unique_ptr<RecordingSource> open_file_source(const std::string& path, RecordingMeta& meta,
                                                  std::vector<RecordedVerdict>& verdicts,
                                                  std::vector<RecordedMeasure>& measures, int descriptor) {
  be_quiet();
  try {
    return std::make_unique<FileSource>(path, descriptor, meta, verdicts, measures);
  } catch (const HdfError& error) {
    throw InputError({{path, 0, 0}, "is damaged at '" + error.what + "'", ""});
  }
}

}  // namespace pensim
