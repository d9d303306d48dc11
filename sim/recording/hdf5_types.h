// hdf5_types.h - what writer and reader of a recording's file share: names and compounds of docs/recording.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/recording/hdf5.h"
#include "sim/recording/hdf5_columns.h"
#include "sim/vocabulary/signals.h"

namespace pensim::hdf5 {

constexpr std::int64_t slab = 1 << 18;  // samples that are written or summarised at a time

std::string member_name(std::string signal);  // field names that MATLAB takes too
Id pen_in_type();                             // the head of PenIn (block_format.h), as format 1 stored it
Id pen_out_type();

// A dataset of /io/pen_in or /io/pen_out: a field of their heads, whole words or bytes of them (block_format.h).
struct IoField {
  bool in;
  const char* name;
  Element element;
  int word;
  enum class Part : std::uint8_t { whole, low, high } part;
};
// Fields that are signals are not among them: adc_* and reset_cause are other names of /signals/..., and
// PenOut.duty_q15 is core.pwm_duty x 32767.
const std::vector<IoField>& io_fields();
Id in_rest_type();  // InRest, OutRest (source.h)
Id out_rest_type();
Id strokes_type(const std::vector<SignalInfo>& columns, int needles);  // StrokeRow

// Where a needle stands (geometry.h).
struct NeedlePlaceRow {
  double along_m, across_m;
};
Id needle_places_type();

// A name as a link: '/' would make a group.
std::string link_name(const std::string& name);
std::string name_of_link(const std::string& link);

// Buckets of `size` samples, the last may be short.
inline std::int64_t buckets(std::int64_t samples, std::int64_t size) { return (samples + size - 1) / size; }

// Texts of the file's attributes, for writer and reader; the scenario, which may be long, is a dataset.
template <class Meta, class F>
void each_meta_text(Meta& meta, F f) {
  f("source", meta.source);
  f("title", meta.title);
  f("scenario_path", meta.scenario_path);
  f("firmware", meta.firmware);
  f("firmware_name", meta.firmware_name);
  f("firmware_build_id", meta.firmware_build_id);
  f("firmware_flags", meta.firmware_flags);
  f("simulator_version", meta.simulator_version);
  f("simulator_flags", meta.simulator_flags);
  f("git_state", meta.git_state);
  f("hash", meta.hash);
  f("verdict", meta.verdict);
  f("end_cause", meta.end_cause);
  f("checksum", meta.checksum);
}

}  // namespace pensim::hdf5
