// Loading, isolation, variables, findings, and the order of a tick of shape (a).
#include <chrono>
#include <cstdio>
#include <fstream>

#include "tests/firmware_shim/core_driver.h"

namespace pensim {
namespace {

std::string error_of(const std::string& path) {
  try {
    open_native(path);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST(Open, SaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(error_of("/nowhere/pen.so"), "/nowhere/pen.so: No such file or directory");
  const std::string text = testing::TempDir() + "text.so";
  std::ofstream(text) << std::string(1000, 'x');
  EXPECT_NE(error_of(text).find("invalid ELF header"), std::string::npos) << error_of(text);
  EXPECT_NE(error_of(PENSIM_TEST_CORES "/not_a_core.so").find("no firmware core: it exports no pen_runtime"),
            std::string::npos);
}

// 0x20001000 has to be free in every process: were it not, a core would lie somewhere above 4 GiB once in a while.
TEST(Open, LiesWhereItIsLinked) {
  CoreDriver d("test:order");
  EXPECT_EQ(d.core->load_bias(), 0u);
  ASSERT_FALSE(d.core->loaded_ranges().empty());
  EXPECT_EQ(d.core->loaded_ranges().front().begin, 0x20001000u);
  EXPECT_LT(d.core->loaded_ranges().back().end, 0x28000000u);
  EXPECT_EQ(d.core->loaded_path(), d.core->path());
  EXPECT_GT(reinterpret_cast<std::uintptr_t>(&error_of), 0x70000000u);  // the program itself is out of the way
}

TEST(Open, TwoOfOneFileShareNothing) {
  CoreDriver a("example_rates"), b("example_rates");
  EXPECT_EQ(a.core->load_bias(), 0u);
  EXPECT_NE(b.core->load_bias(), 0u);
  for (const NativeTarget::Range& r : b.core->loaded_ranges()) EXPECT_LE(r.end, 0x30000000u);
  a.in.adc[PEN_ADC_RATE_DIAL] = b.in.adc[PEN_ADC_RATE_DIAL] = 2048;
  a.pin(PEN_LINE_START, true);
  for (int i = 0; i < 2000; ++i) a.tick(), b.tick();
  EXPECT_EQ(a.out.bridge_mode, PEN_BRIDGE_DRIVE);
  EXPECT_EQ(b.out.bridge_mode, PEN_BRIDGE_OFF);
  CoreDriver c("example_main"), d("example_main");  // stacks of their own
  for (CoreDriver* x : {&c, &d}) x->in.adc[PEN_ADC_BATTERY] = 2400, x->pin(PEN_LINE_HOME, true);
  c.pin(PEN_LINE_START, true);
  for (int i = 0; i < 2000; ++i) c.tick(), d.tick();
  EXPECT_EQ(c.out.duty_q15, 20000);
  EXPECT_EQ(d.out.duty_q15, 0);
  EXPECT_NE(c.core->core_stack().begin, d.core->core_stack().begin);
}

TEST(Open, APrivateCopyRunsTheSame) {
  CoreDriver a("example_main"), b("example_main", {.private_copy = true});
  for (CoreDriver* x : {&a, &b}) {
    x->in.adc[PEN_ADC_BATTERY] = 2400;
    x->pin(PEN_LINE_START, true);
    x->run(500);
    x->pin(PEN_LINE_HOME, true);
    x->run(1500);
  }
  EXPECT_EQ(a.hash, b.hash);
}

// What `--twice` goes by: memory of the stack that nobody wrote.
TEST(StackFill, ShowsACoreThatReadsWhatItNeverWrote) {
  const auto hash_of = [](const std::string& name, std::uint8_t fill) {
    CoreDriver d(name, {.private_copy = false, .stack_fill = fill});
    d.run_ms(20);
    return d.hash;
  };
  for (const char* shape : {"main", "rates"}) {
    const std::string stale = std::string("test:stale_") + shape, written = std::string("test:written_") + shape;
    EXPECT_NE(hash_of(stale, 0), hash_of(stale, 0xA5)) << shape;
    EXPECT_NE(hash_of(stale + "_lp64", 0), hash_of(stale + "_lp64", 0xA5)) << shape;
    EXPECT_EQ(hash_of(written, 0), hash_of(written, 0xA5)) << shape;
  }
  for (const char* name : {"example_rates", "example_main", "example_registers", "reference_pen", "probe"})
    EXPECT_EQ(hash_of(name, 0), hash_of(name, 0xA5)) << name;
}

// ---- the tick of shape (a); order.c notes a letter per call ----

std::string letters(const PenOut& out) {
  std::string text;
  for (int i = 0; i < 7; ++i)
    for (int shift = 0; shift < 32; shift += 8)
      if (const char c = static_cast<char>(out.aux[i] >> shift)) text += c;
  return text;
}

TEST(TickOfRates, TasksByPriorityAtTheirPhases) {
  CoreDriver d("test:order");
  // b and a are equally urgent: order of the table; d begins at tick 3; c at odd ticks; show runs last.
  const char* expected[] = {"ba", "ac", "a", "bacd", "ad", "acd", "bad", "acd", "ad", "bacd"};
  for (const char* tick : expected) EXPECT_EQ(letters(d.tick()), tick) << d.ticks;
}

TEST(TickOfRates, TasksKeepTheirPhasesForHours) {
  CoreDriver d("test:order");
  d.run(600001);  // 600000 is divisible by 2 and 3, and the next tick is 600001
  EXPECT_EQ(letters(d.tick()), "acd");
  EXPECT_EQ(letters(d.tick()), "ad");
  EXPECT_EQ(letters(d.tick()), "bacd");
}

TEST(TickOfRates, EdgesInTimeOrderBeforeTasksWithTheClockAtStampPlusLatency) {
  CoreDriver d("test:order");
  d.clock_start_us = 4294967290u;  // wraps in the first tick
  d.run(4);
  d.edge(PEN_LINE_HALL, true, 45);
  d.edge(PEN_LINE_START, true, 30);
  d.edge(PEN_LINE_MODE, true, 20);  // nobody listens
  d.edge(PEN_LINE_HALL, false, 5);
  EXPECT_EQ(letters(d.tick()), "H2Sh2ad");
  EXPECT_EQ(d.out.aux[7], 0);
  EXPECT_EQ(letters(d.tick()), "acd");
  d.edge(PEN_LINE_HALL, true, 1);  // stamp + 2 us is later than the tick: the clock does not go back for the tasks
  EXPECT_EQ(letters(d.tick()), "H2bad");
  EXPECT_EQ(d.out.aux[7], 1);
}

TEST(TickOfRates, MaskedEdgesRunOnceWithTheNewestAndAreCounted) {
  CoreDriver d("test:order");
  d.run(2);
  d.in.aux[0] = 6;
  d.tick();
  d.in.aux[0] = 0;
  d.edge(PEN_LINE_HALL, true, 40);
  d.edge(PEN_LINE_HALL, false, 20);
  d.edge(PEN_LINE_HALL, true, 10);
  EXPECT_EQ(letters(d.tick()), "bacd");
  EXPECT_EQ(d.report.interrupts_lost, 2u);
  d.in.aux[0] = 7;
  EXPECT_EQ(letters(d.tick()).substr(0, 3), "adH");  // run by pen_enable_interrupts in `commands`
  EXPECT_EQ(d.report.interrupts_lost, 2u);
}

TEST(TickOfRates, LinesOfTheInterruptController) {
  CoreDriver d("test:order");
  d.run(4);
  d.in.aux[0] = 8;
  EXPECT_EQ(letters(d.tick()), "ad");
  d.in.aux[0] = 0;
  EXPECT_EQ(letters(d.tick()), "cacd");
  EXPECT_EQ(letters(d.tick()), "cbad");
  d.in.aux[0] = 9;
  EXPECT_EQ(letters(d.tick()), "cacd");
  d.in.aux[0] = 10;  // made pending while it is disabled: forgotten
  EXPECT_EQ(letters(d.tick()), "ad");
  d.in.aux[0] = 0;
  EXPECT_EQ(letters(d.tick()), "bacd");
  d.in.aux[0] = 8;
  d.tick();
  d.in.aux[0] = 10;  // enabled: the function runs at once, in `commands`, and in its turn
  EXPECT_EQ(letters(d.tick()), "cacdc");
}

TEST(TickOfRates, LevelsHoldAndTheRestIsConsumedOnce) {
  CoreDriver d("test:order");
  d.in.aux[0] = 11;
  d.tick();
  EXPECT_EQ(d.out.duty_q15, 1000);
  EXPECT_EQ(d.out.stepper_steps, 5);
  EXPECT_EQ(d.out.watchdog, PEN_WATCHDOG_START);
  EXPECT_EQ(d.out.watchdog_timeout_ms, 77);
  EXPECT_EQ(d.out.nvm_data[15], 9);
  d.in.aux[0] = 0;
  d.tick();
  EXPECT_EQ(d.out.duty_q15, 1000);
  PenOut rest = d.out;
  rest.duty_q15 = 0;
  std::memset(rest.aux, 0, sizeof rest.aux);
  const PenOut nothing{};
  EXPECT_EQ(std::memcmp(&rest, &nothing, sizeof rest), 0);
}

TEST(TickOfRates, ADelayMovesTheClockUpToTheEndOfTheTick) {
  CoreDriver d("test:order");
  d.run(2);
  d.in.aux[0] = 5;
  EXPECT_EQ(letters(d.tick()), "a3");
  EXPECT_EQ(d.out.aux[7], 50);
  auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("asks for a delay of 30 us"), std::string::npos) << findings[0];
  d.tick();
  EXPECT_TRUE(d.core->take_findings().empty());
}

TEST(TickOfRates, SoftwareResetLeavesFromAnyDepth) {
  CoreDriver d("test:order");
  d.run(3);
  d.in.aux[0] = 4;
  d.tick();
  EXPECT_TRUE(d.report.reset_requested);
  const PenOut held = d.out;
  d.in.aux[0] = 0;
  d.tick();  // nothing runs until the reset has come
  EXPECT_TRUE(d.report.reset_requested);
  EXPECT_EQ(std::memcmp(&held, &d.out, sizeof held), 0);
  d.reset(PEN_RESET_SOFTWARE);
  EXPECT_EQ(letters(d.tick()), "ba");
  EXPECT_FALSE(d.report.reset_requested);
}

// ---- transmit queue ----

TEST(Uart, PacedAtTheBaudRate) {
  CoreDriver d("test:order");
  d.in.aux[0] = 1;
  d.tick();
  d.in.aux[0] = 0;
  // 115200 baud: a byte takes 86.8 us, so byte i has left after (i + 1) * 86.8 us
  for (int sent = 0; sent < 10;) {
    d.tick();
    sent += d.out.uart_count;
    EXPECT_EQ(sent, static_cast<int>(50e-6 * static_cast<double>(d.ticks) / (10.0 / 115200.0))) << d.ticks;
    ASSERT_LT(d.ticks, 100);
  }
  EXPECT_EQ(d.uart, "0123456789");
}

TEST(Uart, OverflowIsAFindingAndKeepsTheFirst1024Bytes) {
  CoreDriver d("test:order");
  d.in.aux[0] = 2;
  d.tick();
  d.in.aux[0] = 0;
  auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("6 bytes lost"), std::string::npos) << findings[0];
  d.run(2000);
  ASSERT_EQ(d.uart.size(), 1024u);
  EXPECT_EQ(d.uart.substr(1014), "4567890123");
}

TEST(Findings, AnUnansweredCallIsNamedOnce) {
  CoreDriver d("test:order");
  d.in.aux[0] = 3;
  d.run(5);
  d.reset(PEN_RESET_PIN);
  d.run(5);
  auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0], "HAL_FMC_Init() is called, but the port does not answer it");
}

TEST(Findings, ThePcsClockIsNamedAtOpening) {
  EXPECT_TRUE(open_native(CoreDriver::file("test:order"))->take_findings().empty());
  CoreDriver d("test:order_on_a_pc");
  auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("time() of the PC"), std::string::npos) << findings[0];
  d.in.aux[0] = 12;  // printf without anything to print to
  d.run(3);
  findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0], "_write() is called, but the port does not answer it");
}

TEST(Library, PrintfGoesToTheFirmwaresWrite) {
  CoreDriver d("test:order");
  d.in.aux[0] = 12;
  d.tick();
  d.in.aux[0] = 0;
  d.run(100);
  EXPECT_EQ(d.uart, "42 units\nline\n");  // newlib keeps the "." until its line is complete
}

TEST(Library, RandIsNewlibsAndStartsAnewWithAReset) {
  CoreDriver d("test:order");
  d.in.aux[0] = 13;
  auto number = [&] {
    std::uint32_t value = 0;
    std::memcpy(&value, d.tick().nvm_data, sizeof value);
    return value;
  };
  std::uint64_t state = 1;
  for (int i = 0; i < 3; ++i) {
    state = state * 6364136223846793005ull + 1;
    EXPECT_EQ(number(), (state >> 32) & 0x7FFFFFFFu) << i;
  }
  d.reset(PEN_RESET_WATCHDOG);
  EXPECT_EQ(number(), ((6364136223846793005ull + 1) >> 32) & 0x7FFFFFFFu);
}

// ---- variables; addresses as `nm` has them ----

std::uint64_t address_of(const std::string& core, const std::string& symbol) {
  FILE* nm = popen(("nm " + CoreDriver::file(core)).c_str(), "r");
  char line[512];
  std::uint64_t found = 0;
  while (nm && std::fgets(line, sizeof line, nm)) {
    char name[256] = "", kind = 0;
    unsigned long long address = 0;
    if (std::sscanf(line, "%llx %c %255s", &address, &kind, name) == 3 && symbol == name) found = address;
  }
  if (nm) pclose(nm);
  return found;
}

TEST(Variables, PeekAndPoke) {
  using Kind = CoreVariable::Kind;
  CoreDriver a("test:order"), d("test:order");  // d lies elsewhere: addresses are those of the file
  ASSERT_NE(d.core->load_bias(), 0u);
  CoreVariable data{
      "order_initialised", address_of("test:order", "order_initialised"), Kind::signed_integer, 4, 0, 0, {}};
  CoreVariable low{"order_bits.low", address_of("test:order", "order_bits"), Kind::unsigned_integer, 1, 0, 3, {}};
  CoreVariable middle{"order_bits.middle", low.address, Kind::signed_integer, 1, 3, 5, {}};
  ASSERT_NE(data.address, 0u);
  EXPECT_EQ(d.core->peek(data), 41);
  EXPECT_EQ(d.core->peek(low), 5);
  EXPECT_EQ(d.core->peek(middle), -3);
  d.core->poke(data, -12);
  EXPECT_EQ(d.core->peek(data), -12);
  EXPECT_EQ(a.core->peek(data), 41);
  d.core->poke(middle, 7);
  EXPECT_EQ(d.core->peek(middle), 7);
  EXPECT_EQ(d.core->peek(low), 5);
  EXPECT_TRUE(d.core->take_findings().empty());
  d.core->poke(middle, 16);  // 5 bits hold -16..15
  EXPECT_EQ(d.core->peek(middle), 7);
  EXPECT_EQ(d.core->take_findings().size(), 1u);
  CoreVariable code{"code", 0x20001000, Kind::unsigned_integer, 4, 0, 0, {}};
  d.core->poke(code, 0);
  EXPECT_EQ(d.core->take_findings().size(), 1u);
  d.reset(PEN_RESET_WATCHDOG);
  EXPECT_EQ(d.core->peek(data), 41);
}

// ---- the probe ----

TEST(Probe, ShowsEveryInput) {
  CoreDriver d("probe");
  for (int i = 0; i < PEN_ADC_COUNT; ++i) d.in.adc[i] = static_cast<std::uint16_t>(1000 + i);
  for (int i = 0; i < 8; ++i) d.in.aux[i] = 10 + i;
  for (int line = 0; line < PEN_LINE_COUNT - 1; ++line)
    d.edge(static_cast<std::uint8_t>(line), true, static_cast<std::uint32_t>(49 - line));
  d.tick();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(d.out.aux[1 + i], 1000 + i);
  d.edge(PEN_LINE_CHARGER, true, 3);
  d.edge(PEN_LINE_HALL, false, 2);
  d.tick();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(d.out.aux[1 + i], 1006 + i);
  EXPECT_EQ(d.out.aux[4], 0x1FE);
  EXPECT_EQ(d.out.aux[5], PEN_RESET_POWER_ON);
  EXPECT_EQ(d.out.aux[6], 50);
  d.tick();
  const int edges[] = {10, PEN_LINE_HALL, 0, 48, 2, 0};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(d.out.aux[1 + i], edges[i]) << i;
  d.tick();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(d.out.aux[1 + i], 1) << i;
  d.tick();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(d.out.aux[1 + i], 1) << i;
  d.run(2);
  d.tick();
  const int aux[] = {10 + 14 * 256, 11, 12, 13, 15, 16 + 17 * 256};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(d.out.aux[1 + i], aux[i]) << i;
}

TEST(Probe, JudgesEchoesAndObeys) {
  CoreDriver d("probe");
  d.in.adc[3] = 2051;
  auto type_all = [&](const std::string& text) {
    for (std::size_t i = 0; i < text.size(); i += PEN_UART_BYTES) {
      d.type(text.substr(i, PEN_UART_BYTES));
      d.tick();
    }
  };
  d.run(400);
  EXPECT_EQ(d.uart, "probe 1\r\n");
  d.uart.clear();
  type_all("Hello");
  type_all("?adc 3 2048\r");
  type_all("?adc 3 2051\r");
  type_all("?rubbish\r");
  d.run(1000);
  EXPECT_EQ(d.uart,
            "HELLO"
            "adc 3 reads 2051, ought to be 2048: off by 3\r\n"
            "adc 3 reads 2051, ought to be 2051: ok\r\n"
            "what?\r\n");
  type_all("!w 1 3 2 200\r");
  EXPECT_EQ(d.out.nvm_command, PEN_NVM_WRITE);
  EXPECT_EQ(d.out.nvm_bank, PEN_NVM_BANK_CARTRIDGE);
  EXPECT_EQ(d.out.nvm_address, 3);
  EXPECT_EQ(d.out.nvm_length, 2);
  EXPECT_EQ(d.out.nvm_data[1], 201);
  d.in.nvm_status = PEN_NVM_DONE;
  d.in.nvm_length = 1;
  d.in.nvm_data[0] = 77;
  d.tick();
  d.in.nvm_status = PEN_NVM_IDLE;
  d.uart.clear();
  type_all("?nvm 0 77\r");
  type_all("?done 0 1\r");
  d.run(1000);
  EXPECT_EQ(d.uart, "nvm done 1\r\nnvm 0 reads 77, ought to be 77: ok\r\ndone 0 reads 1, ought to be 1: ok\r\n");
  type_all("!reset\r");
  EXPECT_TRUE(d.report.reset_requested);
}

TEST(Probe, MovesEveryOutput) {
  CoreDriver d("probe");
  int low = 0, high = 0, pins = 0, modes = 0;
  d.in.aux[7] = INT32_MIN;  // bit 31: start the watchdog
  for (int n = 0; n < 2000; ++n) {
    d.tick();
    if (n == 0) {
      EXPECT_EQ(d.out.watchdog, PEN_WATCHDOG_START);
      EXPECT_EQ(d.out.watchdog_timeout_ms, 250);
    }
    low = std::min<int>(low, d.out.duty_q15);
    high = std::max<int>(high, d.out.duty_q15);
    pins |= d.out.pins;
    modes |= 1 << d.out.bridge_mode;
    EXPECT_EQ(d.out.stepper_steps, n % 400 == 100 ? 3 : n % 400 == 300 ? -3 : 0) << n;
  }
  EXPECT_EQ(low, -32640);
  EXPECT_EQ(high, 32767);
  EXPECT_EQ(pins, 31);
  EXPECT_EQ(modes, 7);
  EXPECT_EQ(d.steps, 0);
  EXPECT_EQ(d.kicks, 20);
}

}  // namespace
}  // namespace pensim
