// The real window, on a display of its own (Xvfb), moved by xdotool, through `pensim dashboard`.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/sim/dashboard/synthetic_run.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

using test::Ran;

pid_t start(const std::vector<std::string>& words, const std::vector<std::string>& environment,
            const std::string& log) {
  const pid_t pid = fork();
  if (pid == 0) {
    const int out = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
    for (const std::string& e : environment) putenv(const_cast<char*>(e.c_str()));
    std::vector<char*> argv;
    for (const std::string& w : words) argv.push_back(const_cast<char*>(w.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  return pid;
}

// Ends at the latest after `seconds`: the exit code, or -1.
int wait_for(pid_t pid, int seconds) {
  for (int i = 0; i < seconds * 50; ++i) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    usleep(20000);
  }
  return -1;
}

class Display {
 public:
  explicit Display(const test::Folder& folder) {
    // The server names the first free display itself.
    const std::string name = folder / "display";
    pid_ = start({"sh", "-c", "exec Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>" + name}, {},
                 folder / "xvfb.log");
    for (int i = 0; i < 500 && test::read_file(name).find('\n') == std::string::npos; ++i) usleep(20000);
    const std::string number = test::read_file(name);
    if (!number.empty()) display_ = "DISPLAY=:" + number.substr(0, number.find('\n'));
  }
  ~Display() {
    kill(pid_, SIGTERM);
    wait_for(pid_, 10);
  }
  const std::string& name() const { return display_; }

 private:
  pid_t pid_ = -1;
  std::string display_;
};

// The dashboard on a display of its own, and somebody's hands.
class Desk {
 public:
  explicit Desk(const std::vector<std::string>& words) : display_(folder) {
    if (display_.name().empty()) return;
    std::vector<std::string> command = {PENSIM_PROGRAM, "dashboard"};
    command.insert(command.end(), words.begin(), words.end());
    pid = start(command,
                {display_.name(), "XDG_STATE_HOME=" + (folder / "state"),
                 "ASAN_OPTIONS=detect_leaks=0"},  // the driver of the display loses 240 bytes
                folder / "log");
    for (int i = 0; i < 500 && !open; ++i) {
      open = !tool("xdotool search --onlyvisible --name '^pensim$' 2>/dev/null").out.empty();
      usleep(20000);
    }
  }
  ~Desk() {
    if (pid > 0 && !closed) kill(pid, SIGKILL), wait_for(pid, 10);
  }
  Ran tool(const std::string& words) const { return test::run_program("/bin/sh", {"-c", words}, {display_.name()}); }
  std::string picture() const {
    const Ran ran = tool("import -window root " + (folder / "now.rgb"));
    EXPECT_EQ(ran.code, 0) << ran.err;
    return test::read_file(folder / "now.rgb");
  }
  // Until what is on the screen no longer changes.
  std::string settled() const {
    std::string before, now;
    for (int i = 0; i < 100 && (now.empty() || now != before); ++i) {
      usleep(60000);
      before = now;
      now = picture();
    }
    return now;
  }
  // Each step is asked for again until the window shows it: on a busy machine a key may come before the window listens.
  std::string until_it_changes(const std::string& before, const std::string& words) const {
    for (int i = 0; i < 20; ++i) {
      tool(words);
      for (int k = 0; k < 10; ++k)
        if (const std::string now = settled(); now != before) return now;
    }
    return before;
  }
  int close() {
    int code = -1;
    for (int i = 0; i < 20 && code == -1; ++i) {
      tool("xdotool key ctrl+q");
      code = wait_for(pid, 3);
    }
    closed = code != -1;
    return code;
  }

  const test::Folder folder;
  pid_t pid = -1;
  bool open = false, closed = false;

 private:
  Display display_;
};

std::string synthetic_run() {
  static const test::Folder folder;
  const std::string path = folder / "run.h5";
  if (!std::filesystem::exists(path)) write_synthetic_run(path, {});
  return path;
}

TEST(Window, OpensZoomsAndClosesByKeys) {
  Desk desk({synthetic_run(), "--size", "1600x1000", "--layout", "plots"});
  ASSERT_TRUE(desk.open) << test::read_file(desk.folder / "log");
  const std::string first = desk.settled();
  const std::string zoomed = desk.until_it_changes(first, "xdotool mousemove 600 180 click 4 click 4 click 4");
  ASSERT_NE(zoomed, first);
  const std::string light = desk.until_it_changes(zoomed, "xdotool key t");
  ASSERT_NE(light, zoomed);
  ASSERT_NE(desk.until_it_changes(light, "xdotool key 1"), light);
  EXPECT_EQ(desk.close(), 0) << test::read_file(desk.folder / "log");
  const auto json = nlohmann::json::parse(test::read_file(desk.folder / "state/pensim/dashboard.json"));
  EXPECT_EQ(json["dark"], false);
  EXPECT_EQ(json["layout"], "run");
}

// Fifty taps of 12 ms each are fifty ticks, however long a frame takes: the same picture as that of the instant.
TEST(Window, ShortTapsAllCount) {
  Desk desk({synthetic_run(), "--size", "1600x1000", "--layout", "plots", "--at", "0.5 s"});
  ASSERT_TRUE(desk.open) << test::read_file(desk.folder / "log");
  desk.tool("xdotool mousemove 1500 990");
  const std::string first = desk.settled();
  // 50 ticks after 0.5 s.
  const std::string there =
      desk.until_it_changes(first, "xdotool key g; sleep 0.5; xdotool type 0.5025; xdotool key Return");
  ASSERT_NE(there, first);
  const std::string back =
      desk.until_it_changes(there, "xdotool key g; sleep 0.5; xdotool type 0.5; xdotool key Return");
  ASSERT_EQ(back, first);
  desk.tool("xdotool key --delay 12 " + [] {
    std::string keys;
    for (int i = 0; i < 50; ++i) keys += " Right";
    return keys;
  }());
  EXPECT_EQ(desk.settled(), there);
}

// Nothing moves, nothing is touched: nothing is drawn.
TEST(Window, IdlesWithoutDrawing) {
  Desk desk({synthetic_run(), "--size", "1600x1000"});
  ASSERT_TRUE(desk.open) << test::read_file(desk.folder / "log");
  desk.settled();
  const auto cpu_ticks = [&] {  // user and system time of the process, of 10 ms
    const std::string stat = test::read_file("/proc/" + std::to_string(desk.pid) + "/stat");
    std::istringstream in(stat.substr(stat.rfind(')') + 2));
    std::string word;
    long sum = 0;
    for (int i = 0; i < 13 && in >> word; ++i)
      if (i >= 11) sum += std::stol(word);
    return sum;
  };
  const long before = cpu_ticks();
  sleep(3);
  EXPECT_LE(cpu_ticks() - before, 15);  // 5 % of one processor; a frame takes 6 here
}

TEST(Window, WithoutADisplayItNamesTheScreenshot) {
  const test::Folder folder;
  write_synthetic_run(folder / "run.h5", {});
  const Ran ran = test::run_program(
      "/usr/bin/env", {"-u", "DISPLAY", "-u", "WAYLAND_DISPLAY", PENSIM_PROGRAM, "dashboard", folder / "run.h5"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("--screenshot"), std::string::npos) << ran.err;
}

TEST(Window, ScreenshotsNeedNoDisplay) {
  const test::Folder folder;
  write_synthetic_run(folder / "a.h5", {});
  write_synthetic_run(folder / "b.h5", {.rate_Hz = 110});
  const auto shoot = [&](std::vector<std::string> words, const std::string& file) {
    words.insert(words.begin(), {"-u", "DISPLAY", PENSIM_PROGRAM, "dashboard"});
    words.insert(words.end(), {"--screenshot", folder / file});
    const Ran ran = test::run_program("/usr/bin/env", words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return test::read_file(folder / file);
  };
  const std::string a = shoot({folder / "a.h5", "--at", "1.1 s", "--size", "1280x720"}, "1.png");
  EXPECT_EQ(a.substr(1, 3), "PNG");
  EXPECT_EQ(a, shoot({folder / "a.h5", "--at", "1100 ms", "--size", "1280x720"}, "2.png"));
  EXPECT_NE(a, shoot({folder / "a.h5", "--at", "1.2 s", "--size", "1280x720"}, "3.png"));
  EXPECT_NE(a, shoot({folder / "a.h5", "--at", "1.1 s", "--size", "1280x720", "--theme", "light"}, "4.png"));
  EXPECT_GT(shoot({folder / "a.h5", folder / "b.h5"}, "5.png").size(), 20000u);
  EXPECT_GT(shoot({}, "6.png").size(), 20000u);
}

TEST(Window, BadInputIsASentence) {
  const test::Folder folder;
  write_synthetic_run(folder / "a.h5", {});
  const struct {
    std::vector<std::string> words;
    const char* says;
  } cases[] = {{{"none.h5"}, "none.h5: no such file"},
               {{folder.path()}, "this is a folder"},
               {{folder / "a.h5", "--at", "3 mm", "--screenshot", folder / "x.png"}, "--at"},
               {{folder / "a.h5", "--at", "90 s", "--screenshot", folder / "x.png"}, "does not hold that instant"},
               {{folder / "a.h5", "--size", "12", "--screenshot", folder / "x.png"}, "'12' is not a size"},
               {{folder / "a.h5", "--layout", "round", "--screenshot", folder / "x.png"}, "unknown layout 'round'"},
               {{folder / "a.h5", "--screenshot", "/nowhere/x.png"}, "/nowhere/x.png"},
               {{folder / "a.h5", "README.md", "--screenshot", folder / "x.png"}, "README.md: this is not a recording"},
               {{"--theme", "pink"}, "--theme"},
               {{"a", "b", "c"}, "At Most 2"}};
  for (const auto& c : cases) {
    std::vector<std::string> words = c.words;
    words.insert(words.begin(), "dashboard");
    const Ran ran = test::run_program(PENSIM_PROGRAM, words);
    EXPECT_EQ(ran.code, 2) << ran.err;
    EXPECT_NE(ran.err.find(c.says), std::string::npos) << ran.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "x.png")) << c.says;
  }
}

}  // namespace
}  // namespace pensim::dashboard
