/* acts.h - what the cores of acts.c do to the process that they run in: PenIn.aux[0] says which, once.
 * ACT(name, kind, said): the kind of the fault that the run must end with, and a part of its detail; kind "": the core
 * goes on, plant and verdict are what they are without the act, and a finding says `said` ("": none).
 * ACTS_OF_A_PC take the C library of the PC; ACTS_ANYWHERE are inline assembler, which any core may hold. */
#ifndef ACTS_H
#define ACTS_H

#define ACTS_OF_A_PC(ACT)                              \
  ACT(RAISE_SEGV, "segfault", "sent by the process")   \
  ACT(RAISE_KILL, "refused_call", "tgkill")            \
  ACT(RAISE_STOP, "refused_call", "tgkill")            \
  ACT(RAISE_TERM, "refused_call", "tgkill")            \
  ACT(FORK, "refused_call", "clone")                   \
  ACT(THREAD, "refused_call", "sandbox refuses")       \
  ACT(PTHREAD_EXIT, "abort", "abort()")                \
  ACT(IGNORE_SEGV, "refused_call", "rt_sigaction")     \
  ACT(IGNORE_ALARMS, "refused_call", "rt_sigaction")   \
  ACT(BLOCK_SIGNALS, "hang", "processor time")         \
  ACT(STOP_TIMERS, "refused_call", "setitimer")        \
  ACT(ALARM, "refused_call", "alarm")                  \
  ACT(NO_ALTERNATE_STACK, "refused_call", "sigaltstack") \
  ACT(CLOSE_ALL, "refused_call", "close")              \
  ACT(CLOSE_RANGE, "refused_call", "close_range")      \
  ACT(DUPLICATE, "refused_call", "dup2")               \
  ACT(WRITE_ALL, "refused_call", "write")              \
  ACT(MAP_A_FILE, "refused_call", "mmap")              \
  ACT(CHANGE_FOLDER, "refused_call", "chdir")          \
  ACT(EXECUTE, "refused_call", "execve")               \
  ACT(KILL_PARENT, "refused_call", "kill")             \
  ACT(STOP_PARENT, "refused_call", "kill")             \
  ACT(TRACE_ME, "refused_call", "ptrace")              \
  ACT(READ_PARENT, "refused_call", "process_vm_readv") \
  ACT(LIMIT_FILES, "refused_call", "prlimit64")        \
  ACT(PRIORITY, "refused_call", "priority")            \
  ACT(READ_FILE, "refused_call", "openat")             \
  ACT(WRITE_FILE, "refused_call", "openat")            \
  ACT(DELETE_FILE, "refused_call", "unlink")           \
  ACT(CONNECT, "refused_call", "socket")               \
  ACT(SOCKET_PAIR, "refused_call", "socketpair")       \
  ACT(OUTLIVE_PARENT, "refused_call", "prctl")         \
  ACT(EXIT_THREAD, "exit", "exit code 9")              \
  ACT(FORGE_A_RESULT, "refused_call", "write")         \
  ACT(IO_URING, "refused_call", "io_uring_setup")      \
  ACT(FAULT_HANDLER, "refused_call", "userfaultfd")    \
  ACT(BPF, "refused_call", "bpf")                      \
  ACT(MOUNT, "refused_call", "mount")                  \
  ACT(BECOME_ROOT, "refused_call", "setuid")           \
  ACT(PRINT, "", "")                                   \
  ACT(ASK_THE_TIME, "", "")                            \
  ACT(SET_ENVIRONMENT, "", "")

#define ACTS_ANYWHERE(ACT)                                      \
  ACT(SYSTEM_CALL, "refused_call", "called fork")               \
  ACT(SYSTEM_CALL_32, "refused_call", "of 32-bit programs")     \
  ACT(SYSTEM_CALL_X32, "refused_call", "by its x32 number")     \
  ACT(SYSTEM_EXIT, "exit", "exit code 5")                       \
  ACT(KILL_BARE, "refused_call", "kill")                        \
  ACT(TRAP_FLAG, "illegal_instruction", "breakpoint")           \
  ACT(DIRECTION_FLAG, "", "the direction flag")                 \
  ACT(ALIGNMENT_CHECK, "", "the alignment check")               \
  ACT(ROUND_UP, "", "")                                         \
  ACT(FLUSH_TO_ZERO, "", "")                                    \
  ACT(UNMASK_EXCEPTIONS, "", "")                                \
  ACT(X87_SINGLE, "", "")                                       \
  ACT(X87_UNMASKED_PENDING, "", "")                             \
  ACT(X87_FULL, "", "")

enum {
  NO_ACT,
#define ACT(name, kind, said) name,
  ACTS_OF_A_PC(ACT) ACTS_ANYWHERE(ACT)
#undef ACT
};

#define LOCAL_ADDRESS 1000 /* the address of a local variable in an output, at every tick */

#endif
