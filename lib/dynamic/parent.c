/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parent: spawned processes connect to the port that the parents' root has opened for them. A job that was spawned by a
 * program of another library finds no such port, and has no parent. */
#include "lib/dynamic/parent.h"
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/datatype/datatype.h"
#include "lib/dynamic/meet.h"
#include "lib/dynamic/port.h"

static struct comm *parent; /* a reference, until it is found to be freed */

/* The port's name; "": there is none. */
static int port_of_parent(char name[BOOT_VALUE_MAX + 1])
{
    size_t n = 0;
    int rc = boot_gift(PARENT_KEY, name, &n);
    name[rc == MPI_SUCCESS ? n : 0] = 0;
    return rc == MPI_ERR_NAME ? MPI_SUCCESS : rc;
}

static int reach_parent(void *arg, int *fd)
{
    *fd = port_connect(arg, clock_ns() + (int64_t)knobs.CONNECT_TIMEOUT * 1000000000, &comm_world);
    return *fd >= 0 ? MPI_SUCCESS : MPI_ERR_PORT;
}

int parent_meet(void)
{
    char name[BOOT_VALUE_MAX + 1] = "";
    int told[2] = {MPI_SUCCESS, 0};
    if (!boot_spawned())
        return MPI_SUCCESS;
    if (comm_world.rank == 0)
        told[0] = port_of_parent(name);
    told[1] = name[0] != 0;
    int rc = mpi_bcast(told, sizeof told, &datatype_byte, 0, &comm_world);
    if (rc != MPI_SUCCESS || told[0] != MPI_SUCCESS || !told[1])
        return rc != MPI_SUCCESS ? rc : told[0];
    MPI_Comm made;
    rc = meet_by(&comm_world, 0, &(struct meet_way){reach_parent, name, false, TIES_OURS}, &made);
    if (rc == MPI_SUCCESS) {
        parent = comm_ref(comm_of(made));
        strcpy(parent->name, "MPI_COMM_PARENT");
    }
    return rc;
}

int mpi_comm_get_parent(MPI_Comm *out)
{
    if (parent && parent->freed) {
        comm_unref(parent);
        parent = NULL;
    }
    *out = parent ? comm_handle(parent) : MPI_COMM_NULL;
    return MPI_SUCCESS;
}

void dynamic_fini(void)
{
    comm_unref(parent);
    parent = NULL;
    port_close_all();
}
