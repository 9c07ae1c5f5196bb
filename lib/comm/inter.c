/* SPDX-License-Identifier: BSD-3-Clause
 *
 * inter: intercommunicators out of two groups whose leaders reach each other by messages. */
#include "lib/comm/inter.h"
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/comm/meeting.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"
#include "lib/p2p/p2p.h"
#include "lib/process/process.h"

/* The other leader, as this one reaches it; the line first. */
struct peer_leader {
    struct line line;
    struct comm *comm;
    int rank, tag;
};

/* A line's verb. */
static int trade(struct line *l, const void *out, int out_n, void *in, int in_n)
{
    const struct peer_leader *p = (const struct peer_leader *)l;
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

int mpi_intercomm_create(struct comm *local, int local_leader, struct comm *peer, int remote_leader, int tag,
                         MPI_Comm *newcomm)
{
    if (local->inter)
        return MPI_ERR_COMM;
    if (local_leader < 0 || local_leader >= local->size)
        return MPI_ERR_RANK;
    struct peer_leader p = {{.trade = trade}, peer, remote_leader, P2P_GROUP_TAG | (tag & (P2P_GROUP_TAG - 1))};
    int error = local->rank == local_leader ? leader_check(peer, remote_leader) : MPI_SUCCESS;
    return meeting_create(local, local_leader, &p.line, false, NULL, error, newcomm);
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
    if (meeting_overlap(own, remote))
        return MPI_ERR_GROUP;
    int far = group_proc(remote, remote_leader), first = process_self < far, *procs = malloc(2 * sizeof *procs);
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
    *p = (struct peer_leader){{.trade = trade}, comm_of(c), first, P2P_GROUP_TAG};
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
    int rc = meeting_create(local, leader, &p.line, false, NULL, error, newcomm);
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
