// CSV that a spreadsheet opens and that says exactly what was recorded.
#include "sim/exchange/csv_export.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/input/input_error.h"
#include "tests/sim/recording/recorded_run.h"

namespace pensim {
namespace {

using namespace recorded_run;

// What `write` writes, as text.
template <typename Write>
std::string written(Write write) {
  std::FILE* file = std::tmpfile();
  write(file);
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

std::vector<std::vector<std::string>> cells(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find("\r\n", at);
    EXPECT_NE(end, std::string::npos) << "a line without CR LF";
    rows.emplace_back();
    for (std::size_t from = at; from <= end;) {
      const std::size_t to = std::min(text.find(',', from), end);
      rows.back().push_back(text.substr(from, to - from));
      from = to + 1;
    }
    at = end + 2;
  }
  return rows;
}

class Export : public ::testing::Test {
 protected:
  Export() : store_(plan()) {
    BlockWriter writer(store_);
    write(writer, store_.plan(), 0, 3000);
    recording_ = Recording::from_blocks(store_);
  }
  std::string csv(const CsvOptions& options) {
    return written([&](std::FILE* f) { export_signals(recording_, options, f, "test"); });
  }
  BlockStore store_;
  Recording recording_;
};

TEST_F(Export, ChosenSignalsWithTheirUnits) {
  CsvOptions o;
  o.signals = {"needle.tip_depth", "pin.hall", "hand.press", "stroke.index"};
  o.from = 10;
  o.to = 500;
  o.every = 7;
  const auto rows = cells(csv(o));
  EXPECT_EQ(rows[0], (std::vector<std::string>{"time [s]", "needle.tip_depth [m]", "pin.hall", "hand.press [N]",
                                               "stroke.index"}));
  ASSERT_EQ(rows.size(), 1 + 71u);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Tick k = 10 + 7 * static_cast<Tick>(i - 1);
    ASSERT_EQ(rows[i].size(), 5u);
    EXPECT_NEAR(std::strtod(rows[i][0].c_str(), nullptr), static_cast<double>(k) * 50e-6, 1e-12);
    EXPECT_EQ(std::strtof(rows[i][1].c_str(), nullptr), value(1, k));
    EXPECT_EQ(rows[i][2], k % 167 < 40 ? "1" : "0");
    EXPECT_EQ(std::strtof(rows[i][3].c_str(), nullptr), value(1, k / 20 * 20) + 0.5f);
    EXPECT_EQ(std::strtof(rows[i][4].c_str(), nullptr), static_cast<float>(k / 167 * 167));
  }
  EXPECT_EQ(rows[1][0], "0.0005");
}

TEST_F(Export, AllSignalsByDefaultToTheEnd) {
  const auto rows = cells(csv({}));
  EXPECT_EQ(rows.size(), 3001u);
  EXPECT_EQ(rows[0].size(), recording_.signals().size() + 1);
  EXPECT_EQ(rows.back()[0], "0.14995");
}

TEST_F(Export, TheLocaleDoesNotMatter) {
  CsvOptions o;
  o.signals = {"needle.tip_depth"};
  o.to = 20;
  const std::string before = csv(o);
  bool changed = false;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"})
    changed = changed || std::setlocale(LC_ALL, name) != nullptr;
  EXPECT_EQ(csv(o), before);
  std::setlocale(LC_ALL, "C");
  EXPECT_EQ(std::count(before.begin(), before.end(), ','), 22);
}

TEST_F(Export, Strokes) {
  const auto rows = cells(written([&](std::FILE* f) { export_strokes(recording_, f, "test"); }));
  ASSERT_EQ(rows.size(), 1 + recording_.strokes().size());
  EXPECT_EQ(rows[0][2], "stroke.index");
  EXPECT_EQ(rows[0][3], "stroke.extension_peak [m]");
  EXPECT_EQ(rows[0].size(), 2 + recording_.stroke_columns().size() + 12);
  EXPECT_EQ(rows[2][1], "0.0167");
  EXPECT_EQ(rows[2][2], "334");
}

TEST_F(Export, NamesWithCommasAreQuoted) {
  RecordingPlan p = plan();
  p.tick = {{"fw.f(int, \"x\")", "1", SignalKind::output, SignalPeriod::tick, 1, ""}};
  BlockStore store(p);
  BlockWriter writer(store);
  const float one = 1.5f;
  writer.tick(&one, PenIn{}, PenOut{});
  CsvOptions o;
  o.signals = {"fw.f(int, \"x\")"};
  const Recording r = Recording::from_blocks(store);
  EXPECT_EQ(written([&](std::FILE* f) { export_signals(r, o, f, "test"); }),
            "time [s],\"fw.f(int, \"\"x\"\")\"\r\n0.0,1.5\r\n");
}

TEST_F(Export, MistakesAreNamed) {
  const auto message = [&](ExportArguments a) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("pensim_export_" + std::to_string(::getpid()) + ".h5")).string();
    recording_.write(path);
    a.recording = path;
    std::string text = "no error";
    try {
      command_export(a);
    } catch (const InputError& error) {
      text = error.what();
    }
    for (const char* suffix : {"", ".prev"}) std::filesystem::remove(path + suffix);
    return text;
  };
  const std::string out = "/dev/null";
  EXPECT_EQ(message({"", out, "motor.speed, pin.hall", "1 ms", "20 ms", "100 us", false, false}), "no error");
  EXPECT_NE(message({"", out, "motor.sped", "", "", "", false, false}).find("did you mean 'motor.speed'"),
            std::string::npos);
  EXPECT_NE(message({"", out, "", "1 mm", "", "", false, false}).find("--from"), std::string::npos);
  EXPECT_NE(message({"", out, "", "", "-1 s", "", false, false}).find("--to"), std::string::npos);
  EXPECT_NE(message({"", out, "", "", "", "70 us", false, false}).find("no whole number of ticks of 50 us"),
            std::string::npos);
  EXPECT_NE(message({"", out, "", "", "", "0 s", false, false}).find("--every"), std::string::npos);
  EXPECT_NE(message({"", "/no/such/folder/x.csv", "", "", "", "", false, false}).find("cannot be written"),
            std::string::npos);
  EXPECT_NE(message({"", "/dev/full", "", "", "", "", false, false}).find("No space left"), std::string::npos);
}

}  // namespace
}  // namespace pensim
