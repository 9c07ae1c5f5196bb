/* SPDX-License-Identifier: BSD-3-Clause
 *
 * table: what a collective is: how its arguments are checked, and a table of algorithms, of which the first that fits
 * and pays is taken. Blocking, nonblocking and persistent variants come from the same table. */
#ifndef LIB_COLL_TABLE_H
#define LIB_COLL_TABLE_H

#include "lib/bindings/impl.h"
#include "lib/coll/base/args.h"
#include "lib/coll/base/messages.h"
#include "lib/coll/shm/nonblocking.h"

struct stages; /* levels.h */
struct levels;

/* What an algorithm is chosen by. All of it is the same on all members, and so is the choice. */
struct coll_shape {
    struct comm *comm;
    struct shm_coll *shm;        /* the members share memory: open; or NULL */
    const struct levels *levels; /* they are on several nodes, some of them together; or NULL */
    MPI_Count bytes;             /* of a vector, or of the longest block; -1: not all know, as of two groups */
    /* Of reductions, else NULL: */
    const struct datatype *t;
    const struct op *op;
    bool later;     /* nobody waits in it */
    bool any_order; /* members may start it and others in different orders: it goes by messages of its own */
};

/* Whose ranks an algorithm is for: of one group, of the two of an intercommunicator, or either. */
enum coll_between { ONE_GROUP, TWO_GROUPS, ANY_GROUPS };

/* One algorithm. It has one of two functions for each variant: where somebody waits, and where not. */
struct coll_algorithm {
    const char *name;
    bool (*fits)(const struct coll_shape *x); /* NULL: always */
    bool (*pays)(const struct coll_shape *x); /* is it cheaper than those that follow? NULL: always */
    enum coll_between between;
    /* On one node, in the area of x->shm: */
    int (*run)(struct shm_coll *a, const struct coll_args *args);
    const struct shm_program *program;
    /* By messages: */
    int (*messages)(const struct coll_args *args);                  /* waited for */
    void (*build)(struct sched *s, const struct coll_args *args);   /* both */
    void (*stages)(struct stages *p, const struct coll_args *args); /* both; on several nodes */
};

struct coll_kind {
    const char *name;
    int (*check)(const struct coll_args *args);       /* what is significant on this rank: an error class */
    MPI_Count (*bytes)(const struct coll_args *args); /* as in the shape; where it comes to 0, nothing is done */
    const struct coll_algorithm *rows; /* there is always one that fits; after the last comes one without a name */
};

/* Does it, and returns an error class. Who gives wrong arguments takes no part in it, as if it had not been called. */
int coll_run(const struct coll_kind *k, const struct coll_args *args);
/* Starts it, for who waits or frees the request. */
int coll_begin(const struct coll_kind *k, const struct coll_args *args, struct request **r);
/* What the variants of the MPI function are. */
int coll_start(const struct coll_kind *k, const struct coll_args *args, MPI_Request *request);
int coll_persist(const struct coll_kind *k, const struct coll_args *args, MPI_Request *request);

#define LIST(...) __VA_ARGS__
/* The nonblocking and the persistent variant, from the parameters of the blocking one and what they are in coll_args.
 */
#define COLL_LATER(name, kind, params, ...)                                                                            \
    int mpi_i##name(LIST params, MPI_Request *request)                                                                 \
    {                                                                                                                  \
        return coll_start(kind, &(struct coll_args){__VA_ARGS__}, request);                                            \
    }                                                                                                                  \
    int mpi_##name##_init(LIST params, struct info *info, MPI_Request *request)                                        \
    {                                                                                                                  \
        (void)info;                                                                                                    \
        return coll_persist(kind, &(struct coll_args){__VA_ARGS__}, request);                                          \
    }
/* All three. */
#define COLL_VARIANTS(name, kind, params, ...)                                                                         \
    int mpi_##name(LIST params)                                                                                        \
    {                                                                                                                  \
        return coll_run(kind, &(struct coll_args){__VA_ARGS__});                                                       \
    }                                                                                                                  \
    COLL_LATER(name, kind, params, __VA_ARGS__)

extern const struct coll_kind coll_barrier, coll_bcast, coll_gather, coll_gatherv, coll_scatter, coll_scatterv,
    coll_allgather, coll_allgatherv, coll_alltoall, coll_alltoallv, coll_alltoallw, coll_reduce, coll_allreduce,
    coll_scan, coll_exscan, coll_reduce_scatter, coll_reduce_scatter_block;
extern const struct coll_kind *const coll_kinds[]; /* the last one is NULL */

/* Reads the variables of this folder: 0, or MPI_ERR_OTHER with a note. */
int coll_init(void);
void coll_fini(void);

/* Conditions of rows. */
static inline bool fits_shm(const struct coll_shape *x)
{
    return x->shm != NULL;
}
static inline bool fits_levels(const struct coll_shape *x)
{
    return x->levels != NULL;
}

#endif
