/* SPDX-License-Identifier: BSD-3-Clause
 *
 * create: new communicators. A context is proposed by one rank and told to the others; communicators over disjoint
 * groups that are made by one call share it, since no message passes between them. */
#include "lib/comm/create.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/coll/base/sched.h"
#include "lib/coll/groups.h"
#include "lib/comm/inter.h"
#include "lib/core/error.h"
#include "lib/object/comm.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"
#include "lib/object/topology.h"

static int give(struct comm *c, MPI_Comm *out)
{
    if (!c)
        return MPI_ERR_NO_MEM;
    *out = comm_handle(c);
    return MPI_SUCCESS;
}

static int copy_attrs(struct comm *from, struct comm *to)
{
    return attr_copy_all(&from->attrs, &to->attrs, ATTR_COMM, comm_handle(from));
}

/* The communicator of a duplicate, whose context is told later. */
static int dup_begin(struct comm *c, struct info *info, struct comm **out)
{
    struct comm *n = c->inter ? comm_new_inter(c->group, c->peers, c->low, c)
                              : comm_new(c->group, c->rank == 0 ? comm_ctx_new(c) : 0, c);
    if (n && c->inter)
        inter_contexts_set(n, inter_contexts_new(c));
    if (!n || (info && !(n->info = info_copy(info)))) {
        comm_unref(n);
        return MPI_ERR_NO_MEM;
    }
    n->topo = topology_ref(c->topo);
    int rc = copy_attrs(c, n);
    if (rc != MPI_SUCCESS) {
        comm_release(n);
        return rc;
    }
    *out = n;
    return MPI_SUCCESS;
}

/* What telling a context came to: its maker may have none left. */
int create_ctx_told(const uint64_t *ctx, int rc)
{
    return rc == MPI_SUCCESS && *ctx == 0 ? MPI_ERR_OTHER : rc;
}

int create_private(struct comm *c, struct comm **out)
{
    uint64_t ctx = c->rank == 0 ? comm_ctx_new(c) : 0;
    int rc = create_ctx_told(&ctx, mpi_bcast(&ctx, sizeof ctx, &datatype_byte, 0, c));
    if (rc != MPI_SUCCESS)
        return rc;
    *out = comm_new(c->group, ctx, c);
    return *out ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

/* The same of a duplicate, which goes if it has none. */
static int told(struct comm *n, int rc)
{
    if (rc != MPI_SUCCESS)
        comm_release(n);
    return rc;
}

static_assert(offsetof(struct comm, local_ctx) == offsetof(struct comm, ctx) + sizeof(uint64_t), "told as one");
enum { BOTH_CONTEXTS = 2 * sizeof(uint64_t) };

static int dup(struct comm *c, struct info *info, MPI_Comm *newcomm)
{
    struct comm *n;
    int rc = dup_begin(c, info, &n);
    if (rc == MPI_SUCCESS)
        rc = told(n, create_ctx_told(&n->ctx, c->inter ? groups_tell(c, &n->ctx, BOTH_CONTEXTS)
                                                       : mpi_bcast(&n->ctx, sizeof n->ctx, &datatype_byte, 0, c)));
    return rc == MPI_SUCCESS ? give(n, newcomm) : rc;
}

int mpi_comm_dup(struct comm *c, MPI_Comm *newcomm)
{
    return dup(c, NULL, newcomm); /* hints do not go along, since MPI 4.0 */
}

int mpi_comm_dup_with_info(struct comm *c, struct info *info, MPI_Comm *newcomm)
{
    return dup(c, info, newcomm);
}

static int idup(struct comm *c, struct info *info, MPI_Comm *newcomm, MPI_Request *request)
{
    struct comm *n;
    int rc = dup_begin(c, info, &n);
    if (rc == MPI_SUCCESS)
        rc = told(n, c->inter ? groups_itell(c, &n->ctx, BOTH_CONTEXTS, request)
                              : mpi_ibcast(&n->ctx, sizeof n->ctx, &datatype_byte, 0, c, request));
    return rc == MPI_SUCCESS ? give(n, newcomm) : rc;
}

int mpi_comm_idup(struct comm *c, MPI_Comm *newcomm, MPI_Request *request)
{
    return idup(c, NULL, newcomm, request);
}

int mpi_comm_idup_with_info(struct comm *c, struct info *info, MPI_Comm *newcomm, MPI_Request *request)
{
    return idup(c, info, newcomm, request);
}

static int from_group(struct group *g, uint64_t ctx, struct comm *parent, MPI_Comm *newcomm)
{
    if (g->rank == MPI_UNDEFINED || g->size == 0) {
        *newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    return give(comm_new(g, ctx, parent), newcomm);
}

static int subset_check(const struct group *g, const struct comm *c)
{
    for (int r = 0; r < g->size; r++)
        if (group_rank_of(c->group, group_proc(g, r)) == MPI_UNDEFINED)
            return MPI_ERR_GROUP;
    return MPI_SUCCESS;
}

int mpi_comm_create(struct comm *c, struct group *group, MPI_Comm *newcomm)
{
    if (c->inter)
        return inter_create(c, group, newcomm);
    uint64_t ctx = c->rank == 0 ? comm_ctx_new(c) : 0;
    int rc = subset_check(group, c);
    if (rc == MPI_SUCCESS)
        rc = create_ctx_told(&ctx, mpi_bcast(&ctx, sizeof ctx, &datatype_byte, 0, c));
    return rc == MPI_SUCCESS ? from_group(group, ctx, c, newcomm) : rc;
}

/* Only the group's members call: its first one tells the others, down a binomial tree, outside of user's tags. */
int create_tell_group(struct comm *c, struct group *g, int tag, void *what, size_t n)
{
    struct request *r;
    int me = g->rank, mask = 1, rc = MPI_SUCCESS;
    uint64_t channel = P2P_COLL(c);
    tag = P2P_GROUP_TAG | (tag & (P2P_GROUP_TAG - 1)); /* collectives use the tags below */
    while (mask < g->size && !(me & mask))
        mask <<= 1;
    if (me > 0) {
        int from = group_rank_of(c->group, group_proc(g, me - mask));
        rc = p2p_recv(what, (MPI_Count)n, &datatype_byte, from, tag, c, channel, &r);
        if (rc == MPI_SUCCESS)
            rc = request_wait(r, MPI_STATUS_IGNORE);
    }
    for (mask >>= 1; rc == MPI_SUCCESS && mask > 0; mask >>= 1) {
        if (me + mask >= g->size)
            continue;
        int to = group_rank_of(c->group, group_proc(g, me + mask));
        rc = p2p_send(what, (MPI_Count)n, &datatype_byte, to, tag, c, channel, MODE_STANDARD, &r);
        if (rc == MPI_SUCCESS && r)
            rc = request_wait(r, MPI_STATUS_IGNORE);
    }
    return rc;
}

int mpi_comm_create_group(struct comm *c, struct group *group, int tag, MPI_Comm *newcomm)
{
    int rc = c->inter ? MPI_ERR_COMM : subset_check(group, c);
    if (rc != MPI_SUCCESS)
        return rc;
    if (group->rank == MPI_UNDEFINED || group->size == 0) {
        *newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    uint64_t ctx = group->rank == 0 ? comm_ctx_new(c) : 0;
    rc = create_ctx_told(&ctx, create_tell_group(c, group, tag, &ctx, sizeof ctx));
    return rc == MPI_SUCCESS ? from_group(group, ctx, c, newcomm) : rc;
}

struct told {
    uint64_t ctx, name;
};

/* What the members of a new communicator without a parent tell one another it by: the string, and who they are. */
static uint64_t name_of(const char *string, const struct group *g)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *string; string++)
        h = (h ^ (unsigned char)*string) * UINT64_C(0x100000001b3);
    h = (h ^ (uint64_t)g->size) * UINT64_C(0x100000001b3);
    for (int r = 0; r < g->size; r++)
        h = (h ^ (uint64_t)group_proc(g, r)) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

/* Its first member makes a context and tells the others, as messages of the whole job. Several may be told of at once,
 * to several threads: the name is the tag, as far as it fits. */
static int told_by_name(struct group *g, const char *string, uint64_t *ctx)
{
    uint64_t name = name_of(string, g);
    struct told all = {.ctx = g->rank == 0 ? comm_ctx_new(&comm_job) : 0, .name = name};
    int rc = create_tell_group(&comm_job, g, (int)(name % P2P_GROUP_TAG), &all, sizeof all);
    if (rc == MPI_SUCCESS && all.name != name) {
        error_detail_set(MPI_ERR_OTHER,
                         "the members do not make this communicator at the same time, or another one has "
                         "a tag that cannot be told from %.100s",
                         string);
        return MPI_ERR_OTHER;
    }
    *ctx = all.ctx;
    return create_ctx_told(ctx, rc);
}

static int without_parent(struct group *g, const char *string, struct info *info, struct errhandler *e,
                          struct comm **out)
{
    uint64_t ctx;
    if (g->foreign)
        return MPI_ERR_UNSUPPORTED_OPERATION;
    if (g->rank == MPI_UNDEFINED)
        return MPI_ERR_GROUP;
    if (strnlen(string, MPI_MAX_STRINGTAG_LEN) == MPI_MAX_STRINGTAG_LEN)
        return MPI_ERR_ARG;
    int rc = told_by_name(g, string, &ctx);
    struct comm *c = rc == MPI_SUCCESS ? comm_new(g, ctx, NULL) : NULL;
    if (rc == MPI_SUCCESS && (!c || (info && !(c->info = info_copy(info))))) {
        comm_unref(c);
        rc = MPI_ERR_NO_MEM;
    }
    if (rc == MPI_SUCCESS)
        rc = errhandler_set(&c->errhandler, OBJ_COMM, e);
    *out = c;
    return rc;
}

int mpi_comm_create_from_group(struct group *g, const char *string, struct info *info, struct errhandler *e,
                               MPI_Comm *newcomm)
{
    struct comm *c = NULL;
    if (e->owner != OBJ_NONE && e->owner != OBJ_COMM)
        return MPI_ERR_ERRHANDLER;
    int rc = g->size == 0 ? MPI_SUCCESS : without_parent(g, string, info, e, &c);
    if (rc == MPI_SUCCESS)
        *newcomm = c ? comm_handle(c) : MPI_COMM_NULL;
    else
        comm_blame(e);
    return rc;
}

struct vote {
    uint64_t ctx;
    int color, key, rank;
};

static int by_key(const void *a, const void *b)
{
    const struct vote *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : x->rank - y->rank;
}

static int split(struct comm *c, int color, int key, struct group **out, uint64_t *ctx)
{
    struct vote mine = {c->rank == 0 ? comm_ctx_new(c) : 0, color, key, c->rank};
    struct vote *all = malloc((size_t)c->size * sizeof *all);
    int *procs = malloc(((size_t)c->size + 1) * sizeof *procs), n = 0;
    int rc = !all || !procs ? MPI_ERR_NO_MEM
                            : mpi_allgather(&mine, sizeof mine, &datatype_byte, all, sizeof mine, &datatype_byte, c);
    if (rc != MPI_SUCCESS || color == MPI_UNDEFINED) {
        free(all);
        free(procs);
        return rc;
    }
    *ctx = all[0].ctx;
    for (int r = 0; r < c->size; r++)
        if (all[r].color == color)
            all[n++] = all[r];
    qsort(all, (size_t)n, sizeof *all, by_key);
    for (int i = 0; i < n; i++)
        procs[i] = group_proc(c->group, all[i].rank);
    free(all);
    *out = group_new(procs, n);
    return *out ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

int mpi_comm_split(struct comm *c, int color, int key, MPI_Comm *newcomm)
{
    struct group *g = NULL;
    uint64_t ctx;
    if (color < 0 && color != MPI_UNDEFINED)
        return MPI_ERR_ARG;
    if (c->inter)
        return inter_split(c, color, key, newcomm);
    int rc = split(c, color, key, &g, &ctx);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!g) {
        *newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    rc = give(comm_new(g, ctx, c), newcomm);
    group_unref(g);
    return rc;
}
