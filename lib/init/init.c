/* SPDX-License-Identifier: BSD-3-Clause
 *
 * init: MPI_COMM_WORLD comes and goes. */
#include <stdio.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/dynamic/parent.h"
#include "lib/init/info_env.h"
#include "lib/init/life.h"
#include "lib/object/attr.h"
#include "lib/object/comm.h"
#include "lib/process/finalized.h"

static int world_level;       /* of threads, as MPI_Init_thread has it */
static pthread_t main_thread; /* that has called it */

/* Other threads may be in sessions, or in tools. */
static void lock_choose(void)
{
    if (lib.thread_level == MPI_THREAD_SINGLE && lib.tools_level == MPI_THREAD_SINGLE && life_users() == 1)
        lock_end();
    else
        lock_allow_bias();
}

static int refused(const char *why)
{
    error_detail_set(MPI_ERR_OTHER, "%s", why);
    return MPI_ERR_OTHER;
}

int mpi_init_thread(int *argc, char ***argv, int required, int *provided)
{
    if (lib.initialized)
        return refused("it has been called before");
    int rc = life_begin();
    if (rc != MPI_SUCCESS)
        return rc;
    if ((rc = comm_world_begin()) != MPI_SUCCESS) {
        life_end();
        return rc;
    }
    if (required > MPI_THREAD_MULTIPLE)
        required = MPI_THREAD_MULTIPLE;
    world_level = required < MPI_THREAD_SINGLE ? MPI_THREAD_SINGLE : required;
    if (world_level > lib.thread_level)
        lib.thread_level = world_level;
    main_thread = pthread_self();
    if ((rc = parent_meet()) != MPI_SUCCESS) {
        comm_world_end();
        life_end();
        return rc;
    }
    info_env_begin(argc ? *argc : 0, argc && argv ? *argv : NULL, world_level);
    lib.initialized = true;
    *provided = world_level;
    lock_choose();
    return MPI_SUCCESS;
}

int mpi_init(int *argc, char ***argv)
{
    int provided;
    return mpi_init_thread(argc, argv, MPI_THREAD_SINGLE, &provided);
}

int mpi_finalize(void)
{
    if (!lib.initialized || lib.finalized)
        return refused(lib.finalized ? "it has been called before" : "MPI_Init has not been called");
    attr_delete_all(&comm_self.attrs, ATTR_COMM, comm_handle(&comm_self));
    attr_delete_all(&comm_world.attrs, ATTR_COMM, comm_handle(&comm_world));
    finalized_tell(RANK_LEAVING);
    lib.finalized = true;
    life_end();
    comm_world_end();
    return MPI_SUCCESS;
}

int mpi_initialized(int *flag)
{
    *flag = lib.initialized;
    return MPI_SUCCESS;
}

int mpi_finalized(int *flag)
{
    *flag = lib.finalized;
    return MPI_SUCCESS;
}

int mpi_query_thread(int *provided)
{
    *provided = world_level;
    return MPI_SUCCESS;
}

int mpi_is_thread_main(int *flag)
{
    *flag = pthread_equal(pthread_self(), main_thread) != 0;
    return MPI_SUCCESS;
}

int mpi_abort(struct comm *comm, int errorcode)
{
    boot_abort(errorcode, NULL);
}
