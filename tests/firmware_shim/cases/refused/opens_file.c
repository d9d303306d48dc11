#include <stdio.h>
int main(void) { return fopen("log", "w") != 0; }
