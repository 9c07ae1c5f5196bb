/* SPDX-License-Identifier: BSD-3-Clause
 *
 * agree: what those who opened a file together agree on: one allreduce; and locks. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"

/* The greatest of each of n numbers, of which the first is rc. */
static int agree(const struct file *f, int rc, const int64_t *mine, int64_t *all, int n)
{
    int failed = mpi_allreduce(mine, all, n, &basic_types[BASIC_I_INT64_T], op_of(MPI_MAX), f->comm);
    if (rc != MPI_SUCCESS || failed != MPI_SUCCESS)
        return rc != MPI_SUCCESS ? rc : failed;
    if (all[0] != MPI_SUCCESS) {
        error_detail_set((int)all[0], "it failed on another rank%s%.200s", f->name ? ", of file " : "",
                         f->name ? f->name : "");
        return (int)all[0];
    }
    return MPI_SUCCESS;
}

int file_agree_same(const struct file *f, int rc, const MPI_Offset *values, int n)
{
    int64_t mine[1 + 2 * FILE_VALUES] = {rc}, all[1 + 2 * FILE_VALUES];
    for (int i = 0; i < n; i++) {
        mine[1 + 2 * i] = values[i];
        mine[2 + 2 * i] = ~values[i]; /* the greatest of these is that of the smallest */
    }
    rc = agree(f, rc, mine, all, 1 + 2 * n);
    for (int i = 0; i < n && rc == MPI_SUCCESS; i++)
        if (all[1 + 2 * i] != ~all[2 + 2 * i]) {
            error_detail_set(MPI_ERR_NOT_SAME, "%lld here", (long long)values[i]);
            return MPI_ERR_NOT_SAME;
        }
    return rc;
}

int file_agree_any(const struct file *f, int rc, bool *flag)
{
    int64_t mine[2] = {rc, *flag}, all[2];
    rc = agree(f, rc, mine, all, 2);
    if (rc == MPI_SUCCESS)
        *flag = all[1] != 0;
    return rc;
}

int file_agree(const struct file *f, int rc)
{
    return file_agree_same(f, rc, NULL, 0);
}

int file_lock(struct file *f, const struct fs_lock *l)
{
    pthread_mutex_lock(&f->lock_turn);
    int error = f->fs->lock(f->fd, l);
    if (error)
        pthread_mutex_unlock(&f->lock_turn);
    return error;
}

int file_unlock(struct file *f, const struct fs_lock *l)
{
    int error = f->fs->unlock(f->fd, l);
    pthread_mutex_unlock(&f->lock_turn);
    return error;
}
