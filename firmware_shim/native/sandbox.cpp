#include "firmware_shim/native/sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <sstream>

// The address behind the instruction is what the filter compares.
__asm__(
    ".text\n"
    ".globl pensim_system_call\n"
    ".type pensim_system_call, @function\n"
    "pensim_system_call:\n"
    "  .cfi_startproc\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  movq %rdx, %rsi\n"
    "  movq %rcx, %rdx\n"
    "  movq %r8, %r10\n"
    "  movq %r9, %r8\n"
    "  movq 8(%rsp), %r9\n"
    "  syscall\n"
    ".globl pensim_behind_system_call\n"
    "pensim_behind_system_call:\n"
    "  ret\n"
    "  .cfi_endproc\n"
    ".size pensim_system_call, . - pensim_system_call\n");
extern "C" const char pensim_behind_system_call[];

// A build that counts its own lines writes the counts at the end of each process.
extern "C" __attribute__((weak)) void __gcov_dump();

namespace pensim {
namespace {

struct SystemCall {
  const char* name = nullptr;
  CallRule rule = CallRule::nobody;
};
constexpr std::size_t most_calls = 512;
constexpr auto system_calls = [] {
  std::array<SystemCall, most_calls> all{};
#define CALL(call, who) all[SYS_##call] = {#call, CallRule::who};
#include "firmware_shim/native/system_calls.inl"
  return all;
}();

// A filter as it is put together; jumps reach the three ends, whose places are known when it is complete.
class Filter {
 public:
  enum class End : std::uint8_t { next, trap, own, allow };
  void load(std::size_t offset) {
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)), End::next, End::next);
  }
  void test(int how, std::uint32_t value, End yes, End no) {
    add(BPF_STMT(static_cast<std::uint16_t>(BPF_JMP | BPF_K | how), value), yes, no);
  }
  bool install(bool traps_rest) {
    const auto behind = reinterpret_cast<std::uint64_t>(pensim_behind_system_call);
    std::vector<sock_filter> program = program_;
    const std::size_t rest = program.size(), own = rest + 1, trap = own + 4, allow = trap + 1;
    if (allow > 256) return false;  // the first test would not reach it: a jump has eight bits
    const auto end_of = [&](std::size_t at, End end) {
      const std::size_t to = end == End::trap ? trap : end == End::own ? own : end == End::allow ? allow : at + 1;
      return static_cast<std::uint8_t>(to - at - 1);
    };
    for (std::size_t i = 0; i < rest; ++i)
      if (BPF_CLASS(program[i].code) == BPF_JMP) {
        program[i].jt = end_of(i, ends_[i][0]);
        program[i].jf = end_of(i, ends_[i][1]);
      }
    const auto low = static_cast<std::uint32_t>(behind), high = static_cast<std::uint32_t>(behind >> 32);
    constexpr std::uint32_t pointer = offsetof(seccomp_data, instruction_pointer);
    const sock_filter ends[] = {
        BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>((traps_rest ? trap : allow) - rest - 1)),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    program.insert(program.end(), std::begin(ends), std::end(ends));
    const sock_fprog filter = {static_cast<std::uint16_t>(program.size()), program.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    // Without the flag, kernels before 5.16 slow down all code behind a filter.
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) == 0;
  }

 private:
  void add(sock_filter statement, End yes, End no) {
    program_.push_back(statement);
    ends_.push_back({yes, no});
  }
  std::vector<sock_filter> program_;
  std::vector<std::array<End, 2>> ends_;
};

// ---- Landlock: numbers of the kernel's interface, whose header is younger than some systems'

struct Ruleset {
  std::uint64_t files, network, scopes;
};
struct __attribute__((packed)) PathRule {
  std::uint64_t allowed;
  std::int32_t folder;
};
constexpr long create_ruleset = 444, add_rule = 445, restrict_self = 446;
constexpr long create_version = 1, rule_path = 1;
constexpr std::uint64_t may_execute = 1u << 0, may_read_file = 1u << 2, may_read_folder = 1u << 3;

int landlock_version() {
  const long version = syscall(create_ruleset, nullptr, 0, create_version);
  return version > 0 ? static_cast<int>(version) : 0;
}

// Everything that a version can hold back.
Ruleset everything(int version, std::size_t& bytes) {
  Ruleset all{};
  const unsigned file_rights = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;
  all.files = (1ull << file_rights) - 1;
  if (version >= 4) all.network = 3;  // bind, connect
  if (version >= 6) all.scopes = 3;   // abstract sockets, signals
  bytes = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  return all;
}

void allow(int ruleset, const std::string& path) {
  const int folder = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (folder < 0) return;  // it is not there
  PathRule rule{may_execute | may_read_file | may_read_folder, folder};
  if (syscall(add_rule, ruleset, rule_path, &rule, 0) != 0) {
    rule.allowed = may_execute | may_read_file;  // a file
    syscall(add_rule, ruleset, rule_path, &rule, 0);
  }
  ::close(folder);
}

}  // namespace

CallRule call_rule(long number) {
  return number >= 0 && number < static_cast<long>(most_calls) ? system_calls[static_cast<std::size_t>(number)].rule
                                                               : CallRule::nobody;
}

std::string call_name(long number) {
  const bool known =
      number >= 0 && number < static_cast<long>(most_calls) && system_calls[static_cast<std::size_t>(number)].name;
  return known ? system_calls[static_cast<std::size_t>(number)].name : "system call " + std::to_string(number);
}

bool sandbox_calls(bool may_fork) {
  using End = Filter::End;
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.test(BPF_JEQ, AUDIT_ARCH_X86_64, End::next, End::trap);
  filter.load(offsetof(seccomp_data, nr));
  for (std::size_t i = 0; i < most_calls; ++i)
    if (system_calls[i].name && system_calls[i].rule == CallRule::anyone && i != SYS_mmap)
      filter.test(BPF_JEQ, static_cast<std::uint32_t>(i), End::allow, End::next);
  for (std::size_t i = 0; i < most_calls; ++i) {
    const SystemCall& call = system_calls[i];
    const bool ends = i == SYS_exit_group, forks = i == SYS_clone;
    if (call.name && (ends || call.rule == CallRule::loader || call.rule == CallRule::own) && (!forks || may_fork))
      filter.test(BPF_JEQ, static_cast<std::uint32_t>(i), End::own, End::next);
  }
  // A mapping of a file is made through a descriptor.
  filter.test(BPF_JEQ, SYS_mmap, End::next, End::trap);
  filter.load(offsetof(seccomp_data, args[4]));
  filter.test(BPF_JEQ, 0xffffffffu, End::allow, End::own);
  return filter.install(true);
}

bool sandbox_exits() {
  using End = Filter::End;
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.test(BPF_JEQ, AUDIT_ARCH_X86_64, End::next, End::allow);
  filter.load(offsetof(seccomp_data, nr));
  filter.test(BPF_JEQ, SYS_exit_group, End::own, End::next);
  filter.test(BPF_JEQ, SYS_exit, End::own, End::allow);
  return filter.install(false);
}

bool sandbox_files(const std::vector<std::string>& readable) {
  if (__gcov_dump) return true;
  const int version = landlock_version();
  if (version == 0) return false;
  std::size_t bytes = 0;
  const Ruleset all = everything(version, bytes);
  const int ruleset = static_cast<int>(syscall(create_ruleset, &all, bytes, 0));
  if (ruleset < 0) return false;
  for (const std::string& path : readable) allow(ruleset, path);
  for (const char* path : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc"}) allow(ruleset, path);
  if (const char* listed = std::getenv("LD_LIBRARY_PATH")) {
    std::istringstream folders(listed);
    for (std::string folder; std::getline(folders, folder, ':');)
      if (!folder.empty()) allow(ruleset, folder);
  }
  const bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(restrict_self, ruleset, 0) == 0;
  ::close(ruleset);
  return done;
}

std::string sandbox_lacks() {
  const std::uint32_t trap = SECCOMP_RET_TRAP;
  const bool calls = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &trap) == 0;
  const int version = landlock_version();
  if (!calls && version == 0) return "this kernel has neither seccomp nor Landlock: a core can do whatever you can";
  if (!calls) return "this kernel refuses seccomp filters: a core can start processes, send signals and use sockets";
  if (version == 0)
    return "this kernel has no Landlock, or does not let it be used: what a core does while it is loaded is held back "
           "from writing and from the network by system calls alone, and it can read any file then";
  return "";
}

}  // namespace pensim
