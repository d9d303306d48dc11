#include "firmware_shim/emulated/emulated_target.h"
#include "sim/cli/command_line.h"
#include "sim/scenario/firmware_spec.h"

int main(int argc, char** argv) {
  pensim::open_emulated_core = &pensim::open_emulated;
  pensim::emulated_cores_run_here = true;
  return pensim::run_command_line(argc, argv);
}
