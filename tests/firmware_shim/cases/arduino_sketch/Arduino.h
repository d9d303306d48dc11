// As much of Arduino as the sketch uses.
#pragma once
#include <stdint.h>
enum { INPUT, OUTPUT, START = 2, MOTOR = 3 };
extern "C" {
unsigned long micros(void);
void pinMode(int pin, int mode);
int digitalRead(int pin);
void analogWrite(int pin, int value);
}
extern volatile uint32_t result;
