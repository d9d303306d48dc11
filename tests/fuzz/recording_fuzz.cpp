// Any bytes as a recording (if they begin as HDF5 does) or as a field log: read, or refused with an InputError that has
// a message;
// never anything else. `recording_fuzz --make-seeds FOLDER` writes a small recording and logs to begin with.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/exchange/csv_export.h"
#include "sim/exchange/field_log.h"
#include "sim/input/input_error.h"
#include "sim/recording/block_writer.h"
#include "sim/recording/recording.h"
#include "tests/sim/recording/recorded_run.h"

namespace {

using namespace pensim;

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// Everything that a reader may ask of a recording.
void read_all(const Recording& r) {
  for (const SignalInfo& s : r.signals()) {
    const Samples samples = r.samples(s.name);
    require(samples.tick.empty() || samples.tick.size() == samples.value.size(), "ticks and values do not match");
    require(s.period == SignalPeriod::stroke || r.meta().sparse || static_cast<Tick>(samples.value.size()) <= r.ticks(),
            "too many samples");
    r.envelope(s.name, 0, r.ticks() - 1, 16);
  }
  if (r.has_io() && r.ticks() > 0) {
    PenIn in[64];
    PenOut out[64];
    r.io(0, r.ticks() < 64 ? r.ticks() : 64, in, out);
    r.io(r.ticks() - 1, 1, in, out);
  }
  r.strokes();
  r.commands();
  r.findings();
  r.uart();
}

void make_seeds(const std::string& folder) {
  for (const Tick ticks : {3, 200}) {
    BlockStore store(recorded_run::plan());
    BlockWriter writer(store);
    recorded_run::write(writer, store.plan(), 0, ticks);
    Recording r = Recording::from_blocks(store);
    r.verdicts().push_back({"R-1", "text", "that", "pass", 1.0, "Hz", 0.0, "atom", false});
    r.write(folder + "/recording_" + std::to_string(ticks) + ".h5", {ticks == 200});
    std::FILE* log = std::fopen((folder + "/complete_" + std::to_string(ticks) + ".csv").c_str(), "wb");
    require(log != nullptr, "the folder cannot be written");
    export_complete(r, log, "seed");
    std::fclose(log);
  }
  RecordingPlan rig;  // small, so that a change is likely to hit something
  rig.kind = RecordingKind::rig;
  rig.tick = {{"needle.force", "N", SignalKind::truth, SignalPeriod::tick, 5, ""}};
  rig.stroke = {{"stroke.index", "1", SignalKind::truth, SignalPeriod::stroke, 1, ""}};
  BlockStore store(rig);
  BlockWriter writer(store);
  for (Tick k = 0; k < 70; ++k) {
    const float row = static_cast<float>(k);
    if (k == 60) writer.stroke(recorded_run::stroke(k));
    writer.tick(&row);
  }
  Recording::from_blocks(store).write(folder + "/rig.h5");
  std::FILE* log = std::fopen((folder + "/sparse.csv").c_str(), "wb");
  require(log != nullptr, "the folder cannot be written");
  std::fputs(
      "# tick_us: 50\ntime_ms,adc.battery,motor_speed_Hz[5%],motor.temperature [degC] [2],state,#x\n0,2300,,23,\"a, "
      "b\",\n1.5,,100,,,\n",
      log);
  std::fclose(log);
}

}  // namespace

// The HDF5 library leaks some bytes when it refuses a file.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::strcmp((*argv)[1], "--make-seeds") == 0) {
    make_seeds((*argv)[2]);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("input", 0);
  require(file >= 0, "no memory file");
  require(::write(file, data, size) == static_cast<ssize_t>(size), "no memory");
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  try {
    if (size >= 4 && std::memcmp(data, "\x89HDF", 4) == 0)
      read_all(Recording::open(path));
    else
      read_all(import_log(path));
  } catch (const InputError& error) {
    require(!error.problems().empty() && !error.problems()[0].message.empty(), "an error without words");
  }
  ::close(file);
  return 0;
}
