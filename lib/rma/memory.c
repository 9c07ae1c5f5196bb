/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory: a memfd of the node's first rank, which the others open through /proc. All of them learn whether all could:
 * so no one is left alone in a window, and no name is left behind. */
#include "lib/rma/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/nodemem/nodemem.h"

struct plan {
    size_t guards_at, pairs_at, regions_at, bytes, data; /* data: of this rank */
};

/* The first place behind n bytes at `at` that is a multiple of `unit`; SIZE_MAX: there is none. */
static size_t after(size_t at, size_t n, size_t unit)
{
    size_t end;
    if (__builtin_add_overflow(at, n, &end) || __builtin_add_overflow(end, unit - 1, &end) || end > PTRDIFF_MAX)
        return SIZE_MAX;
    return end / unit * unit;
}

static int plan_make(const struct win *w, MPI_Aint size, bool contiguous, bool regions, struct plan *p)
{
    size_t n = (size_t)w->node->size, locals = nodemem_active ? (size_t)nodemem.ranks : 1, at;
    int64_t *sizes = malloc(n * sizeof *sizes), mine = size;
    if (!sizes)
        return MPI_ERR_NO_MEM;
    int rc = mpi_allgather(&mine, sizeof mine, &datatype_byte, sizes, sizeof mine, &datatype_byte, w->node);
    p->guards_at = sizeof(struct control) + n * sizeof(struct control_member);
    p->pairs_at = p->guards_at + locals * sizeof(struct guard_place);
    p->regions_at = after(p->pairs_at, n * n * sizeof(struct control_pair), CONTROL_PAGE);
    at = after(p->regions_at, regions ? n * CONTROL_REGIONS * sizeof(struct control_region) : 0, CONTROL_PAGE);
    for (size_t r = 0; r < n && rc == MPI_SUCCESS; r++) {
        if (r == (size_t)w->node->rank)
            p->data = at;
        at = after(at, (size_t)sizes[r], contiguous ? 1 : CONTROL_PAGE);
        if (at == SIZE_MAX)
            rc = MPI_ERR_SIZE;
    }
    p->bytes = at;
    free(sizes);
    return rc;
}

/* A file longer than the limit would kill the process. */
static int file_make(size_t bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) {
        errno = EFBIG;
        return -1;
    }
    int fd = memfd_create("muster-window", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct told {
    int32_t pid, fd, error;
};

/* The first rank's descriptor, or one of the same file; -1 by errno. */
static int file_open(const struct win *w, size_t bytes, struct told *t, int *rc)
{
    int fd = -1;
    if (w->node->rank == 0) {
        fd = file_make(bytes);
        *t = (struct told){(int32_t)getpid(), fd, fd < 0 ? errno : 0};
    }
    *rc = mpi_bcast(t, sizeof *t, &datatype_byte, 0, w->node);
    if (*rc != MPI_SUCCESS || w->node->rank == 0 || t->error != 0)
        return fd;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", t->pid, t->fd);
    fd = open(path, O_RDWR | O_CLOEXEC);
    t->error = fd < 0 ? errno : 0;
    return fd;
}

/* Without a file: nobody else needs it. */
static void *file_map(int fd, size_t bytes, struct told *t)
{
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED)
        t->error = errno;
    return p;
}

/* Before anybody else knows that the file is there. */
static void head_fill(struct control *c, const struct win *w, const struct plan *p)
{
    c->members = (uint32_t)w->node->size;
    c->guards_at = p->guards_at;
    c->pairs_at = p->pairs_at;
    c->regions_at = p->regions_at;
}

int memory_make(struct win *w, MPI_Aint size, bool contiguous, bool regions, void **data)
{
    struct plan p = {0};
    struct told t = {0};
    void *at = MAP_FAILED;
    int rc = plan_make(w, size, contiguous, regions, &p), worst = 0, fd;
    if (rc != MPI_SUCCESS)
        return rc;
    fd = w->node->size > 1 ? file_open(w, p.bytes, &t, &rc) : -1;
    if (rc == MPI_SUCCESS && t.error == 0)
        at = file_map(fd, p.bytes, &t);
    if (at != MAP_FAILED && w->node->rank == 0)
        head_fill(at, w, &p);
    if (rc ==
        MPI_SUCCESS) /* which tells all that the head is written, and the first rank that the others have the file */
        rc = mpi_allreduce(&t.error, &worst, 1, &basic_types[BASIC_I_INT], op_of(MPI_MAX), w->node);
    if (fd >= 0)
        close(fd);
    if (at != MAP_FAILED) {
        w->control = at;
        w->control_bytes = p.bytes;
    }
    if (rc == MPI_SUCCESS && worst != 0) {
        error_detail_set(MPI_ERR_RMA_SHARED, "the %d ranks of this node cannot share %zu KiB for a window: %s",
                         w->node->size, p.bytes >> 10, strerror(worst));
        rc = MPI_ERR_RMA_SHARED;
    }
    if (rc != MPI_SUCCESS) {
        memory_free(w);
        return rc;
    }
    *data = (char *)at + p.data;
    return MPI_SUCCESS;
}

void memory_free(struct win *w)
{
    if (w->control)
        munmap(w->control, w->control_bytes);
    w->control = NULL;
}
