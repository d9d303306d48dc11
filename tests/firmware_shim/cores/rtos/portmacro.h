/* The target's own, beside the kernel's headers, where it is found first. */
#ifndef PORTMACRO_H
#define PORTMACRO_H
#error "the native core compiles the target's portmacro.h"
#endif
