/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory: how the file of a window is laid out, and mapped. All ranks of the node learn whether all could: so no one is
 * left alone in a window. */
#include "lib/rma/memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/nodemem/nodemem.h"
#include "lib/rma/file.h"

struct plan {
    size_t guards_at, pairs_at, questions_at, regions_at, bytes;
    size_t data, own; /* of this rank: where it begins, how long it is */
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
    p->questions_at = after(p->pairs_at, n * n * sizeof(struct control_pair), CONTROL_LINE);
    size_t questions = w->flavor == MPI_WIN_FLAVOR_CREATE ? n * n * sizeof(struct control_question) : 0;
    p->regions_at = after(p->questions_at, questions, CONTROL_PAGE);
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

/* Before anybody else knows that the file is there. */
static void head_fill(struct control *c, const struct win *w, const struct plan *p)
{
    c->members = (uint32_t)w->node->size;
    c->guards_at = p->guards_at;
    c->pairs_at = p->pairs_at;
    c->questions_at = p->questions_at;
    c->regions_at = p->regions_at;
}

/* Alone without a file: nobody else needs it. */
static int map(struct win *w, size_t bytes, int fd)
{
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (at == MAP_FAILED)
        return errno;
    w->control = at;
    w->control_bytes = bytes;
    return 0;
}

/* Maps the file that the first rank has made, and reserves this rank's part. */
static int take(struct win *w, const struct plan *p, const struct window_file *f)
{
    bool first = w->node->rank == 0;
    int error = f->error;
    if (error == 0)
        error = map(w, p->bytes, f->fd);
    if (error == 0)
        error = first ? file_reserve(f, 0, p->data + p->own) : file_reserve(f, p->data, p->own);
    if (error == 0 && first)
        head_fill(w->control, w, p);
    return error;
}

/* All learn the worst of what happened. */
static int attempt(struct win *w, const struct plan *p, struct window_file *f, int *worst)
{
    int rc = file_open(f, w->node, p->bytes);
    if (rc != MPI_SUCCESS)
        return rc;
    int error = take(w, p, f);
    /* This tells all that the head is written, and the first rank that the others have the file. */
    rc = mpi_allreduce(&error, worst, 1, &basic_types[BASIC_I_INT], op_of(MPI_MAX), w->node);
    file_close(f);
    if (rc != MPI_SUCCESS || *worst != 0)
        memory_free(w);
    return rc;
}

static int not_shared(const struct win *w, const struct plan *p, bool named, int error)
{
    bool full = error == ENOMEM || error == ENOSPC;
    int class = full ? MPI_ERR_NO_MEM : MPI_ERR_RMA_SHARED;
    const char *remedy = full && named    ? " (make /dev/shm larger)"
                         : full           ? ""
                         : error == EFBIG ? " (raise the limit with ulimit -f)"
                         : named          ? " (they need one /dev/shm, or to see one another's /proc)"
                                          : "";
    error_detail_set(class, "the %d ranks of this node cannot share %zu KiB for a window: %s%s", w->node->size,
                     p->bytes >> 10, strerror(error), remedy);
    return class;
}

int memory_make(struct win *w, MPI_Aint size, bool contiguous, bool regions, void **data)
{
    struct plan p = {.own = (size_t)size};
    struct window_file f = {.named = false};
    int worst = 0, rc = plan_make(w, size, contiguous, regions, &p);
    if (rc == MPI_SUCCESS)
        rc = attempt(w, &p, &f, &worst);
    if (rc == MPI_SUCCESS && worst & FILE_UNSEEN) {
        f = (struct window_file){.named = true};
        rc = attempt(w, &p, &f, &worst);
    }
    if (rc == MPI_SUCCESS && worst != 0)
        rc = not_shared(w, &p, f.named, worst & ~FILE_UNSEEN);
    if (rc == MPI_SUCCESS)
        *data = (char *)w->control + p.data;
    return rc;
}

void memory_free(struct win *w)
{
    if (w->control)
        munmap(w->control, w->control_bytes);
    w->control = NULL;
}
