/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cleanup: the last duty.
 */
#include "proxy/cleanup.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/xalloc.h"

#include <stdlib.h>

#define PATIENCE_MS 3000 /* less than mpiexec has with us */

void cleanup_everything(void)
{
    size_t left = descendants_end(PATIENCE_MS);
    if (left)
        log_warn("%zu processes did not die when they were killed (waiting for a device or file server?)", left);
}

void cleanup_orphans(struct proxy *proxy)
{
    size_t count;
    pid_t *known = starter_pids(&proxy->starter, &count);
    known = xreallocarray(known, count + HASH_CNT(by_pid, proxy->running) + 1, sizeof *known);
    for (struct rank *r = proxy->running; r; r = r->by_pid.next)
        known[count++] = r->pid;
    descendants_kill_others(known, count);
    free(known);
}
