/* SPDX-License-Identifier: BSD-3-Clause
 *
 * epoch: who may access what, when (MPI 5.0, section 12.5), and what is said of misuse. */
#ifndef LIB_RMA_EPOCH_H
#define LIB_RMA_EPOCH_H

#include "lib/rma/target.h"

/* MPI_ERR_RMA_SYNC, with a note. */
int epoch_wrong(const char *why) COLD;

/* Is t within the epoch? Then it is used. */
ALWAYS_INLINE bool epoch_covers(struct win *w, const struct target *t)
{
    w->used = true;
    return LIKELY(w->whole | t->entered);
}
/* A fence that nothing has been accessed since, whatever it might have opened, is over. Then nothing else may be. */
static inline bool epoch_is_free(struct win *w)
{
    if (w->access == ACCESS_FENCE && !w->used) {
        w->access = ACCESS_NONE;
        w->whole = false;
    }
    return w->access == ACCESS_NONE;
}
/* May operations with requests begin? They are for passive targets alone. */
int epoch_passive(const struct win *w);
/* The request of an operation, if rc says that it went well: r, or NULL of one that was over at once; returns rc. */
int epoch_requested(int rc, struct request *r, MPI_Request *request);
/* Have processes ended that this rank needs, be it one (proc) or any of the window (-1)? MPI_SUCCESS, or
 * MPI_ERR_PROC_ABORTED with a note. */
int epoch_alive(const struct win *w, int proc);

#endif
