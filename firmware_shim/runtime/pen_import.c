/* pen_import.c - what a core with 4-byte pointers calls of its host, whose functions lie above 4 GB. Empty elsewhere.
 *
 * The stubs take the arguments where PenHost has them, in registers, and make 64-bit values of those that are
 * addresses;
 * they keep the stack as it is, so that a debugger and a crash report walk through them.
 */
#include "pen_runtime.h"
#include "pen_types.h" /* as every source has it, by -include */

#ifdef PEN_CORE_IMPORTS

/* Read-only once the loader has filled it; nothing of the core may redirect these calls. */
__attribute__((section(".data.rel.ro.pen_imports"))) PenImports pen_imports = {0, 0, 0, 0, 0, 0, 0};

void pen_import_yield(void* target);
void pen_import_finding(void* target, uint32_t kind, const char* text, uint32_t number);
PEN_NORETURN void pen_import_leave(uint32_t exit_code);
uint32_t pen_import_cost(void* target, uint32_t handler);

__asm__(
    ".pushsection .text.pen_import, \"ax\", @progbits\n"
    ".globl pen_import_yield, pen_import_finding, pen_import_leave, pen_import_cost\n"
    ".hidden pen_import_yield, pen_import_finding, pen_import_leave, pen_import_cost\n"
    ".type pen_import_yield, @function\n"
    "pen_import_yield:\n"
    "  .cfi_startproc\n"
    "  movq pen_imports(%rip), %rdi\n"
    "  jmp *pen_imports+8(%rip)\n"
    "  .cfi_endproc\n"
    ".size pen_import_yield, . - pen_import_yield\n"
    ".type pen_import_finding, @function\n"
    "pen_import_finding:\n"
    "  .cfi_startproc\n"
    "  movq pen_imports(%rip), %rdi\n"
    "  movl %edx, %edx\n"
    "  jmp *pen_imports+16(%rip)\n"
    "  .cfi_endproc\n"
    ".size pen_import_finding, . - pen_import_finding\n"
    ".type pen_import_leave, @function\n"
    "pen_import_leave:\n"
    "  .cfi_startproc\n"
    "  movl %edi, %esi\n"
    "  movq pen_imports(%rip), %rdi\n"
    "  jmp *pen_imports+24(%rip)\n"
    "  .cfi_endproc\n"
    ".size pen_import_leave, . - pen_import_leave\n"
    ".type pen_import_cost, @function\n"
    "pen_import_cost:\n"
    "  .cfi_startproc\n"
    "  movq pen_imports(%rip), %rdi\n"
    "  jmp *pen_imports+48(%rip)\n"
    "  .cfi_endproc\n"
    ".size pen_import_cost, . - pen_import_cost\n"
    ".popsection\n");

extern uint8_t pen_heap_begin[], pen_heap_end[];
extern const uint8_t pen_heap_fill;

const PenHost* pen_imported_host(void) {
  static PenHost host;
  for (uint8_t* p = pen_heap_begin; pen_heap_fill && p < pen_heap_end; ++p) *p = pen_heap_fill;
  host.yield = pen_import_yield;
  host.finding = pen_import_finding;
  host.stack_begin = pen_imports.stack_begin;
  host.stack_end = pen_imports.stack_end;
  if (pen_imports.cost_ns) host.cost_ns = pen_import_cost;
  return &host;
}

#endif
