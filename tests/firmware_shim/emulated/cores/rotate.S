  .syntax unified
  .thumb
  .text
  .global rotate_right
  .type rotate_right, %function
rotate_right:
  ror r0, r0, #1
  bx lr
