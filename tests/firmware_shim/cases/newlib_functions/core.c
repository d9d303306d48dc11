/* Functions that newlib has and glibc 2.36 has not. */
#include <stdlib.h>
#include <string.h>

#include "board.h"
char* itoa(int, char*, int);
char* utoa(unsigned, char*, int);
size_t strlcpy(char*, const char*, size_t);
volatile uint32_t result;
int main(void) {
  char t[12], u[12];
  itoa(-42, t, 10);
  utoa(7, u, 2);
  strlcpy(t + 4, u, 5);
  result = t[0] == '-';
  for (;;) board_sleep();
}
