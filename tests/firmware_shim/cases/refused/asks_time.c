#include <time.h>
int main(void) { return (int)time(0); }
