extern "C" unsigned int board_micros(void);
extern int base;
int base = (int)(board_micros() != 1) + 40;
