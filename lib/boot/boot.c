/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/boot/boot_ops.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/core/error.h"
#include "lib/core/state.h"

struct boot boot = {.segment_fd = -1};
static const struct boot_ops *way;

static int cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static void alone(struct boot *b)
{
    *b = (struct boot){.name = "singleton",
                       .size = 1,
                       .appnum = -1,
                       .universe_size = -1,
                       .node_count = 1,
                       .local_size = 1,
                       .local_cpus = cpus(),
                       .segment_fd = -1};
}

int boot_init(void)
{
    static const struct boot_ops *const ways[] = {&boot_inherited, &boot_pmi};
    char why[384] = "";
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        alone(&boot);
        int rc = ways[i]->init(&boot, why, sizeof why);
        if (rc == BOOT_DONE) {
            way = ways[i];
            boot.name = way->name;
            if (boot.segment)
                lib.status = node_segment_status(boot.segment, (uint32_t)boot.local_rank);
            return MPI_SUCCESS;
        }
        if (rc == BOOT_ERROR) {
            error_note(MPI_ERR_OTHER, "unable to boot by %s: %s", ways[i]->name, why);
            return MPI_ERR_OTHER;
        }
    }
    alone(&boot);
    if (!boot_alone_wrong(why, sizeof why))
        return MPI_SUCCESS;
    error_note(MPI_ERR_OTHER, "%s", why);
    return MPI_ERR_OTHER;
}

void boot_fini(void)
{
    if (way && way->fini)
        way->fini();
}

void boot_abort(int code, const char *why)
{
    char host[64] = "?";
    gethostname(host, sizeof host - 1);
    fflush(stdout);
    if (lib.initialized)
        fprintf(stderr, "muster: rank %d on %s: %s; aborting the job\n", lib.rank, host, why);
    else
        fprintf(stderr, "muster: process %d on %s: %s; aborting\n", (int)getpid(), host, why);
    fflush(stderr);
    atomic_store_explicit(&lib.status->state, RANK_ABORTED, memory_order_release);
    if (way && way->abort)
        way->abort(code, why);
    _exit(code & 0xff ? code & 0xff : 1);
}

int boot_local_of(int proc)
{
    if (!boot.segment)
        return proc == 0 ? 0 : -1;
    const uint32_t *local = node_segment_locals(boot.segment);
    int lo = 0, hi = boot.local_size;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (local[mid] < (uint32_t)proc)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < boot.local_size && local[lo] == (uint32_t)proc ? lo : -1;
}

int boot_segment_map(struct boot *b, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (size_t)st.st_size < sizeof(struct node_segment))
        return -1;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return -1;
    if (!node_segment_valid(p, (size_t)st.st_size)) {
        munmap(p, (size_t)st.st_size);
        return -1;
    }
    b->segment = p;
    b->segment_bytes = (size_t)st.st_size;
    b->segment_fd = fd;
    b->size = (int)b->segment->job_size;
    b->node_count = (int)b->segment->node_count;
    b->local_size = (int)b->segment->local_size;
    b->local_cpus = (int)b->segment->local_cpus;
    b->universe_size = b->segment->universe_size;
    b->survive = b->segment->survive;
    return 0;
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
    return fcntl(boot.segment_fd, F_GETLK, &l) != 0 || l.l_type != F_UNLCK;
}

bool boot_segment_extend(size_t bytes)
{
    struct stat st;
    size_t want = boot.segment->lib_at + bytes;
    if (fstat(boot.segment_fd, &st) != 0)
        return false;
    if ((size_t)st.st_size < want && ftruncate(boot.segment_fd, (off_t)want) != 0)
        return false;
    void *p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, boot.segment_fd, 0);
    if (p == MAP_FAILED)
        return false;
    munmap(boot.segment, boot.segment_bytes);
    boot.segment = p;
    boot.segment_bytes = want;
    lib.status = node_segment_status(boot.segment, (uint32_t)boot.local_rank);
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

int boot_segment_make(struct boot *b, const uint32_t *node, uint32_t nodes, const char *job, char path[64])
{
    struct rankmap m;
    struct node_segment head = {.job_size = (uint32_t)b->size,
                                .node_count = nodes,
                                .node_id = node[b->rank],
                                .local_cpus = (uint32_t)cpus(),
                                .universe_size = b->universe_size};
    for (int r = 0; r < b->size; r++)
        head.local_size += node[r] == head.node_id;
    snprintf(head.job_name, sizeof head.job_name, "%s", job);
    if (rankmap_build(&m, node, (uint32_t)b->size, nodes) != 0)
        return -1;
    head.run_count = m.nblocks;
    size_t bytes = node_segment_plan(&head);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(path, 64, "/dev/shm/muster-%d-%lx%lx", (int)getpid(), (long)now.tv_sec, now.tv_nsec);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct node_segment *h = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
        h = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
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
