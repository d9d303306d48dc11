/* pen_threads.c - see pen_threads.h. */
#include "../pen_threads.h"

#include "pen_waiting.h"

#define MAIN_BYTES 131072u
#define STACK_MARK 0x9E3779B97F4A7C15ull /* at the low end of a stack */

struct PenThread {
  uint64_t stack_pointer; /* while it does not run */
  uint64_t stack_begin, stack_bytes;
  void (*entry)(void* argument);
  void* argument;
  PenWait wait;
  PenPlain plain;
  uint32_t plain_left;
  uint8_t used, told;
};

static struct {
  PenThread thread[PEN_THREADS]; /* the first is main() */
  PenThread* running;
  PenThread* (*choose)(void);
  uint64_t stacks_end;
  uint8_t requested;
} pen_threads;

/* Saves what a function call may not change on the running stack, and goes on where the other one did that. */
void pen_swap_stacks(uint64_t* from, uint64_t to);
#if defined(__x86_64__)
__asm__(
    ".pushsection .text.pen_swap_stacks, \"ax\", @progbits\n"
    ".globl pen_swap_stacks\n"
    ".hidden pen_swap_stacks\n"
    ".type pen_swap_stacks, @function\n"
    "pen_swap_stacks:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  subq $8, %rsp\n"
    "  stmxcsr (%rsp)\n"
    "  fnstcw 4(%rsp)\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  ldmxcsr (%rsp)\n"
    "  fldcw 4(%rsp)\n"
    "  addq $8, %rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size pen_swap_stacks, . - pen_swap_stacks\n"
    ".popsection\n");

static void prepare(PenThread* thread, void (*first)(void)) {
  uint64_t* top = (uint64_t*)(uintptr_t)(thread->stack_begin + thread->stack_bytes);
  uint32_t control[2] = {0, 0};
  __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(control[0]), "=m"(control[1]));
  *--top = 0; /* the return address of the first function: the end for a debugger */
  *--top = (uint64_t)(uintptr_t)first;
  for (int i = 0; i < 6; ++i) *--top = 0;
  *--top = (uint64_t)control[1] << 32 | control[0];
  thread->stack_pointer = (uint64_t)(uintptr_t)top;
}
#else
void pen_swap_stacks(uint64_t* from, uint64_t to) { (void)from, (void)to; }
static void prepare(PenThread* thread, void (*first)(void)) {
  (void)thread, (void)first;
  pen_unanswered("pen_thread_create (on a PC that is no x86-64)");
}
#endif

static uint64_t* mark_of(const PenThread* thread) { return (uint64_t*)(uintptr_t)thread->stack_begin; }

static void begin_thread(void) {
  PenThread* thread = pen_threads.running;
  pen_time.primask = 0;
  pen_settle();
  thread->entry(thread->argument);
  for (;;) pen_wait_for_interrupt();
}

static uint64_t stack_for(PenThread* thread, uint64_t bytes) {
  if (thread->stack_bytes >= bytes) return thread->stack_begin; /* of one that was deleted */
  if (thread->stack_bytes) return 0;
  if (!pen_threads.stacks_end) pen_threads.stacks_end = pen_host->stack_begin;
  if (pen_threads.stacks_end + bytes + MAIN_BYTES > pen_host->stack_end) return 0;
  thread->stack_begin = pen_threads.stacks_end;
  thread->stack_bytes = bytes;
  pen_threads.stacks_end += bytes;
  pen_time.stack_low = pen_threads.stacks_end;
  return thread->stack_begin;
}

PenThread* pen_thread_create(void (*entry)(void* argument), void* argument, uint32_t stack_bytes) {
  uint64_t bytes = stack_bytes < PEN_THREAD_STACK_BYTES ? PEN_THREAD_STACK_BYTES : (stack_bytes + 4095u) & ~4095u;
  for (uint32_t i = 1; i < PEN_THREADS; ++i) {
    PenThread* thread = &pen_threads.thread[i];
    if (thread->used || !stack_for(thread, bytes)) continue;
    thread->used = 1;
    thread->entry = entry;
    thread->argument = argument;
    thread->wait = (PenWait){.moved = 1};
    thread->plain = (PenPlain){0};
    thread->plain_left = 0;
    *mark_of(thread) = STACK_MARK;
    prepare(thread, begin_thread);
    return thread;
  }
  pen_host->finding(pen_host->target, PEN_FINDING_THREAD_ROOM, "", (uint32_t)(bytes / 1024u));
  return NULL;
}

void pen_thread_delete(PenThread* thread) {
  if (thread && thread != pen_threads.running) thread->used = 0;
}

PenThread* pen_thread_main(void) { return &pen_threads.thread[0]; }
PenThread* pen_thread_running(void) { return pen_threads.running ? pen_threads.running : pen_thread_main(); }

static void check_stack(PenThread* thread) {
  if (!thread->stack_bytes || thread->told || *mark_of(thread) == STACK_MARK) return;
  thread->told = 1;
  pen_host->finding(pen_host->target, PEN_FINDING_THREAD_STACK, "", (uint32_t)(uintptr_t)thread->entry);
}

static void switch_to(PenThread* to) {
  PenThread* from = pen_thread_running();
  check_stack(from);
  if (to == from) return;
  from->wait = pen_time.wait;
  from->plain = pen_time.plain;
  from->plain_left = pen_plain_left;
  pen_time.wait = to->wait;
  pen_time.wait.moved = 1; /* it was not here all the while */
  pen_time.plain = to->plain;
  if (to->plain_left)
    pen_plain_left = to->plain_left;
  else
    pen_plain_begin(&pen_time.plain, 0);
  pen_threads.running = to;
  pen_swap_stacks(&from->stack_pointer, to->stack_pointer);
}

int pen_threads_exist(void) { return pen_threads.choose != NULL; }

int pen_threads_switch(void) {
  if (!pen_threads.requested || !pen_threads.choose || pen_time.running || pen_time.frozen) return 0;
  if (pen_time.primask || pen_time.faultmask || pen_time.basepri) return 0;
  pen_threads.requested = 0;
  pen_time.primask = 1;
  PenThread* to = pen_threads.choose();
  if (to) switch_to(to);
  pen_time.primask = 0;
  return 1;
}

void pen_threads_start(PenThread* (*choose)(void)) {
  pen_threads.choose = choose;
  pen_threads.running = pen_thread_main();
  pen_thread_request_switch();
}

void pen_thread_request_switch(void) {
  pen_threads.requested = 1;
  pen_progress();
  if (!pen_time.running) pen_settle();
}

uint32_t pen_mask_interrupts(void) {
  uint32_t before = pen_time.primask;
  pen_time.primask = 1;
  return before;
}

void pen_unmask_interrupts(uint32_t before) {
  pen_time.primask = before;
  if (!before) pen_settle();
}

uint32_t pen_in_handler(void) { return pen_time.running != NULL; }
