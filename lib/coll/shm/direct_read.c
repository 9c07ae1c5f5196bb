/* SPDX-License-Identifier: BSD-3-Clause
 *
 * direct_read: blocks that are read where they lie. */
#include "lib/coll/shm/direct_read.h"
#include "lib/boot/boot.h"
#include "lib/coll/shm/choice.h"
#include "lib/core/tally.h"
#include "lib/core/trace.h"
#include "lib/nodemem/nodemem.h"

static const uint64_t sign = 0x6d75737465720001;

uint64_t direct_read_sign(void)
{
    return (uint64_t)(uintptr_t)&sign;
}

static bool fetch(struct comm *c, int r, void *to, uint64_t at, size_t n)
{
    int local = boot_local_of(comm_proc(c, r));
    struct iovec piece = {to, n};
    return local >= 0 && cma_read(local, &piece, 1, at, n) == 0;
}

bool direct_read_try(struct comm *c, uint64_t at)
{
    uint64_t seen = 0;
    return c->rank == 0 || (fetch(c, 0, &seen, at, sizeof seen) && seen == sign);
}

/* As long as its ring takes all, the owner may run ahead, and that is best. Where it would have to wait, as the root of
 * the last scatters and probably of the next ones, the readers had better do the copying. */
bool direct_read_wanted(struct shm_coll *a, const struct blocks *all)
{
    enum { AGAIN = 8 };
    size_t each = (size_t)blocks_bytes(all, 0);
    if (!a->direct || !choice_direct(a, each) || !all->t->dense)
        return false;
    if (!phase_has_room(a, each * (size_t)(a->n - 1)))
        a->directs = AGAIN;
    if (a->directs == 0)
        return false;
    a->directs--;
    return true;
}

void direct_read_post(struct shm_coll *a, uint32_t k, const struct coll_data *d)
{
    struct phase_cell *c = phase_cell(a, k, a->me);
    uint64_t at = (uint64_t)(uintptr_t)d->buf + (uint64_t)d->t->true_lb;
    c->where = PHASE_BY_ADDRESS;
    memcpy(c->data, &at, sizeof at);
    phase_publish(a, k, coll_data_bytes(d));
}

int direct_read_fetch(struct shm_coll *a, int r, const struct coll_data *d, uint64_t at, size_t bytes)
{
    char piece[16384];
    size_t n;
    if (datatype_is_run(d->t, d->count))
        return fetch(a->comm, r, (char *)(uintptr_t)d->buf + d->t->true_lb, at, bytes) ? MPI_SUCCESS
                                                                                       : DIRECT_READ_REFUSED;
    for (size_t from = 0; from < bytes; from += n) {
        n = choice_least(bytes - from, sizeof piece);
        if (!fetch(a->comm, r, piece, at + from, n))
            return DIRECT_READ_REFUSED;
        phase_unpack(d, from, piece, n);
    }
    return MPI_SUCCESS;
}

int direct_read_take(struct shm_coll *a, uint32_t k, int r, const struct coll_data *d)
{
    const struct phase_cell *c = phase_cell(a, k, r);
    uint64_t at;
    if (UNLIKELY(!phase_is_whole(a, c, coll_data_bytes(d))))
        return phase_spoil(a, r, c, coll_data_bytes(d));
    memcpy(&at, c->data, sizeof at);
    int rc = direct_read_fetch(a, r, d, at, coll_data_bytes(d));
    if (LIKELY(rc == MPI_SUCCESS))
        trace_read(&tally.coll_one_copy_bytes_received, coll_data_bytes(d));
    if (UNLIKELY(rc == DIRECT_READ_REFUSED)) /* my cell of this phase, in which I offer nothing, says so */
        phase_publish(a, k, 0);
    return rc;
}

bool direct_read_refused(struct shm_coll *a, uint32_t k, int r)
{
    /* Relaxed: the reader has finished the phase since, or waits for me. */
    bool refused = atomic_load_explicit(&phase_cell(a, k, r)->seq, memory_order_relaxed) == k + 1;
    if (UNLIKELY(refused))
        a->direct = false;
    return refused;
}
