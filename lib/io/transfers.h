/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transfers: accesses behind requests. */
#ifndef LIB_IO_TRANSFERS_H
#define LIB_IO_TRANSFERS_H

#include "lib/io/access.h"
#include "lib/io/worker.h"
#include "lib/request/counter.h"

struct transfer {
    struct access access;
    struct file *file;       /* NULL: it has been closed meanwhile */
    struct request *request; /* its own */
    struct datatype *type;   /* a reference */
    struct job job;          /* of one that this process does alone */
    struct counter counter;  /* of a collective one: its schedule's request */
    struct request *schedule;
    int split; /* enum split_kind, of one in two calls */
    TAILQ_ENTRY(transfer) link;
};

/* One with a request of its own, not begun; NULL without memory. */
struct transfer *transfer_new(const struct access *a);
/* It has not begun, and never will: it goes, and its request. */
void transfer_drop(struct transfer *t);
/* Has the worker do it; hands its request out, or drops it. */
int transfer_begin(struct transfer *t, struct request **out);
/* It is over, and has come to that error class. */
void transfer_complete(struct transfer *t, int rc);

/* Waits until none of a file's is under way. */
void transfers_await(struct file *f);
/* The file goes; requests that are complete, but have not been asked for, stay. */
void transfers_forget(struct file *f);

#endif
