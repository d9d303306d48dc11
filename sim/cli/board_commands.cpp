// board: boards behind a link - found, stood in for, emulated.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "firmware_shim/link/board_line.h"
#include "firmware_shim/link/link_target.h"
#include "firmware_shim/link/soft_board.h"
#include "models/plant.h"
#include "sim/cli/commands.h"
#include "sim/input/input_error.h"
#include "sim/platform/process.h"
#include "sim/platform/program.h"
#include "sim/run/cores.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/resolve.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> stopped{false};

// SIGINT and SIGTERM end what serves, so that it cleans up behind itself.
void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stopped.store(true); };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

// A folder of this user alone, gone with the object.
struct PrivateFolder {
  std::string path;
  PrivateFolder() {
    std::string name = (fs::temp_directory_path() / "pensim-board-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder can be made in " + name);
    path = name;
  }
  ~PrivateFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
};

[[noreturn]] void refuse(const std::string& where, const std::string& what, const std::string& help) {
  throw InputError(InputProblem{{where, 0, 0}, what, help});
}

// ---- soft ----

struct SoftArguments {
  std::string firmware = "reference_pen", socket;
  bool terminal = false;
};

int command_soft(const SoftArguments& a) {
  const TargetSpec core = find_core(a.firmware);
  if (core.kind != TargetSpec::Kind::native) refuse("--firmware", "a soft board takes a native core", "give NAME");
  if (const std::string why = core_refusal(core); !why.empty())
    refuse("--firmware", fmt::format("{} cannot be loaded: {}", a.firmware, why), "build it with pensim_add_core");
  std::optional<PrivateFolder> folder;
  SoftBoardOptions options{core.path, core_build_id(core.path), a.socket};
  if (options.socket.empty() && !a.terminal) options.socket = folder.emplace().path + "/board";
  stop_on_signals();
  SoftBoard board(options);
  fmt::print("link:{}\n", board.address());
  std::fflush(stdout);
  board.serve(stopped);
  return exit_ok;
}

// ---- probe ----

struct ProbeArguments {
  std::vector<std::string> links;
  unsigned baud = 115200, count = 1000;
};

std::vector<std::string> serial_devices() {
  std::vector<std::string> devices;
  std::vector<fs::path> known;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error || std::find(known.begin(), known.end(), real) != known.end()) return;
    known.push_back(real);
    devices.push_back(path.string());
  };
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/dev/serial/by-id", error)) add(entry.path());
  for (const auto& entry : fs::directory_iterator("/dev", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("ttyACM") || name.starts_with("ttyUSB")) add(entry.path());
  }
  std::sort(devices.begin(), devices.end());
  return devices;
}

void print_histogram(std::vector<double> round_trips_s) {
  std::sort(round_trips_s.begin(), round_trips_s.end());
  const auto at = [&](double share) {
    return round_trips_s[static_cast<std::size_t>(share * static_cast<double>(round_trips_s.size() - 1))] * 1e6;
  };
  fmt::print("  round trip of {} echoes: least {:.0f} us, median {:.0f} us, 99 % {:.0f} us, most {:.0f} us\n",
             round_trips_s.size(), at(0), at(0.5), at(0.99), at(1));
  double low_us = 1.0;
  std::size_t next = 0;
  while (next < round_trips_s.size()) {
    const double high_us = low_us * 2.0;
    std::size_t count = 0;
    while (next < round_trips_s.size() && round_trips_s[next] * 1e6 < high_us) ++next, ++count;
    if (count > 0)
      fmt::print("  {:>8.0f} .. {:<8.0f} us {:>7}  {}\n", low_us, high_us, count,
                 std::string((60 * count + round_trips_s.size() - 1) / round_trips_s.size(), '#'));
    low_us = high_us;
  }
}

// 0: a board answers and will do.
bool probe(const std::string& link, unsigned count) {
  fmt::print("{}\n", link);
  try {
    BoardLine line(link.substr(5));
    const std::optional<BoardIdentity> board = line.identify(1.0);
    if (!board) {
      fmt::print("  nothing answers\n");
      return false;
    }
    fmt::print("  {}\n", board->text());
    if (const std::string why = board_refusal(*board, ""); !why.empty()) {
      fmt::print("  {}\n", why);
      return false;
    }
    std::vector<double> round_trips_s;
    for (unsigned i = 0; i < count; ++i) {
      const std::optional<double> one = line.echo(32, 0.5);
      if (one) round_trips_s.push_back(*one);
    }
    if (round_trips_s.size() < count)
      fmt::print("  {} of {} echoes did not come back\n", count - round_trips_s.size(), count);
    if (!round_trips_s.empty()) print_histogram(std::move(round_trips_s));
    return true;
  } catch (const std::runtime_error& error) {
    fmt::print("  {}\n", error.what());
    return false;
  }
}

int command_probe(const ProbeArguments& a) {
  std::vector<std::string> links = a.links;
  for (std::string& link : links)
    if (!link.starts_with("link:")) link = fmt::format("link:serial:{}@{}", link, a.baud);
  if (links.empty())
    for (const std::string& device : serial_devices())
      links.push_back(fmt::format("link:serial:{}@{}", device, a.baud));
  if (links.empty()) {
    fmt::print("no serial port is there (looked for /dev/serial/by-id, /dev/ttyACM*, /dev/ttyUSB*)\n");
    return exit_error;
  }
  std::size_t boards = 0;
  for (const std::string& link : links) boards += probe(link, a.count) ? 1u : 0u;
  return boards > 0 ? exit_ok : exit_error;
}

// ---- qemu ----

struct QemuArguments {
  std::string image = "reference_pen";
  std::vector<std::string> run;  // what follows: arguments of `pensim run`
};

std::string board_image(const std::string& given) {
  std::error_code error;
  if (fs::is_regular_file(given, error)) return given;
  for (const fs::path folder : core_folders())
    if (const fs::path path = folder / (given + ".board.elf"); fs::is_regular_file(path, error)) return path.string();
  refuse("--image", fmt::format("there is no image {}, and no {}.board.elf among the cores", given, given),
         "pensim_add_board builds it where arm-none-eabi-gcc is installed");
}

bool answers(const std::string& link) {
  try {
    BoardLine line(link.substr(5));
    return line.identify(2.0).has_value();
  } catch (const std::runtime_error&) {
    return false;
  }
}

int command_qemu(const QemuArguments& a) {
  const std::string image = board_image(a.image);
  const PrivateFolder folder;
  const std::string socket = folder.path + "/board", link = "link:unix:" + socket;
  stop_on_signals();
  const std::vector<std::string> words = {
      "qemu-system-arm", "-M",
      "mps2-an386",      "-nodefaults",
      "-display",        "none",
      "-kernel",         image,
      "-chardev",        fmt::format("socket,id=line,path={},server=on,wait=off", socket),
      "-serial",         "chardev:line"};
  const pid_t board = fork_child();  // it ends with this process, however that ends
  if (board == 0) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const int nothing = open("/dev/null", O_RDWR);
    for (const int file : {0, 1, 2}) dup2(nothing, file);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int code = exit_ok;
  const auto gone = [&] { return ended(board); };
  try {
    bool up = false;
    for (int i = 0; i < 200 && !up && !stopped.load(); ++i) {
      if (gone()) refuse("board qemu", "qemu-system-arm has ended", "is it installed (Debian: qemu-system-arm)?");
      usleep(20'000);
      std::error_code error;
      up = fs::exists(socket, error) && answers(link);
    }
    if (!up && !stopped.load()) throw std::runtime_error(image + " does not answer on QEMU");
    if (a.run.empty()) {
      fmt::print("{}\n", link);
      std::fflush(stdout);
      while (!stopped.load() && !gone()) usleep(50'000);
    } else if (!stopped.load()) {
      Spawn run;
      run.words = {program_path(), "run", "--firmware", link};
      run.words.insert(run.words.end(), a.run.begin(), a.run.end());
      const pid_t child = spawn(run);
      std::optional<int> status;
      while (!(status = ended(child))) {
        if (stopped.load()) kill(child, SIGTERM);
        usleep(10'000);
      }
      code = WIFEXITED(*status) ? WEXITSTATUS(*status) : exit_error;
    }
  } catch (...) {
    end_child(board);
    throw;
  }
  end_child(board);
  return code;
}

// ---- parameters ----

// The numbers of pen_plant.h (C) from the catalogs, as the full plant has them at the start of a run.
int command_parameters(const std::string& pen) {
  const ResolvedScenario r = resolve(
      parse_scenario("duration: 1 s\nfirmware: reference_pen\npen: {model: " + pen + "}\n", "board parameters"));
  const PlantParams& p = r.plant;
  const CellCoefficients cell = cell_coefficients(p.battery.initial_charge_1);
  const SensorDerived sensors = sensor_derive(p.sensors);
  fmt::print("/* Written by `pensim board parameters`: pen {}, {:.0f} % charge. Not to be edited. */\n", pen,
             100.0 * p.battery.initial_charge_1);
  fmt::print("#include \"pen_plant.h\"\n\nstatic const PenPlantParameters pen_plant_parameters = {{\n");
  const auto number = [](const char* name, double value) { fmt::print("    .{} = {:.9e}f,\n", name, value); };
  number("resistance_ohm", p.motor.resistance_ohm + p.bridge.switch_ohm + p.bridge.shunt_ohm);
  number("inductance_H", p.motor.inductance_H);
  number("constant_V_s_per_rad", p.motor.constant_V_s_per_rad);
  number("inertia_kg_m2", p.motor.inertia_kg_m2 + p.drivetrain.cam_inertia_kg_m2);
  number("moving_mass_kg", p.drivetrain.rod_mass_kg + p.cartridge.plate_mass_kg);
  number("eccentricity_m", p.drivetrain.eccentricity_m);
  number("friction_N_m", p.motor.friction_N_m + p.drivetrain.friction_N_m);
  number("viscous_N_m_s_per_rad", p.drivetrain.viscous_N_m_s_per_rad);
  number("spring_preload_N", p.drivetrain.spring_preload_N);
  number("spring_N_per_m", p.drivetrain.spring_N_per_m);
  number("spring_damping_N_s_per_m", p.drivetrain.spring_damping_N_s_per_m);
  number("cell_V", cell.open_V);
  number("cell_ohm", cell.series_ohm + cell.fast_ohm + p.battery.protection_ohm);
  number("electronics_A", p.battery.electronics_A);
  number("half_step_m", p.screw.half_step_m);
  number("half_step_s", 1.0 / p.screw.half_step_rate_per_s);
  number("upper_stop_m", p.screw.upper_stop_m);
  number("lower_stop_m", p.screw.lower_stop_m);
  number("screw_initial_m", p.screw.initial_position_m);
  number("hall_width_rad", p.sensors.hall_width_rad);
  number("initial_angle_rad", p.initial_angle_rad);
  number("current_counts_per_A", sensors.current_counts_per_A);
  number("current_offset_counts", sensors.current_offset_counts);
  number("voltage_counts_per_V", sensors.voltage_counts_per_V);
  const double id = p.cartridge.id_resistance_ohm;
  fmt::print("    .ntc_counts = {:.0f},\n", ntc_counts(p.sensors, p.sensors.ntc_reference_K));
  fmt::print("    .nose_counts = {:.0f},\n", sensors.nose_counts);
  fmt::print("    .cartridge_id_counts = {:.0f},\n", counts_at_reference * id / (id + p.sensors.id_pull_up_ohm));
  number("dial_low_share", p.sensors.dial_end_1);
  number("dial_depth_low_m", p.sensors.depth_dial_low_m);
  number("dial_depth_share_per_m", sensors.depth_dial_share_per_m);
  number("dial_rate_low_Hz", p.sensors.rate_dial_low_Hz);
  number("dial_rate_share_per_Hz", sensors.rate_dial_share_per_Hz);
  fmt::print("    .tick_us = {},\n}};\n", r.tick_ns / 1000);
  return exit_ok;
}

}  // namespace

void add_board_commands(CLI::App& app) {
  CLI::App* board = app.add_subcommand("board", "boards behind a link: find them, stand in for one, emulate one");
  board->require_subcommand(1);

  const auto probed = std::make_shared<ProbeArguments>();
  CLI::App* probe_command = board->add_subcommand("probe", "what answers, which core it runs, and how fast");
  probe_command->add_option("links", probed->links, "link:... or serial devices; all serial ports without them");
  probe_command->add_option("--baud", probed->baud, "of serial ports")->default_val(115200);
  probe_command->add_option("--count", probed->count, "echoes for the histogram")
      ->check(CLI::Range(0, 1000000))
      ->default_val(1000);
  probe_command->final_callback([probed] { finish(command_probe(*probed)); });

  const auto soft = std::make_shared<SoftArguments>();
  CLI::App* soft_command = board->add_subcommand("soft", "a native core behind the code that a board links");
  soft_command->add_option("--firmware", soft->firmware, "core: NAME or native:PATH.so")->default_val("reference_pen");
  auto* socket = soft_command->add_option("--socket", soft->socket, "path of the Unix socket; else a private one");
  soft_command->add_flag("--pty", soft->terminal, "on a pseudo-terminal instead")->excludes(socket);
  soft_command->final_callback([soft] { finish(command_soft(*soft)); });

  const auto pen = std::make_shared<std::string>("rotary_p1");
  CLI::App* parameters =
      board->add_subcommand("parameters", "the pen's numbers as C, for the plant that runs on a board");
  parameters->add_option("--pen", *pen, "a pen of the catalog")->default_val("rotary_p1");
  parameters->final_callback([pen] { finish(command_parameters(*pen)); });

  const auto qemu = std::make_shared<QemuArguments>();
  CLI::App* qemu_command =
      board->add_subcommand("qemu", "the image of a core on QEMU's mps2-an386; runs scenarios on it if they are given");
  qemu_command->add_option("--image", qemu->image, "NAME of NAME.board.elf among the cores, or a file")
      ->default_val("reference_pen");
  qemu_command->footer("SCENARIO... and whatever else follows: arguments of `pensim run`");
  qemu_command->prefix_command();
  qemu_command->final_callback([qemu, qemu_command] {
    qemu->run = qemu_command->remaining();
    finish(command_qemu(*qemu));
  });
}

}  // namespace pensim
