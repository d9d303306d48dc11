/* rotate.c - answers natively what is assembler in the ARM build (rotate.S). */
#include <stdint.h>

uint32_t rotate_right(uint32_t word);
uint32_t rotate_right(uint32_t word) { return word >> 1 | word << 31; }
