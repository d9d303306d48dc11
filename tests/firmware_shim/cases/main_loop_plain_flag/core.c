/* A main loop that polls a plain global, which a handler in another file sets; the call keeps the compiler from
 * caching it. */
#include "flags.h"
int main(void) {
  for (;;) manage();
}
