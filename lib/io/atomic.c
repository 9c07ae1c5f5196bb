/* SPDX-License-Identifier: BSD-3-Clause
 *
 * atomic: in atomic mode an access is seen wholly or not at all by those that overlap with it (MPI 5.0, section
 * 14.6.1): the bytes between the first and the last one are locked against other processes. Threads of this one have
 * the descriptor in common, which locks nothing among them: they go one by one. */
#include "lib/io/access.h"
#include "lib/io/fs.h"

int atomic_begin(const struct access *a, struct fs_lock *l)
{
    struct file *f = a->file;
    MPI_Offset begin, end;
    view_extent(f->view, a->at, a->bytes, &begin, &end);
    *l = (struct fs_lock){.begin = begin, .n = end - begin, .shared = !a->write};
    pthread_mutex_lock(&f->atomic_turn);
    int error = f->fs->lock(f->fd, l);
    if (error != 0)
        pthread_mutex_unlock(&f->atomic_turn);
    return error;
}

int atomic_end(const struct access *a, const struct fs_lock *l)
{
    struct file *f = a->file;
    int error = f->fs->unlock(f->fd, l);
    pthread_mutex_unlock(&f->atomic_turn);
    return error;
}
