/* faults.h - what the test tells faults.c */
#ifndef PENSIM_TEST_FAULTS_H
#define PENSIM_TEST_FAULTS_H

enum { /* aux[0] */
       NOTHING,
       BAD_WRITE,
       BAD_CODE,
       USAGE_ENABLED,
       UNALIGNED_LDRD,
       UNALIGNED_WORD,
       WRITE_FLASH,
       RUN_IN_RAM,
       SLEEP_FOR_EVER,
       WATCHED,
       SPIN_TIMER,
       SPIN_EDGE,
       SPIN_SYSTICK,
       SPIN_PENDSV,
       SPIN_SVC,
       PLAIN_WAIT
};
enum { /* aux[1] */ COME_BACK, SKIP, STAY, FAULT_AGAIN, RESET_CORE };

#endif
