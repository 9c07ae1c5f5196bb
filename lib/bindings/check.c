/* SPDX-License-Identifier: BSD-3-Clause
 *
 * check: errors on their way out of the library. */
#include "lib/bindings/check.h"
#include <stdio.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/datatype/datatype.h"
#include "lib/nodemem/nodemem.h"
#include "lib/object/errhandler.h"

static int unwritten; /* the function that was called last of those that are not written */
#define UNWRITTEN_REMEDY                                                                                               \
    "is not written yet in this library; choose another one of the MPI ABI with LD_LIBRARY_PATH, which runs the same " \
    "program, or see libmpi_abi(7)"

int call_unwritten(int id)
{
    unwritten = id;
    error_detail_set(MPI_ERR_UNSUPPORTED_OPERATION, "%s " UNWRITTEN_REMEDY, call_names[id]);
    return MPI_ERR_UNSUPPORTED_OPERATION;
}

/* A program that takes the error, as most do of files, may say nothing of it, or something wrong. */
static void tell_unwritten(int id)
{
    static bool told;
    char host[64] = "?";
    gethostname(host, sizeof host - 1);
    if (!told && (!nodemem_active || atomic_fetch_add_explicit(nodemem.unwritten, 1, memory_order_relaxed) == 0))
        dprintf(STDERR_FILENO, "muster: rank %d on %s: %s " UNWRITTEN_REMEDY "\n", lib.rank, host, call_names[id]);
    told = true;
    unwritten = CALL_NONE;
}

int call_failed(int id, struct obj *on, int rc)
{
    if (!on || (on->handle == 0 && !on->predefined)) /* the call has freed it */
        on = lib.error_on;
    lib.error_on = NULL;
    rc = errhandler_run(on, rc, call_names[id]);
    if (unwritten == id)
        tell_unwritten(id);
    error_detail_set(MPI_SUCCESS, "told");
    return rc;
}

int call_inactive(int id)
{
    char why[160];
    snprintf(why, sizeof why, "%s called %s", call_names[id],
             lib.forked_inside ? "in a child of fork, where MPI cannot be used"
             : lib.finalized   ? "after MPI_Finalize"
                               : "before MPI_Init");
    boot_abort(MPI_ERR_OTHER, why);
}

int call_wrong(int cls, const char *name)
{
    error_detail_set(cls, "argument %s", name);
    return cls;
}

int call_wrong_as(int cls, const char *name, const char *how)
{
    error_detail_set(cls, "%s %s", name, how);
    return cls;
}

int call_wrong_buffer(const char *name, const void *buf)
{
    return call_wrong_as(MPI_ERR_BUFFER, name,
                         !buf                  ? "is NULL"
                         : buf == MPI_IN_PLACE ? "is MPI_IN_PLACE, which is not allowed here"
                                               : "is the same as sendbuf; MPI_IN_PLACE says that this is intended");
}

int call_wrong_value(int cls, const char *name, long long value)
{
    error_detail_set(cls, "%s is %lld", name, value);
    return cls;
}

int call_wrong_rank(int cls, const char *name, int rank, int size)
{
    error_detail_set(cls, "%s is %d, and there are %d ranks", name, rank, size);
    return cls;
}

int call_wrong_count(const char *name, MPI_Count count, const struct datatype *t)
{
    if (count < 0)
        return call_wrong_value(MPI_ERR_COUNT, name, count);
    error_detail_set(MPI_ERR_COUNT, "%s is %lld: more elements, of %lld bytes and %lld apart, than any memory holds",
                     name, (long long)count, (long long)t->size, (long long)t->extent);
    return MPI_ERR_COUNT;
}

bool call_no_buffer(const void *buf, MPI_Count count, const struct datatype *t)
{
    return count > 0 && t->size > 0 && (buf == MPI_IN_PLACE || t->true_lb == 0);
}
