/* not_a_core.c - a shared object without a runtime. */
int answer(void);
int answer(void) { return 42; }
