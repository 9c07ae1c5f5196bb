/* SPDX-License-Identifier: BSD-3-Clause
 *
 * two_phase: collective accesses after Thakur, Gropp and Lusk ("Data Sieving and Collective I/O in ROMIO", 1999): some
 * ranks, the aggregators, write or read large parts of the file for all, and what is whose goes by messages. */
#ifndef LIB_IO_TWO_PHASE_H
#define LIB_IO_TWO_PHASE_H

#include "lib/coll/base/sched.h"
#include "lib/io/access.h"
#include "lib/io/domains.h"
#include "lib/io/worker.h"

struct exchange; /* exchange.c */

/* What ranks say of their access; the greatest of all counts. */
enum {
    MOST_BEGIN,
    MOST_END,
    MOST_PIECE,
    MOST_ALONE,
    MOST_UNIT,
    MOST_AGGREGATORS,
    MOST_WINDOW,
    MOST_COST_ALONE,
    MOST_COST_TOGETHER,
    MOST_VALUES
};
/* And sums; from SUM_SENDERS on, for each aggregator: ranks that have something for it. */
enum { SUM_BYTES, SUM_SPAN, SUM_SENDERS };

struct collective {
    struct access *access;
    bool waits; /* who runs the schedule may be kept waiting by the file system */
    int header_tag, data_tag;
    bool begun, over; /* the job */
    struct job job;
    int64_t most[MOST_VALUES];
    int64_t *sums;
    int64_t *cost;  /* what this way took before; NULL: it is not measured */
    int64_t began;  /* clock_ns() when all had come */
    int64_t failed; /* the worst error class of all ranks */
    struct domains domains;
    struct exchange *exchange;
};

/* Runs that on the worker, or at once. True: it is over; called until it is. */
bool collective_job(struct sched *s, struct collective *c, void (*run)(struct job *j));

/* plan.c: adds what decides how it is done, and does it. */
void plan_add(struct sched *s, struct collective *c);
/* It is over: what did it take? */
void plan_measured(const struct collective *c);
/* Steps that make `failed` the greatest error class of all ranks. */
void plan_agree(struct sched *s, struct collective *c);

/* exchange.c: memory, and what this rank has for whom: how many ranks have something for an aggregator is added to
 * sums. */
int exchange_prepare(struct sched *s, struct collective *c);
/* Adds the steps that do it; sums are of all ranks. */
void exchange_add(struct sched *s, struct collective *c);

#endif
