// sandbox.h - what the process of a run may ask of the kernel (docs/security.md).
//
// Calls. A seccomp filter with a list of what is allowed (system_calls.inl). A call that only the simulator may make is
// trapped: the handler of crash.cpp knows whether the core runs, and makes it in the simulator's stead through
// pensim_system_call, the one instruction from which the filter lets such calls pass. So code of the simulator needs to
// know nothing of the filter, each such call costs a signal (about 2 us, a few of them in a simulated second), and the
// core is refused by its own name and line.
// Files. Landlock, for the process and all that it starts: reading, and only below the folders that are named; no
// writing; no TCP; no signal to and no socket of a process outside.
// Both stay for the life of the process. A kernel without them is no error: sandbox_support says what it lacks.
//
// What it is not: core and plant share an address space, so code that is written to attack can write into the
// simulator's memory, and jump to the one instruction. What nobody may do is refused to it too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pensim {

enum class CallRule : std::uint8_t { anyone, loader, own, nobody };
CallRule call_rule(long number);
std::string call_name(long number);  // "socket"; "system call 999" for one that is not known

// The call with these arguments; negative errors, no errno.
extern "C" long pensim_system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

// Calls that are refused raise SIGSYS, and so does an end of the process that does not come from pensim_system_call.
// `may_fork`: this process leaves copies of itself (a live session). false: the kernel refuses the filter.
bool sandbox_calls(bool may_fork);
// Only the ends of the process are trapped.
bool sandbox_exits();

// Files below `readable`, a file or folder each, and what the dynamic loader needs. false: the kernel cannot.
bool sandbox_files(const std::vector<std::string>& readable);

// What this kernel cannot hold back, as a sentence; "" if it can do everything.
std::string sandbox_lacks();

}  // namespace pensim
