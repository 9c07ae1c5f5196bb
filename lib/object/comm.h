/* SPDX-License-Identifier: BSD-3-Clause
 *
 * comm: groups of processes, and communicators over them.
 *
 * A process is known by its index (process.h). A group is a sequence of indices, kept as first and stride where it is
 * regular, so that the world of a million ranks takes no memory. A communicator's context (context.h) is even; with bit
 * 0 set it carries collectives.
 */
#ifndef LIB_OBJECT_COMM_H
#define LIB_OBJECT_COMM_H

#include "lib/object/attr.h"
#include "lib/core/object.h"

struct group {
    struct obj obj;
    int size;
    int rank;         /* of this process, or MPI_UNDEFINED */
    bool foreign;     /* some of its processes are of other jobs */
    uint32_t session; /* it comes from that one (session.h); 0: from MPI_COMM_WORLD */
    int first, stride;
    int *procs; /* owned; NULL: rank r is process first + r * stride */
    int *order; /* owned; ranks by rising process, made when first asked for a process; NULL: not yet */
};

static inline int group_proc(const struct group *g, int rank)
{
    return g->procs ? g->procs[rank] : g->first + rank * g->stride;
}

extern struct group group_empty;

/* procs is taken over (malloc) whatever happens; NULL without memory. A regular sequence is recognised. */
struct group *group_new(int *procs, int size);
struct group *group_new_regular(int first, int stride, int size);
struct group *group_ref(struct group *g);
void group_unref(struct group *g);                    /* NULL is fine */
int group_rank_of(struct group *g, int proc);         /* or MPI_UNDEFINED; O(log size) */
int group_relation(struct group *a, struct group *b); /* MPI_IDENT, MPI_SIMILAR, MPI_UNEQUAL */

struct topology; /* topology.h */

/* Which of its members cannot be reached; p2p/reach.c keeps it. */
struct comm_reach {
    uint8_t spans;       /* 0: not known, 1: all on this node, 2: not all */
    bool broken;         /* a member is gone */
    bool tells;          /* a receive from any source is being told */
    bool watches;        /* who could send has been connected to, so that its end is heard of */
    uint32_t seen, told; /* ranks of reach's list that were looked at; that receives from any source were told of */
};

struct comm {
    struct obj obj;
    uint64_t ctx;       /* even */
    uint64_t local_ctx; /* of an intercommunicator: of messages within its local group */
    int rank, size;
    int peer_size; /* of the group that a rank in a call means: the remote one of an intercommunicator */
    bool inter;
    bool inner; /* a part of another one, which the user does not know */
    bool low;   /* of an intercommunicator: the local group is the one that speaks for both */
    struct group *group;
    struct group *peers; /* == group, or the remote group */
    const int *procs;    /* as in peers, which only comm_set_peers sets */
    int first, stride;
    uint64_t coll_seq; /* collectives begun; gives each its tag */
    struct errhandler *errhandler;
    bool handled; /* the user has set it */
    struct attrs attrs;
    struct info *info;     /* hints set by the user, or NULL */
    struct topology *topo; /* or NULL */
    uint32_t session;      /* it was made in that one (session.h); 0: from MPI_COMM_WORLD */
    struct comm *local;    /* of an intercommunicator: comm_local, or NULL */
    void *coll;            /* what the collectives keep with it; goes by comm_coll_free */
    struct comm_reach reach;
    void *buffer; /* attached buffer (struct bsend_buffer), or NULL */
    bool freed;   /* the user has freed it; pending operations hold it */
    char name[MPI_MAX_OBJECT_NAME];
};

extern struct comm comm_world, comm_self;
/* All ranks of the job: the library's own, whoever has begun MPI, and how. It is in no session, and belongs to all. */
extern struct comm comm_job;
extern void (*comm_coll_free)(struct comm *c);  /* set by whoever sets coll */
extern void (*comm_coll_break)(struct comm *c); /* a member is gone: who waits in a collective on c returns an error */

static inline MPI_Comm comm_handle(const struct comm *c)
{
    return (MPI_Comm)c->obj.handle;
}

static inline int comm_proc(const struct comm *c, int rank)
{
    return c->procs ? c->procs[rank] : c->first + rank * c->stride;
}
void comm_set_peers(struct comm *c, struct group *g);

/* A context (context.h) for a new communicator among members of c; 0: there is none left. */
uint64_t comm_ctx_new(const struct comm *c);
/* A new intracommunicator over a group of which this process is a member; takes a reference to the group. Its error
 * handler and session are the parent's; without one, the session is the group's. NULL without memory. */
struct comm *comm_new(struct group *g, uint64_t ctx, const struct comm *parent);
/* The same of one that is only a part of another, its parent. */
struct comm *comm_new_inner(struct group *g, uint64_t ctx, const struct comm *parent);
/* The same of an intercommunicator with `remote`, to which it takes a reference, too. Of two groups one is low. */
struct comm *comm_new_inter(struct group *local, struct group *remote, bool low, const struct comm *parent);
/* An intracommunicator over the local group of c, of which the user does not know, for blocking collectives alone. NULL
 * without memory. */
struct comm *comm_local(struct comm *c);
struct comm *comm_ref(struct comm *c);
void comm_unref(struct comm *c);
/* Attributes are deleted now, memory goes with the last pending operation. An error class of a callback. */
int comm_release(struct comm *c);

/* An error on its way out is told to this handler, of a communicator that does not exist. */
void comm_blame(struct errhandler *e);

void comm_predefine(void);         /* before all else */
int comm_init(int rank, int size); /* comm_job and the empty group; 0 or an error class */
/* MPI_COMM_WORLD and MPI_COMM_SELF, once: their handles become valid, and invalid; the objects stay. */
int comm_world_begin(void);
void comm_world_end(void);
void comm_fini(void);

#endif
