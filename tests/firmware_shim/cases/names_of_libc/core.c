/* Names of the C library used for other things, as firmware does: its own log, index, delay, read, send, time, y0. */
#include "board.h"
volatile uint32_t result;
int log_level;
void log_(int x) { (void)x; }
int read(int ch) { return ch + 1; }
int write(int a, int b) { return a + b; }
void send(int x) { result += (uint32_t)x; }
int index;
float y0, gamma_;
uint32_t time = 5;
int signal;
int core = 3;
int run = 4;
void delay(int ms) { board_delay_us((uint32_t)ms * 1000u); }
int main(void) {
  for (;;) {
    send(read(1));
    time += (uint32_t)write(1, core);
    index = run;
    delay(1);
  }
}
