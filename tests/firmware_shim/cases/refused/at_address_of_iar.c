__no_init volatile unsigned status @ 0x40001000;
int main(void) { return (int)status; }
