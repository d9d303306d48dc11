/* pen_told.c - functions of the C library that read memory for the core (-Wl,--wrap): a loop may wait by nothing but
 * these, and nobody announces what they read. One access for each text or block, whatever its length; see pen_plain.c.
 */
#include <string.h>

#include "pen_waiting.h"

#define TOLD(address) \
  if (--pen_plain_left == 0u) pen_plain_access(address, 1u | PEN_PLAIN_READ, __builtin_return_address(0))
#define WRAP(result, name, parameters) \
  result __real_##name parameters;     \
  result __wrap_##name parameters;     \
  result __wrap_##name parameters

WRAP(void*, memcpy, (void* to, const void* from, size_t n)) {
  TOLD(from);
  return __real_memcpy(to, from, n);
}
WRAP(size_t, strlen, (const char* a)) {
  TOLD(a);
  return __real_strlen(a);
}
WRAP(int, memcmp, (const void* a, const void* b, size_t n)) {
  TOLD(a);
  TOLD(b);
  return __real_memcmp(a, b, n);
}
#ifndef PEN_FREESTANDING
WRAP(void*, memchr, (const void* a, int c, size_t n)) {
  TOLD(a);
  return __real_memchr(a, c, n);
}
WRAP(int, strcmp, (const char* a, const char* b)) {
  TOLD(a);
  TOLD(b);
  return __real_strcmp(a, b);
}
WRAP(int, strncmp, (const char* a, const char* b, size_t n)) {
  TOLD(a);
  TOLD(b);
  return __real_strncmp(a, b, n);
}
WRAP(char*, strchr, (const char* a, int c)) {
  TOLD(a);
  return __real_strchr(a, c);
}
WRAP(char*, strstr, (const char* a, const char* b)) {
  TOLD(a);
  return __real_strstr(a, b);
}
#endif
