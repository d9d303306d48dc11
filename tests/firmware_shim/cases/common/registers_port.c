#include "pen_port.h"

int main(void);

const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "case", .tick_us = 50, .main = main, .core_clock_Hz = 168000000};
