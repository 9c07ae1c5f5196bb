/* SPDX-License-Identifier: BSD-3-Clause
 *
 * handover: from the library's thread to the proxy's loop. Whatever the library asks or tells comes as a task, and
 * tasks are run by the loop in the order in which they came. The other way needs nothing: the library's functions and
 * the answers that it waits for may be called from any thread.
 */
#ifndef PROXY_PMIX_HANDOVER_H
#define PROXY_PMIX_HANDOVER_H

#include <event2/event.h>
#include <sys/queue.h>

/* The first member of what a task carries. */
struct handover_task {
    void (*run)(struct handover_task *t); /* by the loop, once; frees it */
    STAILQ_ENTRY(handover_task) queue;
};

/* Once in a process. 0, or -1 with errno. */
int handover_init(struct event_base *base);
/* From any thread. */
void handover_post(struct handover_task *t);

#endif
