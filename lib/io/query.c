/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: what files are asked and told that moves no data: size, group, mode, atomicity, error handlers. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/access.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"
#include "lib/io/hints.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"

int mpi_file_get_amode(struct file *f, int *amode)
{
    *amode = f->amode;
    return MPI_SUCCESS;
}

int mpi_file_get_group(struct file *f, MPI_Group *group)
{
    *group = (MPI_Group)group_ref(f->comm->group)->obj.handle;
    return MPI_SUCCESS;
}

int mpi_file_get_info(struct file *f, MPI_Info *info_used)
{
    MPI_Info used;
    int rc = mpi_comm_get_info(f->comm, &used); /* which kinds of memory may be used */
    if (rc != MPI_SUCCESS)
        return rc;
    struct info *i = info_of(used);
    rc = info_put(i, "filename", f->name);
    if (rc == MPI_SUCCESS)
        rc = hints_put(f->hints, i);
    if (rc == MPI_SUCCESS)
        *info_used = used;
    else
        info_destroy(i);
    return rc;
}

int file_hints(struct file *f, const struct hints *h)
{
    bool other = hints_advice(h) != hints_advice(f->hints);
    *f->hints = *h;
    return other ? access_error(f, "advise on", f->fs->advise(f->fd, hints_advice(h))) : MPI_SUCCESS;
}

int mpi_file_set_info(struct file *f, struct info *info)
{
    struct hints h = *f->hints;
    hints_take(&h, info);
    h.file_perm = f->hints->file_perm; /* it is made */
    MPI_Offset sum = hints_sum(&h);
    int rc = file_agree_same(f, MPI_SUCCESS, &sum, 1);
    return rc == MPI_SUCCESS ? file_hints(f, &h) : rc;
}

int mpi_file_get_size(struct file *f, MPI_Offset *size)
{
    int64_t n;
    int rc = access_error(f, "look at", f->fs->size(f->fd, &n));
    if (rc == MPI_SUCCESS)
        *size = n;
    return rc;
}

/* One changes the file, and everybody returns when it is changed. */
static int change(struct file *f, MPI_Offset size, const char *what, int (*how)(int fd, int64_t size))
{
    int rc = MPI_SUCCESS;
    if (f->amode & MPI_MODE_RDONLY)
        rc = MPI_ERR_READ_ONLY;
    else if (f->amode & MPI_MODE_SEQUENTIAL)
        rc = MPI_ERR_UNSUPPORTED_OPERATION;
    else if (size < 0)
        rc = MPI_ERR_ARG;
    rc = file_agree_same(f, rc, &size, 1);
    if (rc != MPI_SUCCESS)
        return rc;
    return file_agree(f, f->comm->rank == 0 ? access_error(f, what, how(f->fd, size)) : MPI_SUCCESS);
}

int mpi_file_set_size(struct file *f, MPI_Offset size)
{
    return change(f, size, "resize", f->fs->resize);
}

int mpi_file_preallocate(struct file *f, MPI_Offset size)
{
    return size == 0 ? file_agree_same(f, MPI_SUCCESS, &size, 1) : change(f, size, "reserve room for", f->fs->reserve);
}

int mpi_file_sync(struct file *f)
{
    return file_agree(f, access_error(f, "sync", f->fs->sync(f->fd)));
}

int mpi_file_set_atomicity(struct file *f, int flag)
{
    MPI_Offset on = flag != 0;
    int rc = file_agree_same(f, MPI_SUCCESS, &on, 1);
    if (rc == MPI_SUCCESS)
        f->atomic = on;
    return rc;
}

int mpi_file_get_atomicity(struct file *f, int *flag)
{
    *flag = f->atomic;
    return MPI_SUCCESS;
}

static struct file *or_null(struct file *f)
{
    return f ? f : &file_null;
}

int mpi_file_set_errhandler(struct file *f, struct errhandler *errhandler)
{
    return errhandler_set(&or_null(f)->errhandler, OBJ_FILE, errhandler);
}

int mpi_file_get_errhandler(struct file *f, MPI_Errhandler *errhandler)
{
    *errhandler = errhandler_share(or_null(f)->errhandler);
    return MPI_SUCCESS;
}

int mpi_file_call_errhandler(struct file *f, int errorcode)
{
    errhandler_run(&or_null(f)->obj, errorcode, "MPI_File_call_errhandler");
    return MPI_SUCCESS;
}
