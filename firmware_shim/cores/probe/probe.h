/* probe.h - firmware that tests the simulator; README.md says what it does when. It speaks the seam itself, so its port
 * is a table. */
#ifndef PROBE_H
#define PROBE_H

void probe_tick(void);
void probe_edge(void);

#endif
