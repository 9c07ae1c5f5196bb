/* SPDX-License-Identifier: BSD-3-Clause
 *
 * segment: the memory that the ranks of a node share, as a file: mapped, made longer, and made by the ranks themselves
 * where no proxy of ours has. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot_ops.h"
#include "lib/core/state.h"

/* The head only: the runtime's part may be long, and is mapped by boot_segment_extend. */
static struct node_segment *head_map(int fd, size_t *bytes)
{
    struct node_segment h;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return NULL;
    if (!S_ISREG(st.st_mode) || pread(fd, &h, sizeof h, 0) != sizeof h) {
        errno = EINVAL; /* another file, which may be for writing alone */
        return NULL;
    }
    *bytes = (uint64_t)st.st_size < h.lib_at ? (size_t)st.st_size : (size_t)h.lib_at;
    void *p = *bytes > 0 ? mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (p != MAP_FAILED && node_segment_valid(p, *bytes))
        return p;
    if (p != MAP_FAILED) {
        munmap(p, *bytes);
        errno = EINVAL;
    }
    return NULL;
}

/* By what all ranks see alike. */
static bool scarce(const struct statfs *fs)
{
    return (uint64_t)fs->f_blocks * (uint64_t)fs->f_bsize < (uint64_t)1 << 30;
}

int boot_segment_map(struct boot *b, int fd)
{
    struct statfs fs;
    struct stat st;
    b->segment = head_map(fd, &b->segment_bytes);
    if (!b->segment || fstat(fd, &st) != 0)
        return -1;
    b->segment_fd = fd;
    b->segment_file = st.st_ino;
    b->segment_dev = st.st_dev;
    b->bounded = fstatfs(fd, &fs) == 0 && fs.f_blocks != 0;
    b->scarce = b->bounded && scarce(&fs);
    b->size = (int)b->segment->job_size;
    b->node_count = (int)b->segment->node_count;
    b->local_size = (int)b->segment->local_size;
    b->local_cpus = (int)b->segment->local_cpus;
    b->universe_size = b->segment->universe_size;
    b->survive = b->segment->survive;
    return 0;
}

/* A program that closes what it has not opened may have another file there by now. */
static bool file_intact(void)
{
    struct stat now;
    return fstat(boot.segment_fd, &now) == 0 && now.st_ino == boot.segment_file && now.st_dev == boot.segment_dev;
}

static struct flock byte_of(int local)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = local, .l_len = 1};
}

void boot_segment_unwatched(struct boot *b)
{
    struct flock l = byte_of(b->local_rank);
    b->unwatched = fcntl(b->segment_fd, F_SETLK, &l) == 0;
}

bool boot_alive(int local)
{
    struct flock l = byte_of(local);
    return !file_intact() || fcntl(boot.segment_fd, F_GETLK, &l) != 0 || l.l_type != F_UNLCK;
}

const char *boot_segment_hint(int error)
{
    return error == EFBIG    ? " (raise the limit with ulimit -f)"
           : error == ENOMEM ? " (is there a limit, ulimit -v?)"
           : error == ENOSPC ? " (make /dev/shm larger)"
                             : "";
}

/* A signal undoes what one call has done, so that a long one might never come to its end: in pieces. */
static bool allocate(int fd, off_t from, size_t n)
{
    enum { PIECE = 65536 };
    int rc = 0;
    for (size_t at = 0; at < n && rc == 0; at += PIECE)
        do
            rc = fallocate(fd, 0, from + (off_t)at, (off_t)(n - at < PIECE ? n - at : PIECE));
        while (rc != 0 && errno == EINTR);
    return rc == 0 || errno == EOPNOTSUPP || errno == ENOSYS; /* some sandboxes do not know it */
}

static off_t place_of(const void *at)
{
    return (const char *)at - (const char *)boot.segment;
}

bool boot_segment_reserve(const void *at, size_t n)
{
    return !boot.bounded || !file_intact() || allocate(boot.segment_fd, place_of(at), n);
}

bool boot_segment_roomy(size_t n)
{
    struct statfs fs;
    return !boot.bounded || !file_intact() ||
           (fstatfs(boot.segment_fd, &fs) == 0 && (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= n);
}

void boot_segment_release(const void *at, size_t n)
{
    int error = errno;
    fallocate(boot.segment_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, place_of(at), (off_t)n);
    errno = error;
}

/* With a limit on address space (ulimit -v) most of it is the program's. */
static size_t modest(size_t least, size_t most)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur / 16 > most)
        return most;
    return least > limit.rlim_cur / 16 ? least : (size_t)(limit.rlim_cur / 16);
}

bool boot_segment_extend(size_t least, size_t *most)
{
    uint64_t at = boot.segment->lib_at, have = node_segment_extend(boot.segment_fd, at + least, at + *most);
    size_t want = at + modest(least, *most);
    if (have == 0)
        return false;
    if (want > have)
        want = have;
    void *p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, boot.segment_fd, 0);
    if (p == MAP_FAILED)
        return false;
    /* A core file would hold all of it, hundreds of megabytes, for each rank. Where that is refused, so be it. */
    madvise(p, want, MADV_DONTDUMP);
    munmap(boot.segment, boot.segment_bytes);
    boot.segment = p;
    boot.segment_bytes = want;
    lib.status = node_segment_status(boot.segment, (uint32_t)boot.local_rank);
    *most = want - at;
    return true;
}

static void fill(struct node_segment *h, const uint32_t *node, uint32_t size, const struct rankmap *m)
{
    memcpy((char *)h + h->runs_at, m->blocks, m->nblocks * sizeof *m->blocks);
    uint32_t *local = (uint32_t *)((char *)h + h->locals_at);
    for (uint32_t r = 0; r < size; r++)
        if (node[r] == h->node_id)
            *local++ = r;
}

/* May each pair of ranks have a channel there? */
static bool roomy(int fd, size_t bytes, size_t ranks)
{
    enum { CHANNEL = 65536, LONGER = 1 << 26 };
    struct statfs fs;
    bool room = fstatfs(fd, &fs) == 0 && (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >=
                                             bytes + ranks * ranks * CHANNEL + (scarce(&fs) ? 0 : LONGER);
    if (!room)
        errno = ENOSPC;
    return room;
}

static bool filled(int fd, size_t bytes)
{
    return node_segment_extend(fd, bytes, bytes) > 0 && allocate(fd, 0, bytes);
}

/* A file without a name: nothing is left of it, whenever its ranks are killed. In /dev/shm, where others can be given
 * its name (boot/share.c); where that is full, read-only or missing, elsewhere. */
static int file_new(bool *nameable, size_t bytes, size_t ranks)
{
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    *nameable = fd >= 0 && roomy(fd, bytes, ranks) && filled(fd, bytes);
    if (*nameable)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if ((fd = memfd_create("muster-node", MFD_CLOEXEC)) < 0)
        return errno = error, -1;
    if (access("/proc/self/fd", R_OK) == 0 && filled(fd, bytes))
        return fd;
    close(fd);
    return errno = error, -1;
}

int boot_segment_make(struct boot *b, const uint32_t *node, uint32_t nodes, const char *job, bool *nameable)
{
    struct rankmap m;
    struct node_segment head = {.job_size = (uint32_t)b->size,
                                .node_count = nodes,
                                .node_id = node[b->rank],
                                .local_cpus = (uint32_t)boot_cpus(),
                                .universe_size = b->universe_size,
                                .listener = -1};
    for (int r = 0; r < b->size; r++)
        head.local_size += node[r] == head.node_id;
    snprintf(head.job_name, sizeof head.job_name, "%s", job);
    if (rankmap_build(&m, node, (uint32_t)b->size, nodes) != 0)
        return -1;
    head.run_count = m.nblocks;
    size_t bytes = node_segment_plan(&head);
    int fd = file_new(nameable, bytes, (size_t)head.local_size);
    struct node_segment *h = fd >= 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (h == MAP_FAILED) {
        rankmap_fini(&m);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *h = head;
    fill(h, node, (uint32_t)b->size, &m);
    rankmap_fini(&m);
    munmap(h, bytes);
    return boot_segment_map(b, fd);
}
