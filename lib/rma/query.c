/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: what windows are asked, their names, hints, attributes and error handlers, and what dynamic ones attach. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"
#include "lib/rma/target.h"

int mpi_win_get_group(struct win *w, MPI_Group *group)
{
    *group = (MPI_Group)group_ref(w->comm->group)->obj.handle;
    return MPI_SUCCESS;
}

int mpi_win_set_name(struct win *w, const char *name)
{
    if (strlen(name) >= sizeof w->name)
        return MPI_ERR_ARG;
    strcpy(w->name, name);
    return MPI_SUCCESS;
}

int mpi_win_get_name(struct win *w, char *name, int *resultlen)
{
    *resultlen = (int)strlen(strcpy(name, w ? w->name : "MPI_WIN_NULL"));
    return MPI_SUCCESS;
}

/* What they say is kept; what the window does goes by what it was made with. */
int mpi_win_set_info(struct win *w, struct info *info)
{
    int rc = MPI_SUCCESS;
    for (int k = 0; info && k < info->count && rc == MPI_SUCCESS; k++)
        if (strcmp(info->pairs[k].key, "no_locks") != 0 && strcmp(info->pairs[k].key, "alloc_shared_noncontig") != 0)
            rc = info_put(w->info, info->pairs[k].key, info->pairs[k].value);
    return rc;
}

int mpi_win_get_info(struct win *w, MPI_Info *info_used)
{
    struct info *copy = info_copy(w->info);
    if (!copy)
        return MPI_ERR_NO_MEM;
    *info_used = (MPI_Info)copy->obj.handle;
    return MPI_SUCCESS;
}

int mpi_win_set_errhandler(struct win *w, struct errhandler *errhandler)
{
    return errhandler_set(&w->errhandler, OBJ_WIN, errhandler);
}

int mpi_win_get_errhandler(struct win *w, MPI_Errhandler *errhandler)
{
    *errhandler = errhandler_share(w->errhandler);
    return MPI_SUCCESS;
}

int mpi_win_call_errhandler(struct win *w, int errorcode)
{
    errhandler_run(&w->obj, errorcode, "MPI_Win_call_errhandler");
    return MPI_SUCCESS;
}

static bool predefined(struct win *w, int keyval, void **value)
{
    switch (keyval) {
    case MPI_WIN_BASE:
        *value = w->base;
        return true;
    case MPI_WIN_SIZE:
        *value = &w->size;
        return true;
    case MPI_WIN_DISP_UNIT:
        *value = &w->unit;
        return true;
    case MPI_WIN_CREATE_FLAVOR:
        *value = &w->flavor;
        return true;
    case MPI_WIN_MODEL:
        *value = &w->model;
        return true;
    default:
        return false;
    }
}

int mpi_win_get_attr(struct win *w, int keyval, void *attribute_val, int *flag)
{
    void *value;
    if (!attribute_val)
        return MPI_ERR_ARG;
    if (predefined(w, keyval, &value)) {
        memcpy(attribute_val, &value, sizeof value);
        *flag = 1;
        return MPI_SUCCESS;
    }
    int rc = attr_get(&w->attrs, ATTR_WIN, keyval, &value, flag);
    if (rc == MPI_SUCCESS && *flag)
        memcpy(attribute_val, &value, sizeof value);
    return rc;
}

int mpi_win_set_attr(struct win *w, int keyval, void *attribute_val)
{
    return attr_set(&w->attrs, ATTR_WIN, win_handle(w), keyval, attribute_val);
}

int mpi_win_delete_attr(struct win *w, int keyval)
{
    return attr_delete(&w->attrs, ATTR_WIN, win_handle(w), keyval);
}

int mpi_win_create_keyval(MPI_Win_copy_attr_function *copy, MPI_Win_delete_attr_function *del, int *keyval, void *extra)
{
    return attr_keyval_create(ATTR_WIN, (void *)(uintptr_t)copy, (void *)(uintptr_t)del, keyval, extra);
}

int mpi_win_free_keyval(int *keyval)
{
    return attr_keyval_free(ATTR_WIN, keyval);
}

/* MPI_PROC_NULL: the first rank with memory, or nothing. Of ranks elsewhere it is not known whether they have some. */
static int query_member(const struct win *w, int rank)
{
    const struct control *c = w->control;
    int m = 0;
    if (rank != MPI_PROC_NULL)
        return group_rank_of(w->node->group, comm_proc(w->comm, rank));
    while (m < w->node->size && c->member[m].size == 0)
        m++;
    if (w->node != w->comm && m < w->node->size && comm_proc(w->node, m) != comm_proc(w->comm, 0))
        return MPI_UNDEFINED;
    return m < w->node->size ? m : MPI_UNDEFINED;
}

int mpi_win_shared_query(struct win *w, int rank, MPI_Aint *size, MPI_Aint *disp_unit, void *baseptr)
{
    void *base = NULL;
    if (rank != MPI_PROC_NULL && (rank < 0 || rank >= w->comm->size))
        return MPI_ERR_RANK;
    if (!baseptr)
        return MPI_ERR_ARG;
    if (w->flavor == MPI_WIN_FLAVOR_DYNAMIC)
        return MPI_ERR_RMA_FLAVOR;
    int m = query_member(w, rank);
    const struct control_member *c = m != MPI_UNDEFINED ? &w->control->member[m] : NULL;
    bool reached = c && (m == w->node->rank || c->place != CONTROL_PRIVATE);
    if (reached && c->size > 0) /* as MPI_Alloc_mem says it of nothing */
        base = m == w->node->rank ? (char *)w->base : (char *)w->control + c->place;
    *size = base ? (MPI_Aint)c->size : 0;
    *disp_unit = reached ? (MPI_Aint)c->disp_unit : 1;
    memcpy(baseptr, &base, sizeof base);
    return MPI_SUCCESS;
}

static struct control_region *own_regions(const struct win *w)
{
    return control_regions(w->control, w->node->rank);
}

static int not_attached(const char *why)
{
    error_detail_set(MPI_ERR_RMA_ATTACH, "%s", why);
    return MPI_ERR_RMA_ATTACH;
}

int mpi_win_attach(struct win *w, void *base, MPI_Aint size)
{
    struct control_region *r = own_regions(w), *free = NULL;
    uint64_t from = (uintptr_t)base, to = from + (uint64_t)size;
    if (w->flavor != MPI_WIN_FLAVOR_DYNAMIC)
        return MPI_ERR_RMA_FLAVOR;
    if (size < 0)
        return MPI_ERR_SIZE;
    for (int i = CONTROL_REGIONS; i-- > 0;) {
        if (r[i].len == 0)
            free = &r[i];
        else if (from < r[i].base + r[i].len && r[i].base < to)
            return not_attached("memory is attached already");
    }
    if (size == 0)
        return MPI_SUCCESS;
    if (!free)
        return not_attached("more than 1024 pieces of memory are attached");
    atomic_store_explicit(&free->base, from, memory_order_relaxed);
    atomic_store_explicit(&free->len, (uint64_t)size, memory_order_release);
    return MPI_SUCCESS;
}

int mpi_win_detach(struct win *w, const void *base)
{
    struct control_region *r = own_regions(w);
    if (w->flavor != MPI_WIN_FLAVOR_DYNAMIC)
        return MPI_ERR_RMA_FLAVOR;
    for (int i = 0; i < CONTROL_REGIONS; i++)
        if (r[i].len > 0 && r[i].base == (uintptr_t)base) {
            atomic_store_explicit(&r[i].len, 0, memory_order_release);
            return MPI_SUCCESS;
        }
    return not_attached("nothing is attached there");
}
