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
