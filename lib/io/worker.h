/* SPDX-License-Identifier: BSD-3-Clause
 *
 * worker: a thread of the library's own that does what would keep its caller waiting for a file system. It begins with
 * the first job, and ends when nobody uses MPI any more. It holds no lock of the library's, so a program of one thread
 * needs none; a waiter that sleeps is woken. */
#ifndef LIB_IO_WORKER_H
#define LIB_IO_WORKER_H

#include <stdbool.h>
#include <sys/queue.h>

struct job {
    void (*run)(struct job *j);   /* by the worker, one job after the other: knows no MPI */
    void (*ended)(struct job *j); /* out of progress, under the lock; the job is forgotten by then */
    STAILQ_ENTRY(job) link;
};

/* MPI_ERR_OTHER with a note: there cannot be a thread. */
int worker_submit(struct job *j);
/* What has been submitted is run first. */
void worker_fini(void);

#endif
