int main(void) {
  __asm { NOP }
  return 0;
}
