/* SPDX-License-Identifier: BSD-3-Clause
 *
 * init: from a process to a rank and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/coll/table.h"
#include "lib/object/comm.h"
#include "lib/object/attr.h"
#include "lib/object/errhandler.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/object/info.h"
#include "lib/core/state.h"
#include "lib/datatype/datatype.h"
#include "lib/op/op.h"
#include "lib/p2p/p2p.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"
#include "lib/transport/transport.h"

/* Rings and collectives have one process at each end. A child that tidies up as its parent would (exit handlers do)
 * finds that MPI has been finalized, and leaves the parent's alone. */
static void forked(void)
{
    lock_fork();
    lib_fork();
    boot_forked();
}

/* Predefined handles mean something before MPI_Init too (MPI_Info_create, MPI_Error_string, ...). */
__attribute__((constructor)) static void predefine(void)
{
    errhandler_init();
    comm_predefine();
    info_init();
    datatype_init();
    op_init();
    pthread_atfork(NULL, NULL, forked);
}

static int start(void)
{
    int rc = boot_init();
    if (rc == MPI_SUCCESS)
        rc = knobs_init(boot.local_size > boot.local_cpus);
    if (rc == MPI_SUCCESS)
        rc = process_init(boot.segment ? boot.segment->job_name : "", boot.rank, boot.size);
    if (rc == MPI_SUCCESS)
        rc = transport_init();
    if (rc == MPI_SUCCESS)
        rc = p2p_init();
    if (rc == MPI_SUCCESS)
        rc = comm_init(boot.rank, boot.size);
    if (rc == MPI_SUCCESS)
        rc = coll_init();
    return rc;
}

int mpi_init_thread(int *argc, char ***argv, int required, int *provided)
{
    if (lib.initialized)
        return MPI_ERR_OTHER;
    int rc = start();
    if (rc != MPI_SUCCESS)
        return rc;
    if (required > MPI_THREAD_MULTIPLE)
        required = MPI_THREAD_MULTIPLE;
    lib.rank = boot.rank;
    lib.size = boot.size;
    lib.thread_level = required < MPI_THREAD_SINGLE ? MPI_THREAD_SINGLE : required;
    lib.main_thread = pthread_self();
    lib.initialized = lib.active = true;
    atomic_store_explicit(&lib.status->state, RANK_INITIALIZED, memory_order_release);
    *provided = lib.thread_level;
    if (lib.thread_level == MPI_THREAD_SINGLE && lib.tools_level == MPI_THREAD_SINGLE)
        lock_end();
    else
        lock_allow_bias();
    return MPI_SUCCESS;
}

int mpi_init(int *argc, char ***argv)
{
    int provided;
    return mpi_init_thread(argc, argv, MPI_THREAD_SINGLE, &provided);
}

int mpi_finalize(void)
{
    if (!lib.active)
        return MPI_ERR_OTHER;
    attr_delete_all(&comm_self.attrs, ATTR_COMM, comm_handle(&comm_self));
    attr_delete_all(&comm_world.attrs, ATTR_COMM, comm_handle(&comm_world));
    p2p_fini();
    comm_fini();
    coll_fini();
    datatype_fini();
    attr_fini();
    transport_fini();
    process_fini();
    finalized_tell(RANK_FINALIZED);
    boot_fini();
    lib.active = false;
    lib.finalized = true;
    lock_begin(); /* what may still be called, any thread may call */
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
    *provided = lib.thread_level;
    return MPI_SUCCESS;
}

int mpi_is_thread_main(int *flag)
{
    *flag = pthread_equal(pthread_self(), lib.main_thread) != 0;
    return MPI_SUCCESS;
}

int mpi_abort(struct comm *comm, int errorcode)
{
    char why[64];
    snprintf(why, sizeof why, "MPI_Abort with code %d", errorcode);
    boot_abort(errorcode, why);
}
