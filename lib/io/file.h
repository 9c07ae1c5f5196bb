/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: what those who opened a file together agree on, and how they keep out of one another's way. */
#ifndef LIB_IO_FILE_H
#define LIB_IO_FILE_H

#include "lib/object/file.h"

/* The worst of all ranks' error classes; those whose own was MPI_SUCCESS get a note that another rank failed. */
int file_agree(const struct file *f, int rc);
/* The same, and MPI_ERR_NOT_SAME if one of n values (FILE_VALUES at most) differs between ranks. Collective. */
enum { FILE_VALUES = 4 };
int file_agree_same(const struct file *f, int rc, const MPI_Offset *values, int n);

/* As file_agree; *flag is set everywhere if it is somewhere. */
int file_agree_any(const struct file *f, int rc, bool *flag);

/* query.c: from now on the file is used as the hints say. */
int file_hints(struct file *f, const struct hints *h);

/* Locks bytes of it against all others: processes, and threads of this one, which share its descriptor, so that it
 * locks nothing among them: these go one by one, and locks do not nest. Errno values.
 * Without the lock of the library; any thread. */
struct fs_lock;
int file_lock(struct file *f, const struct fs_lock *l);
int file_unlock(struct file *f, const struct fs_lock *l);

#endif
