#include "sim/cli/command_line.h"

int main(int argc, char** argv) { return pensim::run_command_line(argc, argv); }
