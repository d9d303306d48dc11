/* stubs.S - the calls of the host (calls.inl): four bytes each, in their order; and the loop that calls what the
 * host wants. */
  .syntax unified
  .thumb
  .section .text.pen_calls, "ax"
  .balign 4
  .global pen_calls_begin
pen_calls_begin:
#define PEN_GUEST_CALL(name, results)                                                                             \
  .global pen_call_##name ; .type pen_call_##name, %function ; .thumb_func ; pen_call_##name: .cfi_startproc ; bx lr ; nop ; \
  .cfi_endproc ; .size pen_call_##name, 4 ;
#include "calls.inl"
  .global pen_calls_end
pen_calls_end:

  .section .text.pen_guest_entry, "ax"
  .global pen_guest_entry
  .type pen_guest_entry, %function
  .thumb_func
pen_guest_entry:
  .cfi_startproc
  .cfi_undefined lr
1:
  bl pen_call_next
  blx r0
  b 1b
  .cfi_endproc
  .size pen_guest_entry, . - pen_guest_entry

/* The return address of the stub lies above the stack pointer, for whoever looks at the calls. */
  .section .text.pen_guest_nested, "ax"
  .global pen_guest_nested
  .type pen_guest_nested, %function
  .thumb_func
pen_guest_nested:
  .cfi_startproc
  .cfi_def_cfa sp, 8
  .cfi_offset lr, -4
1:
  bl pen_call_nested
  blx r12
  b 1b
  .cfi_endproc
  .size pen_guest_nested, . - pen_guest_nested
