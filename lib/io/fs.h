/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fs: what the library asks of a file system. Each row is one kind; the first one that knows the place is taken. Rows
 * know neither the lock of the library nor MPI: a thread of the library's calls them, too. All return 0 or an errno
 * value, and are not ended by signals. */
#ifndef LIB_IO_FS_H
#define LIB_IO_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { FS_PIECES = 64 };

struct fs_lock {
    int64_t begin, n; /* n 0: to the end of all files */
    bool shared;
};

struct fs {
    const char *name;
    /* Is it the one of that open file? */
    bool (*knows)(int fd);
    /* At most FS_PIECES pieces, from `at` on. *done: the bytes that were moved; without an error all of them, but for a
     * read that met the end of the file. Pieces are changed. */
    int (*readv)(int fd, struct iovec *to, int pieces, int64_t at, size_t *done);
    int (*writev)(int fd, struct iovec *from, int pieces, int64_t at, size_t *done);
    int (*sync)(int fd);
    int (*size)(int fd, int64_t *size);
    int (*resize)(int fd, int64_t size);
    /* Storage for the first `size` bytes is there; the file is that long at least. */
    int (*reserve)(int fd, int64_t size);
    /* Locks bytes against other processes and other descriptors; waits. */
    int (*lock)(int fd, const struct fs_lock *l);
    int (*unlock)(int fd, const struct fs_lock *l);
    /* Bytes of a stripe, or of what is best written at once; > 0. */
    int64_t (*unit)(int fd);
    /* How it will be used: one of POSIX_FADV_. */
    int (*advise)(int fd, int advice);
};

/* The row for an open file. */
const struct fs *fs_find(int fd);

extern const struct fs fs_posix;

#endif
