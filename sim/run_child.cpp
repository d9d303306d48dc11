#include "sim/run_child.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>

#include "firmware_shim/native_target.h"
#include "sim/rig.h"

namespace pensim {

std::string core_refusal(const std::string& path) {
  static std::map<std::string, std::string> known;
  const auto it = known.find(path);
  if (it != known.end()) return it->second;
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) {
    close(ends[0]);
    std::string why = "+";
    try {
      open_native(path);
    } catch (const std::exception& error) {
      why = error.what();
    }
    const ssize_t written = write(ends[1], why.data(), why.size());
    _exit(written == static_cast<ssize_t>(why.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char buffer[1024];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR);)
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (text == "+") text.clear();
  else if (text.empty()) text = "loading it ended the process";
  return known[path] = text;
}

void run_body(const RunRequest& request, const std::string& core_path, const BodyOptions& options, BlockStore& store, RunStatus& status) {
  try {
    if (options.heap_fill != 0) mallopt(M_PERTURB, options.heap_fill);
    const ResolvedScenario& scenario = request.resolved;
    if (scenario.rig == Rig::insertion) {
      if (options.crash_report != nullptr) {
        CrashSetup setup;  // no core: a crash is the bench's own
        setup.report_fd = options.crash_report->fd();
        setup.guard_hangs = false;
        crash_install(setup);
      }
      BlockWriter writer(store);
      run_rig(scenario, writer, status);
      writer.close();
      return;
    }
    const std::unique_ptr<NativeTarget> target = open_native(core_path);
    if (options.crash_report != nullptr) {
      CrashSetup setup = crash_setup(*options.crash_report, *target);
      setup.lock_host_memory = options.lock_host_memory;
      crash_install(setup);
    }
    std::vector<Watch> watches;
    std::vector<CoreVariable> pokes;
    const bool names = !scenario.watch.empty() ||
                       std::any_of(scenario.commands.begin(), scenario.commands.end(), [](const Command& c) { return c.kind == Command::Kind::poke; });
    if (names) {
      const CoreSymbols symbols(core_path);
      for (const std::string& name : scenario.watch) {
        const CoreVariable variable = symbols.find(name);
        watches.push_back(make_watch(variable, reinterpret_cast<const void*>(target->load_bias() + variable.address)));
      }
      for (const Command& c : scenario.commands)
        if (c.kind == Command::Kind::poke) pokes.push_back(symbols.find(c.name));
    }
    BlockWriter writer(store);
    run_engine(scenario, *target, watches, pokes, writer, store.plan(), status);
    writer.close();
    if (status.end == RunStatus::End::hang && options.crash_report != nullptr) crash_report_hang(*target);
  } catch (const std::exception& error) {
    std::strncpy(status.message, error.what(), sizeof status.message - 1);
    status.end = RunStatus::End::error;
  }
}

}  // namespace pensim
