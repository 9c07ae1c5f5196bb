/* SPDX-License-Identifier: BSD-3-Clause
 *
 * comm: life of communicators, and what is asked of them. */
#include "lib/comm/comm.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/errhandler.h"
#include "lib/core/error.h"
#include "lib/core/info.h"
#include "lib/p2p/p2p.h"

struct comm comm_world, comm_self;
static uint32_t made; /* contexts that this process has given out */

enum { CTX_WORLD = 2, CTX_SELF = 4, CTX_FIRST = 4 };

uint64_t comm_ctx_new(void)
{
    return (uint64_t)(unsigned)boot.rank << 32 | (uint64_t)(CTX_FIRST + ++made) << 1;
}

void comm_set_peers(struct comm *c, struct group *g)
{
    c->peers = g;
    c->peer_size = g->size;
    c->procs = g->procs;
    c->first = g->first;
    c->stride = g->stride;
}

static void fill(struct comm *c, struct group *g, uint64_t ctx)
{
    c->ctx = ctx;
    c->group = g;
    c->rank = g->rank;
    c->size = g->size;
    comm_set_peers(c, g);
}

struct comm *comm_new(struct group *g, uint64_t ctx, const struct comm *parent)
{
    struct comm *c = obj_new(OBJ_COMM, sizeof *c);
    if (!c)
        return NULL;
    fill(c, group_ref(g), ctx);
    c->errhandler = errhandler_ref(parent ? parent->errhandler : &errhandler_fatal);
    return c;
}

struct comm *comm_ref(struct comm *c)
{
    c->obj.refs++;
    return c;
}

void (*comm_coll_free)(struct comm *c);
void (*comm_coll_break)(struct comm *c);

static void coll_free(struct comm *c)
{
    if (c->coll)
        comm_coll_free(c);
}

void comm_unref(struct comm *c)
{
    if (!c || c->obj.predefined || --c->obj.refs > 0)
        return;
    coll_free(c);
    if (c->peers != c->group)
        group_unref(c->peers);
    group_unref(c->group);
    errhandler_unref(c->errhandler);
    info_destroy(c->info);
    comm_unref(c->local);
    free(c->buffer);
    obj_free(&c->obj);
}

int comm_release(struct comm *c)
{
    int rc = attr_delete_all(&c->attrs, ATTR_COMM, comm_handle(c));
    if (rc != MPI_SUCCESS)
        return rc;
    c->freed = true;
    comm_unref(c);
    return MPI_SUCCESS;
}

static int predefine(struct comm *c, MPI_Comm h, const char *name, struct group *g, uint64_t ctx)
{
    if (!g)
        return MPI_ERR_NO_MEM;
    obj_predefine(&c->obj, OBJ_COMM, (uintptr_t)h);
    strcpy(c->name, name);
    fill(c, g, ctx);
    c->errhandler = &errhandler_fatal;
    return MPI_SUCCESS;
}

int comm_init(int rank, int size)
{
    group_empty.rank = MPI_UNDEFINED;
    obj_predefine(&group_empty.obj, OBJ_GROUP, (uintptr_t)MPI_GROUP_EMPTY);
    int rc = predefine(&comm_world, MPI_COMM_WORLD, "MPI_COMM_WORLD", group_new_regular(0, 1, size), CTX_WORLD);
    if (rc != MPI_SUCCESS)
        return rc;
    return predefine(&comm_self, MPI_COMM_SELF, "MPI_COMM_SELF", group_new_regular(rank, 1, 1), CTX_SELF);
}

void comm_fini(void)
{
    for (struct comm *c = obj_next(OBJ_COMM, NULL); c; c = obj_next(OBJ_COMM, c))
        coll_free(c);
    coll_free(&comm_world);
    coll_free(&comm_self);
    group_unref(comm_world.group);
    group_unref(comm_self.group);
}

int mpi_comm_size(struct comm *c, int *size)
{
    *size = c->size;
    return MPI_SUCCESS;
}

int mpi_comm_rank(struct comm *c, int *rank)
{
    *rank = c->rank;
    return MPI_SUCCESS;
}

int mpi_comm_test_inter(struct comm *c, int *flag)
{
    *flag = c->inter;
    return MPI_SUCCESS;
}

int mpi_comm_remote_size(struct comm *c, int *size)
{
    if (!c->inter)
        return MPI_ERR_COMM;
    *size = c->peer_size;
    return MPI_SUCCESS;
}

int mpi_comm_group(struct comm *c, MPI_Group *group)
{
    *group = (MPI_Group)group_ref(c->group)->obj.handle;
    return MPI_SUCCESS;
}

int mpi_comm_remote_group(struct comm *c, MPI_Group *group)
{
    if (!c->inter)
        return MPI_ERR_COMM;
    *group = (MPI_Group)group_ref(c->peers)->obj.handle;
    return MPI_SUCCESS;
}

int mpi_comm_compare(struct comm *a, struct comm *b, int *result)
{
    if (a == b) {
        *result = MPI_IDENT;
        return MPI_SUCCESS;
    }
    int r = a->inter != b->inter ? MPI_UNEQUAL : group_relation(a->group, b->group);
    if (a->inter && b->inter) {
        int far = group_relation(a->peers, b->peers);
        r = far > r ? far : r; /* rising: ident, congruent, similar, unequal */
    }
    *result = r == MPI_IDENT ? MPI_CONGRUENT : r;
    return MPI_SUCCESS;
}

int mpi_comm_set_name(struct comm *c, const char *name)
{
    if (strlen(name) >= sizeof c->name)
        return MPI_ERR_ARG;
    strcpy(c->name, name);
    return MPI_SUCCESS;
}

int mpi_comm_get_name(struct comm *c, char *name, int *resultlen)
{
    *resultlen = (int)strlen(strcpy(name, c ? c->name : "MPI_COMM_NULL"));
    return MPI_SUCCESS;
}

int mpi_comm_free(MPI_Comm *comm)
{
    struct comm *c = comm_of(*comm);
    if (c->obj.predefined)
        return MPI_ERR_COMM;
    int rc = comm_release(c);
    if (rc == MPI_SUCCESS)
        *comm = MPI_COMM_NULL;
    return rc;
}

static struct request *pending(const struct comm *c)
{
    struct request *r = NULL;
    while ((r = obj_next(OBJ_REQUEST, r)) != NULL)
        if (r->comm == c && r->active && !r->complete)
            break;
    return r;
}

int mpi_comm_disconnect(MPI_Comm *comm)
{
    struct comm *c = comm_of(*comm);
    struct waiter w = {.comm = c};
    const struct request *r;
    if (c->obj.predefined)
        return MPI_ERR_COMM;
    while ((r = pending(c)) != NULL)
        progress_wait(&w, r);
    return mpi_comm_free(comm);
}

/* No communicator has a topology yet. */
int mpi_topo_test(struct comm *c, int *status)
{
    *status = MPI_UNDEFINED;
    return MPI_SUCCESS;
}

/* What info does not name stays as it was. */
int mpi_comm_set_info(struct comm *c, struct info *info)
{
    if (!c->info && !(c->info = info_new()))
        return MPI_ERR_NO_MEM;
    int rc = MPI_SUCCESS;
    for (int k = 0; info && k < info->count && rc == MPI_SUCCESS; k++)
        rc = info_put(c->info, info->pairs[k].key, info->pairs[k].value);
    return rc;
}

int mpi_comm_get_info(struct comm *c, MPI_Info *info_used)
{
    struct info *copy = info_copy(c->info);
    if (!copy)
        return MPI_ERR_NO_MEM;
    *info_used = (MPI_Info)copy->obj.handle;
    return MPI_SUCCESS;
}

/* Predefined attributes: the address of an int. */
/* Threads read it without the lock: it is written only when it changes. */
static int *set_once(int *at, int value)
{
    if (*at != value)
        *at = value;
    return at;
}

static bool predefined_attr(int keyval, void **value, int *flag)
{
    static int tag_ub = INT32_MAX, io = MPI_ANY_SOURCE, host = MPI_PROC_NULL, global = 1, appnum, universe;
    *flag = 1;
    switch (keyval) {
    case MPI_TAG_UB:
        *value = &tag_ub;
        return true;
    case MPI_IO:
        *value = &io;
        return true;
    case MPI_HOST:
        *value = &host;
        return true;
    case MPI_WTIME_IS_GLOBAL:
        *value = set_once(&global, boot.node_count <= 1);
        return true;
    case MPI_LASTUSEDCODE:
        *value = error_last_used();
        return true;
    case MPI_APPNUM:
        *value = set_once(&appnum, boot.appnum);
        *flag = appnum >= 0;
        return true;
    case MPI_UNIVERSE_SIZE:
        *value = set_once(&universe, boot.universe_size);
        *flag = universe > 0;
        return true;
    default:
        return false;
    }
}

int mpi_comm_get_attr(struct comm *c, int keyval, void *value, int *flag)
{
    if (!value)
        return MPI_ERR_ARG;
    void *v;
    int found;
    if (predefined_attr(keyval, &v, &found)) {
        *flag = found;
        if (found)
            *(void **)value = v;
        return MPI_SUCCESS;
    }
    return attr_get(&c->attrs, ATTR_COMM, keyval, value, flag);
}

int mpi_comm_set_attr(struct comm *c, int keyval, void *value)
{
    return attr_set(&c->attrs, ATTR_COMM, comm_handle(c), keyval, value);
}

int mpi_comm_delete_attr(struct comm *c, int keyval)
{
    return attr_delete(&c->attrs, ATTR_COMM, comm_handle(c), keyval);
}

int mpi_comm_create_keyval(MPI_Comm_copy_attr_function *copy, MPI_Comm_delete_attr_function *del, int *keyval,
                           void *extra)
{
    return attr_keyval_create(ATTR_COMM, (void *)(uintptr_t)copy, (void *)(uintptr_t)del, keyval, extra);
}

int mpi_comm_free_keyval(int *keyval)
{
    return attr_keyval_free(ATTR_COMM, keyval);
}

int mpi_attr_get(struct comm *c, int keyval, void *value, int *flag)
{
    return mpi_comm_get_attr(c, keyval, value, flag);
}

int mpi_attr_put(struct comm *c, int keyval, void *value)
{
    return mpi_comm_set_attr(c, keyval, value);
}

int mpi_attr_delete(struct comm *c, int keyval)
{
    return mpi_comm_delete_attr(c, keyval);
}

int mpi_keyval_create(MPI_Copy_function *copy, MPI_Delete_function *del, int *keyval, void *extra)
{
    return mpi_comm_create_keyval(copy, del, keyval, extra);
}

int mpi_keyval_free(int *keyval)
{
    return mpi_comm_free_keyval(keyval);
}
