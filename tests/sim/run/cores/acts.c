/* acts.c - see acts.h. The motor runs as it would without the act. */
#define _GNU_SOURCE
#include "acts.h"

#include <stdint.h>

#include "pen_port.h"

#define HIDE(value) __asm__ volatile("" : "+r"(value)) /* the compiler knows nothing of it any more */

static int done;
static uint32_t ticks;

static long ask(long number, long a, long b) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(0) : "rcx", "r11", "memory");
  return result;
}

static void set_mxcsr(uint32_t clear, uint32_t set) {
  uint32_t value;
  __asm__ volatile("stmxcsr %0" : "=m"(value));
  value = (value & ~clear) | set;
  __asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static void set_x87(uint16_t word) { __asm__ volatile("fldcw %0" : : "m"(word)); }

static void set_flag(uint64_t flag) {
  __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq %0, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
                   :
                   : "r"(flag)
                   : "cc", "memory");
}

static void act_anywhere(int what) {
  switch (what) {
    case SYSTEM_CALL:
      ask(57, 0, 0); /* fork */
      break;
    case SYSTEM_CALL_32: {
      long number = 20;
      __asm__ volatile("int $0x80" : "+a"(number) : : "memory");
      break;
    }
    case SYSTEM_CALL_X32:
      ask(0x40000000 | 62, 1, 9);
      break;
    case SYSTEM_EXIT:
      ask(231, 5, 0);
      break;
    case KILL_BARE:
      ask(62, 1, 9);
      break;
    case TRAP_FLAG:
      set_flag(0x100);
      break;
    case DIRECTION_FLAG:
      __asm__ volatile("std" : : : "cc");
      break;
    case ALIGNMENT_CHECK:
      set_flag(0x40000);
      break;
    case ROUND_UP:
      set_mxcsr(0x6000, 0x4000);
      set_x87(0x0B7F);
      break;
    case FLUSH_TO_ZERO:
      set_mxcsr(0, 0x8040);
      break;
    case UNMASK_EXCEPTIONS:
      set_mxcsr(0x1F80, 0);
      set_x87(0x0340);
      break;
    case X87_SINGLE:
      set_x87(0x007F);
      break;
    case X87_UNMASKED_PENDING:
      __asm__ volatile("fldz\n\tfld1\n\tfdivp" : : : "memory");
      set_x87(0x0360);
      break;
    case X87_FULL:
      __asm__ volatile("fninit\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1" : : : "memory");
      break;
    default:
      break;
  }
}

#ifdef OF_A_PC
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void spin(void) {
  int on = 1;
  HIDE(on);
  while (on) __asm__ volatile("");
}

static void* thread(void* none) {
  for (;;) pen_out.aux[7]++;
  return none;
}

static void act_of_a_pc(int what) {
  switch (what) {
    case RAISE_SEGV:
      raise(SIGSEGV);
      break;
    case RAISE_KILL:
      raise(SIGKILL);
      break;
    case RAISE_STOP:
      raise(SIGSTOP);
      break;
    case RAISE_TERM:
      raise(SIGTERM);
      break;
    case FORK:
      if (fork() == 0)
        for (;;) pause();
      break;
    case THREAD: {
      pthread_t t;
      pthread_create(&t, 0, thread, 0);
      break;
    }
    case PTHREAD_EXIT:
      pthread_exit(0);
    case IGNORE_SEGV:
      signal(SIGSEGV, SIG_IGN);
      break;
    case IGNORE_ALARMS:
      signal(SIGVTALRM, SIG_IGN);
      spin();
      break;
    case BLOCK_SIGNALS: {
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_BLOCK, &all, 0);
      spin();
      break;
    }
    case STOP_TIMERS: {
      const struct itimerval none = {{0, 0}, {0, 0}};
      setitimer(ITIMER_VIRTUAL, &none, 0);
      spin();
      break;
    }
    case ALARM:
      alarm(1);
      break;
    case NO_ALTERNATE_STACK: {
      stack_t none;
      memset(&none, 0, sizeof none);
      none.ss_flags = SS_DISABLE;
      sigaltstack(&none, 0);
      break;
    }
    case CLOSE_ALL:
      for (int i = 0; i < 1024; ++i) close(i);
      break;
    case CLOSE_RANGE:
      close_range(3, ~0u, 0);
      break;
    case DUPLICATE:
      for (int i = 3; i < 100; ++i) dup2(2, i);
      break;
    case WRITE_ALL:
      for (int i = 3; i < 100; ++i)
        if (write(i, "ZZZZ", 4) < 0) continue;
      break;
    case MAP_A_FILE:
      mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
      break;
    case CHANGE_FOLDER:
      if (chdir("/") != 0) ++ticks;
      break;
    case EXECUTE:
      execl("/bin/true", "true", (char*)0);
      break;
    case KILL_PARENT:
      kill(getppid(), SIGKILL);
      break;
    case STOP_PARENT:
      kill(getppid(), SIGSTOP);
      break;
    case TRACE_ME:
      ptrace(PTRACE_TRACEME, 0, 0, 0);
      break;
    case READ_PARENT: {
      char byte;
      const struct iovec to = {&byte, 1}, from = {(void*)0x70000000, 1};
      process_vm_readv(getppid(), &to, 1, &from, 1, 0);
      break;
    }
    case LIMIT_FILES: {
      const struct rlimit none = {0, 0};
      setrlimit(RLIMIT_FSIZE, &none);
      break;
    }
    case PRIORITY:
      if (nice(19) < 0) ++ticks;
      break;
    case READ_FILE:
      if (fopen("/etc/hostname", "r")) ++ticks;
      break;
    case WRITE_FILE:
      open("acts_were_here", O_CREAT | O_WRONLY | O_TRUNC, 0644);
      break;
    case DELETE_FILE:
      unlink("acts_were_here");
      break;
    case CONNECT: {
      struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
      const int s = socket(AF_INET, SOCK_STREAM, 0);
      connect(s, (struct sockaddr*)&to, sizeof to);
      break;
    }
    case SOCKET_PAIR: {
      int ends[2];
      socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
      break;
    }
    case OUTLIVE_PARENT:
      prctl(PR_SET_PDEATHSIG, 0);
      for (;;) pause();
    case EXIT_THREAD:
      syscall(SYS_exit, 9);
      break;
    case FORGE_A_RESULT: {
      static const char result[] =
          "{\"scenario\":\"x\",\"title\":\"\",\"verdict\":\"pass\",\"cause\":\"\",\"seed\":1,\"hash\":"
          "\"0000000000000000\",\"requirements\":[],\"measures\":{},\"measure_units\":{},\"wall_s\":0.1,\"sim_s\":2.0,"
          "\"findings\":[],\"recording\":\"\",\"reproduce\":\"\"}";
      for (int i = 3; i < 40; ++i)
        if (write(i, result, sizeof result - 1) < 0) continue;
      kill(getppid(), SIGKILL);
      break;
    }
    case IO_URING:
      syscall(SYS_io_uring_setup, 8, 0);
      break;
    case FAULT_HANDLER:
      syscall(SYS_userfaultfd, 0);
      break;
    case BPF:
      syscall(SYS_bpf, 0, 0, 0);
      break;
    case MOUNT:
      mount("none", "/tmp", "tmpfs", 0, 0);
      break;
    case BECOME_ROOT:
      if (setuid(0) != 0) ++ticks;
      break;
    case PRINT:
      if (write(1, "PRINTED BY THE CORE\n", 20) < 0) ++ticks;
      break;
    case ASK_THE_TIME: {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      break;
    }
    case SET_ENVIRONMENT:
      setenv("PENSIM_CORES", "/nowhere", 1);
      unsetenv("PATH");
      break;
    default:
      break;
  }
}
#endif

static void control(void) {
  const int what = pen_in.aux[0];
  uint32_t local = 0;
  ++ticks;
  pen_out.pins |= 1u << PEN_OUT_ENABLE;
  pen_out.bridge_mode = PEN_BRIDGE_DRIVE;
  pen_out.duty_q15 = ticks < 400 ? 0 : 8000;
  HIDE(local);
  if (what == LOCAL_ADDRESS) pen_out.aux[6] = (int32_t)(uintptr_t)&local;
  if (!what || done) return;
  done = 1;
#ifdef OF_A_PC
  act_of_a_pc(what);
#endif
  act_anywhere(what);
}

#ifdef ACTS_MAIN
static int firmware_main(void) {
  for (;;) {
    control();
    pen_wait_for_interrupt();
  }
  return 0;
}
static void system_tick(void) {}
static const PenTask tasks[] = {{.run = system_tick, .period_us = 50}};
#else
static const PenTask tasks[] = {{.run = control, .period_us = 50}};
#endif

const PenPort pen_port = {
    .version = PEN_PORT_VERSION,
    .name = "acts",
    .tick_us = 50,
#ifdef ACTS_MAIN
    .main = firmware_main,
#endif
    .tasks = tasks,
    .task_count = 1,
};
