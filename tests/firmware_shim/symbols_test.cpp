#include "firmware_shim/symbols/symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "firmware_shim/native/native_target.h"

namespace pensim {
namespace {

// The bytes of a file as a loader would lay them out.
class Image {
 public:
  explicit Image(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.size() > EI_CLASS && bytes_[EI_CLASS] == ELFCLASS32)
      segments<Elf32_Ehdr, Elf32_Phdr>();
    else if (bytes_.size() > EI_CLASS)
      segments<Elf64_Ehdr, Elf64_Phdr>();
  }
  const void* at(std::uint64_t address, std::size_t size) {
    for (const Segment& s : segments_) {
      if (address < s.begin || address + size > s.begin + s.memory) continue;
      if (address + size <= s.begin + s.file) return bytes_.data() + s.offset + (address - s.begin);
      return zeros_;
    }
    ADD_FAILURE() << "address " << address << " lies in no segment";
    return zeros_;
  }

 private:
  struct Segment {
    std::uint64_t begin, file, memory, offset;
  };
  template <typename Header, typename Program>
  void segments() {
    Header header;
    std::memcpy(&header, bytes_.data(), sizeof header);
    for (int i = 0; i < header.e_phnum; ++i) {
      Program p;
      std::memcpy(&p, bytes_.data() + header.e_phoff + static_cast<std::size_t>(i) * sizeof p, sizeof p);
      if (p.p_type == PT_LOAD) segments_.push_back({p.p_vaddr, p.p_filesz, p.p_memsz, p.p_offset});
    }
  }
  std::vector<char> bytes_;
  std::vector<Segment> segments_;
  char zeros_[8] = {};
};

std::string message_of(const CoreSymbols& symbols, const std::string& name,
                       std::vector<std::string>* candidates = nullptr) {
  try {
    symbols.find(name);
  } catch (const SymbolError& e) {
    if (candidates) *candidates = e.candidates();
    return e.what();
  }
  return "found";
}

class EveryBuild : public testing::TestWithParam<std::string> {
 protected:
  std::string path() const { return PENSIM_ZOO_DIRECTORY "/" + GetParam(); }
  bool has_cpp() const { return GetParam().find("arm") == std::string::npos; }
};

std::vector<std::string> builds() {
  std::vector<std::string> names;
  std::string all = PENSIM_ZOO_BUILDS;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find(' ', begin), all.size());
    names.push_back(all.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Symbols, EveryBuild, testing::ValuesIn(builds()), [](const auto& test) {
  std::string name = test.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST_P(EveryBuild, FindsAndReads) {
  const CoreSymbols symbols(path());
  Image image(path());
  const auto value = [&](const std::string& name) {
    try {
      const CoreVariable v = symbols.find(name);
      return read_variable(v, image.at(v.address, v.size_bytes));
    } catch (const SymbolError& e) {
      ADD_FAILURE() << e.what();
      return std::nan("");
    }
  };
  EXPECT_EQ(value("speed_loop.kp"), 0.5);
  EXPECT_EQ(value("speed_loop.ki"), 0.25);
  EXPECT_EQ(value("speed_loop.integral"), 1.5);
  EXPECT_EQ(value("speed_loop.limit.low"), -7);
  EXPECT_EQ(value("speed_loop.limit.high"), 9);
  EXPECT_EQ(value("table[0].gain"), 1);
  EXPECT_EQ(value("table[3].gain"), 4);
  EXPECT_EQ(value("table[4].offset"), -50000);
  EXPECT_EQ(value("grid[0][2]"), 13);
  EXPECT_EQ(value("grid[1][0]"), -21);
  EXPECT_EQ(value("grid[1][2]"), -23);
  EXPECT_EQ(value("outer.in[2].v[1][0]"), 11);
  EXPECT_EQ(value("outer.in[1].v[0][1]"), 6);
  EXPECT_EQ(value("motor.c:state"), 3);
  EXPECT_EQ(value("sensor.c:state"), 77);
  EXPECT_EQ(value("symbols_zoo/sensor.c:state"), 77);
  EXPECT_EQ(value("only_here"), 4242);
  EXPECT_EQ(value("sensor.c:only_here"), 4242);
  EXPECT_EQ(value("level"), 200);
  EXPECT_EQ(value("faulty"), -2);
  EXPECT_EQ(value("bits.a"), 5);
  EXPECT_EQ(value("bits.b"), -3);
  EXPECT_EQ(value("bits.c"), 700);
  EXPECT_EQ(value("bits.d"), -5000);
  EXPECT_EQ(value("bits.wide"), 78187493530.0);
  EXPECT_EQ(value("bits.e"), -300000);
  EXPECT_EQ(value("bits.state"), -2);
  EXPECT_EQ(value("bits.on"), 1);
  EXPECT_EQ(value("packed.x"), 7);
  EXPECT_EQ(value("packed.y"), 300);
  EXPECT_EQ(value("packed.z"), 2500);
  EXPECT_EQ(value("packed.w"), 3405691582.0);
  EXPECT_EQ(value("word.f"), 1.0);
  EXPECT_EQ(value("word.u"), 0x3f800000);
  EXPECT_EQ(value("word.bytes[2]"), 0x80);
  EXPECT_EQ(value("reg.value"), 2882343476.0);
  EXPECT_EQ(value("reg.low"), 0x1234);
  EXPECT_EQ(value("reg.high"), 0xABCD);
  EXPECT_EQ(value("reg.after"), 99);
  EXPECT_EQ(value("ready"), 1);
  EXPECT_EQ(value("small"), -128);
  EXPECT_EQ(value("byte"), 255);
  EXPECT_EQ(value("huge"), 9223372036854775808.0);
  EXPECT_EQ(value("deep"), -4611686018427387904.0);
  EXPECT_EQ(value("ratio"), -0.1);
  EXPECT_EQ(value("fixed"), -1234);
  EXPECT_EQ(value("polled"), 17);
  EXPECT_EQ(value("chosen"), 64);
  EXPECT_EQ(value("callback"), 0);
  EXPECT_EQ(value("history[2]"), 3);
  EXPECT_EQ(value("history[99]"), 0);
  EXPECT_EQ(value("motor_calls::calls"), 40);
  EXPECT_EQ(value("sensor_calls::calls"), 90);
  EXPECT_EQ(value("motor.c:motor_calls::calls"), 40);
  EXPECT_EQ(value("motor.c:motor_calls:calls"), 40);
  EXPECT_EQ(value("sensor_calls:calls"), 90);
  EXPECT_EQ(value("motor_calls::seen.last[1]"), 9);
  EXPECT_EQ(value("sensor_calls::odd"), -5);
  EXPECT_EQ(value("odd"), -5);  // the one of its name, whatever the function
  if (!has_cpp()) return;
  EXPECT_EQ(value("pen::Driver::instances"), 31);
  EXPECT_EQ(value("Driver::instances"), 31);
  EXPECT_EQ(value("pen::Driver::shared"), -9);
  EXPECT_EQ(value("pen::Filter<double>::cutoff"), 2.5);
  EXPECT_EQ(value("pen::hidden.gain"), 12);
  EXPECT_EQ(value("pen::hidden.serial"), 1001);  // of the base
  EXPECT_EQ(value("pen::detail::motor.mode"), 130);
  EXPECT_EQ(value("pen::detail::flag"), 1);
  EXPECT_EQ(value("pen::state"), 3);
  EXPECT_EQ(value("driver.cpp:state"), 3);
  EXPECT_EQ(value("pen::Driver::step::steps"), 600);
}

TEST_P(EveryBuild, KindsAndEnumerators) {
  const CoreSymbols symbols(path());
  using Kind = CoreVariable::Kind;
  EXPECT_EQ(symbols.find("ready").kind, Kind::boolean);
  EXPECT_EQ(symbols.find("small").kind, Kind::signed_integer);
  EXPECT_EQ(symbols.find("byte").kind, Kind::unsigned_integer);
  EXPECT_EQ(symbols.find("ratio").kind, Kind::floating);
  EXPECT_EQ(symbols.find("chosen").kind, Kind::unsigned_integer);
  const CoreVariable state = symbols.find("motor.c:state");
  EXPECT_EQ(state.kind, Kind::enumeration);
  EXPECT_EQ(state.name, "motor.c:state");
  const std::vector<std::pair<std::int64_t, std::string>> expected = {{0, "IDLE"}, {3, "RUN"}, {-2, "FAULT"}};
  EXPECT_EQ(state.enumerators, expected);
  EXPECT_EQ(enumerator_name(state, 3), "RUN");
  EXPECT_EQ(enumerator_name(state, -2), "FAULT");
  EXPECT_EQ(enumerator_name(state, 1), "");
  EXPECT_EQ(enumerator_name(symbols.find("byte"), 3), "");
}

TEST_P(EveryBuild, SaysWhatIsWrong) {
  const CoreSymbols symbols(path());
  std::vector<std::string> candidates;
  EXPECT_EQ(message_of(symbols, "speed_lop.kp"), "no variable is called `speed_lop`; nearest: speed_loop");
  EXPECT_EQ(message_of(symbols, "speed_loop.integal", &candidates),
            "`speed_loop` has no member `integal`, but kp, ki, integral, limit");
  EXPECT_EQ(candidates, std::vector<std::string>{"speed_loop.integral"});
  EXPECT_NE(message_of(symbols, "state", &candidates).find("motor.c:state, sensor.c:state"), std::string::npos);
  EXPECT_EQ(message_of(symbols, "calls", &candidates), "`calls` is ambiguous: motor_calls::calls, sensor_calls::calls");
  EXPECT_EQ(candidates, (std::vector<std::string>{"motor_calls::calls", "sensor_calls::calls"}));
  EXPECT_EQ(message_of(symbols, "table[5].gain"), "`table` has 5 elements, 0 to 4");
  EXPECT_EQ(message_of(symbols, "table.gain"),
            "`table` is an array (Channel[5]): name an element, as in table[0].gain");
  EXPECT_EQ(message_of(symbols, "grid[1]"), "`grid[1]` is an array (int16_t[2][3]): name an element, as in grid[1][0]");
  EXPECT_EQ(message_of(symbols, "speed_loop"),
            "`speed_loop` is of type Pid: name a member, as in speed_loop.kp, speed_loop.ki, speed_loop.integral, "
            "speed_loop.limit");
  EXPECT_EQ(message_of(symbols, "chosen.gain", &candidates), "`chosen` is a pointer: write chosen->gain");
  EXPECT_EQ(candidates, std::vector<std::string>{"chosen->gain"});
  EXPECT_EQ(message_of(symbols, "chosen->gian"), "`chosen->` has no member `gian`, but gain, offset");
  EXPECT_EQ(message_of(symbols, "speed_loop->kp").find("`speed_loop` is of type Pid and no pointer"), 0u);
  EXPECT_EQ(message_of(symbols, "*level").find("`level` is of type "), 0u);
  EXPECT_EQ(message_of(symbols, "*callback").find("`*callback` is of type "), 0u);
  EXPECT_EQ(message_of(symbols, "ready.x"),
            "`ready` is of type " + std::string(symbols.list("ready")[0].type) + " and has no members");
  EXPECT_EQ(message_of(symbols, "nowhere.c:state"), "no file `nowhere.c` with variables in the debug information");
  EXPECT_EQ(message_of(symbols, "motor_cals::calls"),
            "no variable is called `motor_cals::calls`; nearest: motor_calls::calls, sensor_calls::calls");
  EXPECT_EQ(message_of(symbols, "only_hare"), "no variable is called `only_hare`; nearest: only_here");
  EXPECT_EQ(message_of(symbols, "sean.last[0]"), "no variable is called `sean`; nearest: motor_calls::seen");
  for (const char* bad : {"", ".", "*", "->gain", "chosen->", "chosen->gain->", "table[", "table[]", "table[x]",
                          "table[1]]", "table[1]x", "speed_loop.", "a..b", "table[99999999999999999999]", "motor.c:"})
    EXPECT_NE(message_of(symbols, bad), "found") << bad;
  if (has_cpp()) {
    EXPECT_EQ(message_of(symbols, "per_thread"), "`per_thread` is thread-local: such variables cannot be watched");
    EXPECT_NE(message_of(symbols, "longer").find("float and double"), std::string::npos);
  }
}

TEST_P(EveryBuild, EveryListedNumberIsFoundAgain) {
  const CoreSymbols symbols(path());
  std::size_t numbers = 0;
  std::set<std::string> names;
  for (const SymbolLine& line : symbols.list()) {
    EXPECT_TRUE(names.insert(line.name).second) << line.name << " is listed twice";
    if (line.size_bytes > 8) continue;  // an array
    const CoreVariable v = symbols.find(line.name);
    EXPECT_EQ(v.address, line.address) << line.name;
    EXPECT_EQ(v.size_bytes, line.size_bytes) << line.name;
    ++numbers;
  }
  EXPECT_GT(numbers, 60u);
  for (const char* name :
       {"speed_loop.limit.low", "grid[1][2]", "motor.c:state", "bits.wide", "reg.high", "sensor_calls::odd", "history"})
    EXPECT_EQ(names.count(name), 1u) << name;
}

TEST_P(EveryBuild, ListsByPattern) {
  const CoreSymbols symbols(path());
  const auto names = [&](const std::string& pattern) {
    std::vector<std::string> found;
    for (const SymbolLine& line : symbols.list(pattern)) found.push_back(line.name + " " + line.type);
    return found;
  };
  EXPECT_EQ(names("LOOP.k"), (std::vector<std::string>{"speed_loop.kp float", "speed_loop.ki float"}));
  EXPECT_EQ(names("bits.wide"), (std::vector<std::string>{"bits.wide uint64_t : 40"}));
  EXPECT_EQ(names("table*gain").size(), 5u);
  EXPECT_EQ(names("history"), (std::vector<std::string>{"history int[100]"}));
  EXPECT_EQ(names("history[7]"), (std::vector<std::string>{"history[7] int"}));
  EXPECT_EQ(names("motor.c:state"), (std::vector<std::string>{"motor.c:state enum State"}));
  EXPECT_TRUE(names("there_is_no_such_thing").empty());
}

TEST_P(EveryBuild, LoadedVariablesFollowTheProgram) {
  if (!has_cpp()) {  // of another processor: it cannot be loaded here
    EXPECT_EQ(dlopen(path().c_str(), RTLD_NOW | RTLD_LOCAL), nullptr);
    return;
  }
  void* handle = dlopen(path().c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << dlerror();
  link_map* map = nullptr;
  ASSERT_EQ(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
  const CoreSymbols symbols(path());
  const auto at = [&](const CoreVariable& v) { return reinterpret_cast<void*>(map->l_addr + v.address); };
  const auto value = [&](const std::string& name) {
    const CoreVariable v = symbols.find(name);
    return read_watch(make_watch(v, at(v)));
  };
  EXPECT_EQ(at(symbols.find("polled")), dlsym(handle, "polled"));
  EXPECT_EQ(value("motor_calls::calls"), 40);
  reinterpret_cast<unsigned (*)()>(dlsym(handle, "zoo_run"))();
  EXPECT_EQ(value("motor_calls::calls"), 42);
  EXPECT_EQ(value("motor_calls::seen.last[1]"), 42);
  EXPECT_EQ(value("sensor_calls::calls"), 91);
  reinterpret_cast<int (*)()>(dlsym(handle, "zoo_cpp"))();
  EXPECT_EQ(value("pen::Driver::step::steps"), 602);

  // What is written is what the program sees, and its neighbours stay.
  const auto write = [&](const std::string& name, double to) {
    const CoreVariable v = symbols.find(name);
    return write_variable(v, at(v), to);
  };
  EXPECT_TRUE(write("bits.d", -8192));
  EXPECT_EQ(value("bits.d"), -8192);
  EXPECT_EQ(value("bits.c"), 700);
  EXPECT_EQ(value("bits.wide"), 78187493530.0);
  EXPECT_FALSE(write("bits.d", 8192));
  EXPECT_EQ(value("bits.d"), -8192);
  EXPECT_TRUE(write("packed.z", 4095));
  EXPECT_EQ(value("packed.z"), 4095);
  EXPECT_EQ(value("packed.y"), 300);
  EXPECT_EQ(value("packed.w"), 3405691582.0);
  EXPECT_TRUE(write("level", 255));
  EXPECT_EQ(value("level"), 255);
  EXPECT_TRUE(write("faulty", -1));
  EXPECT_EQ(value("faulty"), -1);
  EXPECT_TRUE(write("speed_loop.kp", 0.1));
  EXPECT_EQ(value("speed_loop.kp"), static_cast<double>(0.1f));
  EXPECT_FALSE(write("speed_loop.kp", 1e300));
  EXPECT_TRUE(write("ratio", -1e300));
  EXPECT_EQ(value("ratio"), -1e300);
  EXPECT_TRUE(write("polled", 4294967295.0));
  EXPECT_EQ(*static_cast<std::uint32_t*>(dlsym(handle, "polled")), 4294967295u);
  EXPECT_FALSE(write("polled", -1));
  EXPECT_FALSE(write("polled", std::nan("")));
  EXPECT_FALSE(write("ready", 2));
  EXPECT_TRUE(write("deep", -9223372036854775808.0));
  EXPECT_EQ(value("deep"), -9223372036854775808.0);
  EXPECT_FALSE(write("deep", 9223372036854775808.0));
  dlclose(handle);
}

// At every place in a page whose neighbours are not there, and across two pages.
TEST(Watch, ReadsNothingBeyondThePage) {
  constexpr std::size_t page = 4096;
  auto* memory = static_cast<unsigned char*>(mmap(nullptr, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  unsigned char* begin = memory + page;
  ASSERT_EQ(mprotect(begin, 2 * page, PROT_READ | PROT_WRITE), 0);
  for (std::uint8_t size : {1, 2, 4, 8}) {
    CoreVariable v;
    v.size_bytes = size;
    v.kind = CoreVariable::Kind::signed_integer;
    for (std::size_t at = 0; at + size <= 2 * page; at += at > 16 && at < page - 16              ? 7
                                                          : at > page + 16 && at < 2 * page - 24 ? 7
                                                                                                 : 1) {
      std::memset(begin, 0x55, 2 * page);
      ASSERT_TRUE(write_variable(v, begin + at, -100));
      ASSERT_EQ(read_watch(make_watch(v, begin + at)), -100) << at;
      ASSERT_EQ(read_variable(v, begin + at), -100) << at;
    }
  }
  CoreVariable bits;
  bits.size_bytes = 2;
  bits.bit_offset = 5;
  bits.bit_size = 9;
  bits.kind = CoreVariable::Kind::unsigned_integer;
  std::memset(begin, 0, 2 * page);
  ASSERT_TRUE(write_variable(bits, begin + 2 * page - 2, 333));
  EXPECT_EQ(read_watch(make_watch(bits, begin + 2 * page - 2)), 333);
  EXPECT_EQ(begin[2 * page - 2], (333 << 5) & 0xff);
  munmap(memory, 4 * page);
}

TEST(Symbols, CoreWithoutDebugInformation) {
  for (const auto& [file, says] :
       {std::pair{"stripped.so", "no debug information (it is stripped, or compiled without -g)"},
        std::pair{"g1.so", "describes no variables (compiled with -g1?)"}}) {
    const CoreSymbols symbols(std::string(PENSIM_ZOO_DIRECTORY "/") + file);
    EXPECT_FALSE(symbols.has_variables());
    EXPECT_TRUE(symbols.list().empty());
    EXPECT_NE(message_of(symbols, "polled").find(says), std::string::npos) << message_of(symbols, "polled");
  }
}

TEST(Symbols, OptimisedAwayIsSaid) {
  const CoreSymbols symbols(PENSIM_ZOO_DIRECTORY "/gcc_dwarf5.so");
  EXPECT_EQ(message_of(symbols, "folded"),
            "`folded` has no place in memory: the compiler or linker has optimised it away (volatile keeps it)");
}

TEST(Symbols, FilesThatAreNoCore) {
  EXPECT_THROW(CoreSymbols("/does/not/exist.so"), std::runtime_error);
  EXPECT_THROW(CoreSymbols(PENSIM_ZOO_SOURCE "/motor.c"), std::runtime_error);
  EXPECT_THROW(CoreSymbols("/"), std::runtime_error);
}

// A real core: the target reads by the same address.
TEST(Symbols, VariablesOfALoadedCore) {
  const std::string file = PENSIM_CORES "/example_rates.so";
  auto core = open_native(file);
  core->reset(PEN_RESET_POWER_ON);
  const CoreSymbols symbols(file);
  ASSERT_TRUE(symbols.has_variables());
  const CoreVariable stamp = symbols.find("pen_in.time_us");
  PenIn in{};
  PenOut out{};
  in.time_us = 123456;
  const WatchId watched[] = {core->watch(symbols.find("pen_in.time_us")), core->watch(symbols.find("pen_in.adc[2]"))};
  in.adc[2] = 77;
  core->step(0, in, out);
  EXPECT_EQ(core->peek(stamp), 123456);
  float values[3] = {-1, -1, -1};
  const WatchId backwards[] = {watched[1], watched[0]};
  core->read(backwards, 2, values);
  EXPECT_EQ(values[0], 77);
  EXPECT_EQ(values[1], 123456);
  EXPECT_EQ(values[2], -1);
  core->poke(symbols.find("pen_out.aux[3]"), -5);
  EXPECT_EQ(core->peek(symbols.find("pen_out.aux[3]")), -5);
}

}  // namespace
}  // namespace pensim
