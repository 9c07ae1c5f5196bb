/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nonblocking: a collective among ranks that share memory that nobody waits in: a step of a schedule, which goes on
 * whenever MPI makes progress and never waits itself. It goes through phases as the blocking ones do, in an area of its
 * own (phase.h), one collective of a communicator after the other. */
#ifndef LIB_COLL_SHM_NONBLOCKING_H
#define LIB_COLL_SHM_NONBLOCKING_H

#include "lib/coll/base/args.h"
#include "lib/coll/base/sched.h"
#include "lib/coll/shm/reductions.h"

struct shm_op;

/* What a member offers in a phase. */
struct shm_offer {
    bool any;    /* false: nothing, and the rest means nothing */
    int reader;  /* as of phase_begin */
    size_t room; /* bytes of it */
};

/* What a member does in each phase of one kind of collective. Functions that are NULL do nothing. */
struct shm_program {
    /* At the begin: sets phases, whole, piece. */
    void (*begin)(struct shm_op *o);
    struct shm_offer (*offer)(struct shm_op *o);
    void (*write)(struct shm_op *o, char *room);
    /* Whom the others' offers are read from: a member, PHASE_ALL (from each), PHASE_NONE. */
    int (*source)(const struct shm_op *o);
    void (*read)(struct shm_op *o, int r, const struct phase_cell *c);
    /* When all is read. */
    void (*end)(struct shm_op *o);
    /* Who comes last does this for all, and leaves the result, `whole` bytes, for them. Others read that alone. */
    void (*last)(struct shm_op *o, char *room);
    bool meets;       /* nobody reads before all have offered */
    bool reads_first; /* what is offered depends on what was read */
};

struct shm_op {
    const struct shm_program *program;
    struct sched *sched;
    struct shm_coll *a;
    struct coll_args args;
    struct vector v;    /* of a reduction */
    uint32_t phases, i; /* that there are; the present one */
    uint32_t k;         /* its number in the area */
    uint8_t stage;
    bool wanting;       /* others' slowness is noted in area->wanted */
    uint32_t finalized; /* changes of others' stages that were looked at */
    int next;           /* member to be read next */
    char *room;
    size_t whole, piece;
    MPI_Count mine;  /* of a reduce_scatter: elements of my part in this phase, */
    const char *own; /* and where my operand for them lies */
};

/* Adds it as a step. Arguments are checked; their types and operation are held by the schedule. */
void shm_op_add(struct sched *s, struct shm_coll *a, const struct shm_program *p, const struct coll_args *args);

extern const struct shm_program shm_ibarrier, shm_ibcast, shm_igather, shm_iscatter, shm_iallgather, shm_ialltoall,
    shm_igatherv, shm_iscatterv, shm_ialltoallv;
/* Those of a type that shm_reduce_fits; in the last, choice_each finds a piece for the longest part. */
extern const struct shm_program shm_ireduce, shm_iallreduce, shm_iscan, shm_iexscan, shm_ireduce_scatter;

/* The first byte of the present piece, and its bytes of `whole`. */
static inline size_t shm_op_from(const struct shm_op *o)
{
    return (size_t)o->i * o->piece;
}
static inline size_t shm_op_bytes(const struct shm_op *o)
{
    size_t left = o->whole - shm_op_from(o);
    return left < o->piece ? left : o->piece;
}
static inline void shm_op_pieces(struct shm_op *o, size_t whole, size_t piece)
{
    o->whole = whole;
    o->piece = piece;
    o->phases = piece ? (uint32_t)((whole + piece - 1) / piece) : 0;
}

#endif
