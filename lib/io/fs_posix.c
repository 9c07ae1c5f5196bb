/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fs_posix: file systems that the kernel shows as any other. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/io/fs.h"

static bool knows(int fd)
{
    (void)fd;
    return true;
}

/* Leaves out what has been moved; returns the first piece that is left. */
static int pieces_skip(struct iovec *v, int pieces, int first, size_t n)
{
    while (first < pieces && n >= v[first].iov_len)
        n -= v[first++].iov_len;
    if (first < pieces) {
        v[first].iov_base = (char *)v[first].iov_base + n;
        v[first].iov_len -= n;
    }
    return first;
}

/* A file that would grow beyond the process's limit ends the process, by a signal. */
static bool beyond_limit(int64_t size)
{
    struct rlimit l;
    return getrlimit(RLIMIT_FSIZE, &l) == 0 && l.rlim_cur != RLIM_INFINITY && (uint64_t)size > l.rlim_cur;
}

/* The kernel moves less than was asked for, in the middle of a large one or of a signal. */
static int move(bool write, int fd, struct iovec *v, int pieces, int64_t at, size_t *done)
{
    *done = 0;
    for (int first = pieces_skip(v, pieces, 0, 0); first < pieces;) {
        if (write && beyond_limit(at + 1)) /* what fits is written in part */
            return EFBIG;
        ssize_t n = write ? pwritev(fd, v + first, pieces - first, at) : preadv(fd, v + first, pieces - first, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return write ? ENOSPC : 0;
        *done += (size_t)n;
        at += n;
        first = pieces_skip(v, pieces, first, (size_t)n);
    }
    return 0;
}

static int posix_readv(int fd, struct iovec *to, int pieces, int64_t at, size_t *done)
{
    return move(false, fd, to, pieces, at, done);
}

static int posix_writev(int fd, struct iovec *from, int pieces, int64_t at, size_t *done)
{
    return move(true, fd, from, pieces, at, done);
}

static int posix_sync(int fd)
{
    int rc;
    do
        rc = fsync(fd);
    while (rc < 0 && errno == EINTR);
    return rc < 0 && errno != EINVAL && errno != EROFS ? errno : 0; /* what is no file has nothing to be synced */
}

static int posix_size(int fd, int64_t *size)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return errno;
    *size = s.st_size;
    return 0;
}

static int posix_resize(int fd, int64_t size)
{
    int64_t is;
    int rc = posix_size(fd, &is);
    if (rc != 0 || (size > is && beyond_limit(size)))
        return rc != 0 ? rc : EFBIG;
    do
        rc = ftruncate(fd, size);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? errno : 0;
}

static int posix_reserve(int fd, int64_t size)
{
    int rc;
    if (beyond_limit(size))
        return EFBIG;
    do
        rc = posix_fallocate(fd, 0, size);
    while (rc == EINTR);
    return rc;
}

/* Locks of the open file, not of the process: those would go when any descriptor of the file is closed. */
static int lock_set(int fd, const struct fs_lock *l, short type)
{
    struct flock f = {.l_type = type, .l_whence = SEEK_SET, .l_start = l->begin, .l_len = l->n};
    int rc;
    do
        rc = fcntl(fd, F_OFD_SETLKW, &f);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? errno : 0;
}

static int posix_lock(int fd, const struct fs_lock *l)
{
    return lock_set(fd, l, l->shared ? F_RDLCK : F_WRLCK);
}

static int posix_unlock(int fd, const struct fs_lock *l)
{
    return lock_set(fd, l, F_UNLCK);
}

static int64_t posix_unit(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && s.st_blksize > 0 ? s.st_blksize : 4096;
}

/* What is no file takes no advice. */
static int posix_advise(int fd, int advice)
{
    int error = posix_fadvise(fd, 0, 0, advice);
    return error == ESPIPE || error == EINVAL ? 0 : error;
}

const struct fs fs_posix = {"posix",      knows,         posix_readv, posix_writev, posix_sync, posix_size,
                            posix_resize, posix_reserve, posix_lock,  posix_unlock, posix_unit, posix_advise};

const struct fs *fs_find(int fd)
{
    static const struct fs *const all[] = {&fs_posix};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->knows(fd))
            return all[i];
    return &fs_posix;
}
