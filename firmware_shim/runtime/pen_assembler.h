/* pen_assembler.h - included before every source of a native core (-include): what a Cortex-M's assembler is on a PC.
 *
 * `__asm volatile("dsb")` and the like are single instructions with a meaning that the runtime has too: barriers,
 * sleep,
 * interrupt masks. They become calls that keep every register. Anything else of ARM has no meaning here: the
 * assembler says
 * what to do instead of "no such instruction". `nop` is the PC's own and takes no time (__NOP() takes 50 ns).
 */
#if defined(__x86_64__) && !defined(__ASSEMBLER__)
#define PEN_ASM_CALL(name, function) \
  ".macro " name " operands:vararg\n leaq -128(%rsp), %rsp\n call " function "\n leaq 128(%rsp), %rsp\n .endm\n"
#define PEN_ASM_ARM(name)                                                                                              \
  ".macro " name " operands:vararg\n .error \"this is assembler of a Cortex-M (" name                                  \
  "), and the core is built for the PC: put it behind a function of a file that is left out of SOURCES and answer it " \
  "in the port, or run the core emulated\"\n .endm\n"
__asm__(PEN_ASM_CALL("dmb", "pen_asm_barrier") PEN_ASM_CALL("dsb", "pen_asm_barrier") PEN_ASM_CALL(
    "isb", "pen_asm_barrier") PEN_ASM_CALL("wfi", "pen_asm_sleep") PEN_ASM_CALL("wfe", "pen_asm_sleep")
            PEN_ASM_CALL("cpsid", "pen_asm_mask") PEN_ASM_CALL(
                "cpsie",
                "pen_asm_unmask") ".macro sev\n .endm\n .macro bkpt operands:vararg\n ud2\n .endm\n" PEN_ASM_ARM("tst")
                PEN_ASM_ARM("mrs") PEN_ASM_ARM("msr") PEN_ASM_ARM("ldr") PEN_ASM_ARM("ldrb") PEN_ASM_ARM("ldrh")
                    PEN_ASM_ARM("str") PEN_ASM_ARM("strb") PEN_ASM_ARM("strh") PEN_ASM_ARM("ldm") PEN_ASM_ARM("ldmia")
                        PEN_ASM_ARM("stmdb") PEN_ASM_ARM("stmia") PEN_ASM_ARM("bx") PEN_ASM_ARM("blx") PEN_ASM_ARM("bl")
                            PEN_ASM_ARM("b") PEN_ASM_ARM("svc") PEN_ASM_ARM("ite") PEN_ASM_ARM("mrseq")
                                PEN_ASM_ARM("mrsne") PEN_ASM_ARM("orr") PEN_ASM_ARM("eor") PEN_ASM_ARM("bic")
                                    PEN_ASM_ARM("subs") PEN_ASM_ARM("adds") PEN_ASM_ARM("movs.n") PEN_ASM_ARM("lsls")
                                        PEN_ASM_ARM("lsrs") PEN_ASM_ARM("ldrex") PEN_ASM_ARM("strex")
                                            PEN_ASM_ARM("umull") PEN_ASM_ARM("smull") PEN_ASM_ARM("ssat")
                                                PEN_ASM_ARM("usat") PEN_ASM_ARM("clz") PEN_ASM_ARM("rev")
                                                    PEN_ASM_ARM("rbit") PEN_ASM_ARM("vmrs") PEN_ASM_ARM("vmsr")
                                                        PEN_ASM_ARM("vstmdb") PEN_ASM_ARM("vldmia"));
#undef PEN_ASM_CALL
#undef PEN_ASM_ARM
#endif
