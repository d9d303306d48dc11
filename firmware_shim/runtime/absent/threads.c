/* Threads of POSIX, and waiting as they do it. */
#include "absent.h"

GROUP(threads,
      "a core has no threads of an operating system: tasks of a kernel run as docs/rtos.md says; to wait is "
      "pen_delay_us() in the port")
CALL(threads, pthread_create)
CALL(threads, pthread_join)
CALL(threads, pthread_detach)
CALL(threads, pthread_self)
CALL(threads, pthread_once)
CALL(threads, pthread_mutex_init)
CALL(threads, pthread_mutex_lock)
CALL(threads, pthread_mutex_trylock)
CALL(threads, pthread_mutex_unlock)
CALL(threads, pthread_mutex_destroy)
CALL(threads, pthread_cond_wait)
CALL(threads, pthread_cond_signal)
CALL(threads, sem_init)
CALL(threads, sem_wait)
CALL(threads, sem_post)
CALL(threads, sched_yield)
CALL(threads, sleep)
CALL(threads, usleep)
CALL(threads, nanosleep)
CALL(threads, clock_nanosleep)
