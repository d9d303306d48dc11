// Writes recordings as HDF5 files.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include "sim/input/input_error.h"
#include "sim/recording/block_format.h"
#include "sim/recording/hdf5_file.h"
#include "sim/recording/hdf5_output.h"
#include "sim/recording/hdf5_types.h"

namespace pensim {
namespace bf = block_format;
using namespace hdf5;

namespace {

constexpr std::size_t text_piece = 200;  // longer texts of a table go on in the next row
constexpr hsize_t meta_block_bytes = 64 * 1024;

const char* kind_text(SignalKind kind) {
  return kind == SignalKind::truth ? "truth" : kind == SignalKind::input ? "input" : "output";
}

class FileWriter {
 public:
  enum class Open : std::uint8_t { fresh, again };
  // What is written goes to state.file.
  FileWriter(OutputState& state, Open open) {
    Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access");
    check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "file access");
    // checksums on what is not data, indices of chunks included
    check(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "file access");
    check(H5Pset_meta_block_size(access, meta_block_bytes), "file access");
    use_output_driver(access, state);
    Id create(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "file creation");
    file_ = open == Open::fresh ? Id(H5Fcreate("recording", H5F_ACC_TRUNC, create, access), H5Fclose, "the file")
                                : Id(H5Fopen("recording", H5F_ACC_RDWR, access), H5Fclose, "the file");
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

  void table(hid_t group, const char* name, hid_t type, const void* rows, std::size_t count) {
    Table all(false, group, name, type, type);
    if (count > 0) all.append(rows, count);
    all.finish();
  }

  hid_t file() const { return file_; }

 private:
  Id file_, scalar_, texts_;
};

// In vectors, since these loops would not become any at -O2.
typedef std::uint16_t Words __attribute__((vector_size(16)));
typedef std::uint8_t Bytes __attribute__((vector_size(8)));
constexpr std::size_t lanes = sizeof(Words) / sizeof(std::uint16_t);

// Bit i: it is not the same in all of them.
unsigned bits_that_vary(const std::uint16_t* words, std::size_t count) {
  Words all{};
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    Words w;
    std::memcpy(&w, words + i, sizeof w);
    all |= w ^ words[0];
  }
  unsigned varies = 0;
  for (std::size_t lane = 0; lane < lanes; ++lane) varies |= all[lane];
  for (; i < count; ++i) varies |= static_cast<unsigned>(words[i] ^ words[0]);
  return varies;
}

// Some bits of each word, as a byte.
void bits_of(const std::uint16_t* words, std::size_t count, unsigned shift, unsigned mask, std::uint8_t* bytes) {
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    Words w;
    std::memcpy(&w, words + i, sizeof w);
    const Bytes b =
        __builtin_convertvector(w >> static_cast<std::uint16_t>(shift) & static_cast<std::uint16_t>(mask), Bytes);
    std::memcpy(bytes + i, &b, sizeof b);
  }
  for (; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(words[i] >> shift & mask);
}

// Columns as they come, and at the end what is known of the whole.
class RecordingWriter {
 public:
  RecordingWriter(FileWriter& file, const RecordingSource& source, Nanoseconds tick_ns, Tick planned, bool compress)
      : file_(file),
        source_(source),
        tick_ns_(tick_ns),
        packer_(compress),
        signals_(file.group("signals")),
        pyramids_(file.group("pyramid")) {
    begin_signals(planned);
    if (source.has_io()) begin_io(planned);
    begin_tables();
  }

  // Ticks up to `until`, which the source holds, and what events it holds.
  void append(Tick until) {
    const Tick from = ticks_;
    ticks_ = until;
    for (SignalColumn& c : plain_) append_plain(c, samples_until(*c.series, until));
    if (source_.has_io())
      for (Tick at = from; at < until; at += piece_ticks) {
        const Tick n = std::min(piece_ticks, until - at);
        append_times(n);
        for (int word = 2; word < bf::io_words; ++word) append_word(word, at, n);
        append_rests(at, n);
      }
    append_events();
  }
  // The source has dropped what it held of them.
  void events_dropped() { strokes_taken_ = uart_taken_ = 0; }

  void finish(const RecordingMeta& meta) {
    append(source_.ticks());
    for (SignalColumn& c : plain_) {
      if (c.series->period_ticks == 0) append_plain(c, source_.size(*c.series));
      if (c.aux >= 0 && (source_.aux_used() >> c.aux & 1) == 0) continue;
      c.column.finish();
      describe(c.column.set(), c.series->info, *c.series);
    }
    for (std::vector<WordColumn>& of_word : words_)
      for (WordColumn& c : of_word) {
        c.column.finish();
        if (c.series) describe(c.column.set(), c.series->info, *c.series);
      }
    if (time_) time_->finish();
    if (source_.has_io()) link_io();
    const auto& events = source_.event_ticks();
    if (!events.empty()) {
      const Id log = file_.group("log");
      file_.table(log, "tick", H5T_STD_I64LE, events.data(), events.size());
    }
    finish_tables();
    write_meta(meta);
    write_geometry(meta);
    write_texts("commands", source_.commands());
    write_texts("findings", source_.findings());
  }

 private:
  static constexpr Tick piece_ticks = static_cast<Tick>(chunk_rows);

  struct SignalColumn {
    const Series* series;
    int aux;  // index of PenIn.aux, -1 for other signals
    Column column;
  };
  // A function of one word of the heads.
  struct WordColumn {
    enum class Part : std::uint8_t { whole, low, high, bit, duty } part;
    int bit;
    const DerivedSignal* signal;  // duty
    const Series* series;         // null: a field of /io
    Column column;
  };

  std::int64_t samples_until(const Series& s, Tick until) const {
    if (s.period_ticks == 0) return 0;
    return std::min(source_.size(s), (until + s.period_ticks - 1) / s.period_ticks);
  }

  void begin_signals(Tick planned) {
    words_.resize(bf::io_words);
    for (const Series& s : source_.series()) {
      if (s.from == Series::From::stroke) continue;  // in /strokes
      const std::string link = link_name(s.info.name);
      const DerivedSignal* derived = nullptr;
      if (source_.has_io())
        for (const DerivedSignal& d : derived_signals())
          if (d.name == s.info.name) derived = &d;
      Column::Shape shape{.rows = s.period_ticks == 0
                                      ? static_cast<hsize_t>(source_.size(s))
                                      : static_cast<hsize_t>((planned + s.period_ticks - 1) / s.period_ticks),
                          .chunk = s.period_ticks == 1 ? chunk_rows : chunk_rows / 4,
                          .with_pyramid = s.period_ticks == 1};
      using Rule = DerivedSignal::Rule;
      if (!derived || derived->rule == Rule::aux) {
        plain_.push_back({&s, derived ? derived->bit : -1, Column(packer_, signals_, pyramids_, link, shape)});
        continue;
      }
      using Part = WordColumn::Part;
      const Part part = derived->rule == Rule::counts  ? Part::whole
                        : derived->rule == Rule::cause ? Part::high
                        : derived->rule == Rule::bit   ? Part::bit
                                                       : Part::duty;
      shape.element = part == Part::whole ? Element::u16 : part == Part::duty ? Element::f32 : Element::u8;
      words_[static_cast<std::size_t>(derived->word)].push_back(
          {part, derived->bit, derived, &s, Column(packer_, signals_, pyramids_, link, shape)});
    }
  }

  void begin_io(Tick planned) {
    io_ = file_.group("io");
    pen_in_ = file_.group("io/pen_in");
    pen_out_ = file_.group("io/pen_out");
    for (const IoField& field : io_fields()) {
      Column column(packer_, field.in ? pen_in_ : pen_out_, -1, field.name,
                    {.element = field.element, .rows = static_cast<hsize_t>(planned)});
      if (field.element == Element::u32) {
        time_ = std::make_unique<Column>(std::move(column));
        continue;
      }
      using Part = WordColumn::Part;
      const Part part = field.part == IoField::Part::whole ? Part::whole
                        : field.part == IoField::Part::low ? Part::low
                                                           : Part::high;
      words_[static_cast<std::size_t>(field.word)].push_back({part, 0, nullptr, nullptr, std::move(column)});
    }
    in_rest_type_ = in_rest_type();
    out_rest_type_ = out_rest_type();
    in_rests_ = std::make_unique<Table>(packer_.compress(), io_, "pen_in_sparse", in_rest_type_, in_rest_type_);
    out_rests_ = std::make_unique<Table>(packer_.compress(), io_, "pen_out_sparse", out_rest_type_, out_rest_type_);
  }

  void begin_tables() {
    if (!source_.stroke_columns().empty()) {
      stroke_type_ = strokes_type(source_.stroke_columns(), source_.stroke_needles());
      // In the file without the gap of unused columns.
      packed_stroke_type_ = Id(H5Tcopy(stroke_type_), H5Tclose, "strokes");
      check(H5Tpack(packed_stroke_type_), "strokes");
      strokes_ =
          std::make_unique<Table>(packer_.compress(), file_.file(), "strokes", stroke_type_, packed_stroke_type_);
    }
    uart_type_ = compound(sizeof(UartRow));
    member(uart_type_, "tick", offsetof(UartRow, tick), H5T_STD_I64LE);
    member(uart_type_, "at_s", offsetof(UartRow, at_s), H5T_IEEE_F64LE);
    member(uart_type_, "to_core", offsetof(UartRow, to_core), H5T_STD_U8LE);
    member(uart_type_, "count", offsetof(UartRow, count), H5T_STD_U8LE);
    member(uart_type_, "bytes", offsetof(UartRow, bytes), array_type(H5T_STD_U8LE, PEN_UART_BYTES));
    uart_ = std::make_unique<Table>(packer_.compress(), file_.file(), "uart", uart_type_, uart_type_);
  }

  void append_plain(SignalColumn& c, std::int64_t until) {
    for (auto at = static_cast<std::int64_t>(c.column.rows()); at < until;) {
      const std::int64_t n = std::min<std::int64_t>(piece_ticks, until - at);
      float value = 0.0f;
      if ((c.aux >= 0 && (source_.aux_used() >> c.aux & 1) == 0) || source_.constant(*c.series, at, n, value))
        c.column.append_same(&value, static_cast<hsize_t>(n));
      else
        c.column.append(static_cast<hsize_t>(n), [&](hsize_t first, hsize_t count, unsigned char* to) {
          source_.read(*c.series, static_cast<std::int64_t>(first), static_cast<std::int64_t>(count),
                       reinterpret_cast<float*>(to));
        });
      at += n;
    }
  }

  void append_times(Tick count) {
    time_->append(static_cast<hsize_t>(count), [&](hsize_t first, hsize_t n, unsigned char* to) {
      source_.times(static_cast<Tick>(first), static_cast<Tick>(n), reinterpret_cast<std::uint32_t*>(to));
    });
  }

  // One word of the heads, and every column that is made of it.
  void append_word(int word, Tick from, Tick count) {
    std::vector<WordColumn>& columns = words_[static_cast<std::size_t>(word)];
    const auto n = static_cast<std::size_t>(count);
    std::uint16_t first = 0;
    unsigned varies = 0;
    if (!source_.constant_word(word, from, count, first)) {
      word_.resize(n);
      source_.words(word, from, count, word_.data());
      first = word_[0];
      varies = bits_that_vary(word_.data(), n);
    }
    for (WordColumn& c : columns) {
      const unsigned shift = c.part == WordColumn::Part::high  ? 8
                             : c.part == WordColumn::Part::bit ? static_cast<unsigned>(c.bit)
                                                               : 0;
      const unsigned mask = c.part == WordColumn::Part::bit                 ? 1u
                            : c.part == WordColumn::Part::low || shift == 8 ? 0xFFu
                                                                            : 0xFFFFu;
      const bool same = (varies >> shift & mask) == 0;
      if (c.part == WordColumn::Part::duty) {
        const float value = derived_value(*c.signal, first);
        if (same) {
          c.column.append_same(&value, n);
          continue;
        }
      } else if (same) {
        const auto value = static_cast<std::uint16_t>(first >> shift & mask);
        c.column.append_same(&value, n);
        continue;
      }
      const std::uint16_t* at = word_.data();
      c.column.append(n, [&](hsize_t, hsize_t rows, unsigned char* to) {
        if (c.part == WordColumn::Part::whole)
          std::memcpy(to, at, rows * 2);
        else if (c.part == WordColumn::Part::duty)
          derived_values(*c.signal, reinterpret_cast<const unsigned char*>(at), rows, reinterpret_cast<float*>(to));
        else
          bits_of(at, static_cast<std::size_t>(rows), shift, mask, to);
        at += rows;
      });
    }
  }

  // Records that say nothing new (the first of a block) are left out.
  void append_rests(Tick from, Tick count) {
    in_found_.clear();
    out_found_.clear();
    source_.rests(from, count, &in_found_, &out_found_);
    const auto take = [&](Table& table, const auto& found, auto& aux) {
      for (const auto& record : found) {
        if (record.tick < from) continue;
        auto rule = record;
        rule = {};
        rule.tick = record.tick;
        std::memcpy(rule.aux, aux, sizeof rule.aux);
        if (std::memcmp(&rule, &record, sizeof rule) == 0) continue;
        table.append(&record, 1);
        std::memcpy(aux, record.aux, sizeof rule.aux);
      }
    };
    take(*in_rests_, in_found_, in_aux_);
    take(*out_rests_, out_found_, out_aux_);
  }

  void append_events() {
    if (strokes_) {
      const auto& rows = source_.strokes();
      strokes_->append(rows.data() + strokes_taken_, rows.size() - strokes_taken_);
      strokes_taken_ = rows.size();
    }
    const auto& uart = source_.uart();
    for (; uart_taken_ < uart.size(); ++uart_taken_) {
      const RecordedUart& u = uart[uart_taken_];
      UartRow row{u.at,      seconds(u.at * tick_ns_),
                  u.to_core, static_cast<std::uint8_t>(std::min<std::size_t>(u.bytes.size(), PEN_UART_BYTES)),
                  {},        {}};
      std::memcpy(row.bytes, u.bytes.data(), row.count);
      uart_->append(&row, 1);
    }
  }

  void finish_tables() {
    if (in_rests_) in_rests_->finish(), out_rests_->finish();
    uart_->finish();
    if (!strokes_) return;
    strokes_->finish();
    std::string names, units;
    for (const SignalInfo& column : source_.stroke_columns()) {
      names += (names.empty() ? "" : ",") + column.name;
      units += (units.empty() ? "" : ",") + column.unit;
    }
    file_.text_attribute(strokes_->set(), "columns", names);
    file_.text_attribute(strokes_->set(), "units", units);
  }

  // Fields of PenIn that are signals, under their names of pen_shim.h too.
  void link_io() {
    for (const DerivedSignal& d : derived_signals())
      if (d.rule == DerivedSignal::Rule::counts || d.rule == DerivedSignal::Rule::cause) {
        const std::string field = d.rule == DerivedSignal::Rule::cause ? "reset_cause" : member_name(d.name);
        check(H5Lcreate_hard(signals_, link_name(d.name).c_str(), pen_in_, field.c_str(), H5P_DEFAULT, H5P_DEFAULT),
              field.c_str());
      }
  }

  void write_meta(const RecordingMeta& m) {
    file_.text("format", "pensim recording");
    file_.integer("format_version", recording_format_version);
    file_.text("kind", m.kind == RecordingKind::pen ? "pen" : "rig");
    file_.integer("seam_version", m.seam_version);
    file_.integer("tick_ns", m.tick_ns);
    file_.integer("ticks", source_.ticks());
    file_.number("duration_s", seconds(source_.ticks() * m.tick_ns));
    file_.text("coverage", m.sparse ? "sparse" : "complete");
    file_.integer("started_at_reset", m.started_at_reset);
    file_.attribute(file_.file(), "seed", H5T_STD_U64LE, &m.seed);
    each_meta_text(m, [&](const char* name, const std::string& value) {
      if (name != std::string_view("verdict")) file_.text(name, value);  // once it is judged
    });
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

  void write_geometry(const RecordingMeta& meta) {
    const PenGeometry& g = meta.geometry;
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

  void describe(hid_t set, const SignalInfo& info, const Series& s) {
    const double period_s = seconds(s.period_ticks * tick_ns_);
    file_.text_attribute(set, "unit", info.unit);
    file_.text_attribute(set, "kind", kind_text(info.kind));
    file_.attribute(set, "period_s", H5T_IEEE_F64LE, &period_s);
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
        const double at_s = seconds(t.at * tick_ns_);
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

  struct UartRow {
    std::int64_t tick;
    double at_s;
    std::uint8_t to_core, count, zero[6];
    std::uint8_t bytes[PEN_UART_BYTES];
  };
  static_assert(sizeof(UartRow) == 24 + PEN_UART_BYTES);

  FileWriter& file_;
  const RecordingSource& source_;
  Nanoseconds tick_ns_;
  ChunkPacker packer_;
  Id signals_, pyramids_, io_, pen_in_, pen_out_;
  Tick ticks_ = 0;  // appended
  std::vector<SignalColumn> plain_;
  std::vector<std::vector<WordColumn>> words_;  // by word
  std::unique_ptr<Column> time_;
  std::vector<std::uint16_t> word_;
  Id in_rest_type_, out_rest_type_, stroke_type_, packed_stroke_type_, uart_type_;
  std::unique_ptr<Table> in_rests_, out_rests_, strokes_, uart_;
  std::vector<InRest> in_found_;
  std::vector<OutRest> out_found_;
  std::int32_t in_aux_[PEN_AUX] = {}, out_aux_[PEN_AUX] = {};
  std::size_t strokes_taken_ = 0, uart_taken_ = 0;
};

// A table with columns of text, as wide as their longest entry, and of numbers.
struct Cell {
  const char* name;
  std::vector<const std::string*> text;
  std::vector<double> number;
};
void write_cells(FileWriter& file, const char* name, const std::vector<Cell>& cells, std::size_t rows) {
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
  file.table(file.file(), name, type, bytes.data(), rows);
}

void write_verdicts(FileWriter& file, const std::vector<RecordedVerdict>& verdicts) {
  std::vector<Cell> cells = {{"id", {}, {}},   {"outcome", {}, {}}, {"margin", {}, {}},
                             {"unit", {}, {}}, {"at_s", {}, {}},    {"atom", {}, {}},
                             {"text", {}, {}}, {"that", {}, {}},    {"may_be_vacuous", {}, {}}};
  for (const RecordedVerdict& v : verdicts) {
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
  if (!verdicts.empty()) write_cells(file, "verdicts", cells, verdicts.size());
}
void write_measures(FileWriter& file, const std::vector<RecordedMeasure>& measures) {
  std::vector<Cell> cells = {{"name", {}, {}}, {"value", {}, {}}, {"unit", {}, {}}};
  for (const RecordedMeasure& m : measures) {
    cells[0].text.push_back(&m.name);
    cells[1].number.push_back(m.value);
    cells[2].text.push_back(&m.unit);
  }
  if (!measures.empty()) write_cells(file, "measures", cells, measures.size());
}

}  // namespace

// Turns what HDF5 and the disk say into one sentence.
template <class Body>
void guarded(const std::string& path, const OutputState& output, Body body) {
  std::string reason;
  try {
    body();
  } catch (const HdfError& e) {
    if (output.error == 0) reason = "the HDF5 library failed at '" + e.what + "'";
  }
  if (output.error != 0) reason = std::strerror(output.error);
  if (!reason.empty())
    throw InputError(
        {{path, 0, 0}, "the recording cannot be written: " + reason, "choose another folder with --out, or make room"});
}

struct FileAppender::State {
  std::string path;
  OutputState output;
  std::unique_ptr<FileWriter> file;
  std::unique_ptr<RecordingWriter> writer;
};

FileAppender::FileAppender(int descriptor, const std::string& path, const RecordingSource& source, Nanoseconds tick_ns,
                           Tick planned, bool compress)
    : state_(std::make_unique<State>()) {
  be_quiet();
  state_->path = path;
  state_->output.file = descriptor;
  guarded(path, state_->output, [&] {
    state_->file = std::make_unique<FileWriter>(state_->output, FileWriter::Open::fresh);
    state_->writer = std::make_unique<RecordingWriter>(*state_->file, source, tick_ns, planned, compress);
  });
}

FileAppender::~FileAppender() {
  try {
    state_->writer.reset();
    state_->file.reset();
  } catch (const HdfError&) {  // of a file that nobody wants
  }
}

void FileAppender::append(Tick until) {
  guarded(state_->path, state_->output, [&] { state_->writer->append(until); });
}
void FileAppender::events_dropped() { state_->writer->events_dropped(); }

void FileAppender::finish(const RecordingMeta& meta) {
  guarded(state_->path, state_->output, [&] {
    state_->writer->finish(meta);
    state_->writer.reset();
    state_->file->close();
    state_->file.reset();
  });
}

void FileAppender::judged(const std::string& verdict, const std::vector<RecordedVerdict>& verdicts,
                          const std::vector<RecordedMeasure>& measures) {
  guarded(state_->path, state_->output, [&] {
    FileWriter file(state_->output, FileWriter::Open::again);
    file.text("verdict", verdict);
    write_verdicts(file, verdicts);
    write_measures(file, measures);
    file.close();
  });
}

}  // namespace pensim
