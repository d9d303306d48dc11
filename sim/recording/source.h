// source.h - where the samples of a recording come from: the blocks of a run, an HDF5 file, a field log in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/recording/block_format.h"
#include "sim/recording/plan.h"
#include "sim/recording/recorded.h"

namespace pensim {

class BlockStore;

// One signal of a source. Its values stand at multiples of period_ticks; with period_ticks 0 at the ticks that
// event_ticks() lists, and for a signal by stroke at the ends of the strokes.
struct Series {
  SignalInfo info;
  Tick period_ticks = 1;
  enum class From : std::uint8_t { tick, ms, slow, stroke, io, event } from = From::tick;
  int column = 0;  // within its rows; for io the index into derived_signals()
};

// What of PenIn and PenOut is not the same in every tick: see block_format.h.
struct InRest {
  Tick tick = 0;
  PenEdge edges[PEN_EDGES] = {};
  std::uint8_t uart[PEN_UART_BYTES] = {}, nvm_data[PEN_NVM_BYTES] = {};
  std::int32_t aux[PEN_AUX] = {};
};
struct OutRest {
  Tick tick = 0;
  std::uint8_t uart[PEN_UART_BYTES] = {}, nvm_data[PEN_NVM_BYTES] = {};
  std::int32_t aux[PEN_AUX] = {};
};
static_assert(sizeof(InRest) == 8 + block_format::in_rest && sizeof(OutRest) == 8 + block_format::out_rest);

// A signal that is a function of one word of the heads (or of PenIn.aux).
struct DerivedSignal {
  enum class Rule : std::uint8_t { counts, bit, duty, cause, aux } rule;
  int word = 0, bit = 0;  // aux: bit is the index
  std::string name;
};
const std::vector<DerivedSignal>& derived_signals();
float derived_value(const DerivedSignal& signal, std::uint16_t word);
void derived_values(const DerivedSignal& signal, const unsigned char* words, std::size_t count, float* values);

class RecordingSource {
 public:
  virtual ~RecordingSource() = default;
  virtual bool refresh(bool /*whole_blocks*/) { return false; }
  // Forgets what lies before tick `before`, as far as it can, and the strokes and bytes that it has listed.
  virtual void release(Tick /*before*/) {}
  virtual std::size_t held_blocks() const { return 0; }  // whole ones, of a run that goes on
  virtual Tick ticks() const = 0;
  virtual const std::vector<Series>& series() const = 0;
  virtual std::int64_t size(const Series&) const = 0;
  virtual void read(const Series&, std::int64_t first, std::int64_t count, float* values) const = 0;
  virtual const std::vector<Tick>& event_ticks() const;
  // False if the source keeps no pyramid of this signal.
  virtual bool pyramid(const Series&, int size, std::int64_t first, std::int64_t count, MinMax* buckets) const;

  // True if it is known, without reading, that these samples have one value.
  virtual bool constant(const Series&, std::int64_t first, std::int64_t count, float& value) const;
  virtual bool constant_word(int word, Tick first, Tick count, std::uint16_t& value) const;

  virtual bool has_io() const { return false; }
  virtual unsigned aux_used() const { return 0; }  // bit i: PenIn.aux[i] is not always 0
  // Columns of 16-bit words of the heads (block_format.h); words 0 and 1 are the time.
  virtual void words(int word, Tick first, Tick count, std::uint16_t* values) const;
  virtual void times(Tick first, Tick count, std::uint32_t* values) const;
  // The records in ticks [first, first + count), and the last one before them.
  virtual void rests(Tick first, Tick count, std::vector<InRest>* in, std::vector<OutRest>* out) const;
  virtual void io(Tick first, Tick count, PenIn* in, PenOut* out) const;

  virtual const std::vector<SignalInfo>& stroke_columns() const;
  virtual int stroke_needles() const { return 0; }
  virtual const std::vector<StrokeRow>& strokes() const;
  // Without reading all that is known of them: ticks at which they end, values of one column.
  virtual std::int64_t stroke_count() const;
  virtual void stroke_ends(std::int64_t first, std::int64_t count, Tick* ends) const;
  virtual void stroke_values(int column, std::int64_t first, std::int64_t count, float* values) const;
  virtual const std::vector<RecordedText>& commands() const;
  virtual const std::vector<RecordedText>& findings() const;
  virtual const std::vector<RecordedUart>& uart() const;
  virtual std::string note() const { return {}; }  // what was cut, "" if nothing

  // Filled by Recording for sources without a stored pyramid.
  struct Pyramid {
    std::vector<MinMax> by_64, by_4096;
  };
  mutable std::vector<std::unique_ptr<Pyramid>> pyramids;
  // Strokes as samples: sample i stands at tick `at[i]` and is row `row[i]`, -1 for the 0 before the first.
  struct StrokeIndex {
    std::vector<Tick> at;
    std::vector<std::int32_t> row;
    std::int64_t rows = 0;  // taken in so far
    Tick last = -1;        // of the recording then
    bool cut = false;      // a stroke ended beyond it
  };
  mutable StrokeIndex stroke_index;
  mutable std::vector<SignalInfo> listed;
  mutable unsigned listed_aux = ~0u;
};

// PenIn and PenOut from heads that are already in place and the records of rests().
void apply_rests(Tick first, Tick count, const std::vector<InRest>* in_rests, PenIn* in,
                 const std::vector<OutRest>* out_rests, PenOut* out);

// of each `bucket` values, the last may be short
void min_max(const float* values, std::int64_t count, std::int64_t bucket, MinMax* buckets);

std::unique_ptr<RecordingSource> open_block_source(const BlockStore& store, std::unique_ptr<BlockStore> owned);

// A field log: every channel has a value at each of `ticks`.
struct LogChannels {
  std::vector<Tick> ticks;  // ascending, ticks[0] == 0
  Tick end = 0;             // rows of the recording
  std::vector<SignalInfo> signals;
  std::vector<std::vector<float>> values;
  std::vector<RecordedText> events;
};
std::unique_ptr<RecordingSource> make_log_source(LogChannels channels);

}  // namespace pensim
