/* SPDX-License-Identifier: BSD-3-Clause
 *
 * comm: life of communicators. */
#include "lib/object/comm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/state.h"
#include "lib/object/context.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"
#include "lib/object/topology.h"

struct comm comm_world, comm_self, comm_job;

uint64_t comm_ctx_new(const struct comm *c)
{
    return context_new(c->group->foreign || c->peers->foreign);
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
    c->session = parent ? parent->session : g->session;
    if (!g->session && !g->obj.predefined)
        g->session = c->session;
    return c;
}

struct comm *comm_new_inner(struct group *g, uint64_t ctx, const struct comm *parent)
{
    struct comm *c = comm_new(g, ctx, parent);
    if (c)
        c->inner = true;
    return c;
}

struct comm *comm_new_inter(struct group *local, struct group *remote, bool low, const struct comm *parent)
{
    struct comm *c = comm_new(local, 0, parent);
    if (!c)
        return NULL;
    comm_set_peers(c, group_ref(remote));
    if (!remote->session && !remote->obj.predefined)
        remote->session = c->session;
    c->inter = true;
    c->low = low;
    return c;
}

struct comm *comm_local(struct comm *c)
{
    if (!c->local)
        c->local = comm_new_inner(c->group, c->local_ctx, c);
    return c->local;
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
    topology_unref(c->topo);
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

void comm_blame(struct errhandler *e)
{
    static struct comm blamed;
    blamed = (struct comm){.obj = {.handle = (uintptr_t)MPI_COMM_NULL, .refs = 1, .kind = OBJ_COMM, .predefined = true},
                           .name = "a new communicator",
                           .errhandler = e};
    lib.error_on = &blamed.obj;
}

static struct errhandler **errhandler_slot(struct obj *on)
{
    return &((struct comm *)on)->errhandler;
}

static void describe(const struct obj *on, char *text, size_t n)
{
    const char *name = ((const struct comm *)on)->name;
    snprintf(text, n, " on %.60s", name[0] ? name : "a communicator");
}

static void call_errhandler(const struct errhandler *e, struct obj *on, int *code, const char *function)
{
    MPI_Comm h = comm_handle((struct comm *)on);
    e->comm(&h, code, function);
}

void comm_predefine(void)
{
    static const struct errhandler_owner owner = {errhandler_slot, describe, call_errhandler};
    errhandler_register(OBJ_COMM, &owner);
}

int comm_init(int rank, int size)
{
    context_init();
    group_empty.rank = MPI_UNDEFINED;
    obj_predefine(&group_empty.obj, OBJ_GROUP, (uintptr_t)MPI_GROUP_EMPTY);
    struct group *g = group_new_regular(0, 1, size);
    if (!g)
        return MPI_ERR_NO_MEM;
    comm_job = (struct comm){.obj = {.refs = 1, .kind = OBJ_COMM, .predefined = true},
                             .errhandler = &errhandler_fatal,
                             .session = UINT32_MAX};
    fill(&comm_job, g, CONTEXT_JOB);
    return MPI_SUCCESS;
}

int comm_world_begin(void)
{
    int rc =
        predefine(&comm_world, MPI_COMM_WORLD, "MPI_COMM_WORLD", group_new_regular(0, 1, comm_job.size), CONTEXT_WORLD);
    if (rc != MPI_SUCCESS)
        return rc;
    return predefine(&comm_self, MPI_COMM_SELF, "MPI_COMM_SELF", group_new_regular(comm_job.rank, 1, 1), CONTEXT_SELF);
}

void comm_world_end(void)
{
    coll_free(&comm_world);
    coll_free(&comm_self);
    obj_unpredefine(&comm_world.obj);
    obj_unpredefine(&comm_self.obj);
}

void comm_fini(void)
{
    for (struct comm *c = obj_next(OBJ_COMM, NULL); c; c = obj_next(OBJ_COMM, c))
        coll_free(c);
    coll_free(&comm_world);
    coll_free(&comm_self);
    group_unref(comm_world.group);
    group_unref(comm_self.group);
    group_unref(comm_job.group);
}
