#include "board.h"
extern volatile uint32_t result;
void user_callback(void) { result = 42; }
