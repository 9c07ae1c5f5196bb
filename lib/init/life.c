/* SPDX-License-Identifier: BSD-3-Clause
 *
 * life: begin, sleep and end of the runtime. */
#include "lib/init/life.h"
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/coll/table.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/datatype/datatype.h"
#include "lib/dynamic/parent.h"
#include "lib/init/crash.h"
#include "lib/io/worker.h"
#include "lib/object/attr.h"
#include "lib/object/comm.h"
#include "lib/object/errhandler.h"
#include "lib/object/file.h"
#include "lib/object/info.h"
#include "lib/object/session.h"
#include "lib/object/win.h"
#include "lib/op/op.h"
#include "lib/p2p/p2p.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"
#include "lib/rma/helper.h"
#include "lib/transport/address.h"
#include "lib/transport/sleep.h"
#include "lib/transport/transport.h"

static int users;
static bool in_vain; /* it could not be started, and cannot be half-started again */

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
    session_predefine();
    win_predefine();
    file_predefine();
    info_init();
    datatype_init();
    op_init();
    pthread_atfork(NULL, NULL, forked);
}

/* Nobody has named it, and others are to tell it from all that there are. */
enum { NAME_ALONE = 40 };
static const char *name_alone(char name[NAME_ALONE])
{
    uint64_t some[2];
    if (getrandom(some, sizeof some, GRND_NONBLOCK) != (ssize_t)sizeof some) {
        some[0] = (uint64_t)clock_ns();
        some[1] = (uint64_t)getpid();
    }
    snprintf(name, NAME_ALONE, "alone-%016" PRIx64 "%016" PRIx64, some[0], some[1]);
    return name;
}

static int start(void)
{
    char name[NAME_ALONE];
    int rc = boot_init();
    if (rc == MPI_SUCCESS)
        rc = knobs_init(boot.local_size > boot.local_cpus);
    if (rc == MPI_SUCCESS)
        rc = process_init(boot.segment ? boot.segment->job_name : name_alone(name), boot.rank, boot.size);
    if (rc == MPI_SUCCESS)
        rc = transport_init();
    if (rc == MPI_SUCCESS)
        rc = p2p_init();
    if (rc == MPI_SUCCESS)
        rc = comm_init(boot.rank, boot.size);
    if (rc == MPI_SUCCESS)
        rc = coll_init();
    lib.rank = boot.rank;
    lib.size = boot.size;
    lib.booted = rc == MPI_SUCCESS;
    if (lib.booted && knobs.BACKTRACE)
        crash_begin();
    return rc;
}

static int refused(const char *why)
{
    error_detail_set(MPI_ERR_OTHER, "%s", why);
    return MPI_ERR_OTHER;
}

int life_begin(void)
{
    if (lib.forked)
        return refused("this is a child of fork, where MPI cannot be used");
    if (in_vain)
        return refused("MPI could not be started before");
    int rc = lib.booted ? MPI_SUCCESS : start();
    in_vain = rc != MPI_SUCCESS;
    if (in_vain)
        return rc;
    users++;
    lib.active = true;
    atomic_store_explicit(&lib.status->state, RANK_INITIALIZED, memory_order_release);
    return MPI_SUCCESS;
}

static void part(void)
{
    finalized_tell(RANK_LEFT);
    transport_part();
}

void life_end(void)
{
    if (users == 1) {
        lib.leaving = true;
        worker_fini();
        helper_fini();
        p2p_flush();
        lib.leaving = false;
    }
    if (--users > 0)
        return;
    sleep_fini();
    address_rest();
    if (lib.finalized)
        part();
    atomic_store_explicit(&lib.status->state, RANK_FINALIZED, memory_order_release);
    boot_fini();
    lib.active = false;
    lock_begin(); /* what may still be called, any thread may call */
}

int life_users(void)
{
    return users;
}

/* At exit. A process that leaves while MPI is in use leaves all to the kernel. */
__attribute__((destructor)) static void depart(void)
{
    if (!lib.booted || lib.active || lib.forked)
        return;
    finalized_tell(RANK_GONE);
    dynamic_fini();
    comm_fini();
    coll_fini();
    p2p_fini();
    datatype_fini();
    attr_fini();
    info_fini();
    transport_fini();
    process_fini();
    lib.booted = false;
}
