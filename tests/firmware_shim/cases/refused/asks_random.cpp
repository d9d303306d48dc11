#include <random>
extern "C" int main(void) { return (int)std::random_device()(); }
