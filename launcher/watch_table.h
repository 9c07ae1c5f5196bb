/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watch_table: the rows of the table of ranks, from what each rank does. Pure.
 *
 * Ranks of one node that do the same stand on one line; where these would be more than a screen, ranks of all nodes
 * that do the same. The rank that is alone in what it does, mostly the one that all others wait for, so stands out.
 */
#ifndef LAUNCHER_WATCH_TABLE_H
#define LAUNCHER_WATCH_TABLE_H

#include "wire/control.h"

#include <stdio.h>

struct watch_row {
    struct control_rank_state state; /* its `what` is not used */
    uint32_t node;
    char what[CONTROL_STATE_WHAT_MAX + 1];
    bool heard; /* its proxy has answered */
};

/* rows: n of them, by rank. name tells a node's name. */
void watch_table_print(FILE *out, const struct watch_row *rows, uint32_t n, const char *(*name)(const void *, uint32_t),
                       const void *arg);
/* "waiting": it lives, and is in an MPI or PMI call that waits, whether it was caught asleep or looking again.
 * Otherwise what the kernel says of it ("running", "sleeping", "in kernel", "stopped"), "ended" or "no answer". */
const char *watch_table_state(const struct watch_row *r);
/* Those that do not wait while others do. */
void watch_table_missing(FILE *out, const struct watch_row *rows, uint32_t n);

#endif
