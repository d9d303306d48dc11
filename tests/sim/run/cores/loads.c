/* loads.c - a core whose file has a function for the dynamic loader to run (DT_INIT), before the simulator knows what
 * it is: the variable ACT of the environment says what that does. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pen_port.h"

static volatile int on = 1;

void while_loading(void);
__attribute__((visibility("default"))) void while_loading(void) {
  const char* const act = getenv("ACT");
  if (!act) return;
  if (!strcmp(act, "crash")) *(volatile int*)(long)(on * 8) = 1;
  if (!strcmp(act, "spin"))
    while (on) __asm__ volatile("");
  if (!strcmp(act, "sleep"))
    for (;;) pause();
  if (!strcmp(act, "exit")) _exit(0);
  if (!strcmp(act, "abort")) abort();
  if (!strcmp(act, "fork") && fork() == 0)
    for (;;) pause();
  if (!strcmp(act, "kill")) kill(getppid(), SIGKILL);
  if (!strcmp(act, "write")) open("acts_were_here", O_CREAT | O_WRONLY, 0644);
  if (!strcmp(act, "answer")) {
    for (int i = 3; i < 64; ++i)
      if (write(i, "+50", 3) < 0) continue;
    _exit(0);
  }
}

static void control(void) {}
static const PenTask tasks[] = {{.run = control, .period_us = 50}};
const PenPort pen_port = {
    .version = PEN_PORT_VERSION, .name = "loads", .tick_us = 50, .tasks = tasks, .task_count = 1};
