/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_op: an operation on a rank that is reached by messages, which is not over when its call returns: it waits for
 * data that messages bring, or for what the transport does (far_remote.c). */
#ifndef LIB_RMA_FAR_OP_H
#define LIB_RMA_FAR_OP_H

#include "lib/request/request.h"
#include "lib/rma/message.h"

struct far_op {
    struct request head;
    struct target *t;
    void *buf; /* where data go */
    MPI_Count count;
    struct datatype *type; /* held */
    MPI_Count moved, whole;
    bool remote; /* the transport has to do with it, and no message */
    struct completion completion;
};
REQUEST_FITS(struct far_op);

/* Waits until one more may wait for t; an error class. */
int far_op_await(struct target *t);
/* asked: somebody waits for it; else it goes by itself when it is complete. NULL without memory. */
struct far_op *far_op_new(struct target *t, void *buf, MPI_Count count, const struct datatype *type, MPI_Count whole,
                          bool asked);
/* Of one that nobody asked for, the next flush tells how it failed. */
void far_op_end(struct far_op *o, struct far_failure why);
/* It could not be sent wholly: the caller is told, and nobody waits for it any more. */
void far_op_cancel(struct target *t, uint64_t request, int error);

#endif
