/* SPDX-License-Identifier: BSD-3-Clause
 *
 * split: which beginning goes with which end. */
#include "lib/io/split.h"
#include "lib/core/error.h"

static const char *const names[] = {
    [SPLIT_READ_ALL] = "read_all",         [SPLIT_WRITE_ALL] = "write_all",
    [SPLIT_READ_AT_ALL] = "read_at_all",   [SPLIT_WRITE_AT_ALL] = "write_at_all",
    [SPLIT_READ_ORDERED] = "read_ordered", [SPLIT_WRITE_ORDERED] = "write_ordered",
};

void split_begin(struct file *f, enum split_kind kind, struct transfer *t)
{
    t->split = (int)kind;
    f->split = t;
}

int split_end(struct file *f, enum split_kind kind, const void *buf, MPI_Status *status)
{
    struct transfer *t = f->split;
    if (!t) {
        error_detail_set(MPI_ERR_IO, "no MPI_File_%s_begin waits for its end", names[kind]);
        return MPI_ERR_IO;
    }
    if (t->split != (int)kind) {
        error_detail_set(MPI_ERR_IO, "it is MPI_File_%s_begin that waits for its end", names[t->split]);
        return MPI_ERR_IO;
    }
    if (t->access.user.buf != buf) {
        error_detail_set(MPI_ERR_BUFFER, "MPI_File_%s_begin had another buffer", names[kind]);
        return MPI_ERR_BUFFER;
    }
    f->split = NULL;
    return request_wait(t->request, status);
}
