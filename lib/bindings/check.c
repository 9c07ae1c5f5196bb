/* SPDX-License-Identifier: BSD-3-Clause
 *
 * check: errors on their way out of the library. */
#include "lib/bindings/check.h"
#include <stdio.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/datatype/datatype.h"
#include "lib/object/errhandler.h"

int call_failed(int id, struct obj *on, int rc)
{
    if (!on)
        on = lib.error_on;
    lib.error_on = NULL;
    rc = errhandler_run(on, rc, call_names[id]);
    error_detail_set(MPI_SUCCESS, "told");
    return rc;
}

int call_inactive(int id)
{
    char why[160];
    snprintf(why, sizeof why, "%s called %s", call_names[id],
             lib.forked_inside ? "in a child of fork, for which MPI is over"
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
                         : buf == MPI_IN_PLACE ? "is MPI_IN_PLACE, which it cannot be here"
                                               : "is the same as sendbuf; MPI_IN_PLACE says that this is meant");
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
