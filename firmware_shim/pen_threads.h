/* pen_threads.h - threads of a core with a main() (shapes b and c), for the port of an RTOS. C11, C++. Native cores
 * only:
 * an emulated core switches with its processor's own PendSV.
 *
 * A thread is a flow of its own at the level of main(): handlers run on top of whichever thread is running, where it
 * waits. Threads are switched where a Cortex-M would take PendSV: when a switch was requested, no handler runs, and
 * interrupts are not masked. Then the runtime asks choose(), with interrupts masked, for the thread that goes on.
 *
 *   pen_thread_create(...) for each task; pen_threads_start(choose) leaves main() for the first of them
 *   a task that blocks or yields: pen_thread_request_switch()
 *   a handler that made a task ready: the same; the switch comes after the last handler has returned
 *
 * The stacks lie in the core's own, below main()'s: the port's stack_bytes has to hold them all, and 128 KiB for main()
 * and the handlers. Not modelled: stack sizes of the target (a PC needs more, and the size that the RTOS asks for is
 * not used). C++ exceptions may not be in flight across a switch.
 */
#ifndef PENSIM_PEN_THREADS_H
#define PENSIM_PEN_THREADS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEN_THREADS 64u
#define PEN_THREAD_STACK_BYTES 16384u /* least */

typedef struct PenThread PenThread;

/* Not started yet. stack_bytes: rounded up to PEN_THREAD_STACK_BYTES and whole 4 KiB. NULL, with a finding: no room. An
 * entry that returns sleeps for ever. */
PenThread* pen_thread_create(void (*entry)(void* argument), void* argument, uint32_t stack_bytes);
void pen_thread_delete(PenThread* thread); /* not the running one; its stack is used again */
/* Leaves main(), which goes on when choose() returns pen_thread_main(). */
void pen_threads_start(PenThread* (*choose)(void));
PenThread* pen_thread_main(void);
PenThread* pen_thread_running(void);
void pen_thread_request_switch(void);

uint32_t pen_mask_interrupts(void); /* returns what to give back */
void pen_unmask_interrupts(uint32_t before);
uint32_t pen_in_handler(void); /* 1 while a handler runs */

#ifdef __cplusplus
}
#endif
#endif
