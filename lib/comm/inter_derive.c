/* SPDX-License-Identifier: BSD-3-Clause
 *
 * inter_derive: what comes out of intercommunicators: others, and the merged intracommunicator. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/coll/groups.h"
#include "lib/comm/inter.h"
#include "lib/core/error.h"

struct inter_contexts inter_contexts_new(const struct comm *c)
{
    struct inter_contexts none = {0, 0};
    if (!c->low || c->rank > 0)
        return none;
    struct inter_contexts x = {comm_ctx_new(c), comm_ctx_new(c)};
    return x.between && x.within ? x : none;
}

/* A new one of these groups, or none where one is empty or NULL; takes them over. */
static int derive(struct comm *c, struct group *local, struct group *far, MPI_Comm *newcomm)
{
    struct inter_contexts x = inter_contexts_new(c);
    int rc = groups_tell(c, &x, sizeof x);
    if (rc == MPI_SUCCESS && !x.between)
        rc = MPI_ERR_OTHER;
    MPI_Comm made = MPI_COMM_NULL;
    if (rc == MPI_SUCCESS && local && far && far->size > 0 && local->rank != MPI_UNDEFINED && local->size > 0) {
        struct comm *n = comm_new_inter(local, far, c->low, c);
        rc = n ? MPI_SUCCESS : MPI_ERR_NO_MEM;
        if (n)
            inter_contexts_set(n, x);
        made = n ? comm_handle(n) : MPI_COMM_NULL;
    }
    group_unref(local);
    group_unref(far);
    if (rc == MPI_SUCCESS)
        *newcomm = made;
    return rc;
}

static int *ranks_room(int n)
{
    return malloc(((size_t)n + 1) * sizeof(int));
}

/* The ranks of a group in c; MPI_ERR_GROUP if one is none. */
static int ranks_of(const struct comm *c, const struct group *group, int *ranks)
{
    for (int r = 0; r < group->size; r++)
        if ((ranks[r] = group_rank_of(c->group, group_proc(group, r))) == MPI_UNDEFINED)
            return MPI_ERR_GROUP;
    return MPI_SUCCESS;
}

/* The leaders tell the other group which of theirs stay: first one way, then the other. */
static int ranks_trade(struct comm *c, int *own, int own_n, int *far, int far_n)
{
    struct datatype *t = datatype_of(MPI_INT);
    int rc = MPI_SUCCESS, root = c->rank == 0 ? MPI_ROOT : MPI_PROC_NULL;
    for (int way = 0; way < 2 && rc == MPI_SUCCESS; way++)
        rc = c->low == (way == 0) ? mpi_bcast(own, own_n, t, root, c) : mpi_bcast(far, far_n, t, 0, c);
    return rc;
}

/* From ranks that others have said. NULL without memory, or with an error in *rc. */
static struct group *remote_group(const struct comm *c, const int *ranks, int n, int *rc)
{
    int *procs = ranks_room(n);
    for (int i = 0; procs && i < n; i++) {
        if (ranks[i] < 0 || ranks[i] >= c->peer_size) {
            *rc = MPI_ERR_GROUP;
            free(procs);
            return NULL;
        }
        procs[i] = comm_proc(c, ranks[i]);
    }
    struct group *g = procs ? group_new(procs, n) : NULL;
    if (!g)
        *rc = MPI_ERR_NO_MEM;
    return g;
}

static int group_from_other(struct comm *c, struct group *group, struct group **far)
{
    struct datatype *t = datatype_of(MPI_INT);
    int *own = ranks_room(group->size), *theirs = NULL, far_n = 0;
    int rc = own ? ranks_of(c, group, own) : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = mpi_allreduce(&group->size, &far_n, 1, t, op_of(MPI_MAX), c);
    if (rc == MPI_SUCCESS && (far_n < 0 || far_n > c->peer_size || !(theirs = ranks_room(far_n))))
        rc = theirs ? MPI_ERR_GROUP : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = ranks_trade(c, own, group->size, theirs, far_n);
    if (rc == MPI_SUCCESS)
        *far = remote_group(c, theirs, far_n, &rc);
    free(own);
    free(theirs);
    return rc;
}

int inter_create(struct comm *c, struct group *group, MPI_Comm *newcomm)
{
    struct group *far = NULL;
    int rc = group_from_other(c, group, &far);
    return rc == MPI_SUCCESS ? derive(c, group_ref(group), far, newcomm) : rc;
}

struct vote {
    int color, key, rank;
};

static int by_key(const void *a, const void *b)
{
    const struct vote *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : x->rank - y->rank;
}

/* Those of one colour among the votes of g's members, which are moved. NULL without memory. */
static struct group *group_of_color(const struct group *g, struct vote *votes, int color)
{
    int *procs = ranks_room(g->size), n = 0;
    for (int r = 0; r < g->size; r++)
        if (votes[r].color == color && votes[r].color != MPI_UNDEFINED)
            votes[n++] = (struct vote){color, votes[r].key, r};
    qsort(votes, (size_t)n, sizeof *votes, by_key);
    for (int i = 0; procs && i < n; i++)
        procs[i] = group_proc(g, votes[i].rank);
    return procs ? group_new(procs, n) : NULL;
}

/* The votes of both groups. */
static int votes_collect(struct comm *c, struct vote mine, struct vote *own, struct vote *far)
{
    struct datatype *t = &datatype_byte;
    struct comm *local = levels_turn(c);
    int rc = local ? mpi_allgather(&mine, sizeof mine, t, own, sizeof mine, t, local) : MPI_ERR_NO_MEM;
    return rc == MPI_SUCCESS ? mpi_allgather(&mine, sizeof mine, t, far, sizeof mine, t, c) : rc;
}

int inter_split(struct comm *c, int color, int key, MPI_Comm *newcomm)
{
    struct vote *own = malloc((size_t)c->size * sizeof *own), *far = malloc((size_t)c->peer_size * sizeof *far);
    struct group *local = NULL, *remote = NULL;
    int rc = own && far ? votes_collect(c, (struct vote){color, key, c->rank}, own, far) : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS) {
        local = group_of_color(c->group, own, color);
        remote = group_of_color(c->peers, far, color);
        rc = local && remote ? MPI_SUCCESS : MPI_ERR_NO_MEM;
    }
    free(own);
    free(far);
    if (rc == MPI_SUCCESS)
        return derive(c, local, remote, newcomm);
    group_unref(local);
    group_unref(remote);
    return rc;
}

enum { FIRST = 1, SECOND = 2 };

/* What each group wants, all of whose members must want the same. */
static int wishes_collect(struct comm *c, int high, int *own, int *far)
{
    int mine = high ? SECOND : FIRST;
    struct datatype *t = datatype_of(MPI_INT);
    struct comm *local = levels_turn(c);
    int rc = local ? mpi_allreduce(&mine, own, 1, t, op_of(MPI_BOR), local) : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = mpi_allreduce(&mine, far, 1, t, op_of(MPI_BOR), c);
    if (rc == MPI_SUCCESS && (*own == (FIRST | SECOND) || *far == (FIRST | SECOND))) {
        error_detail_set(MPI_ERR_ARG, "high is not the same on all ranks of one group");
        rc = MPI_ERR_ARG;
    }
    return rc;
}

static struct group *union_of(const struct group *a, const struct group *b)
{
    int *procs = ranks_room(a->size + b->size);
    for (int r = 0; procs && r < a->size; r++)
        procs[r] = group_proc(a, r);
    for (int r = 0; procs && r < b->size; r++)
        procs[a->size + r] = group_proc(b, r);
    return procs ? group_new(procs, a->size + b->size) : NULL;
}

int mpi_intercomm_merge(struct comm *c, int high, MPI_Comm *newcomm)
{
    int own, far;
    if (!c->inter)
        return MPI_ERR_COMM;
    int rc = wishes_collect(c, high, &own, &far);
    uint64_t ctx = c->low && c->rank == 0 ? comm_ctx_new(c) : 0;
    if (rc == MPI_SUCCESS)
        rc = groups_tell(c, &ctx, sizeof ctx);
    if (rc == MPI_SUCCESS && !ctx)
        rc = MPI_ERR_OTHER;
    if (rc != MPI_SUCCESS)
        return rc;
    bool first = own != far ? own == FIRST : c->low;
    struct group *g = first ? union_of(c->group, c->peers) : union_of(c->peers, c->group);
    struct comm *n = g ? comm_new(g, ctx, c) : NULL;
    group_unref(g);
    if (!n)
        return MPI_ERR_NO_MEM;
    *newcomm = comm_handle(n);
    return MPI_SUCCESS;
}
