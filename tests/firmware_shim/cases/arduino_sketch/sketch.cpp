// What the IDE puts around a sketch: the header, and prototypes of its functions.
#include "Arduino.h"
void setup();
void loop();
void step();
#include "pen.ino"

#include "board.h"
volatile uint32_t result;
extern "C" {
void pinMode(int, int) {}
int digitalRead(int pin) { return pin == START && board_start(); }
void analogWrite(int, int value) { board_motor(value); }
int main(void) {
  setup();
  for (;;) loop();
}
}
