/* SPDX-License-Identifier: BSD-3-Clause
 *
 * access: what is checked before bytes are moved, and what is said afterwards. */
#include "lib/io/access.h"
#include <errno.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/io/shared.h"

static int class_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENXIO:
        return MPI_ERR_NO_SUCH_FILE;
    case EEXIST:
        return MPI_ERR_FILE_EXISTS;
    case EACCES:
    case EPERM:
        return MPI_ERR_ACCESS;
    case EROFS:
        return MPI_ERR_READ_ONLY;
    case ENOSPC:
    case EFBIG:
        return MPI_ERR_NO_SPACE;
    case EDQUOT:
        return MPI_ERR_QUOTA;
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
        return MPI_ERR_BAD_FILE;
    case EBUSY:
    case ETXTBSY:
        return MPI_ERR_FILE_IN_USE;
    case ENOMEM:
        return MPI_ERR_NO_MEM;
    default:
        return MPI_ERR_IO;
    }
}

int access_error(const struct file *f, const char *what, int error)
{
    if (error == 0)
        return MPI_SUCCESS;
    int cls = class_of(error);
    error_detail_set(cls, "%s %.200s: %s", what, f->name ? f->name : "a file", strerror(error));
    return cls;
}

static int refuse(int cls, const char *why)
{
    error_detail_set(cls, "%s", why);
    return cls;
}

int access_make(struct access *a, struct file *f, bool write, enum access_from from, const void *buf, MPI_Count count,
                const struct datatype *type)
{
    if (write && f->amode & MPI_MODE_RDONLY)
        return refuse(MPI_ERR_READ_ONLY, "the file was opened with MPI_MODE_RDONLY");
    if (!write && f->amode & MPI_MODE_WRONLY)
        return refuse(MPI_ERR_ACCESS, "the file was opened with MPI_MODE_WRONLY");
    if (from < FROM_SHARED && f->amode & MPI_MODE_SEQUENTIAL)
        return refuse(MPI_ERR_UNSUPPORTED_OPERATION, "a file opened with MPI_MODE_SEQUENTIAL is accessed by its shared "
                                                     "pointer alone");
    struct access_memory user = {(void *)(uintptr_t)buf, count, type};
    *a = (struct access){.file = f, .write = write, .buf = user.buf, .count = count, .type = type, .user = user};
    int rc = represent_size(&f->view->represent, type, &a->bytes);
    if (rc != MPI_SUCCESS)
        return rc;
    if (__builtin_mul_overflow(a->bytes, count, &a->bytes) || a->bytes > INT64_MAX / 4)
        return refuse(MPI_ERR_COUNT, "the data have too many bytes in the file");
    if (a->bytes % f->view->unit != 0)
        return refuse(MPI_ERR_IO, "the data are no whole number of etypes");
    if (a->bytes > 0 && f->view->tile->size == 0)
        return refuse(MPI_ERR_IO, "the filetype holds no bytes");
    return MPI_SUCCESS;
}

int access_place(struct access *a, MPI_Offset offset)
{
    a->at = view_stream(a->file->view, offset);
    if (a->at >= 0 && (a->bytes == 0 || view_place(a->file->view, a->at + a->bytes - 1) >= 0))
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_ARG, "the offset is %lld", (long long)offset);
    return MPI_ERR_ARG;
}

int access_begin(struct access *a, struct file *f, bool write, enum access_from from, MPI_Offset offset,
                 const void *buf, MPI_Count count, const struct datatype *type)
{
    int rc = access_make(a, f, write, from, buf, count, type);
    if (from == FROM_ORDERED)
        rc = shared_ordered_place(f, rc, rc == MPI_SUCCESS ? access_etypes(a) : 0, &offset);
    else if (from == FROM_SHARED && rc == MPI_SUCCESS)
        rc = shared_take(f, access_etypes(a), &offset);
    if (rc == MPI_SUCCESS)
        rc = access_place(a, from == FROM_POSITION ? f->position : offset);
    if (rc == MPI_SUCCESS)
        rc = access_stage(a);
    if (rc == MPI_SUCCESS && from == FROM_POSITION)
        f->position += access_etypes(a);
    return rc;
}

void access_settle(const struct access *a, enum access_from from)
{
    if (from == FROM_POSITION)
        a->file->position -= access_etypes(a) - access_etypes_done(a);
}

MPI_Offset access_etypes(const struct access *a)
{
    return a->bytes / a->file->view->unit;
}

MPI_Offset access_etypes_done(const struct access *a)
{
    return a->done / a->file->view->unit;
}

MPI_Count access_bytes(const struct access *a)
{
    return a->stages ? a->moved : a->done;
}

int access_end(struct access *a, MPI_Status *status)
{
    access_unstage(a);
    status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, access_bytes(a), false);
    int rc = access_error(a->file, a->write ? "write to" : "read from", a->error);
    return rc != MPI_SUCCESS ? rc : a->converted;
}
