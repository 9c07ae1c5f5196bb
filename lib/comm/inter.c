/* SPDX-License-Identifier: BSD-3-Clause
 *
 * inter: intercommunicators out of two groups that know each other by their leaders alone. The leaders exchange what
 * their groups are and whether all is well, and tell their groups; so all of both return the same error. The leader
 * that comes first in the order of jobs and ranks makes the contexts, and its group is the low one. */
#include "lib/comm/inter.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/comm/roster.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/object/context.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"
#include "lib/p2p/p2p.h"
#include "lib/process/process.h"

/* The other leader, as this one reaches it. */
struct peer_leader {
    struct comm *comm;
    int rank, tag;
};

/* What a leader tells the other one at the end; the contexts are those of the low one's. */
struct verdict {
    int32_t rc, unused;
    struct inter_contexts contexts;
};

/* What a group needs to know of the other one. */
struct meeting {
    struct verdict verdict;
    int32_t low, roster_bytes;
    void *roster; /* owned */
};

/* Exchanges so many bytes. */
static int trade(const struct peer_leader *p, const void *out, int out_n, void *in, int in_n)
{
    struct request *r, *s = NULL;
    MPI_Status status;
    uint64_t channel = P2P_COLL(p->comm);
    int rc = p2p_recv(in, in_n, &datatype_byte, p->rank, p->tag, p->comm, channel, &r);
    if (rc != MPI_SUCCESS)
        return rc;
    int sent = p2p_send(out, out_n, &datatype_byte, p->rank, p->tag, p->comm, channel, MODE_STANDARD, &s);
    rc = request_wait(r, &status);
    if (sent == MPI_SUCCESS && s)
        sent = request_wait(s, MPI_STATUS_IGNORE);
    if (rc == MPI_SUCCESS && status_bytes(&status) != in_n) {
        error_detail_set(MPI_ERR_OTHER, "the other leader is in another call with this tag");
        rc = MPI_ERR_OTHER;
    }
    return rc != MPI_SUCCESS ? rc : sent;
}

static int overlap_check(struct group *a, struct group *b)
{
    struct group *few = a->size < b->size ? a : b, *many = few == a ? b : a;
    for (int r = 0; r < few->size; r++)
        if (group_rank_of(many, group_proc(few, r)) != MPI_UNDEFINED) {
            error_detail_set(MPI_ERR_COMM, "a process is in both groups");
            return MPI_ERR_COMM;
        }
    return MPI_SUCCESS;
}

static int rosters_trade(const struct peer_leader *p, struct group *own, struct meeting *m, struct group **far)
{
    int own_bytes = 0, far_bytes = 0;
    void *mine = roster_pack(own, &own_bytes);
    int rc = trade(p, &own_bytes, sizeof own_bytes, &far_bytes, sizeof far_bytes);
    if (rc == MPI_SUCCESS && mine && far_bytes > 0) {
        m->roster = malloc((size_t)far_bytes);
        rc = trade(p, mine, own_bytes, m->roster, m->roster ? far_bytes : 0);
        m->roster_bytes = far_bytes;
    }
    free(mine);
    if (rc == MPI_SUCCESS && !m->roster)
        rc = MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = roster_unpack(m->roster, far_bytes, far);
    return rc == MPI_SUCCESS ? overlap_check(own, *far) : rc;
}

/* Is this leader before the other one? */
static bool comes_first(int far)
{
    int own_rank, far_rank, own_name = process_self;
    const char *own = process_job_of(own_name, &own_rank)->name, *other = process_job_of(far, &far_rank)->name;
    int order = strcmp(own, other);
    return order != 0 ? order < 0 : own_rank < far_rank;
}

static struct inter_contexts contexts_new(bool foreign)
{
    struct inter_contexts x = {context_new(foreign), context_new(foreign)};
    return x.between && x.within ? x : (struct inter_contexts){0, 0};
}

/* What the leader comes to with the other one. */
static void meet(const struct peer_leader *p, struct group *own, struct meeting *m)
{
    struct group *far = NULL;
    struct verdict mine = {0}, other = {0};
    m->low = comes_first(comm_proc(p->comm, p->rank));
    mine.rc = rosters_trade(p, own, m, &far);
    if (mine.rc == MPI_SUCCESS && m->low) {
        mine.contexts = contexts_new(own->foreign || far->foreign);
        mine.rc = mine.contexts.between ? MPI_SUCCESS : MPI_ERR_OTHER;
    }
    group_unref(far);
    int rc = trade(p, &mine, sizeof mine, &other, sizeof other);
    m->verdict = m->low ? mine : other;
    m->verdict.rc = mine.rc != MPI_SUCCESS ? mine.rc : rc != MPI_SUCCESS ? rc : other.rc;
}

static int leader_check(const struct comm *peer, int remote_leader)
{
    if (!peer)
        return MPI_ERR_COMM;
    if (remote_leader < 0 || remote_leader >= peer->peer_size) {
        error_detail_set(MPI_ERR_RANK, "remote_leader is %d, and there are %d ranks", remote_leader, peer->peer_size);
        return MPI_ERR_RANK;
    }
    return MPI_SUCCESS;
}

/* To all of the group: first the verdict, then the roster. */
static int tell_group(struct comm *c, int leader, struct meeting *m)
{
    int rc = mpi_bcast(m, offsetof(struct meeting, roster), &datatype_byte, leader, c);
    if (rc != MPI_SUCCESS || m->verdict.rc != MPI_SUCCESS)
        return rc != MPI_SUCCESS ? rc : m->verdict.rc;
    if (c->rank != leader && !(m->roster = malloc((size_t)m->roster_bytes)))
        rc = MPI_ERR_NO_MEM;
    int told = mpi_bcast(m->roster, m->roster ? m->roster_bytes : 0, &datatype_byte, leader, c);
    return rc != MPI_SUCCESS ? rc : told;
}

static int comm_from(struct comm *local, const struct meeting *m, MPI_Comm *out)
{
    struct group *far;
    int rc = roster_unpack(m->roster, m->roster_bytes, &far);
    if (rc != MPI_SUCCESS)
        return rc;
    struct comm *c = comm_new_inter(local->group, far, m->low, local);
    group_unref(far);
    if (!c)
        return MPI_ERR_NO_MEM;
    inter_contexts_set(c, m->verdict.contexts);
    *out = comm_handle(c);
    return MPI_SUCCESS;
}

/* The leader comes with how it reaches the other one, or with an error. */
static int create(struct comm *local, int leader, const struct peer_leader *p, int error, MPI_Comm *newcomm)
{
    struct meeting m = {.verdict.rc = error};
    if (local->rank == leader && error == MPI_SUCCESS)
        meet(p, local->group, &m);
    int rc = tell_group(local, leader, &m);
    if (rc == MPI_SUCCESS)
        rc = comm_from(local, &m, newcomm);
    free(m.roster);
    return rc;
}

int mpi_intercomm_create(struct comm *local, int local_leader, struct comm *peer, int remote_leader, int tag,
                         MPI_Comm *newcomm)
{
    if (local->inter)
        return MPI_ERR_COMM;
    if (local_leader < 0 || local_leader >= local->size)
        return MPI_ERR_RANK;
    struct peer_leader p = {peer, remote_leader, P2P_GROUP_TAG | (tag & (P2P_GROUP_TAG - 1))};
    int error = local->rank == local_leader ? leader_check(peer, remote_leader) : MPI_SUCCESS;
    return create(local, local_leader, &p, error, newcomm);
}

static bool is_rank_of(int rank, const struct group *g)
{
    return rank >= 0 && rank < g->size;
}

/* A communicator of the two leaders alone, in an order that both know. */
static int leaders_meet(struct group *own, struct group *remote, int remote_leader, const char *string,
                        struct errhandler *e, struct peer_leader *p)
{
    if (!remote)
        return MPI_ERR_GROUP;
    if (!is_rank_of(remote_leader, remote))
        return MPI_ERR_RANK;
    if (overlap_check(own, remote) != MPI_SUCCESS)
        return MPI_ERR_GROUP;
    int far = group_proc(remote, remote_leader), first = comes_first(far), *procs = malloc(2 * sizeof *procs);
    if (!procs)
        return MPI_ERR_NO_MEM;
    procs[!first] = process_self;
    procs[first] = far;
    struct group *pair = group_new(procs, 2);
    if (!pair)
        return MPI_ERR_NO_MEM;
    pair->session = own->session;
    MPI_Comm c = MPI_COMM_NULL;
    int rc = mpi_comm_create_from_group(pair, string, NULL, e, &c);
    group_unref(pair);
    *p = (struct peer_leader){comm_of(c), first, P2P_GROUP_TAG};
    return rc;
}

/* Over the communicator of the local group, which goes on as that of the new one's. */
static int create_over(struct comm *local, int leader, struct group *remote, int remote_leader, const char *string,
                       struct errhandler *e, MPI_Comm *newcomm)
{
    struct peer_leader p = {0};
    int error = MPI_SUCCESS;
    if (local->rank == leader)
        error = leaders_meet(local->group, remote, remote_leader, string, e, &p);
    int rc = create(local, leader, &p, error, newcomm);
    comm_unref(p.comm);
    if (rc == MPI_SUCCESS && local->info && !(comm_of(*newcomm)->info = info_copy(local->info))) {
        comm_unref(comm_of(*newcomm));
        rc = MPI_ERR_NO_MEM;
    }
    return rc;
}

int mpi_intercomm_create_from_groups(struct group *group, int local_leader, struct group *remote, int remote_leader,
                                     const char *string, struct info *info, struct errhandler *e, MPI_Comm *newcomm)
{
    MPI_Comm c = MPI_COMM_NULL, made = MPI_COMM_NULL;
    int rc = MPI_SUCCESS;
    if (group->size > 0 && !(remote && remote->size == 0)) {
        rc = is_rank_of(local_leader, group) ? mpi_comm_create_from_group(group, string, info, e, &c) : MPI_ERR_RANK;
        struct comm *local = comm_of(c);
        if (rc == MPI_SUCCESS)
            rc = create_over(local, local_leader, remote, remote_leader, string, e, &made);
        comm_unref(local);
    }
    if (rc == MPI_SUCCESS)
        *newcomm = made;
    else if (e->owner == OBJ_NONE || e->owner == OBJ_COMM)
        comm_blame(e);
    return rc;
}
