/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alloc: one file without a name for all that a process hands out, as long as the machine has memory, of which pages
 * come as they are touched and go as they are freed. What is longer than LONGEST is private, like malloc's: its pages
 * may be huge ones, and who moves so much does not mind a system call. So is everything where this rank is alone on its
 * node, and where the kernel counts what it has promised and would kill for a page too many.
 *
 * A child by fork has a copy of what there was, as of all memory. */
#include "lib/rma/alloc.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/nodemem/nodemem.h"
#include "lib/object/info.h"
#include "lib/rma/file.h"

#define LONGEST ((size_t)32 << 20)
enum { ALIGNED = 64, PAGE = 4096 };

struct piece {
    size_t at, bytes;
    TAILQ_ENTRY(piece) link;
};

static struct {
    struct alloc_file file;
    char *base;
    bool tried, copied;               /* copied: this is a child by fork, and the file its parent's */
    TAILQ_HEAD(pieces, piece) pieces; /* rising */
} pool = {.file = {.fd = -1}, .pieces = TAILQ_HEAD_INITIALIZER(pool.pieces)};

static void forked(void)
{
    /* If that fails, the child has its parent's memory: nothing better is left. */
    if (pool.base)
        mmap(pool.base, pool.file.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, pool.file.fd, 0);
    pool.copied = true;
}

/* As long as all memory, though little of it may be used. */
static size_t length(void)
{
    struct sysinfo all;
    struct rlimit limit;
    size_t bytes = sysinfo(&all) == 0 ? (size_t)all.totalram * all.mem_unit : 0;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes)
        return 0;
    return bytes / PAGE * PAGE;
}

static void pool_open(void)
{
    struct stat st;
    size_t bytes = length();
    pool.tried = true;
    if (bytes == 0 || file_is_counted() || pthread_atfork(NULL, NULL, forked) != 0)
        return;
    int fd = memfd_create("muster-memory", MFD_CLOEXEC);
    void *base = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 && fstat(fd, &st) == 0)
        base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED) {
        if (fd >= 0)
            close(fd);
        return;
    }
    pool.base = base;
    pool.file = (struct alloc_file){(int32_t)getpid(), fd, st.st_dev, st.st_ino, bytes};
}

/* The first gap that is long enough. */
static void *pool_take(size_t bytes)
{
    struct piece *p = malloc(sizeof *p), *next;
    size_t at = 0;
    if (!p)
        return NULL;
    TAILQ_FOREACH(next, &pool.pieces, link)
    {
        if (next->at - at >= bytes)
            break;
        at = next->at + next->bytes;
    }
    if (!next && pool.file.bytes - at < bytes) {
        free(p);
        return NULL;
    }
    *p = (struct piece){.at = at, .bytes = bytes};
    if (next)
        TAILQ_INSERT_BEFORE(next, p, link);
    else
        TAILQ_INSERT_TAIL(&pool.pieces, p, link);
    return pool.base + at;
}

static void pool_give(size_t at)
{
    struct piece *p;
    TAILQ_FOREACH(p, &pool.pieces, link)
    if (p->at == at && !pool.copied) {
        fallocate(pool.file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)p->at, (off_t)p->bytes);
        TAILQ_REMOVE(&pool.pieces, p, link);
        free(p);
        return;
    }
}

static bool pool_has(const void *at)
{
    return pool.base && (const char *)at >= pool.base && (size_t)((const char *)at - pool.base) < pool.file.bytes;
}

bool alloc_find(const void *at, size_t n, struct alloc_file *file, uint64_t *place)
{
    if (!pool_has(at))
        return false;
    *place = (uint64_t)((const char *)at - pool.base);
    *file = pool.file;
    return n <= pool.file.bytes - *place;
}

/* By local rank: what is mapped of it. */
struct mapped {
    uint64_t ino; /* 0: nothing has been tried */
    char *at;
};

static char *file_map(const struct alloc_file *f)
{
    int fd = file_open_other(f->pid, f->fd, f->dev, f->ino);
    struct stat st;
    void *at = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size >= f->bytes)
        at = mmap(NULL, f->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED)
        return NULL;
    madvise(at, f->bytes, MADV_DONTDUMP); /* it is in its owner's core file */
    return at;
}

char *alloc_map(int local, const struct alloc_file *f)
{
    static struct mapped *all;
    if (f->bytes == 0 || !nodemem_active || local < 0 || local >= nodemem.ranks)
        return NULL;
    if (!all && !(all = calloc((size_t)nodemem.ranks, sizeof *all)))
        return NULL;
    if (all[local].ino != f->ino) { /* another process may have had this number */
        all[local].ino = f->ino;
        all[local].at = file_map(f);
    }
    return all[local].at;
}

/* What the hint mpi_minimum_memory_alignment asks for, if it makes sense. */
static size_t alignment(const struct info *info)
{
    const char *text = info_find(info, "mpi_minimum_memory_alignment");
    unsigned long long n = text ? strtoull(text, NULL, 10) : 0;
    return n > ALIGNED && (n & (n - 1)) == 0 ? (size_t)n : ALIGNED;
}

static void *shared(size_t bytes, size_t aligned)
{
    if (bytes > LONGEST || aligned > PAGE || !nodemem_active || nodemem.ranks == 1 || pool.copied)
        return NULL;
    if (!pool.tried)
        pool_open();
    return pool.base ? pool_take((bytes + PAGE - 1) / PAGE * PAGE) : NULL;
}

int mpi_alloc_mem(MPI_Aint size, struct info *info, void *baseptr)
{
    void *p = NULL;
    size_t bytes = (size_t)size;
    if (size < 0 || !baseptr)
        return MPI_ERR_ARG;
    if (bytes > 0 && !(p = shared(bytes, alignment(info))) && posix_memalign(&p, alignment(info), bytes) != 0)
        return MPI_ERR_NO_MEM;
    *(void **)baseptr = p;
    return MPI_SUCCESS;
}

int mpi_free_mem(void *base)
{
    if (pool_has(base))
        pool_give((size_t)((char *)base - pool.base));
    else
        free(base);
    return MPI_SUCCESS;
}
