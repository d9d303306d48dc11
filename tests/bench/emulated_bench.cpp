// The cost of emulation: ticks of a core per second, against calls of the same function by uc_emu_start and nothing
// else.
//   emulated_bench FOLDER_OF_CORES FOLDER_OF_TEST_CORES SECONDS
#include <unicorn/unicorn.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "firmware_shim/emulated/elf_image.h"
#include "firmware_shim/emulated/emulated_target.h"

namespace {

// Processor time: a machine that is busy otherwise tells the same.
struct Clock {
  using time_point = std::clock_t;
  static std::clock_t now() { return std::clock(); }
};

double since_s(Clock::time_point begin) { return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC; }

// Calls a second of `function` with nothing but libunicorn: uc_emu_start up to its return.
double bare_calls_Hz(const std::string& file, const char* function, double seconds) {
  const pensim::ElfImage image(file);
  uc_engine* uc = nullptr;
  if (uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &uc) != UC_ERR_OK) std::abort();
  uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M4);
  for (const pensim::ElfRegion& r : image.regions()) {
    uc_mem_map(uc, r.address, r.size(), UC_PROT_ALL);
    uc_mem_write(uc, r.address, r.bytes.data(), r.bytes.size());
  }
  constexpr std::uint32_t stack = 0x60000000, return_to = 0x60001000;
  uc_mem_map(uc, stack, 0x2000, UC_PROT_ALL);
  const std::uint32_t fpexc = 0x40000000;
  uc_reg_write(uc, UC_ARM_REG_FPEXC, &fpexc);
  const std::uint32_t entry = image.symbol(function).value_or(0);
  if (entry == 0) std::abort();
  const Clock::time_point begin = Clock::now();
  double calls = 0;
  while (since_s(begin) < seconds) {
    for (int i = 0; i < 1000; ++i, ++calls) {
      const std::uint32_t sp = stack + 0x1000, lr = return_to | 1;
      uc_reg_write(uc, UC_ARM_REG_SP, &sp);
      uc_reg_write(uc, UC_ARM_REG_LR, &lr);
      if (uc_emu_start(uc, entry | 1, return_to, 0, 0) != UC_ERR_OK) std::abort();
    }
  }
  uc_close(uc);
  return calls / since_s(begin);
}

double ticks_Hz(const std::string& file, bool counted, double seconds) {
  pensim::TargetSpec spec;
  spec.kind = pensim::TargetSpec::Kind::emulated;
  spec.path = file;
  spec.emulated.counted = counted;
  const std::unique_ptr<pensim::Target> target = pensim::open_emulated(spec);
  PenIn in{};
  PenOut out{};
  in.adc[PEN_ADC_BATTERY] = 2400;
  const Clock::time_point begin = Clock::now();
  std::int64_t tick = 0;
  while (since_s(begin) < seconds) {
    for (int i = 0; i < 1000; ++i, ++tick) {
      in.time_us = static_cast<std::uint32_t>(50 * tick);
      target->step(tick, in, out);
    }
  }
  return static_cast<double>(tick) / since_s(begin);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string cores = argc > 1 ? argv[1] : "build/cores";
  const std::string filter = std::string(argc > 2 ? argv[2] : "build/tests/cores") + "/filter.elf";
  const double seconds = argc > 3 ? std::atof(argv[3]) : 1.0;
  const double bare = bare_calls_Hz(filter, "filter", seconds);
  const double own = ticks_Hz(filter, false, seconds);
  std::printf("one small float handler a tick: %.0f ticks/s, bare uc_emu_start %.0f calls/s: %.0f %% (goal: 80 %%)\n",
              own, bare, 100 * own / bare);
  for (const char* core : {"reference_pen", "example_main", "example_registers"}) {
    const double ideal = ticks_Hz(cores + "/" + core + ".elf", false, seconds);
    const double counted = ticks_Hz(cores + "/" + core + ".elf", true, seconds);
    std::printf("%-18s %7.0f ticks/s: %.1f times real time at 20 kHz (goal: 5); counted %.1f times\n", core, ideal,
                ideal / 20000, counted / 20000);
  }
}
