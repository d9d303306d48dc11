/* Keil and IAR on Windows do not care for the case of a file's name, nor for which way its slashes lean. */
#include <string.h> /* the compiler's, not String.h */
#include <wiring.h>

#include "HAL_Gpio.h"
#include "board.h"
#include "drivers/inc/motor.H"
volatile uint32_t result;
int main(void) {
  result = PIN_LED * 10 + PIN_MOTOR + (int)strlen(WIRE);
  for (;;) board_sleep();
}
