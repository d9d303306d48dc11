void __svc(0) start_first_task(void);
int main(void) { start_first_task(); }
