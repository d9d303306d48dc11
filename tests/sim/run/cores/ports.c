/* ports.c - ports that say what cannot be honoured, by TASK, TICK_US and PORT. */
#include "pen_port.h"

static void control(void) {}
#ifndef TASK
#define TASK .period_us = 50
#endif
#ifndef TICK_US
#define TICK_US 50
#endif
#ifndef PORT
#define PORT .name = "ports"
#endif
static const PenTask tasks[] = {{.run = control, TASK}};
const PenPort pen_port = {.version = PEN_PORT_VERSION, .tick_us = TICK_US, .tasks = tasks, .task_count = 1, PORT};
