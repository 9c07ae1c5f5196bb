/* SPDX-License-Identifier: BSD-3-Clause
 *
 * threads: when several threads of a process wait, one of them polls for all, and sleeps where packets wake it; the
 * others sleep on a futex of their own until what they wait for has come true, or until nobody polls. Called under the
 * lock, and only if that is in use.
 */
#ifndef LIB_REQUEST_THREADS_H
#define LIB_REQUEST_THREADS_H

#include <time.h>
#include "lib/request/progress.h"

/* Does another one poll for it? Then it has slept meanwhile, and what it waits for may have come true; before, it has
 * been reported to whoever watches. */
bool threads_follow(struct waiter *w, const struct request *on,
                    void (*report)(struct waiter *, const struct request *));
/* This one polls for all, while it gives the lock away now and then; until threads_return. */
void threads_lead(struct waiter *w);
/* It has polled (did: something happened): wakes others for whom something came true. */
void threads_polled(bool did);
/* It returns to whoever waits, who will not come back if the wait is over. */
void threads_return(struct waiter *w);
/* May it sleep where packets wake? False: another one does, or threads are so active that somebody should look now and
 * then anyhow; it has slept elsewhere meanwhile. */
bool threads_may_sleep(struct waiter *w);
/* Sleeps, without the lock, while *bell is value. */
void threads_sleep(struct waiter *w, _Atomic uint32_t *bell, uint32_t value, const struct timespec *most);

#endif
