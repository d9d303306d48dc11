/* Random numbers of an operating system. */
#include "absent.h"

GROUP(random,
      "a pen has no random numbers of a PC, and a run is to be repeatable: read a channel of the ADC, or answer "
      "getentropy() in the port")
CALL(random, getentropy)
CALL(random, getrandom)

ASKED(_ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE, "std::random_device")
ASKED(arc4random, "arc4random()")
