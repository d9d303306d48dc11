// Cores with 4-byte long and pointers: what their data model and C library are, and what a file may not do to the
// loader.
#include <elf.h>

#include <bit>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "firmware_shim/native/crash.h"
#include "tests/firmware_shim/core_driver.h"

namespace pensim {
namespace {

CoreDriver asked(int what, const char* core = "test:target_library", int more = 0) {
  CoreDriver d(core);
  d.in.aux[0] = what;
  d.in.aux[1] = more;
  d.tick();
  return d;
}

TEST(TargetLibrary, LongPointersAndTypesAreTheTargets) {
  const CoreDriver d = asked(1);
  EXPECT_EQ(d.out.aux[0], 4 + 10 * 4 + 100 * 4 + 1000 * 8);
  EXPECT_EQ(d.out.aux[1], 8);
  EXPECT_EQ(d.out.aux[2], 1);
  EXPECT_EQ(d.out.aux[3], 2 * 1000 + 4 * 100 + 3 * 10 + 1);  // long, unsigned long, unsigned, int: as arm-none-eabi-gcc
  EXPECT_EQ(d.out.aux[4], 1);
}

TEST(TargetLibrary, IsNewlib) {
  const CoreDriver d = asked(2);
  EXPECT_EQ(d.out.aux[0], 1);
  const float sum = std::bit_cast<float>(d.out.aux[1]);
  EXPECT_NEAR(sum, 0.644217687f + 2.013752707f, 1e-6);
  EXPECT_EQ(d.out.aux[2], 51);  // strlcpy
  EXPECT_EQ(d.out.aux[3], 1);   // itoa
}

TEST(TargetLibrary, TheHeapEndsWithNullAndAFindingAndComesBackWithAReset) {
  CoreDriver d = asked(3);
  const int blocks = d.out.aux[0];
  EXPECT_GT(blocks, 55);
  EXPECT_LE(blocks, 65);
  EXPECT_EQ(d.out.aux[1], 1);
  const auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("the heap of 65536 bytes is used up, malloc() gives NULL"), std::string::npos)
      << findings[0];
  d.reset(PEN_RESET_WATCHDOG);
  EXPECT_EQ(d.tick().aux[0], blocks);
}

TEST(TargetLibrary, AReadOfFreedMemoryShowsInTheTwiceImage) {
  EXPECT_NE(asked(4).out.aux[0], asked(4, "test:target_library.twice").out.aux[0]);
}

TEST(TargetLibrary, SymbolsOfAVendorsLinkerScriptMeanWhatTheyMeanThere) {
  const CoreDriver d = asked(6);
  EXPECT_EQ(d.out.aux[0], 1);
  EXPECT_EQ(d.out.aux[1], 1);
  EXPECT_EQ(d.out.aux[2], 1);
}

TEST(Division, ByZeroGivesWhatACortexMGivesWithAFindingForEachPlace) {
  CoreDriver d("test:target_library");
  CrashReport report;
  CrashSetup setup = crash_setup(report, *d.core);
  EXPECT_FALSE(setup.divide_by_zero_traps);
  setup.trap_exits = false;
  crash_install(setup);
  d.in.aux[0] = 5;
  for (int i = 0; i < 3; ++i) d.tick();
  EXPECT_EQ(d.out.aux[0], 0);
  EXPECT_EQ(d.out.aux[1], 7);
  EXPECT_EQ(d.out.aux[2], INT32_MIN);
  EXPECT_EQ(d.out.aux[3], 1);
  EXPECT_EQ(d.out.aux[4], 0);
  EXPECT_EQ(d.out.aux[5], 0);
  EXPECT_EQ(d.out.aux[6], 0);
  const auto findings = d.core->take_findings();
  EXPECT_GE(findings.size(), 5u);  // quotient and remainder may be one instruction
  EXPECT_LE(findings.size(), 6u);
  for (const std::string& f : findings) {
    EXPECT_NE(f.find("integer division by zero in divisions ("), std::string::npos) << f;
    EXPECT_NE(f.find("target_library.c:"), std::string::npos) << f;
  }
  d.in.aux[1] = 2;
  EXPECT_EQ(d.tick().aux[6], 1);
  crash_uninstall();
}

// ---- files that lie ----

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// "" when it opens, else the sentence.
std::string opened(const std::string& bytes) {
  const std::string path = testing::TempDir() + "image_" + std::to_string(getpid()) + ".so";
  std::ofstream(path, std::ios::binary) << bytes;
  std::string sentence;
  try {
    open_native(path);
  } catch (const std::runtime_error& e) {
    sentence = e.what();
    EXPECT_EQ(sentence.rfind(path + ": ", 0), 0u) << sentence;
  }
  std::remove(path.c_str());
  return sentence;
}

class Hostile : public testing::Test {
 protected:
  void SetUp() override {
    good = bytes_of(CoreDriver::file("test:target_library"));
    ASSERT_GT(good.size(), sizeof(Elf32_Ehdr));
    std::memcpy(&header, good.data(), sizeof header);
    ASSERT_EQ(header.e_ident[EI_CLASS], ELFCLASS32);
  }
  template <class T>
  std::string with(std::size_t offset, T value) const {
    std::string bytes = good;
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return bytes;
  }
  std::size_t program_header(std::uint32_t type, bool last = false) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
      Elf32_Phdr p;
      const std::size_t at = header.e_phoff + i * sizeof p;
      std::memcpy(&p, good.data() + at, sizeof p);
      if (p.p_type == type && (last || !found)) found = at;
    }
    EXPECT_NE(found, 0u);
    return found;
  }
  std::string good;
  Elf32_Ehdr header{};
};

TEST_F(Hostile, TheGoodOneOpens) { EXPECT_EQ(opened(good), ""); }

TEST_F(Hostile, IsRefusedWithASentence) {
  const std::size_t load = program_header(PT_LOAD), last = program_header(PT_LOAD, true);
  const struct {
    std::string bytes, words;
  } all[] = {
      {good.substr(0, 40), "ends within its ELF header"},
      {good.substr(0, 60), "ends within its program headers"},
      {good.substr(0, 5000), "ends within segment"},
      {with(offsetof(Elf32_Ehdr, e_machine), Elf32_Half{EM_ARM}), "another processor"},
      {with(offsetof(Elf32_Ehdr, e_type), Elf32_Half{ET_REL}), "no linked program"},
      {with(offsetof(Elf32_Ehdr, e_phoff), 0xffffff00u), "program headers"},
      {with(offsetof(Elf32_Ehdr, e_entry), 0x12345678u), "pen_runtime"},
      {with(load + offsetof(Elf32_Phdr, p_vaddr), 0u), "lies outside of"},
      {with(load + offsetof(Elf32_Phdr, p_offset), 0xfffffff0u), "ends within segment"},
      {with(last + offsetof(Elf32_Phdr, p_memsz), 0xf0000000u), "lies outside of"},
      {with(last + offsetof(Elf32_Phdr, p_memsz), 0x30000000u), "MB; at most"},
      {with(last + offsetof(Elf32_Phdr, p_memsz), 1u), "more bytes in the file than in memory"},
      {with(last + offsetof(Elf32_Phdr, p_vaddr), 0x70000000u), "MB; at most"},  // over the program itself
      {with(last + offsetof(Elf32_Phdr, p_vaddr), 0x20001000u), "overlap"},
  };
  for (const auto& h : all) {
    const std::string sentence = opened(h.bytes);
    EXPECT_NE(sentence.find(h.words), std::string::npos) << h.words << ": " << sentence;
  }
}

TEST_F(Hostile, ARelocationOutOfRangeIsRefused) {
  const std::size_t dynamic = program_header(PT_DYNAMIC);
  Elf32_Phdr p;
  std::memcpy(&p, good.data() + dynamic, sizeof p);
  bool tried = false;
  for (std::size_t at = p.p_offset; at + sizeof(Elf32_Dyn) <= p.p_offset + p.p_filesz; at += sizeof(Elf32_Dyn)) {
    Elf32_Dyn d;
    std::memcpy(&d, good.data() + at, sizeof d);
    if (d.d_tag != DT_RELA) continue;
    tried = true;
    const std::size_t table = d.d_un.d_ptr - 0x20001000u;  // of the first segment
    EXPECT_NE(opened(with(table, 0x7fff0000u)).find("no writable memory of the core"), std::string::npos);
    EXPECT_NE(opened(with(table + 4, 0x00000101u)).find("expected one that moves an address"), std::string::npos);
    EXPECT_NE(opened(with(at + 4, 0xfffff000u)).find("outside of its segments"), std::string::npos);
  }
  EXPECT_TRUE(tried);
}

// Any bytes: a sentence, or an image that opens; no crash of the simulator.
TEST_F(Hostile, AnyChangeOfTheHeadersOrTablesIsSurvived) {
  std::mt19937 random(1);
  const std::uint32_t values[] = {0, 1, 0xfff, 0x1000, 0x20001000, 0x70000000, 0x7fffffff, 0x80000000, 0xffffffff};
  const std::size_t headers = header.e_phoff + header.e_phnum * sizeof(Elf32_Phdr);
  for (std::size_t at = 16; at + 4 <= headers; at += 4) opened(with(at, values[random() % std::size(values)]));
  const std::size_t dynamic = program_header(PT_DYNAMIC);
  Elf32_Phdr p;
  std::memcpy(&p, good.data() + dynamic, sizeof p);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = good;
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int c = 0; c < changes; ++c) {
      const std::size_t at = random() % 2 ? random() % headers : p.p_offset - 512 + random() % (p.p_filesz + 512);
      bytes[at] = static_cast<char>(random());
    }
    opened(bytes);
  }
}

TEST_F(Hostile, CopiesLieBelowFourGigabytesUntilThereIsNoRoom) {
  std::vector<std::unique_ptr<NativeTarget>> copies;
  std::string sentence;
  for (int i = 0; i < 64 && sentence.empty(); ++i) {
    try {
      copies.push_back(open_native(CoreDriver::file("test:target_library")));
      for (const NativeTarget::Range& r : copies.back()->loaded_ranges()) EXPECT_LT(r.end, 0x30000000u);
    } catch (const std::runtime_error& e) {
      sentence = e.what();
    }
  }
  EXPECT_GE(copies.size(), 10u);
  EXPECT_NE(sentence, "");
}

}  // namespace
}  // namespace pensim
