// What the program writes: nothing of the user's is lost, nothing half-written carries a name, two calls do not meet.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "tests/sim/program.h"

namespace pensim::test {
namespace {

namespace fs = std::filesystem;

const std::string program = PENSIM_PROGRAM;

const char* const short_pass = R"yaml(title: A short run
seed: 3
duration: 0.1 s
require:
  - {id: TIME-01, text: the cell is not empty, that: "always (battery.voltage > 3 V)"}
)yaml";

// A folder with a.yaml, and what `pensim run` leaves of it.
struct Recorded : Folder {
  Recorded() {
    write_file(*this / "a.yaml", short_pass);
    EXPECT_EQ(run_program(program, run_words()).code, 0);
    EXPECT_TRUE(fs::exists(recording()));
  }
  std::vector<std::string> run_words() const {
    return {"run", *this / "a.yaml", "--no-always", "--out", *this / "runs"};
  }
  std::string recording() const { return *this / "runs" + path() + "/a.h5"; }
  // A field log that is a part of that run, under a name of its own.
  std::string log(const std::string& name) const {
    const std::string path = *this / name;
    EXPECT_EQ(run_program(program, {"export", recording(), "--signals", "motor.speed,core.pwm_duty,pin.start",
                                    "--every", "10 ms", "--out", path})
                  .code,
              0);
    return path;
  }
};

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void expect_refused(const std::vector<std::string>& words, const std::string& said) {
  const Ran r = run_program(program, words);
  EXPECT_EQ(r.code, 2) << r.out << r.err;
  EXPECT_NE(r.err.find(said), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("help: "), std::string::npos) << r.err;
}

// ---- what is there already

TEST(Files, AnImportNeverTakesThePlaceOfARun) {
  const Recorded f;
  const std::string log = f.log("a.csv");
  fs::copy(f.recording(), f / "a.h5");
  const std::string before = read_file(f / "a.h5");
  for (int i = 0; i < 2; ++i) expect_refused({"import", log}, "the recording of a run is there already");
  EXPECT_EQ(read_file(f / "a.h5"), before);
  EXPECT_FALSE(fs::exists(f / "a.h5.prev"));
  // A recording of a log gives way to the next one, and is kept.
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run_program(program, {"import", log, "--out", f / "log.h5"}).code, 0);
  EXPECT_TRUE(fs::exists(f / "log.h5.prev"));
  EXPECT_EQ(run_program(program, {"import", log, "--force"}).code, 0);
  EXPECT_EQ(read_file(f / "a.h5.prev"), before);
}

TEST(Files, ARecordingOfSomethingElseDoesNotGiveWay) {
  const Recorded f;
  const std::string log = f.log("log.csv"), other = f.log("log.txt");
  ASSERT_EQ(run_program(program, {"import", log}).code, 0);
  expect_refused({"import", other}, "log.csv is there already");
  write_file(f / "b.yaml", short_pass);
  ASSERT_EQ(run_program(program, {"run", f / "b.yaml", "--no-always", "--out", f / "runs"}).code, 0);
  const std::string b = f / "runs" + f.path() + "/b.h5";
  expect_refused({"rerun", f.recording(), "--out", b}, "b.yaml is there already");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run_program(program, {"rerun", b, "--out", f / "again.h5"}).code, 0);
}

TEST(Files, NoFolderIsRenamedAway) {
  const Recorded f;
  const std::string log = f.log("log.csv");
  write_file(f / "results/mine.txt", "mine");
  for (const char* force : {"", "--force"}) {
    const auto with = [&](std::vector<std::string> words) {
      if (*force != 0) words.push_back(force);
      return words;
    };
    expect_refused(with({"import", log, "--out", f / "results"}), "it is a folder");
    expect_refused(with({"rerun", f.recording(), "--out", f / "results"}), "it is a folder");
    expect_refused(with({"export", f.recording(), "--out", f / "results"}), "it is a folder");
  }
  EXPECT_EQ(read_file(f / "results/mine.txt"), "mine");
  EXPECT_FALSE(fs::exists(f / "results.prev"));
}

TEST(Files, NoPipeIsWaitedFor) {
  const Recorded f;
  fs::remove(f.recording());
  ASSERT_EQ(mkfifo(f.recording().c_str(), 0600), 0);
  expect_refused(f.run_words(), "it is a pipe");
  ASSERT_EQ(mkfifo((f / "pipe.csv").c_str(), 0600), 0);
  expect_refused({"judge", f / "pipe.csv"}, "is not a file");
  expect_refused({"import", f / "pipe.csv"}, "is not a file");
}

TEST(Files, WhatIsReadIsNeverWrittenTo) {
  const Recorded f;
  const std::string log = f.log("log.csv"), before = read_file(log), recording = read_file(f.recording());
  fs::create_symlink(log, f / "link.csv");
  for (const std::string& out : {log, f / "link.csv", f.path() + "/./log.csv"})
    expect_refused({"import", log, "--out", out, "--force"}, "it is the input");
  expect_refused({"rerun", f.recording(), "--out", f.recording(), "--force"}, "it is the input");
  expect_refused({"export", f.recording(), "--out", f.recording(), "--force"}, "it is the recording");
  EXPECT_EQ(read_file(log), before);
  EXPECT_EQ(read_file(f.recording()), recording);
  EXPECT_EQ(names_in(f / "runs" + f.path()), (std::vector<std::string>{"a.h5"}));
}

TEST(Files, AFileOfTheUsersIsReplacedOnlyWhenAsked) {
  const Recorded f;
  const std::string log = f.log("log.csv");
  for (const char* name : {"import.h5", "rerun.h5", "export.csv", "judge.json", "runs.json", "j.xml"})
    write_file(f / name, "mine");
  const std::vector<std::vector<std::string>> calls = {
      {"import", log, "--out", f / "import.h5"},
      {"rerun", f.recording(), "--out", f / "rerun.h5"},
      {"export", f.recording(), "--signals", "motor.speed", "--out", f / "export.csv"},
      {"judge", f.recording(), "--json", f / "judge.json"},
      {"run", f / "a.yaml", "--no-always", "--keep", "none", "--json", f / "runs.json"},
      {"run", f / "a.yaml", "--no-always", "--keep", "none", "--junit", f / "j.xml"}};
  for (const auto& words : calls) {
    const std::string file = words.back();
    expect_refused(words, "already");
    EXPECT_EQ(read_file(file), "mine");
    std::vector<std::string> forced = words;
    forced.push_back("--force");
    const Ran r = run_program(program, forced);
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_NE(read_file(file), "mine") << file;
    fs::remove(file + ".prev");                     // where it went
    const Ran again = run_program(program, words);  // of our own
    EXPECT_EQ(again.code, 0) << again.err;
  }
}

TEST(Files, ARunTakesThePlaceOfRunsOnly) {
  const Recorded f;
  const std::string log = f.log("log.csv");
  write_file(f.recording(), "mine");
  expect_refused(f.run_words(), "no recording of this program");
  EXPECT_EQ(read_file(f.recording()), "mine");
  fs::remove(f.recording());
  ASSERT_EQ(run_program(program, {"import", log, "--out", f.recording()}).code, 0);
  expect_refused(f.run_words(), "the recording of a field log is there already");
  fs::remove(f.recording());
  ASSERT_EQ(run_program(program, f.run_words()).code, 0);
  const std::string first = read_file(f.recording());
  ASSERT_EQ(run_program(program, f.run_words()).code, 0);
  EXPECT_EQ(read_file(f.recording() + ".prev"), first);
  write_file(f.recording() + ".prev", "mine");
  expect_refused(f.run_words(), "a.h5.prev");
  EXPECT_EQ(read_file(f.recording() + ".prev"), "mine");
  std::vector<std::string> forced = f.run_words();
  forced.push_back("--force");
  EXPECT_EQ(run_program(program, forced).code, 0);
}

// A file behind /dev/stdout is the caller's: the report comes behind what was printed.
TEST(Files, AReportOnStandardOutputReplacesNoFile) {
  const Recorded f;
  std::vector<std::string> shell = {"-c", "echo before >" + (f / "out") + "; exec \"$0\" \"$@\" >>" + (f / "out"),
                                    program};
  for (const std::string& word : f.run_words()) shell.push_back(word);
  shell.insert(shell.end(), {"--json", "/dev/stdout"});
  const Ran r = run_program("/bin/bash", shell);
  EXPECT_EQ(r.code, 0) << r.err;
  const std::string out = read_file(f / "out");
  EXPECT_EQ(out.rfind("before\n", 0), 0u) << out;
  EXPECT_NE(out.find("1 runs: 1 pass"), std::string::npos) << out;
  EXPECT_NE(out.find("\"verdict\": \"pass\""), std::string::npos) << out;
}

TEST(Files, ALinkThatWaitsIsNotFollowed) {
  const Recorded f;
  write_file(f / "other", "mine");
  fs::create_symlink(f / "other", f.recording() + ".part");
  EXPECT_EQ(run_program(program, f.run_words()).code, 0);
  fs::remove(f.recording());
  fs::create_symlink(f / "other", f.recording());
  expect_refused(f.run_words(), "no recording of this program");
  EXPECT_EQ(read_file(f / "other"), "mine");
}

// ---- no room

// Without a disk of its own: files may not grow beyond some blocks.
Ran run_limited(const std::string& blocks, const std::vector<std::string>& words) {
  std::vector<std::string> shell = {"-c", "ulimit -f " + blocks + "; exec \"$0\" \"$@\"", program};
  shell.insert(shell.end(), words.begin(), words.end());
  return run_program("/bin/bash", shell);
}

TEST(Files, WhatWasCutShortHasNoName) {
  const Recorded f;
  const std::string log = f.log("log.csv");
  const Ran imported = run_limited("8", {"import", log, "--out", f / "import.h5"});
  EXPECT_EQ(imported.code, 2);
  EXPECT_NE(imported.err.find("File too large"), std::string::npos) << imported.err;
  const Ran exported = run_limited("8", {"export", f.recording(), "--out", f / "export.csv"});
  EXPECT_EQ(exported.code, 2);
  EXPECT_NE(exported.err.find("File too large"), std::string::npos) << exported.err;
  EXPECT_EQ(names_in(f.path()), (std::vector<std::string>{"a.yaml", "log.csv", "runs"}));
  EXPECT_EQ(run_limited("8", f.run_words()).code, 2);  // not even the core fits into memory
  const std::string before = read_file(f.recording());
  std::string longer = short_pass;
  write_file(f / "a.yaml", longer.replace(longer.find("0.1 s"), 5, "3 s"));
  const Ran run = run_limited("250", f.run_words());
  EXPECT_EQ(run.code, 4) << run.out << run.err;
  EXPECT_NE(run.out.find("File too large"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("signal"), std::string::npos) << run.out;
  EXPECT_EQ(read_file(f.recording()), before);
  EXPECT_EQ(names_in(f / "runs" + f.path()), (std::vector<std::string>{"a.h5"}));
}

TEST(Files, ADiskThatIsTooSmallIsSaidBeforeTheRun) {
  const Folder f;
  std::string text = short_pass;
  text.replace(text.find("0.1 s"), 5, "360000 s");
  for (int i = 0; i < 100; ++i) write_file(f / "s/" + std::to_string(i) + ".yaml", text);
  ASSERT_LT(fs::space(f.path()).available, 10'000'000'000'000u) << "a disk for all that these would record";
  expect_refused({"run", f / "s", "--out", f / "runs"}, "the recordings of these 100 runs would take about ");
  EXPECT_FALSE(fs::exists(f / "runs"));
}

TEST(Files, ANameThatIsTooLongIsSaidBeforeTheRun) {
  const Folder f;
  for (const std::size_t letters : {245u, 250u}) {
    const std::string scenario = f / (std::string(letters, 'a') + ".yaml");
    write_file(scenario, short_pass);
    const std::vector<std::string> words = {"run", scenario, "--no-always", "--out", f / "runs"};
    if (letters > 245) {
      expect_refused(words, "its name is too long");
      continue;
    }
    for (int i = 0; i < 2; ++i) EXPECT_EQ(run_program(program, words).code, 0);
  }
}

TEST(Files, ALostStandardOutputIsAnError) {
  const Recorded f;
  const std::vector<std::vector<std::string>> calls = {f.run_words(),
                                                       {"check", f / "a.yaml"},
                                                       {"list", f / "a.yaml"},
                                                       {"schema"},
                                                       {"judge", f.recording()},
                                                       {"diff", f.recording(), f.recording()},
                                                       {"rerun", f.recording()},
                                                       {"catalog"},
                                                       {"symbols", "reference_pen"}};
  for (const auto& words : calls) {
    std::vector<std::string> shell = {"-c", "exec \"$0\" \"$@\" >/dev/full", program};
    shell.insert(shell.end(), words.begin(), words.end());
    const Ran r = run_program("/bin/bash", shell);
    EXPECT_EQ(r.code, 4) << words[0] << r.err;
    EXPECT_NE(r.err.find("No space left on device"), std::string::npos) << words[0] << r.err;
  }
}

// ---- two at once

TEST(Files, TwoScenariosWithOneRecordingAreRefused) {
  const Folder f;
  for (const char* name : {"a.yaml", "a.yml", "w/c/a.yaml", "w/s/c/a.yaml"}) write_file(f / name, short_pass);
  expect_refused({"run", f / "a.yaml", f / "a.yml", "--out", f / "runs"}, "which is that of");
  const auto from = [&](const std::string& folder, const std::vector<std::string>& words) {
    std::vector<std::string> shell = {"-c", "cd " + folder + "; exec \"$0\" \"$@\"", program};
    shell.insert(shell.end(), words.begin(), words.end());
    return run_program("/bin/bash", shell);
  };
  const Ran two = from(f / "w/s", {"run", "../c/a.yaml", "c/a.yaml", "--no-always"});
  EXPECT_EQ(two.code, 2) << two.out << two.err;
  EXPECT_NE(two.err.find("c/a.h5"), std::string::npos) << two.err;
  EXPECT_EQ(from(f / "w/s", {"run", "../c/a.yaml", "c/a.yaml", "--no-always", "--keep", "none"}).code, 0);
  // One file by two names is one run.
  const Ran one = from(f / "w/s", {"run", "c/a.yaml", "../s/c/a.yaml", "--no-always"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NE(one.out.find("\n1 runs"), std::string::npos) << one.out;
}

TEST(Files, TwoCallsIntoOneFolderAreBothRightAndWhole) {
  const Folder f;
  for (const char* name : {"s/a.yaml", "s/b.yaml"}) write_file(f / name, short_pass);
  const auto call = [&](const std::string& seed) {
    return run_scenarios(program, {f / "s", "--no-always", "--seed", seed, "--out", f / "runs"});
  };
  const auto hashes = [](const Reported& r) {
    std::vector<std::string> all;
    for (const auto& run : r.runs) all.push_back(run.at("hash"));
    return all;
  };
  const auto first = hashes(call("1")), second = hashes(call("2"));
  for (int round = 0; round < 5; ++round) {
    Reported one;
    std::thread other([&] { one = call("1"); });
    const Reported two = call("2");
    other.join();
    EXPECT_EQ(one.ran.code + two.ran.code, 0) << one.ran.out << two.ran.out;
    EXPECT_EQ(hashes(one), first);
    EXPECT_EQ(hashes(two), second);
    const std::string folder = f / "runs" + f.path() + "/s";
    EXPECT_EQ(names_in(folder), (std::vector<std::string>{"a.h5", "a.h5.prev", "b.h5", "b.h5.prev"}));
    for (const std::string& name : names_in(folder))
      EXPECT_EQ(run_program(program, {"judge", folder + "/" + name}).code, 0) << name;
  }
}

// The core's file is replaced, then overwritten, as soon as the first run has ended.
TEST(Files, ACallRunsTheCoreThatWasThereWhenItBegan) {
  for (const bool in_place : {false, true}) {
    const Folder f;
    fs::copy(std::string(PENSIM_CORES) + "/reference_pen.so", f / "core.so");
    for (char name = 'a'; name <= 'h'; ++name) write_file(f / "s/" + name + ".yaml", short_pass);
    Reported r;
    std::thread call([&] {
      r = run_scenarios(program, {f / "s", "--no-always", "--firmware", "native:" + (f / "core.so"), "--out",
                                  f / "runs", "--jobs", "1", "--twice"});
    });
    for (int i = 0; i < 60'000 && !fs::exists(f / "runs" + f.path() + "/s/a.h5"); ++i) usleep(1000);
    fs::copy(std::string(PENSIM_CORES) + "/mutant_gain_x10.so", f / "new.so");
    if (in_place)
      fs::copy(f / "new.so", f / "core.so", fs::copy_options::overwrite_existing);
    else
      fs::rename(f / "new.so", f / "core.so");
    call.join();
    EXPECT_EQ(r.ran.code, 0) << r.ran.out << r.ran.err;
    ASSERT_EQ(r.runs.size(), 8u);
    for (const auto& run : r.runs) {
      EXPECT_EQ(run.at("hash"), r.runs[0].at("hash"));
      EXPECT_EQ(run.at("verdict"), "pass");
    }
  }
}

// ---- recordings

TEST(Files, TheWrongKindOfFileNamesTheRightCommand) {
  const Recorded f;
  const std::string log = f.log("FIELD.CSV");
  EXPECT_NE(run_program(program, {"replay", log, "--firmware", "reference_pen"}).out.find("within tolerance"),
            std::string::npos);
  for (const char* command : {"judge", "rerun", "export"})
    expect_refused({command, log}, "pensim import makes a recording of a field log");
  expect_refused({"diff", log, f.recording()}, "pensim import");
  expect_refused({"judge", f / "a.yaml"}, "pensim run makes a recording of it");
  expect_refused({"import", f.recording()}, "is a recording already");
  fs::copy(f.recording(), f / "misnamed.csv");
  EXPECT_EQ(run_program(program, {"replay", f / "misnamed.csv"}).code, 0);
  write_file(f / "cut.h5", read_file(f.recording()).substr(0, 20'000));
  expect_refused({"judge", f / "cut.h5"}, "damaged or truncated");
  expect_refused({"explain", log}, "there is no command 'explain'");
  expect_refused({"exprot", log}, "did you mean 'export'?");
}

TEST(Files, ARecordingThatWasChangedIsNotJudged) {
  const Recorded f;
  const std::string whole = read_file(f.recording());
  EXPECT_EQ(run_program(program, {"judge", f.recording()}).code, 0);
  // A bit anywhere, bytes at the end, the line of the checksum gone.
  for (const std::size_t at : {whole.size() / 3, whole.size() / 2, whole.size() - 100}) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write_file(f / "changed.h5", changed);
    const Ran r = run_program(program, {"judge", f / "changed.h5"});
    EXPECT_EQ(r.code, 2) << at << r.out;
    EXPECT_EQ(r.out, "") << at;
  }
  write_file(f / "longer.h5", whole + "x");
  expect_refused({"judge", f / "longer.h5"}, "is not what was written");
  write_file(f / "shorter.h5", whole.substr(0, whole.rfind("\npensim run, ")));
  expect_refused({"judge", f / "shorter.h5"}, "is not what was written");
  expect_refused({"rerun", f / "shorter.h5"}, "is not what was written");
  const Ran diff = run_program(program, {"diff", f / "shorter.h5", f.recording()});
  EXPECT_EQ(diff.code, 0);
  EXPECT_NE(diff.err.find("is not what was written"), std::string::npos) << diff.err;
}

TEST(Files, ItsOwnExportCanBeImported) {
  const Recorded f;
  ASSERT_EQ(run_program(program, {"export", f.recording(), "--every", "10 ms", "--out", f / "full.csv"}).code, 0);
  const Ran r = run_program(program, {"import", f / "full.csv"});
  EXPECT_EQ(r.code, 0) << r.err;
  EXPECT_NE(r.out.find("not taken, since strokes"), std::string::npos) << r.out;
  // What it holds is what the run held, -0 included.
  ASSERT_EQ(run_program(program, {"export", f.recording(), "--signals", "motor.current,motor.speed", "--every", "10 ms",
                                  "--out", f / "run.csv"})
                .code,
            0);
  ASSERT_EQ(
      run_program(program, {"export", f / "full.h5", "--signals", "motor.current,motor.speed", "--out", f / "log.csv"})
          .code,
      0);
  EXPECT_EQ(read_file(f / "run.csv"), read_file(f / "log.csv"));
  write_file(f / "zero.csv", "time_s,motor.current [A]\n0,-0\n0.01,0\n0.02,-0\n");
  ASSERT_EQ(run_program(program, {"import", f / "zero.csv"}).code, 0);
  EXPECT_NE(run_program(program, {"export", f / "zero.h5"}).out.find("0.0,-0\r\n0.01,0\r\n0.02,-0"), std::string::npos);
}

TEST(Files, TheHeaderOfALogNamesItsFirmware) {
  const Recorded f;
  ASSERT_EQ(run_program(program, {"export", f.recording(), "--complete", "--out", f / "c.csv"}).code, 0);
  const Ran complete = run_program(program, {"replay", f / "c.csv"});
  EXPECT_EQ(complete.code, 0) << complete.err;
  const std::string rows = "time_s,battery_voltage_mV,user.start,pin.enable\n0,3900,0,0\n1.5,3900,0,0\n3,3900,0,0\n";
  for (const char* header : {"# Firmware: reference_pen\n", "# FIRMWARE:reference_pen 1.4.2\n"}) {
    write_file(f / "log.csv", header + rows);
    const Ran r = run_program(program, {"replay", f / "log.csv"});
    EXPECT_EQ(r.code, 0) << header << r.out << r.err;
  }
  write_file(f / "log.csv", "# firmware: reference_pan\n" + rows);
  EXPECT_NE(run_program(program, {"replay", f / "log.csv"}).err.find("did you mean 'reference_pen'?"),
            std::string::npos);
}

TEST(Files, TheSerialPortIsExportedAsText) {
  const Folder f;
  write_file(f / "u.yaml", "duration: 0.5 s\ntimeline:\n  - {at: 0.1 s, uart: \"version\\r\"}\n");
  ASSERT_EQ(run_program(program, {"run", f / "u.yaml", "--out", f / "runs", "--no-always"}).code, 0);
  const std::string recording = f / "runs" + f.path() + "/u.h5";
  for (const std::vector<std::string>& how : {std::vector<std::string>{"--signals", "uart"}, {"--uart"}}) {
    std::vector<std::string> words = {"export", recording};
    words.insert(words.end(), how.begin(), how.end());
    const Ran r = run_program(program, words);
    EXPECT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(r.out.rfind("time [s],direction,text\r\n", 0), 0u) << r.out;
    EXPECT_NE(r.out.find(",to core,version"), std::string::npos) << r.out;
    EXPECT_NE(r.out.find(",from core,reference_pen "), std::string::npos) << r.out;
  }
}

}  // namespace
}  // namespace pensim::test
