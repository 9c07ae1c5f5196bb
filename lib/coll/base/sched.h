/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sched: a collective as a list of steps, in rounds. All steps of a round may go at once; the next round begins when
 * they are complete. One builder per algorithm; blocking, nonblocking and persistent collectives run what it builds.
 */
#ifndef LIB_COLL_BASE_SCHED_H
#define LIB_COLL_BASE_SCHED_H

#include "lib/op/op.h"
#include "lib/p2p/p2p.h"

struct sched;
/* Schedules of which each begins when the one before it is over. Zeros are an empty one. */
struct sched_line {
    TAILQ_HEAD(, sched) all;
};

struct sched *sched_new(struct comm *c); /* NULL without memory */
void sched_free(struct sched *s);        /* NULL is fine */
/* Memory that lives as long as the schedule; NULL without memory (and then run and start fail: builders need not
 * look at it before they use it as an address only). For `count` of `t`: the address to use as buffer, its gap
 * considered. */
void *sched_temp(struct sched *s, size_t bytes);
void *sched_temp_for(struct sched *s, MPI_Count count, const struct datatype *t);

/* Steps. Failures are kept and returned by run and start. Ranks are the communicator's. */
void sched_send(struct sched *s, const void *buf, MPI_Count count, struct datatype *t, int dest);
void sched_recv(struct sched *s, void *buf, MPI_Count count, struct datatype *t, int source);
void sched_copy(struct sched *s, const void *from, MPI_Count from_count, struct datatype *from_type, void *to,
                MPI_Count to_count, struct datatype *to_type);
/* inout = in op inout */
void sched_reduce(struct sched *s, const void *in, void *inout, MPI_Count count, struct datatype *t, struct op *op);
/* Calls fn at once, and then whenever MPI makes progress, until it is done. It must not wait; it may add steps, which
 * come after all others, in later rounds; an error that it came to is told by sched_fail. */
typedef bool sched_fn(struct sched *s, void *arg);
void sched_call(struct sched *s, sched_fn *fn, void *arg);
void sched_round(struct sched *s);
/* The first error is what the schedule ends with; steps that follow are done nevertheless, so that no other rank waits
 * for this one. */
void sched_fail(struct sched *s, int error);
int sched_error(const struct sched *s);
struct comm *sched_comm(const struct sched *s);
int sched_tag(const struct sched *s);
/* Does nothing, but keeps what calls use as long as the schedule lives; each may be NULL. */
void sched_hold(struct sched *s, struct datatype *x, struct datatype *y, struct op *op);
/* Before it is handed to a request: when that is started it waits for its turn in a line, which outlives it. */
void sched_join(struct sched *s, struct sched_line *line);

/* Runs to its end and frees it; an error class. */
int sched_run(struct sched *s);
/* Hands it to a request, started, which frees it. */
int sched_start(struct sched *s, struct request **req);
/* Starts it for the library itself: nobody asks for what becomes of it. */
int sched_start_alone(struct sched *s);
/* Hands it to a persistent request, inactive. What its calls have added goes when it is started again. */
int sched_persist(struct sched *s, struct request **req);

void sched_fini(void);

#endif
