/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sleep: where a process sleeps that waits for something to come by any transport.
 *
 * It is one futex word, its doorbell: ranks of the node ring it, and so do threads. A transport whose data come by a
 * descriptor (sleep_fd) has nobody who would; for those a thread of the library's own waits in poll(2) and rings. It
 * starts at the first sleep after there is such a descriptor, uses nothing else of the library, and ends in
 * transport_fini. A process without one has no such thread, and sleeps as if this were not there. */
#ifndef LIB_TRANSPORT_SLEEP_H
#define LIB_TRANSPORT_SLEEP_H

#include <stdatomic.h>
#include "lib/core/types.h"

/* Before sleep: from now on whatever comes wakes this process; look once more for what came before. Returns the futex
 * word and its present value; NULL: nobody can wake it, take short naps. sleep_disarm ends that. */
_Atomic uint32_t *sleep_arm(uint32_t *value);
void sleep_disarm(void);
/* What other threads of the library's own have under way: they ring (doorbell_wake_own) when it is done. */
extern int sleep_rung;
/* A descriptor of the caller's that is waited for until sleep_unwatch: who sleeps is woken when it can be read, and
 * (writes) written. False: it is watched by another wait already, or cannot be; then who sleeps looks again by itself.
 */
bool sleep_watch(int fd, bool writes);
void sleep_unwatch(int fd);
/* Can anything come from outside of this process? */
bool sleep_is_reachable(void);
int sleep_threads(void); /* of the library's own that there are now */
void sleep_fini(void);

#endif
