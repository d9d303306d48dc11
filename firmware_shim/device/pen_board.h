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

/* For the board's fault handlers, in thread mode on a fresh stack: tells the simulator where the core has crashed
 * (PEN_CRASH_*), and begins anew with the next reset. Never returns. */
void pen_board_crashed(uint32_t crash, uint32_t address);

/* For a slow timer interrupt: 1 if the core has not come back from a tick for longer than 2 s of the board's clock. */
int pen_board_hangs(void);

#ifdef __cplusplus
}
#endif
#endif
