// Children and pipes under a rain of signals: every wait, read and write that one interrupts is done again.
#include "sim/platform/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "sim/platform/file.h"
#include "tests/sim/program.h"

namespace pensim {
namespace {

int alarms = 0;

// A signal each millisecond that does not restart system calls.
class Rain {
 public:
  Rain() {
    alarms = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++alarms; };
    sigaction(SIGALRM, &action, &before_);
    const itimerval each{{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &each, nullptr);
  }
  ~Rain() {
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
};

pid_t sleeper(useconds_t us, int code) {
  const pid_t pid = fork_child();
  if (pid == 0) {
    usleep(us);
    _exit(code);
  }
  return pid;
}

TEST(Process, AWaitThatSignalsInterruptGoesOn) {
  const pid_t pid = sleeper(50'000, 7);
  const Rain rain;
  EXPECT_FALSE(ended(pid));
  const int status = wait_for(pid);
  EXPECT_GT(alarms, 5);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Process, APipeThatSignalsInterruptCarriesEveryByte) {
  const Pipe pipe = make_pipe();
  std::string text(1u << 20, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i >> 3);
  const pid_t pid = fork_child();
  if (pid == 0) {
    close(pipe.write_end);
    usleep(20'000);  // the writer fills the pipe and waits
    const std::string got = read_to_end(pipe.read_end);
    _exit(got == text ? 0 : 1);
  }
  close(pipe.read_end);
  const Rain rain;
  write_all(pipe.write_end, text);
  close(pipe.write_end);
  EXPECT_EQ(wait_for(pid), 0);
  EXPECT_GT(alarms, 5);
}

TEST(Process, AReadThatSignalsInterruptWaitsForTheWriter) {
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    usleep(50'000);
    write_all(pipe.write_end, "late");
    _exit(0);
  }
  close(pipe.write_end);
  const Rain rain;
  EXPECT_EQ(read_to_end(pipe.read_end), "late");
  EXPECT_GT(alarms, 5);
  close(pipe.read_end);
  wait_for(pid);
}

TEST(Process, APipeThatDoesNotBlockSaysThatItIsEmpty) {
  const Pipe pipe = make_pipe();
  fcntl(pipe.read_end, F_SETFL, O_NONBLOCK);
  char buffer[8];
  EXPECT_FALSE(read_some(pipe.read_end, buffer, sizeof buffer));
  write_all(pipe.write_end, "ab");
  EXPECT_EQ(read_some(pipe.read_end, buffer, sizeof buffer), 2u);
  close(pipe.write_end);
  EXPECT_EQ(read_some(pipe.read_end, buffer, sizeof buffer), 0u);
  close(pipe.read_end);
  EXPECT_THROW(read_some(pipe.read_end, buffer, sizeof buffer), std::system_error);
}

TEST(Process, AChildEndsWithItsParent) {
  const Pipe pipe = make_pipe();
  const pid_t parent = fork_child();
  if (parent == 0) {
    close(pipe.read_end);
    sleeper(60'000'000, 0);  // holds the other end of the pipe
    write_all(pipe.write_end, "x");
    pause();
  }
  close(pipe.write_end);
  char buffer[8];
  ASSERT_EQ(read_some(pipe.read_end, buffer, sizeof buffer), 1u);
  kill(parent, SIGKILL);
  EXPECT_EQ(WTERMSIG(wait_for(parent)), SIGKILL);
  EXPECT_EQ(read_some(pipe.read_end, buffer, sizeof buffer), 0u);  // would wait a minute
  close(pipe.read_end);
}

TEST(Process, ChildrenAreHeardOfWhereTheirSignalWasIgnored) {
  const sighandler_t before = signal(SIGCHLD, SIG_IGN);  // as a service manager may leave it
  EXPECT_EQ(WEXITSTATUS(wait_for(sleeper(0, 7))), 7);
  signal(SIGCHLD, before);
}

TEST(Process, AStrangerCannotBeWaitedFor) {
  EXPECT_THROW(wait_for(1), std::system_error);
  EXPECT_THROW(ended(1), std::system_error);
  end_child(1);  // nothing happens
}

TEST(Process, AnyChildThatHasEnded) {
  EXPECT_FALSE(any_ended());
  const pid_t a = sleeper(0, 3), b = sleeper(60'000'000, 4);
  std::optional<Ended> first;
  while (!(first = any_ended())) usleep(1000);
  EXPECT_EQ(first->pid, a);
  EXPECT_EQ(WEXITSTATUS(first->status), 3);
  EXPECT_FALSE(any_ended());
  end_child(b);
  wait_for_all();
  EXPECT_FALSE(any_ended());
}

TEST(Process, AChildIsGivenTimeToEndByItself) {
  const test::Folder f;
  const pid_t pid = fork_child();
  if (pid == 0) {
    usleep(20'000);
    replace_file(f / "done", "");
    _exit(0);
  }
  end_child(pid, 10'000);
  EXPECT_TRUE(std::filesystem::exists(f / "done"));
  end_child(sleeper(60'000'000, 0), 5);  // would wait a minute
}

std::string output_of(const std::vector<std::string>& words) {
  const Pipe pipe = make_pipe();
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t pid = spawn({words, {nothing, pipe.write_end, pipe.write_end}, true});
  close(nothing);
  close(pipe.write_end);
  const std::string text = read_to_end(pipe.read_end);
  close(pipe.read_end);
  EXPECT_EQ(wait_for(pid), 0) << text;
  return text;
}

TEST(Spawn, FindsTheProgramAndHandsOverWords) {
  EXPECT_EQ(output_of({"printf", "%s|%s", "a b", "$HOME"}), "a b|$HOME");
  EXPECT_EQ(output_of({"/bin/sh", "-c", "echo err >&2"}), "err\n");
}

TEST(Spawn, ClosesEveryOtherDescriptor) {
  const int open_here = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GT(open_here, 2);
  EXPECT_EQ(output_of({"/bin/sh", "-c", "ls /proc/$$/fd | tr '\\n' ' '"}).substr(0, 5), "0 1 2");
  EXPECT_EQ(output_of({"/bin/sh", "-c", "test -e /proc/$$/fd/" + std::to_string(open_here) + " || echo closed"}),
            "closed\n");
  close(open_here);
}

TEST(Spawn, SaysWhatCannotBeStarted) {
  try {
    spawn({{"/nonexistent/program"}});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "/nonexistent/program cannot be started: No such file or directory");
  }
}

TEST(Spawn, AGroupEndsAsAWhole) {
  const Pipe pipe = make_pipe();
  const pid_t pid = spawn({{"/bin/sh", "-c", "sleep 60 & echo; wait"}, {0, pipe.write_end, 2}, true});
  close(pipe.write_end);
  char buffer[8];
  ASSERT_EQ(read_some(pipe.read_end, buffer, sizeof buffer), 1u);
  end_child(pid, 0, true);
  EXPECT_EQ(read_some(pipe.read_end, buffer, sizeof buffer), 0u);  // sleep held it, too
  close(pipe.read_end);
}

}  // namespace
}  // namespace pensim
