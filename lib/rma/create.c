/* SPDX-License-Identifier: BSD-3-Clause
 *
 * create: windows come and go. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/comm/create.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/nodemem/nodemem.h"
#include "lib/object/info.h"
#include "lib/process/process.h"
#include "lib/rma/epoch.h"
#include "lib/rma/memory.h"
#include "lib/rma/message.h"
#include "lib/rma/owner.h"

/* The window's own communicator, so that its collectives meet none of the user's. */
static int comm_make(struct win *w, struct comm *c)
{
    if (c->inter)
        return MPI_ERR_COMM;
    return create_private(c, &w->comm);
}

static int by_number(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* Ranks of the window on this node, rising; from malloc, NULL without memory. */
static int *local_ranks(const struct win *w, int *n)
{
    int *ranks = malloc((size_t)boot.local_size * sizeof *ranks);
    *n = 0;
    for (int i = 0; ranks && i < boot.local_size; i++) {
        int proc = boot.segment ? (int)node_segment_locals(boot.segment)[i] : process_self;
        int rank = group_rank_of(w->comm->group, proc);
        if (rank != MPI_UNDEFINED)
            ranks[(*n)++] = rank;
    }
    if (ranks)
        qsort(ranks, (size_t)*n, sizeof *ranks, by_number);
    return ranks;
}

/* Of them those that this one shares memory with: `most` at most. */
static int node_make(struct win *w, size_t most)
{
    int n, first = 0, *ranks = local_ranks(w, &n);
    if (!ranks)
        return MPI_ERR_NO_MEM;
    if (n == w->comm->size && (size_t)n <= most) {
        free(ranks);
        w->node = w->comm;
        return MPI_SUCCESS;
    }
    for (int i = 0; i < n; i++)
        if (ranks[i] == w->comm->rank && most < (size_t)n)
            first = i / (int)most * (int)most;
    n -= first;
    n = (size_t)n < most ? n : (int)most;
    for (int i = 0; i < n; i++)
        ranks[i] = comm_proc(w->comm, ranks[first + i]);
    struct group *g = group_new(ranks, n);
    MPI_Comm node;
    int rc = g ? mpi_comm_create_group(w->comm, g, 0, &node) : MPI_ERR_NO_MEM;
    group_unref(g);
    if (rc == MPI_SUCCESS)
        w->node = comm_of(node);
    return rc;
}

static bool is_true(const struct info *i, const char *key)
{
    const char *v = info_find(i, key);
    return v && strcmp(v, "true") == 0;
}

/* Hints that are known have a value, asked for or not (MPI 5.0, section 12.2.1). */
static int info_make(struct win *w, const struct info *info)
{
    static const char *const defaults[][2] = {{"no_locks", "false"},
                                              {"accumulate_ordering", "rar,raw,war,waw"},
                                              {"accumulate_ops", "same_op_no_op"},
                                              {"mpi_accumulate_granularity", "0"},
                                              {"same_size", "false"},
                                              {"same_disp_unit", "false"}};
    int rc = MPI_SUCCESS;
    if (!(w->info = info_copy(info)))
        return MPI_ERR_NO_MEM;
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults && rc == MPI_SUCCESS; i++)
        if (!info_find(info, defaults[i][0]))
            rc = info_put(w->info, defaults[i][0], defaults[i][1]);
    if (rc == MPI_SUCCESS && w->flavor == MPI_WIN_FLAVOR_SHARED && !info_find(info, "alloc_shared_noncontig"))
        rc = info_put(w->info, "alloc_shared_noncontig", "false");
    w->no_locks = is_true(info, "no_locks");
    return rc;
}

static void destroy(struct win *w)
{
    message_end(w);
    owner_end(w);
    target_end(w);
    memory_free(w);
    win_destroy(w);
}

static void member_fill(struct win *w, const void *data)
{
    struct control_member *m = &w->control->member[w->node->rank];
    bool shared = w->flavor == MPI_WIN_FLAVOR_ALLOCATE || w->flavor == MPI_WIN_FLAVOR_SHARED;
    m->base = (uintptr_t)w->base;
    m->place = shared ? (uint64_t)((const char *)data - (const char *)w->control) : CONTROL_PRIVATE;
    m->size = (uint64_t)w->size;
    m->disp_unit = w->disp_unit;
    if (w->flavor == MPI_WIN_FLAVOR_CREATE && w->size > 0)
        alloc_find(w->base, (size_t)w->size, &m->file, &m->file_at);
    m->local = nodemem_active ? nodemem.me : 0;
    control_guards(w->control)[m->local].exclusive = !shared && w->node->size > 1;
}

/* Can the ranks of the node reach one another's own memory? It is a matter of namespaces and rights: if there are
 * several kinds of ranks, one of them has one of another kind to its right. */
static bool node_reads(struct win *w, int *rc)
{
    struct iovec nothing = {NULL, 0};
    int right = comm_proc(w->node, (w->node->rank + 1) % w->node->size), worst = 0;
    int error = w->node->size > 1 ? cma_read(boot_local_of(right), &nothing, 1, 0, 0) : 0;
    *rc = mpi_allreduce(&error, &worst, 1, &basic_types[BASIC_I_INT], op_of(MPI_MAX), w->node);
    return worst == 0;
}

static int memory_try(struct win *w, const struct info *info, void **data)
{
    bool shared = w->flavor == MPI_WIN_FLAVOR_SHARED, dynamic = w->flavor == MPI_WIN_FLAVOR_DYNAMIC;
    bool own = w->flavor == MPI_WIN_FLAVOR_ALLOCATE || shared;
    int rc = memory_make(w, own ? w->size : 0, shared && !is_true(info, "alloc_shared_noncontig"), dynamic, data);
    if (rc == MPI_SUCCESS && !own && !node_reads(w, &rc) && rc == MPI_SUCCESS)
        rc = MPI_ERR_RMA_SHARED;
    if (rc == MPI_SUCCESS && own)
        w->base = *data;
    return rc;
}

/* Where nothing can be shared each rank is reached by messages. */
static int memory_alone(struct win *w, const struct info *info, void **data)
{
    memory_free(w);
    if (w->node != w->comm)
        comm_unref(w->node);
    w->node = NULL;
    int rc = node_make(w, 1);
    return rc == MPI_SUCCESS ? memory_try(w, info, data) : rc;
}

static int not_one_node(const struct win *w)
{
    error_detail_set(MPI_ERR_RMA_SHARED, "%d of the %d ranks of the window are on this node", w->node->size,
                     w->comm->size);
    return MPI_ERR_RMA_SHARED;
}

static int memory_fill(struct win *w, const struct info *info)
{
    void *data;
    bool shared = w->flavor == MPI_WIN_FLAVOR_SHARED;
    int rc = node_make(w, shared ? SIZE_MAX : knobs.RMA_DIRECT);
    if (rc == MPI_SUCCESS && shared && w->node != w->comm)
        rc = not_one_node(w);
    if (rc == MPI_SUCCESS)
        rc = memory_try(w, info, &data);
    if (rc == MPI_ERR_RMA_SHARED && !shared)
        rc = memory_alone(w, info, &data);
    if (rc == MPI_SUCCESS)
        member_fill(w, data);
    return rc;
}

/* All are there, and ready to be asked; or one is not, and then it fails for all. */
static int meet(struct win *w, int rc)
{
    int worst = MPI_SUCCESS;
    if (rc == MPI_SUCCESS && w->node != w->comm)
        rc = message_begin(w);
    if (rc == MPI_SUCCESS)
        rc = owner_begin(w);
    int error = mpi_allreduce(&rc, &worst, 1, &basic_types[BASIC_I_INT], op_of(MPI_MAX), w->comm);
    return rc != MPI_SUCCESS ? rc : error != MPI_SUCCESS ? error : worst;
}

static int fill(struct win *w, struct info *info, struct comm *c)
{
    w->model = MPI_WIN_UNIFIED;
    w->unit = (int)w->disp_unit;
    int rc = info_make(w, info);
    if (rc == MPI_SUCCESS)
        rc = target_begin(w);
    if (rc == MPI_SUCCESS)
        rc = comm_make(w, c);
    return rc == MPI_SUCCESS ? meet(w, memory_fill(w, info)) : rc;
}

static int make(int flavor, void *base, MPI_Aint size, MPI_Aint disp_unit, struct info *info, struct comm *c,
                struct win **out)
{
    if (size < 0)
        return MPI_ERR_SIZE;
    if (disp_unit <= 0 || disp_unit != (int)disp_unit) {
        error_detail_set(MPI_ERR_DISP, "disp_unit is %lld", (long long)disp_unit);
        return MPI_ERR_DISP;
    }
    struct win *w = win_new();
    if (!w)
        return MPI_ERR_NO_MEM;
    w->flavor = flavor;
    w->base = base;
    w->size = size;
    w->disp_unit = disp_unit;
    int rc = fill(w, info, c);
    if (rc != MPI_SUCCESS) {
        destroy(w);
        return rc;
    }
    *out = w;
    return MPI_SUCCESS;
}

int mpi_win_create(void *base, MPI_Aint size, MPI_Aint disp_unit, struct info *info, struct comm *comm, MPI_Win *win)
{
    struct win *w;
    int rc = !base && size > 0 ? MPI_ERR_BASE : make(MPI_WIN_FLAVOR_CREATE, base, size, disp_unit, info, comm, &w);
    if (rc == MPI_SUCCESS)
        *win = win_handle(w);
    return rc;
}

static int allocate(int flavor, MPI_Aint size, MPI_Aint disp_unit, struct info *info, struct comm *comm, void *baseptr,
                    MPI_Win *win)
{
    struct win *w;
    int rc = !baseptr ? MPI_ERR_ARG : make(flavor, NULL, size, disp_unit, info, comm, &w);
    if (rc != MPI_SUCCESS)
        return rc;
    memcpy(baseptr, &w->base, sizeof w->base);
    *win = win_handle(w);
    return MPI_SUCCESS;
}

int mpi_win_allocate(MPI_Aint size, MPI_Aint disp_unit, struct info *info, struct comm *comm, void *baseptr,
                     MPI_Win *win)
{
    return allocate(MPI_WIN_FLAVOR_ALLOCATE, size, disp_unit, info, comm, baseptr, win);
}

int mpi_win_allocate_shared(MPI_Aint size, MPI_Aint disp_unit, struct info *info, struct comm *comm, void *baseptr,
                            MPI_Win *win)
{
    return allocate(MPI_WIN_FLAVOR_SHARED, size, disp_unit, info, comm, baseptr, win);
}

int mpi_win_create_dynamic(struct info *info, struct comm *comm, MPI_Win *win)
{
    struct win *w;
    int rc = make(MPI_WIN_FLAVOR_DYNAMIC, MPI_BOTTOM, 0, 1, info, comm, &w);
    if (rc == MPI_SUCCESS)
        *win = win_handle(w);
    return rc;
}

int mpi_win_free(MPI_Win *win)
{
    struct win *w = win_of(*win);
    if (!epoch_is_free(w) && !(w->access == ACCESS_FENCE))
        return epoch_wrong("the window is freed with an epoch open");
    if (w->posted)
        return epoch_wrong("the window is freed while it is posted");
    int rc = attr_delete_all(&w->attrs, ATTR_WIN, *win);
    if (rc == MPI_SUCCESS)
        rc = mpi_barrier(w->comm);
    if (rc != MPI_SUCCESS)
        return rc;
    destroy(w);
    *win = MPI_WIN_NULL;
    return MPI_SUCCESS;
}
