/* SPDX-License-Identifier: BSD-3-Clause
 *
 * atomic: in atomic mode an access is seen wholly or not at all by those that overlap with it (MPI 5.0, section
 * 14.6.1): the bytes between the first and the last one are locked against other processes and threads. */
#include "lib/io/access.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"

int atomic_begin(const struct access *a, struct fs_lock *l)
{
    MPI_Offset begin, end;
    view_extent(a->file->view, a->at, a->bytes, &begin, &end);
    *l = (struct fs_lock){.begin = begin, .n = end - begin, .shared = a->file->reads && !(a->write && a->file->atomic)};
    return file_lock(a->file, l);
}

int atomic_end(const struct access *a, const struct fs_lock *l)
{
    return file_unlock(a->file, l);
}
