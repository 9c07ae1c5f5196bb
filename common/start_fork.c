/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_fork: the backend for this machine: a proxy is a child, its link a socket pair.
 */
#include "common/start_process.h"

#define PATIENCE_MS 60000 /* nobody is far away; but the machine may be very busy */

static void fork_begin(struct starter *st, struct start **v, size_t n)
{
    char *argv[] = {(char *)st->proxy, NULL};
    for (size_t i = 0; i < n; i++) {
        int stream[2];
        if (start_process_begin(v[i], argv, false, stream, NULL) < 0)
            start_fail_later(v[i]);
        else
            v[i]->events->stream(v[i]->arg, stream[0], stream[1]);
    }
}

const struct start_ops start_fork = {.name = "fork",
                                     .patience_ms = PATIENCE_MS,
                                     .descriptors = 1,
                                     .inherits_stdio = true,
                                     .begin = fork_begin,
                                     .end = start_process_end,
                                     .cancel = start_process_cancel};
