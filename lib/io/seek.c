/* SPDX-License-Identifier: BSD-3-Clause
 *
 * seek: the individual and the shared pointer are moved, and asked for (MPI 5.0, sections 14.4.3 and 14.4.4). */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/access.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"
#include "lib/io/shared.h"

static int sequential(const struct file *f)
{
    if (!(f->amode & MPI_MODE_SEQUENTIAL))
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_UNSUPPORTED_OPERATION, "the file was opened with MPI_MODE_SEQUENTIAL");
    return MPI_ERR_UNSUPPORTED_OPERATION;
}

static int end_of(const struct file *f, MPI_Offset *end)
{
    int64_t size;
    int rc = access_error(f, "look at", f->fs->size(f->fd, &size));
    if (rc == MPI_SUCCESS)
        *end = (view_before(f->view, size) + f->view->unit - 1) / f->view->unit;
    return rc;
}

/* Where a pointer that is at `from` goes. */
static int destination(const struct file *f, MPI_Offset from, MPI_Offset offset, int whence, MPI_Offset *to)
{
    int rc = MPI_SUCCESS;
    if (whence == MPI_SEEK_SET)
        from = 0;
    else if (whence == MPI_SEEK_END)
        rc = end_of(f, &from);
    else if (whence != MPI_SEEK_CUR) {
        error_detail_set(MPI_ERR_ARG, "whence is none of MPI_SEEK_SET, MPI_SEEK_CUR and MPI_SEEK_END");
        rc = MPI_ERR_ARG;
    }
    if (rc != MPI_SUCCESS)
        return rc;
    if (__builtin_add_overflow(from, offset, to) || view_stream(f->view, *to) < 0) {
        error_detail_set(MPI_ERR_ARG, "the offset is %lld, from %lld on", (long long)offset, (long long)from);
        return MPI_ERR_ARG;
    }
    return MPI_SUCCESS;
}

int mpi_file_seek(struct file *f, MPI_Offset offset, int whence)
{
    MPI_Offset to;
    int rc = sequential(f);
    if (rc == MPI_SUCCESS)
        rc = destination(f, f->position, offset, whence, &to);
    if (rc == MPI_SUCCESS)
        f->position = to;
    return rc;
}

int mpi_file_get_position(struct file *f, MPI_Offset *offset)
{
    int rc = sequential(f);
    if (rc == MPI_SUCCESS)
        *offset = f->position;
    return rc;
}

/* The first rank knows where that is, when all others have done what they did before. */
int mpi_file_seek_shared(struct file *f, MPI_Offset offset, int whence)
{
    MPI_Offset values[2] = {offset, whence}, from, to;
    int rc = file_agree_same(f, sequential(f), values, 2);
    if (rc != MPI_SUCCESS)
        return rc;
    if (f->comm->rank == 0) {
        rc = shared_get(f, &from);
        if (rc == MPI_SUCCESS)
            rc = destination(f, from, offset, whence, &to);
        if (rc == MPI_SUCCESS)
            shared_next_set(f, to);
    }
    rc = file_agree(f, rc);
    if (rc == MPI_SUCCESS)
        shared_next(f);
    return rc;
}

int mpi_file_get_position_shared(struct file *f, MPI_Offset *offset)
{
    int rc = sequential(f);
    return rc == MPI_SUCCESS ? shared_get(f, offset) : rc;
}
