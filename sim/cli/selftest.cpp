#include <fmt/format.h>

#include <exception>
#include <fstream>
#include <functional>
#include <map>

#include "firmware_shim/cores/misbehave/misbehave.h"
#include "sim/cli/commands.h"
#include "sim/input/document.h"
#include "sim/platform/program.h"
#include "sim/run/run_one.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/scenario.h"
#include "sim/vocabulary/version.h"

namespace pensim {
namespace {

// "<scenario> <hash>" per line; the scenarios lie beside it.
std::map<std::string, std::string> golden_hashes(const std::string& file) {
  std::map<std::string, std::string> hashes;
  std::ifstream in(file);
  for (std::string scenario, hash; in >> scenario >> hash;) hashes[scenario] = hash;
  return hashes;
}

RunResult run_text(const std::string& text, const std::string& name) {
  LoadOptions load;
  load.always = false;
  const Scenario scenario = parse_scenario(text, name, ".", load);
  RunRequest request;
  request.label = name;
  request.scenario_text = text;
  request.resolved = resolve(scenario);
  request.core = find_core(request.resolved.firmware);
  RunOptions options;
  options.keep = Keep::none;
  return run_one(request, options);
}

std::string misbehaving(int what) {
  return fmt::format(
      "title: selftest\nduration: 3 s\nfirmware: misbehave\ntimeline:\n  - {{at: 0.1 s, set: aux.0, to: {}}}\n", what);
}

std::string expect_fault(int what, const std::string& kind) {
  const RunResult r = run_text(misbehaving(what), "selftest");
  if (!r.firmware_fault)
    return fmt::format("expected the verdict {}, found {} {}", kind, verdict_name(r.verdict), r.cause);
  const FirmwareFault& f = *r.firmware_fault;
  if (f.kind != kind) return fmt::format("expected {}, found {}", kind, f.kind);
  if (f.function.empty() || f.line == 0) return fmt::format("{} was found, but not where", kind);
  fmt::print("       {} in {} ({}:{}) at {:.6g} s\n", f.kind, f.function, f.file, f.line, f.at_s);
  return "";
}

int command_selftest() {
  fmt::print("pensim {} ({}), {}\n", version, git_state(), compiler_flags());
  int failed = 0;
  const auto check = [&](const std::string& name, const std::function<std::string()>& body) {
    std::string why;
    try {
      why = body();
    } catch (const std::exception& error) {
      why = error.what();
    }
    fmt::print("{}  {}{}{}\n", why.empty() ? "ok    " : "FAILED", name, why.empty() ? "" : ": ", why);
    failed += why.empty() ? 0 : 1;
  };
  const std::string folder = share_path("selftest");
  const std::map<std::string, std::string> hashes = golden_hashes(folder + "/hashes.txt");
  check("golden runs are installed", [&] { return hashes.size() >= 3 ? "" : "none in " + folder; });
  for (const auto& item : hashes) {
    const std::string &name = item.first, &hash = item.second;
    check("golden run " + name, [&]() -> std::string {
      const RunResult r = run_text(read_file(folder + "/" + name), name);
      if (exit_code(r.verdict) != exit_ok) return fmt::format("{}: {}", verdict_name(r.verdict), r.cause);
      if (r.hash != hash) return fmt::format("hash {} instead of {}", r.hash, hash);
      fmt::print("       {} hash {}\n", r.title, r.hash);
      return "";
    });
  }
  check("a core that crashes is explained", [] { return expect_fault(NULL_WRITE, "segfault"); });
  check("a core that spins for ever is explained", [] { return expect_fault(SPIN, "hang"); });
  fmt::print("{}\n", failed == 0 ? "self-test passed" : fmt::format("self-test failed: {} of its checks", failed));
  return failed == 0 ? exit_ok : exit_error;
}

}  // namespace

void add_selftest_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("selftest", "check this installation: probe core, golden hashes, a crash, a hang");
  command->final_callback([] { finish(command_selftest()); });
}

}  // namespace pensim
