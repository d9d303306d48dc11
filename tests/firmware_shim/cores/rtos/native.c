/* What only the native core has; -std=c11 hides newlib's itoa, which a firmware may then call its own. */
#include <stdlib.h>

unsigned char itoa(long long number, char* text, unsigned char base);
unsigned char itoa(long long number, char* text, unsigned char base) {
  *text = (char)('0' + number % base);
  return 1;
}

int only_native(void);
int only_native(void) {
  char digit;
  return itoa(7, &digit, 10) + digit - '0';
}
