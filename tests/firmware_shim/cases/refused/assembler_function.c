__asm void jump(unsigned address) {
  BX r0
}
int main(void) { return 0; }
