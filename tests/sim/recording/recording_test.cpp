// Recordings: the same through a file, readable by others, and no file can bring the reader down.
#include "sim/recording/recording.h"

#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "sim/input/input_error.h"
#include "tests/sim/recording/recorded_run.h"

// HDF5 1.10 loses blocks of its free lists when it refuses damaged metadata; a file that was left open is not among
// them.
extern "C" const char* __lsan_default_suppressions() { return "leak:H5FL__malloc"; }

namespace pensim {
namespace {

using namespace recorded_run;
namespace fs = std::filesystem;

constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();

// A folder that goes with the test.
class RecordingFile : public ::testing::Test {
 protected:
  RecordingFile() {
    folder_ = fs::temp_directory_path() / ("pensim_recording_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~RecordingFile() override { fs::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

RecordingMeta meta() {
  RecordingMeta m;
  m.title = "Cheek at 1.0 mm, \xC2\xB5m";
  m.scenario_path = "scenarios/treatment/cheek_1mm.yaml";
  m.scenario_text = std::string("title: a\nduration: 6 s\n") + std::string(70'000, '#');
  m.resolved_scenario = "{\"seed\": 7}";
  m.seed = 0xFFFFFFFFFFFFFFF7u;
  m.geometry.needle_length_m = 3e-3;
  m.geometry.bone_m = 2.5e-3;
  m.geometry.base_plate = true;
  m.geometry.along_m = {-0.45e-3, 0.45e-3};
  m.geometry.across_m = {0.1e-3, -0.1e-3};
  m.firmware = "reference_pen";
  m.firmware_name = "reference pen";
  m.firmware_build_id = "0123456789abcdef";
  m.firmware_flags = "-O2";
  m.simulator_version = "0.1.0";
  m.simulator_flags = "g++ 12";
  m.git_state = "abc+changes";
  m.hash = "df70db2fbee965ff";
  m.verdict = "firmware_fault";
  m.end_cause = "firmware fault: segfault in put at bad.c:9";
  m.fault = {"segfault", "put", "bad.c", 9, 0.25};
  m.notes = {"the tail was cut", "a second note"};
  return m;
}

Recording make(const BlockStore& store) {
  Recording r = Recording::from_blocks(store, meta());
  r.verdicts().push_back({"RATE-01", "Stroke rate holds", "always (stroke.rate > 1 Hz)", "pass", 0.25, "Hz", 1.5,
                          "stroke.rate > 1", false});
  r.verdicts().push_back(
      {"X-02", "", "not (pin.start > 0.5)", "vacuous", std::numeric_limits<double>::infinity(), "1", 0, "", true});
  r.measures().push_back({"peak_force", 1.25, "N"});
  return r;
}

void expect_same(const std::vector<RecordedText>& a, const std::vector<RecordedText>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].at, b[i].at);
    EXPECT_EQ(a[i].text, b[i].text);
  }
}

void expect_same(const Recording& a, const Recording& b) {
  ASSERT_EQ(a.ticks(), b.ticks());
  ASSERT_EQ(a.signals().size(), b.signals().size());
  for (std::size_t i = 0; i < a.signals().size(); ++i) {
    const SignalInfo &x = a.signals()[i], &y = b.signals()[i];
    SCOPED_TRACE(x.name);
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.unit, y.unit);
    EXPECT_EQ(x.kind, y.kind);
    EXPECT_EQ(x.period, y.period);
    EXPECT_EQ(x.full_scale, y.full_scale);
    const Samples s = a.samples(x.name), t = b.samples(x.name);
    EXPECT_EQ(s.period_ticks, t.period_ticks);
    EXPECT_EQ(s.tick, t.tick);
    ASSERT_EQ(s.value.size(), t.value.size());
    EXPECT_TRUE(s.value.empty() || std::memcmp(s.value.data(), t.value.data(), s.value.size() * sizeof(float)) == 0);
  }
  ASSERT_EQ(a.has_io(), b.has_io());
  if (a.has_io()) {
    const auto n = static_cast<std::size_t>(a.ticks());
    std::vector<PenIn> in_a(n), in_b(n);
    std::vector<PenOut> out_a(n), out_b(n);
    a.io(0, a.ticks(), in_a.data(), out_a.data());
    b.io(0, b.ticks(), in_b.data(), out_b.data());
    for (std::size_t k = 0; k < n; ++k) {
      ASSERT_EQ(std::memcmp(&in_a[k], &in_b[k], sizeof(PenIn)), 0) << "PenIn of tick " << k;
      ASSERT_EQ(std::memcmp(&out_a[k], &out_b[k], sizeof(PenOut)), 0) << "PenOut of tick " << k;
    }
  }
  ASSERT_EQ(a.strokes().size(), b.strokes().size());
  for (std::size_t i = 0; i < a.strokes().size(); ++i)
    EXPECT_EQ(std::memcmp(&a.strokes()[i], &b.strokes()[i], sizeof(StrokeRow)), 0) << i;
  EXPECT_EQ(a.stroke_needles(), b.stroke_needles());
  expect_same(a.commands(), b.commands());
  expect_same(a.findings(), b.findings());
  ASSERT_EQ(a.uart().size(), b.uart().size());
  for (std::size_t i = 0; i < a.uart().size(); ++i) {
    EXPECT_EQ(a.uart()[i].at, b.uart()[i].at);
    EXPECT_EQ(a.uart()[i].to_core, b.uart()[i].to_core);
    EXPECT_EQ(a.uart()[i].bytes, b.uart()[i].bytes);
  }
}

TEST_F(RecordingFile, HoldsTheRunToTheBit) {
  for (const bool compress : {false, true})
    for (const Tick ticks : {0, 1, 63, 64, 65, 4097, 9137}) {
      SCOPED_TRACE(ticks);
      BlockStore store(plan());
      BlockWriter writer(store);
      write(writer, store.plan(), 0, ticks);
      const Recording run = make(store);
      run.write(file("a.h5"), {compress});
      const Recording back = Recording::open(file("a.h5"));
      expect_same(run, back);
    }
}

TEST_F(RecordingFile, ManySlabs) {  // longer than what is written at a time
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 300'000);
  const Recording run = make(store);
  run.write(file("long.h5"));
  const Recording back = Recording::open(file("long.h5"));
  expect_same(run, back);
  EXPECT_EQ(back.at("pin.start", 299'999), 1.0f);
  EXPECT_EQ(back.at("pin.start", 99), 0.0f);
}

TEST_F(RecordingFile, HoldsWhatIsKnownAboutIt) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 500);
  make(store).write(file("a.h5"));
  const Recording r = Recording::open(file("a.h5"));
  const RecordingMeta m = meta();
  EXPECT_EQ(r.meta().title, m.title);
  EXPECT_EQ(r.meta().scenario_path, m.scenario_path);
  EXPECT_EQ(r.meta().scenario_text, m.scenario_text);
  EXPECT_EQ(r.meta().resolved_scenario, m.resolved_scenario);
  EXPECT_EQ(r.meta().geometry, m.geometry);
  EXPECT_EQ(r.meta().seed, m.seed);
  EXPECT_EQ(r.meta().firmware, m.firmware);
  EXPECT_EQ(r.meta().firmware_name, m.firmware_name);
  EXPECT_EQ(r.meta().firmware_build_id, m.firmware_build_id);
  EXPECT_EQ(r.meta().firmware_flags, m.firmware_flags);
  EXPECT_EQ(r.meta().simulator_version, m.simulator_version);
  EXPECT_EQ(r.meta().simulator_flags, m.simulator_flags);
  EXPECT_EQ(r.meta().git_state, m.git_state);
  EXPECT_EQ(r.meta().hash, m.hash);
  EXPECT_EQ(r.meta().verdict, m.verdict);
  EXPECT_EQ(r.meta().end_cause, m.end_cause);
  EXPECT_EQ(r.meta().fault.kind, "segfault");
  EXPECT_EQ(r.meta().fault.function, "put");
  EXPECT_EQ(r.meta().fault.file, "bad.c");
  EXPECT_EQ(r.meta().fault.line, 9);
  EXPECT_EQ(r.meta().fault.at_s, 0.25);
  EXPECT_EQ(r.meta().notes, m.notes);
  EXPECT_EQ(r.meta().tick_ns, 50'000);
  EXPECT_TRUE(r.meta().started_at_reset);
  EXPECT_FALSE(r.meta().sparse);
  ASSERT_EQ(r.verdicts().size(), 2u);
  EXPECT_EQ(r.verdicts()[0].id, "RATE-01");
  EXPECT_EQ(r.verdicts()[0].that, "always (stroke.rate > 1 Hz)");
  EXPECT_EQ(r.verdicts()[0].text, "Stroke rate holds");
  EXPECT_EQ(r.verdicts()[0].outcome, "pass");
  EXPECT_EQ(r.verdicts()[0].margin, 0.25);
  EXPECT_EQ(r.verdicts()[0].unit, "Hz");
  EXPECT_EQ(r.verdicts()[0].at_s, 1.5);
  EXPECT_EQ(r.verdicts()[0].atom, "stroke.rate > 1");
  EXPECT_FALSE(r.verdicts()[0].may_be_vacuous);
  EXPECT_EQ(r.verdicts()[1].margin, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(r.verdicts()[1].may_be_vacuous);
  ASSERT_EQ(r.measures().size(), 1u);
  EXPECT_EQ(r.measures()[0].name, "peak_force");
  EXPECT_EQ(r.measures()[0].value, 1.25);
  EXPECT_EQ(r.measures()[0].unit, "N");
}

TEST_F(RecordingFile, IsReadByOthers) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 3000);
  make(store).write(file("a.h5"));
  const auto dump = [&](const std::string& options) {
    const std::string command = "h5dump " + options + " " + file("a.h5") + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string text(1 << 20, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), pipe));
    EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << text;
    return text;
  };
  const std::string header = dump("-A");
  EXPECT_NE(header.find("DATASET \"adc.battery\""), std::string::npos);
  EXPECT_NE(header.find("DATASET \"fw.file.c:a%2Fb\""), std::string::npos);
  EXPECT_NE(header.find("ATTRIBUTE \"period_s\""), std::string::npos);
  EXPECT_NE(header.find("ATTRIBUTE \"kind\""), std::string::npos);
  const std::string unit = dump("-a /signals/needle.force/unit");
  EXPECT_NE(unit.find("(0): \"N\""), std::string::npos) << unit;
  const std::string battery = dump("-d /signals/adc.battery -s 5 -c 1");
  EXPECT_NE(battery.find("H5T_STD_U16LE"), std::string::npos) << battery;
  EXPECT_NE(battery.find("(5): " + std::to_string(pen_in(5).adc[PEN_ADC_BATTERY])), std::string::npos) << battery;
  // A signal that never moves takes no room, and reads as what it is all the same.
  const std::string id = dump("-p -d /signals/adc.cartridge_id -s 2999 -c 1");
  EXPECT_NE(id.find("SIZE 0"), std::string::npos) << id;
  EXPECT_NE(id.find("(2999): 1234"), std::string::npos) << id;
  EXPECT_NE(dump("-d /signals/pin.hall -s 0 -c 1").find("H5T_STD_U8LE"), std::string::npos);
  // A field that is a signal has both names.
  const std::string in = dump("-d /io/pen_in/adc_battery -s 5 -c 1");
  EXPECT_NE(in.find("(5): " + std::to_string(pen_in(5).adc[PEN_ADC_BATTERY])), std::string::npos) << in;
  EXPECT_NE(dump("-d /io/pen_out/stepper_steps -s 0 -c 1").find("H5T_STD_I16LE"), std::string::npos);
  EXPECT_NE(dump("-d /strokes -s 1 -c 1").find("\"needle_penetration_peak\""), std::string::npos);
  EXPECT_NE(dump("-d /verdicts").find("RATE-01"), std::string::npos);
  EXPECT_NE(dump("-d /commands -s 0 -c 1").find("set user.depth 0.001"), std::string::npos);
  dump("-d /pyramid/motor.speed");
  dump("-d /io/pen_in_sparse");
  dump("-d /uart");
}

TEST_F(RecordingFile, AnExistingOneBecomesPrev) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 10);
  Recording::from_blocks(store).write(file("a.h5"));
  EXPECT_FALSE(fs::exists(file("a.h5.prev")));
  write(writer, store.plan(), 10, 30);
  Recording::from_blocks(store).write(file("a.h5"));
  EXPECT_EQ(Recording::open(file("a.h5.prev")).ticks(), 10);
  EXPECT_EQ(Recording::open(file("a.h5")).ticks(), 30);
  EXPECT_FALSE(fs::exists(file("a.h5.part")));
}

TEST_F(RecordingFile, ReplacesTheFileItWasReadFrom) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 3000);
  make(store).write(file("a.h5"));
  Recording r = Recording::open(file("a.h5"));
  r.verdicts().clear();
  r.write(file("a.h5"));
  const Recording again = Recording::open(file("a.h5"));
  expect_same(Recording::from_blocks(store), again);
  EXPECT_TRUE(again.verdicts().empty());
}

TEST_F(RecordingFile, AFullDiskLeavesTheOldFileAlone) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 10);
  Recording::from_blocks(store).write(file("a.h5"));
  write(writer, store.plan(), 10, 30'000);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit = {300'000, before.rlim_max};
  const auto old = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::string message;
  try {
    Recording::from_blocks(store).write(file("a.h5"));
  } catch (const InputError& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old);
  EXPECT_NE(message.find("a.h5: the recording cannot be written"), std::string::npos) << message;
  EXPECT_EQ(Recording::open(file("a.h5")).ticks(), 10);
  EXPECT_FALSE(fs::exists(file("a.h5.part")));
}

TEST_F(RecordingFile, APlaceThatTakesNoFileIsAnError) {
  BlockStore store(plan());
  fs::create_directories(file("b.h5"));  // a folder where the file is to be
  EXPECT_THROW(Recording::from_blocks(store).write(file("b.h5")), InputError);
  std::ofstream(file("plain")) << "x";
  EXPECT_THROW(Recording::from_blocks(store).write(file("plain/c.h5")), InputError);
  Recording::from_blocks(store).write(file("new/folder/c.h5"));
  EXPECT_EQ(Recording::open(file("new/folder/c.h5")).ticks(), 0);
}

// What opening and then reading everything does: nothing, or an InputError with a sentence.
void read_all(const std::string& path) {
  try {
    const Recording r = Recording::open(path);
    for (const SignalInfo& s : r.signals()) {
      r.samples(s.name);
      if (s.period != SignalPeriod::stroke && !r.meta().sparse) r.pyramid(s.name, 64, 0, 10);
      r.envelope(s.name, 0, r.ticks() - 1, 10);
    }
    if (r.has_io()) {
      const Tick n = std::min<Tick>(r.ticks(), 1000);
      std::vector<PenIn> in(static_cast<std::size_t>(n));
      std::vector<PenOut> out(static_cast<std::size_t>(n));
      r.io(r.ticks() - n, n, in.data(), out.data());
    }
    r.strokes();
    r.commands();
    r.findings();
    r.uart();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    EXPECT_FALSE(error.problems().at(0).message.empty());
  }
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

TEST_F(RecordingFile, NotARecording) {
  const auto message = [&](const std::string& path) {
    try {
      Recording::open(path);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(message(file("missing.h5")).find("No such file"), std::string::npos);
  EXPECT_NE(message(folder_.string()).find("is not a file"), std::string::npos);
  put(file("empty.h5"), "");
  EXPECT_NE(message(file("empty.h5")).find("is empty"), std::string::npos);
  put(file("text.h5"), "title: a scenario\n");
  EXPECT_NE(message(file("text.h5")).find("not an HDF5 file"), std::string::npos);
  const hid_t other = H5Fcreate(file("other.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(other);
  EXPECT_NE(message(file("other.h5")).find("not a recording of pensim"), std::string::npos);
}

TEST_F(RecordingFile, TruncatedAnywhere) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 300);
  make(store).write(file("a.h5"));
  const std::string whole = bytes_of(file("a.h5"));
  ASSERT_GT(whole.size(), 50'000u);
  for (std::size_t i = 0; i < 200; ++i) {
    put(file("t.h5"), whole.substr(0, whole.size() * i / 200));
    EXPECT_THROW(Recording::open(file("t.h5")), InputError) << i;
  }
}

TEST_F(RecordingFile, DamagedAnywhere) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 300);
  for (const bool compress : {false, true}) {
    make(store).write(file("a.h5"), {compress});
    const std::string whole = bytes_of(file("a.h5"));
    for (std::uint64_t i = 0; i < 120; ++i) {
      std::string bytes = whole;
      for (std::uint64_t j = 0; j < 1 + i % 4; ++j)
        bytes[scrambled(i * 8 + j) % bytes.size()] = static_cast<char>(scrambled(i * 8 + j + 1'000'000));
      put(file("d.h5"), bytes);
      read_all(file("d.h5"));
    }
  }
}

// Well-formed HDF5 with one thing wrong.
TEST_F(RecordingFile, WrongWithin) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 300);
  make(store).write(file("a.h5"));
  const auto with = [&](auto change) {
    fs::copy_file(file("a.h5"), file("w.h5"), fs::copy_options::overwrite_existing);
    const hid_t f = H5Fopen(file("w.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    EXPECT_GE(f, 0);
    change(f);
    H5Fclose(f);
    try {
      const Recording r = Recording::open(file("w.h5"));
      r.strokes();
      r.commands();
      r.uart();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const auto integer = [](const char* name, std::int64_t value) {
    return [=](hid_t f) {
      const hid_t a = H5Aopen(f, name, H5P_DEFAULT);
      EXPECT_GE(H5Awrite(a, H5T_NATIVE_INT64, &value), 0);
      H5Aclose(a);
    };
  };
  const auto remove = [](const char* name) { return [=](hid_t f) { EXPECT_GE(H5Ldelete(f, name, H5P_DEFAULT), 0); }; };
  EXPECT_EQ(with([](hid_t) {}), "no error");
  EXPECT_NE(with(integer("format_version", 3)).find("newer version of pensim"), std::string::npos);
  EXPECT_NE(with(integer("format_version", 3)).find("0.1.0"), std::string::npos);
  for (const std::int64_t ticks :
       {std::int64_t{-1}, std::int64_t{299}, std::int64_t{301}, std::int64_t{1} << 40, INT64_MAX})
    EXPECT_NE(with(integer("ticks", ticks)).find("is damaged at"), std::string::npos) << ticks;
  EXPECT_NE(with(integer("tick_ns", 0)).find("is damaged at 'tick_ns'"), std::string::npos);
  EXPECT_NE(with(integer("tick_ns", -50'000)).find("is damaged at 'tick_ns'"), std::string::npos);
  EXPECT_NE(with(remove("signals")).find("is damaged at 'signals'"), std::string::npos);
  EXPECT_NE(with(remove("io")).find("is damaged at 'io'"), std::string::npos);
  EXPECT_NE(with(remove("io/pen_in")).find("is damaged at 'io/pen_in'"), std::string::npos);
  EXPECT_NE(with(remove("io/pen_in/pins")).find("is damaged at 'pins'"), std::string::npos);
  EXPECT_NE(with(remove("signals/adc.battery")).find("is damaged at 'signals/adc.battery'"), std::string::npos);
  EXPECT_EQ(with(remove("signals/motor.speed")), "no error");  // a signal less is no damage
  EXPECT_EQ(with(remove("strokes")), "no error");
  EXPECT_EQ(with(remove("pyramid")), "no error");
  EXPECT_EQ(with(remove("verdicts")), "no error");

  const auto replace = [](const char* name, hid_t type, std::vector<hsize_t> dims) {
    return [=](hid_t f) {
      H5Ldelete(f, name, H5P_DEFAULT);
      const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
      const hid_t set = H5Dcreate2(f, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
      EXPECT_GE(set, 0);
      H5Dclose(set);
      H5Sclose(space);
    };
  };
  for (const char* name : {"signals/motor.speed", "io/pen_in", "io/pen_out_sparse", "strokes", "commands", "uart",
                           "verdicts", "text/scenario"}) {
    EXPECT_NE(with(replace(name, H5T_NATIVE_FLOAT, {300})).find("is damaged at"), std::string::npos) << name;
    EXPECT_NE(with(replace(name, H5T_NATIVE_FLOAT, {hsize_t{1} << 50})).find("is damaged at"), std::string::npos)
        << name;
    EXPECT_NE(with(replace(name, H5T_C_S1, {3, 3, 3})).find("is damaged at"), std::string::npos) << name;
  }
  EXPECT_NE(with([](hid_t f) {
              H5Ldelete(f, "signals/motor.speed", H5P_DEFAULT);
              H5Lcreate_external("/etc/hostname", "/x", f, "signals/motor.speed", H5P_DEFAULT, H5P_DEFAULT);
            }).find("is damaged at"),
            std::string::npos);
  EXPECT_NE(with([](hid_t f) {
              H5Ldelete(f, "signals/motor.speed", H5P_DEFAULT);
              H5Lcreate_soft("/signals/needle.force", f, "signals/motor.speed", H5P_DEFAULT, H5P_DEFAULT);
            }).find("is damaged at"),
            std::string::npos);
}

TEST_F(RecordingFile, NamesOfAnyKind) {
  RecordingPlan p = plan();
  p.tick.clear();
  const std::vector<std::string> names = {"fw./", "fw.a/../b", "fw.%2F", "fw.\n", "fw.x::y<int>[3]", "fw.\xC3\xA4"};
  for (const std::string& name : names) p.tick.push_back({name, "1", SignalKind::output, SignalPeriod::tick, 1, ""});
  BlockStore store(p);
  BlockWriter writer(store);
  std::vector<float> row;
  for (std::size_t i = 0; i < names.size(); ++i) row.push_back(static_cast<float>(i));
  writer.tick(row.data(), PenIn{}, PenOut{});
  Recording::from_blocks(store).write(file("n.h5"));
  const Recording r = Recording::open(file("n.h5"));
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(r.has(names[i])) << names[i];
    EXPECT_EQ(r.at(names[i], 0), static_cast<float>(i));
  }
}

TEST_F(RecordingFile, NothingIsReadThatIsNotAskedFor) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 200'000);
  Recording::from_blocks(store).write(file("a.h5"));
  const auto read_by_us = [] {
    std::ifstream io("/proc/self/io");
    std::string word;
    std::uint64_t value = 0;
    while (io >> word >> value)
      if (word == "rchar:") return value;
    return value;
  };
  const std::uint64_t before = read_by_us();
  const Recording r = Recording::open(file("a.h5"));
  r.envelope("needle.tip_depth", 0, r.ticks() - 1, 1600);
  r.range("needle.tip_depth", 100'000, 101'000);
  EXPECT_LT(read_by_us() - before, fs::file_size(file("a.h5")) / 20);
}

TEST(RecordingReading, Ranges) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 5003);
  const Recording r = Recording::from_blocks(store);
  const std::string tick = store.plan().tick[1].name, ms = store.plan().ms[0].name;
  SampleRange s = r.range(tick, 1990, 2010);
  EXPECT_EQ(s.first, 1990);
  ASSERT_EQ(s.value.size(), 21u);
  for (Tick k = 1990; k <= 2010; ++k) EXPECT_EQ(s.value[static_cast<std::size_t>(k - 1990)], value(1, k));
  s = r.range(ms, 1999, 2041);
  EXPECT_EQ(s.first, 99);  // the one held at 1999 stands at 1980
  EXPECT_EQ(s.period_ticks, 20);
  EXPECT_EQ(s.value.size(), 4u);
  EXPECT_EQ(r.range(tick, -5, 2).value.size(), 3u);
  EXPECT_EQ(r.range(tick, 5000, 1'000'000).value.size(), 3u);
  EXPECT_TRUE(r.range(tick, 6000, 7000).value.empty());
  EXPECT_TRUE(r.range(tick, 10, 9).value.empty());
  s = r.range("stroke.index", 300, 400);  // strokes end at 167, 334, 501
  EXPECT_EQ(s.period_ticks, 0);
  EXPECT_EQ(s.tick, (std::vector<Tick>{167, 334}));
  EXPECT_EQ(s.value, (std::vector<float>{167, 334}));
  EXPECT_EQ(r.at("stroke.index", 166), 0.0f);
  EXPECT_EQ(r.at("stroke.index", 167), 167.0f);
  EXPECT_EQ(r.samples("stroke.index").tick[0], 0);
  EXPECT_EQ(r.at("core.pwm_duty", 3), static_cast<float>(pen_out(3).duty_q15) / 32767.0f);
  EXPECT_EQ(r.at("aux.2", 1400), -2000.0f);
  EXPECT_EQ(r.at("core.reset_cause", 9), 1.0f);
  EXPECT_THROW(r.samples("needle.forse"), InputError);
  EXPECT_THROW(r.io(5000, 4, nullptr, nullptr), std::out_of_range);
}

TEST_F(RecordingFile, PyramidsAreTheExtremes) {
  RecordingPlan p = plan();
  p.tick = {{"fw.a", "1", SignalKind::output, SignalPeriod::tick, 1, ""},
            {"fw.b", "1", SignalKind::output, SignalPeriod::tick, 1, ""}};
  for (const Tick ticks : {1, 64, 65, 4095, 4096, 4097, 8192, 20'011}) {
    SCOPED_TRACE(ticks);
    BlockStore store(p);
    BlockWriter writer(store);
    std::vector<float> a, b;
    for (Tick k = 0; k < ticks; ++k) {
      a.push_back(static_cast<float>(scrambled(static_cast<std::uint64_t>(k))) - 2e9f);
      b.push_back(k / 64 == 1 || scrambled(static_cast<std::uint64_t>(k)) % 3 == 0 ? nan
                  : k % 500 == 7                                                   ? -inf
                                                                                   : static_cast<float>(k));
      const float row[2] = {a.back(), b.back()};
      writer.tick(row, pen_in(k), pen_out(k));
    }
    const Recording run = Recording::from_blocks(store);
    run.write(file("p.h5"));
    const Recording back = Recording::open(file("p.h5"));
    const std::vector<std::pair<std::string, std::vector<float>>> signals = {
        {"fw.a", a},
        {"fw.b", b},
        {"adc.battery", run.samples("adc.battery").value},
        {"pin.hall", run.samples("pin.hall").value}};
    for (const auto& [name, values] : signals)
      for (const int size : {64, 4096}) {
        const auto n = (static_cast<std::int64_t>(values.size()) + size - 1) / size;
        const std::vector<MinMax> from_blocks = run.pyramid(name, size, 0, n + 5),
                                  from_file = back.pyramid(name, size, 0, n + 5);
        ASSERT_EQ(from_blocks.size(), static_cast<std::size_t>(n));
        ASSERT_EQ(from_file.size(), static_cast<std::size_t>(n));
        for (std::int64_t i = 0; i < n; ++i) {
          float low = nan, high = nan;
          for (std::int64_t k = i * size;
               k < std::min<std::int64_t>((i + 1) * size, static_cast<std::int64_t>(values.size())); ++k) {
            low = std::fmin(low, values[static_cast<std::size_t>(k)]);
            high = std::fmax(high, values[static_cast<std::size_t>(k)]);
          }
          for (const MinMax& m : {from_blocks[static_cast<std::size_t>(i)], from_file[static_cast<std::size_t>(i)]}) {
            if (std::isnan(low)) {
              EXPECT_TRUE(std::isnan(m.min) && std::isnan(m.max)) << name << size << " bucket " << i;
            } else {
              EXPECT_EQ(m.min, low) << name << size << " bucket " << i;
              EXPECT_EQ(m.max, high) << name << size << " bucket " << i;
            }
          }
        }
      }
  }
}

TEST(RecordingReading, AnEnvelopeMissesNoPeak) {
  RecordingPlan p = plan();
  p.tick = {{"fw.a", "1", SignalKind::output, SignalPeriod::tick, 1, ""}};
  BlockStore store(p);
  BlockWriter writer(store);
  constexpr Tick ticks = 150'000;
  std::vector<float> values;
  for (Tick k = 0; k < ticks; ++k) {
    values.push_back(k == 77'777 ? 1000.0f : static_cast<float>(scrambled(static_cast<std::uint64_t>(k)) % 100));
    writer.tick(&values.back(), PenIn{}, PenOut{});
  }
  const Recording r = Recording::from_blocks(store);
  for (const auto& [from, to, columns] : {std::tuple<Tick, Tick, int>{0, ticks - 1, 1600},
                                          {0, ticks - 1, 30},
                                          {77'000, 78'000, 500},
                                          {77'777, 77'777, 1},
                                          {100, 110, 40},
                                          {-1000, ticks + 1000, 900}}) {
    SCOPED_TRACE(columns);
    const std::vector<MinMax> e = r.envelope("fw.a", from, to, columns);
    ASSERT_EQ(e.size(), static_cast<std::size_t>(columns));
    float highest = -1;
    for (int c = 0; c < columns; ++c) {
      const Tick a = from + static_cast<Tick>(static_cast<double>(to - from + 1) * c / columns);
      const Tick b = std::max(from + static_cast<Tick>(static_cast<double>(to - from + 1) * (c + 1) / columns) - 1, a);
      float low = inf, high = -inf;
      for (Tick k = std::max<Tick>(a, 0); k <= std::min(b, ticks - 1); ++k) {
        low = std::min(low, values[static_cast<std::size_t>(k)]);
        high = std::max(high, values[static_cast<std::size_t>(k)]);
      }
      if (low > high) {
        EXPECT_TRUE(std::isnan(e[static_cast<std::size_t>(c)].min));
        continue;
      }
      EXPECT_LE(e[static_cast<std::size_t>(c)].min, low) << c;
      EXPECT_GE(e[static_cast<std::size_t>(c)].max, high) << c;
      highest = std::max(highest, e[static_cast<std::size_t>(c)].max);
    }
    EXPECT_EQ(highest, from <= 77'777 && to >= 77'777 ? 1000.0f : highest);
  }
  EXPECT_TRUE(r.envelope("fw.a", 0, 10, 0).empty());
}

TEST(RecordingReading, AnEmptyRecordingIsHarmless) {
  const Recording r;
  EXPECT_EQ(r.ticks(), 0);
  EXPECT_TRUE(r.signals().empty());
  EXPECT_FALSE(r.has("motor.speed"));
  EXPECT_FALSE(r.has_io());
  EXPECT_TRUE(r.strokes().empty());
  EXPECT_THROW(r.samples("motor.speed"), InputError);
}

}  // namespace
}  // namespace pensim
