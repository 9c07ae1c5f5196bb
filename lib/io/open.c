/* SPDX-License-Identifier: BSD-3-Clause
 *
 * open: files are opened, closed and deleted (MPI 5.0, section 14.2). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/comm/create.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/io/access.h"
#include "lib/io/collective.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"
#include "lib/io/hints.h"
#include "lib/io/shared.h"
#include "lib/object/info.h"

static int wrong_mode(const char *why)
{
    error_detail_set(MPI_ERR_AMODE, "%s", why);
    return MPI_ERR_AMODE;
}

static int mode_check(int amode)
{
    const int known = MPI_MODE_RDONLY | MPI_MODE_RDWR | MPI_MODE_WRONLY | MPI_MODE_CREATE | MPI_MODE_EXCL |
                      MPI_MODE_DELETE_ON_CLOSE | MPI_MODE_UNIQUE_OPEN | MPI_MODE_SEQUENTIAL | MPI_MODE_APPEND;
    int ways = !!(amode & MPI_MODE_RDONLY) + !!(amode & MPI_MODE_RDWR) + !!(amode & MPI_MODE_WRONLY);
    if (amode & ~known)
        return wrong_mode("it has bits that are no mode");
    if (ways != 1)
        return wrong_mode("one of MPI_MODE_RDONLY, MPI_MODE_WRONLY and MPI_MODE_RDWR is wanted");
    if (amode & MPI_MODE_RDONLY && amode & (MPI_MODE_CREATE | MPI_MODE_EXCL))
        return wrong_mode("MPI_MODE_RDONLY goes with neither MPI_MODE_CREATE nor MPI_MODE_EXCL");
    if (amode & MPI_MODE_RDWR && amode & MPI_MODE_SEQUENTIAL)
        return wrong_mode("MPI_MODE_RDWR does not go with MPI_MODE_SEQUENTIAL");
    return MPI_SUCCESS;
}

/* An errno value. A file that is to be written in part is read as well, if that is allowed. */
static int descriptor_open(struct file *f, bool create)
{
    int flags = O_CLOEXEC | (create && f->amode & MPI_MODE_CREATE ? O_CREAT : 0);
    flags |= create && f->amode & MPI_MODE_EXCL && f->amode & MPI_MODE_CREATE ? O_EXCL : 0;
    f->reads = true;
    f->fd = open(f->name, flags | (f->amode & MPI_MODE_RDONLY ? O_RDONLY : O_RDWR), (mode_t)f->hints->file_perm);
    if (f->fd < 0 && errno == EACCES && f->amode & MPI_MODE_WRONLY) {
        f->reads = false;
        f->fd = open(f->name, flags | O_WRONLY, (mode_t)f->hints->file_perm);
    }
    return f->fd < 0 ? errno : 0;
}

/* What the first rank tells the others. */
struct told {
    int32_t error, rc;
    struct shared_place shared;
};

/* Rank 0 makes the file, and the others find it. */
static int descriptors_open(struct file *f)
{
    struct told t = {0};
    if (f->comm->rank == 0) {
        t.error = descriptor_open(f, true);
        t.rc = t.error == 0 ? shared_make(f, &t.shared) : MPI_SUCCESS;
    }
    int rc = mpi_bcast(&t, sizeof t, &datatype_byte, 0, f->comm);
    if (rc == MPI_SUCCESS)
        rc = t.rc;
    if (rc == MPI_SUCCESS && t.error == 0 && f->comm->rank > 0) {
        t.error = descriptor_open(f, false);
        rc = t.error == 0 ? shared_find(f, &t.shared) : MPI_SUCCESS;
    }
    if (rc == MPI_SUCCESS)
        rc = access_error(f, "open", t.error);
    bool far = rc == MPI_SUCCESS && shared_is_far(f);
    rc = file_agree_any(f, rc, &far);
    if (rc == MPI_SUCCESS && far)
        shared_move_far(f);
    return rc;
}

static int start(struct file *f)
{
    int64_t size = 0;
    f->fs = fs_find(f->fd);
    int rc = view_new(0, &datatype_byte, &datatype_byte, "native", false, &f->view);
    if (rc == MPI_SUCCESS && hints_advice(f->hints) != POSIX_FADV_NORMAL)
        rc = access_error(f, "advise on", f->fs->advise(f->fd, hints_advice(f->hints)));
    if (rc == MPI_SUCCESS && f->amode & MPI_MODE_APPEND)
        rc = access_error(f, "look at", f->fs->size(f->fd, &size));
    f->position = size; /* the shared one starts there, too */
    shared_next_set(f, size);
    rc = file_agree(f, rc);
    if (rc == MPI_SUCCESS)
        shared_next(f);
    return rc;
}

static void destroy(struct file *f)
{
    shared_free(f);
    free(f->hints);
    if (f->fd >= 0)
        close(f->fd);
    view_free(f->view);
    file_destroy(f);
}

/* Other libraries take a file system's name before that of the file. */
static const char *plain_name(const char *filename)
{
    static const char *const prefixes[] = {"ufs:", "nfs:", "xfs:", "lustre:", "gpfs:", "panfs:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(filename, prefixes[i], strlen(prefixes[i])) == 0)
            return filename + strlen(prefixes[i]);
    return filename;
}

static int name_take(struct file *f, const char *filename, int amode, const struct info *info)
{
    f->amode = amode;
    f->name = strdup(plain_name(filename));
    f->hints = calloc(1, sizeof *f->hints);
    if (!f->name || !f->hints)
        return MPI_ERR_NO_MEM;
    hints_default(f->hints);
    hints_take(f->hints, info);
    return mode_check(amode);
}

static int open_all(struct file *f, const char *filename, int amode, const struct info *info)
{
    int rc = name_take(f, filename, amode, info);
    MPI_Offset same[2] = {amode, f->hints ? hints_sum(f->hints) : 0};
    rc = file_agree_same(f, rc, same, 2);
    if (rc == MPI_SUCCESS)
        rc = descriptors_open(f);
    return rc == MPI_SUCCESS ? start(f) : rc;
}

int mpi_file_open(struct comm *comm, const char *filename, int amode, struct info *info, MPI_File *fh)
{
    if (comm->inter)
        return MPI_ERR_COMM;
    struct file *f = file_new();
    if (!f)
        return MPI_ERR_NO_MEM;
    int rc = create_private(comm, &f->comm);
    if (rc == MPI_SUCCESS)
        rc = open_all(f, filename, amode, info);
    if (rc != MPI_SUCCESS) {
        destroy(f);
        return rc;
    }
    *fh = file_handle(f);
    return MPI_SUCCESS;
}

/* Who still has it open may read and write a deleted file, so one may delete it before all have closed it. */
int mpi_file_close(MPI_File *fh)
{
    struct file *f = file_of(*fh);
    int rc = collective_check(f);
    if (rc != MPI_SUCCESS)
        return rc;
    transfers_await(f);
    transfers_forget(f);
    rc = access_error(f, "close", close(f->fd) == 0 ? 0 : errno);
    f->fd = -1;
    if (f->amode & MPI_MODE_DELETE_ON_CLOSE && f->comm->rank == 0 && unlink(f->name) != 0 && rc == MPI_SUCCESS)
        rc = access_error(f, "delete", errno);
    rc = file_agree(f, rc);
    destroy(f);
    lib.error_on = rc == MPI_SUCCESS ? NULL : &file_null.obj;
    *fh = MPI_FILE_NULL;
    return rc;
}

int mpi_file_delete(const char *filename, struct info *info)
{
    (void)info;
    struct file f = {.name = (char *)(uintptr_t)plain_name(filename)};
    return access_error(&f, "delete", unlink(f.name) == 0 ? 0 : errno);
}
