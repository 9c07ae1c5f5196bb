/* SPDX-License-Identifier: BSD-3-Clause
 *
 * create: windows come and go. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/comm/create.h"
#include "lib/core/error.h"
#include "lib/nodemem/nodemem.h"
#include "lib/object/info.h"
#include "lib/process/failed.h"
#include "lib/rma/epoch.h"
#include "lib/rma/memory.h"

/* The window's own communicator, so that its collectives meet none of the user's. */
static int comms_make(struct win *w, struct comm *c)
{
    if (c->inter)
        return MPI_ERR_COMM;
    for (int r = 0; r < c->size; r++)
        if (boot.segment && boot_local_of(comm_proc(c, r)) < 0)
            return failed_error_far();
    int rc = create_private(c, &w->comm);
    w->node = w->comm;
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
    m->local = nodemem_active ? nodemem.me : 0;
    control_guards(w->control)[m->local].exclusive = !shared;
}

static int fill(struct win *w, struct info *info, struct comm *c)
{
    bool shared = w->flavor == MPI_WIN_FLAVOR_SHARED, own = w->flavor == MPI_WIN_FLAVOR_ALLOCATE || shared;
    void *data;
    w->model = MPI_WIN_UNIFIED;
    w->unit = (int)w->disp_unit;
    int rc = info_make(w, info);
    if (rc == MPI_SUCCESS)
        rc = target_begin(w);
    if (rc == MPI_SUCCESS)
        rc = comms_make(w, c);
    if (rc == MPI_SUCCESS)
        rc = memory_make(w, own ? w->size : 0, shared && !is_true(info, "alloc_shared_noncontig"),
                         w->flavor == MPI_WIN_FLAVOR_DYNAMIC, &data);
    if (rc != MPI_SUCCESS)
        return rc;
    if (own)
        w->base = data;
    member_fill(w, data);
    return mpi_barrier(w->comm);
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
