/* SPDX-License-Identifier: BSD-3-Clause
 *
 * attr: attributes of communicators, the predefined and the user's, and their keyvals. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/object/attr.h"
#include "lib/object/comm.h"

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
