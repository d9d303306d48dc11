unsigned char buffer[16] __attribute__((at(0x20001000)));
int main(void) { return buffer[0]; }
