/* pen_board.h - a core with the runtime of pensim_add_core on a board: what runs between the board's driver and the
 * core. C11.
 *
 * The board's start-up fills a PenAgentBoard (bytes, clock, memory) and calls pen_board_run(). The core is put back to
 * its beginning by copying .data and clearing .bss, of the core alone: the agent's memory is another section (linker
 * script), so the session survives. Everything runs on one stack; a core that waits gives up control inside the agent.
 */
#ifndef PENSIM_PEN_BOARD_H
#define PENSIM_PEN_BOARD_H

#include "pen_agent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills identity (names, build id, data model, tick) and the functions that reach memory. `name` of the board. */
void pen_board_describe(PenAgentBoard* board, const char* name);

/* Never returns. */
void pen_board_run(const PenAgentBoard* board);

/* In thread mode on another stack than the core's: tells the simulator how the core has crashed (PEN_CRASH_*), and
 * begins anew with the next reset. Never returns. */
void pen_board_crashed(uint32_t crash, const PenLinkRegisters* registers);

/* 1 if the core has not come back from a tick for longer than 2 s of the board's clock. */
int pen_board_hangs(void);

/* ---- pen_fault.c, for a Cortex-M3, M4 or M7: what a crash or an endless loop of the core becomes ---- */

/* Early in Reset_Handler. Divisions by zero trap where the port says so; buffered writes are off, so that a bad one is
 * met at its instruction; with an MPU, the first 256 bytes (null pointers) and up to 64 MiB below the stack, which lies
 * lowest in its memory, are nobody's, and flash is not to be written: [flash, flash + flash_bytes), a power of two, or
 * 0 bytes for none. */
void pen_fault_begin(uint32_t flash, uint32_t flash_bytes);

/* Registers of the caller, for a crash that is no fault: what its caller keeps (r4..r11), sp, pc. */
void pen_fault_here(PenLinkRegisters* registers);

void pen_fault(void);      /* in the vector table: HardFault, MemManage, BusFault, UsageFault */
void pen_fault_slow(void); /* interrupt of a slow timer, every 100 ms or so, lower in priority than the line's */

#ifdef __cplusplus
}
#endif
#endif
