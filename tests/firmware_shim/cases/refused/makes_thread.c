int pthread_create(void*, const void*, void* (*)(void*), void*);
static void* run(void* argument) { return argument; }
int main(void) { return pthread_create(0, 0, run, 0); }
