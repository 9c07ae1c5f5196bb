/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: a memfd, which the others open through /proc, or else a file in /dev/shm, whose name its maker takes away when
 * all have answered, whatever they did.
 *
 * Of a memfd nothing is reserved as a rule: what a window does not use costs nothing, as with malloc, and where memory
 * ends the kernel ends a process, whether it was reserved or not. It is otherwise, and SIGBUS the answer, where the
 * kernel counts what it has promised, and in a file system with a size of its own. What could never be had is refused.
 */
#include "lib/rma/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/datatype.h"

struct told {
    int32_t pid, fd, error, unused;
    uint64_t dev, ino;
    char name[FILE_NAME]; /* "": none */
};

/* More than the machine has, whoever uses it now? */
static bool is_too_much(size_t bytes)
{
    struct sysinfo all;
    return sysinfo(&all) == 0 && bytes / all.mem_unit > all.totalram + all.totalswap;
}

/* A file longer than the limit would kill the process. */
static int length_error(size_t bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes)
        return EFBIG;
    return is_too_much(bytes) ? ENOMEM : 0;
}

static int named_file(char name[FILE_NAME])
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(name, FILE_NAME, "/dev/shm/muster-window-%d-%llx-%lx", (int)getpid(), (long long)t.tv_sec, t.tv_nsec);
    int fd = open(name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        name[0] = 0;
    return fd;
}

/* By the first rank: f->fd, or f->error. */
static void file_make(struct window_file *f, size_t bytes, struct told *t)
{
    struct stat st;
    f->error = length_error(bytes);
    if (f->error == 0) {
        f->fd = f->named ? named_file(f->name) : memfd_create("muster-window", MFD_CLOEXEC);
        if (f->fd < 0 || ftruncate(f->fd, (off_t)bytes) != 0 || fstat(f->fd, &st) != 0)
            f->error = errno;
    }
    *t = (struct told){.pid = (int32_t)getpid(), .fd = f->fd, .error = f->error};
    if (f->error == 0) {
        t->dev = st.st_dev;
        t->ino = st.st_ino;
    }
    memcpy(t->name, f->name, sizeof t->name);
}

/* In another namespace that path may lead to anything: looked at first, since opening alone may do something. */
static int open_same(const char *path, uint64_t dev, uint64_t ino)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return -1;
    if (S_ISREG(st.st_mode) && st.st_dev == dev && st.st_ino == ino)
        return open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    errno = ESTALE;
    return -1;
}

int file_open_other(int pid, int fd, uint64_t dev, uint64_t ino)
{
    char path[FILE_NAME];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    return open_same(path, dev, ino);
}

static void file_find(struct window_file *f, struct told *t)
{
    t->name[FILE_NAME - 1] = 0;
    f->fd = f->named ? open_same(t->name, t->dev, t->ino) : file_open_other(t->pid, t->fd, t->dev, t->ino);
    if (f->fd < 0)
        f->error = errno | FILE_UNSEEN;
}

int file_open(struct window_file *f, const struct comm *node, size_t bytes)
{
    struct told t;
    f->fd = -1;
    f->error = 0;
    f->name[0] = 0;
    if (node->size == 1)
        return MPI_SUCCESS;
    if (node->rank == 0)
        file_make(f, bytes, &t);
    int rc = mpi_bcast(&t, sizeof t, &datatype_byte, 0, (struct comm *)(uintptr_t)node);
    if (rc != MPI_SUCCESS)
        file_close(f);
    else if (node->rank != 0 && (f->error = t.error) == 0)
        file_find(f, &t);
    return rc;
}

void file_close(struct window_file *f)
{
    if (f->name[0])
        unlink(f->name);
    if (f->fd >= 0)
        close(f->fd);
    f->name[0] = 0;
    f->fd = -1;
}

bool file_is_counted(void)
{
    char mode = 0;
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    /* 2: it promises no more than it has. */
    bool counted = fd < 0 || read(fd, &mode, 1) != 1 || mode == '2';
    if (fd >= 0)
        close(fd);
    return counted;
}

int file_reserve(const struct window_file *f, size_t at, size_t n)
{
    if (n == 0 || f->fd < 0 || !(f->named || file_is_counted()))
        return 0;
    while (fallocate(f->fd, 0, (off_t)at, (off_t)n) != 0)
        if (errno != EINTR)
            return errno == EOPNOTSUPP ? 0 : errno;
    return 0;
}
