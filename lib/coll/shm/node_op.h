/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_op: a collective among ranks that share memory that nobody waits in: a step of a schedule, which goes on
 * whenever MPI makes progress and never waits itself. It goes through phases as the blocking ones do, in an area of its
 * own (node.h), one collective of a communicator after the other. */
#ifndef LIB_COLL_SHM_NODE_OP_H
#define LIB_COLL_SHM_NODE_OP_H

#include "lib/coll/base/args.h"
#include "lib/coll/base/sched.h"
#include "lib/coll/shm/node_reduce.h"

struct node_op;

/* What a member offers in a phase. */
struct node_offer {
    bool any;    /* false: nothing, and the rest means nothing */
    int reader;  /* as of node_begin */
    size_t room; /* bytes of it */
};

/* What a member does in each phase of one kind of collective. Functions that are NULL do nothing. */
struct node_program {
    /* At the begin: sets phases, whole, piece. */
    void (*begin)(struct node_op *o);
    struct node_offer (*offer)(struct node_op *o);
    void (*write)(struct node_op *o, char *room);
    /* Whom the others' offers are read from: a member, NODE_ALL (from each), NODE_NONE. */
    int (*source)(const struct node_op *o);
    void (*read)(struct node_op *o, int r, const struct node_cell *c);
    /* When all is read. */
    void (*end)(struct node_op *o);
    /* Who comes last does this for all, and leaves the result, `whole` bytes, for them. Others read that alone. */
    void (*last)(struct node_op *o, char *room);
    bool meets;      /* nobody reads before all have offered */
    bool reads_first; /* what is offered depends on what was read */
};

struct node_op {
    const struct node_program *program;
    struct sched *sched;
    struct node *a;
    struct coll_args args;
    struct vector v; /* of a reduction */
    uint32_t phases, i; /* that there are; the present one */
    uint32_t k;         /* its number in the area */
    uint8_t stage;
    bool wanting; /* others' slowness is noted in area->wanted */
    uint32_t finalized; /* changes of others' stages that were looked at */
    int next;     /* member to be read next */
    char *room;
    size_t whole, piece;
    MPI_Count mine;  /* of a reduce_scatter: elements of my part in this phase, */
    const char *own; /* and where my operand for them lies */
};

/* Adds it as a step. Arguments are checked; their types and operation are held by the schedule. */
void node_op_add(struct sched *s, struct node *a, const struct node_program *p, const struct coll_args *args);

extern const struct node_program node_ibarrier, node_ibcast, node_igather, node_iscatter, node_iallgather,
    node_ialltoall, node_igatherv, node_iscatterv, node_ialltoallv;
/* Those of a type that node_reduce_fits; in the last, choice_each finds a piece for the longest part. */
extern const struct node_program node_ireduce, node_iallreduce, node_iscan, node_iexscan, node_ireduce_scatter;

/* The first byte of the present piece, and its bytes of `whole`. */
static inline size_t node_op_from(const struct node_op *o)
{
    return (size_t)o->i * o->piece;
}
static inline size_t node_op_bytes(const struct node_op *o)
{
    size_t left = o->whole - node_op_from(o);
    return left < o->piece ? left : o->piece;
}
static inline void node_op_pieces(struct node_op *o, size_t whole, size_t piece)
{
    o->whole = whole;
    o->piece = piece;
    o->phases = piece ? (uint32_t)((whole + piece - 1) / piece) : 0;
}

#endif
