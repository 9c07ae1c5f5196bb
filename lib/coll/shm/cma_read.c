/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cma_read: one phase in which member 0 tells its choice. By the rings: as without a choice. Out of memory: one phase
 * in which all say where their blocks lie, and read those of the others; and one in which all say whether they could,
 * which also lets them go on only when all have read. */
#include "lib/coll/shm/cma_read.h"
#include <stdlib.h>
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/direct_read.h"
#include "lib/core/knobs.h"
#include "lib/core/tally.h"
#include "lib/core/trace.h"
#include "lib/transport/copy_cost.h"

enum what { ALLGATHER, ALLTOALL, WHATS };

bool shm_cma_fits(const struct shm_coll *a, MPI_Count bytes)
{
    return a->cma && bytes >= 0 && (size_t)bytes >= knobs.COLL_COPY_MIN;
}

static struct copy_cost *cost_of(struct shm_coll *a, enum what what, size_t bytes)
{
    if (!a->costs)
        a->costs = calloc(WHATS * COPY_CLASSES, sizeof *a->costs);
    return a->costs ? &a->costs[(size_t)what * COPY_CLASSES + (size_t)copy_class(bytes)] : NULL;
}

static bool prefers_cma(struct copy_cost *c, size_t bytes)
{
    if (knobs.SHM_COPY != SHM_COPY_AUTO)
        return knobs.SHM_COPY == SHM_COPY_ONE;
    return c && copy_cost_prefers_cma(c, bytes, true);
}

/* What member 0 has chosen; PHASE_CHECK follows. */
static bool choose(struct shm_coll *a, struct copy_cost *c, size_t bytes)
{
    char cma = 0;
    uint32_t k = phase_begin(a, a->me == 0 ? PHASE_ALL : PHASE_NONE);
    if (UNLIKELY(a->broken))
        return false;
    if (a->me == 0) {
        char *room = phase_reserve(a, k, sizeof cma);
        cma = prefers_cma(c, bytes);
        *room = cma;
        phase_publish(a, k, sizeof cma);
        phase_wake_all(a);
    } else {
        phase_await(a, k, 0);
        cma = a->broken ? 0 : *phase_peer_data(a, k, 0);
    }
    phase_end(a, k);
    return cma;
}

/* My bytes in one run: where they lie, or a copy, which *copy holds; NULL without memory. */
static const char *run_of(const struct blocks *b, int first, int n, void **copy)
{
    struct coll_data d = {blocks_at(b, first), 0, b->t};
    for (int r = first; r < first + n; r++)
        d.count += blocks_count(b, r);
    *copy = NULL;
    if (datatype_is_run(d.t, d.count))
        return (const char *)d.buf + d.t->true_lb;
    if (!(*copy = malloc(coll_data_bytes(&d) + 1)))
        return NULL;
    datatype_pack(d.t, d.buf, d.count, 0, *copy, coll_data_bytes(&d));
    return *copy;
}

/* Says where my bytes lie: `each` for each reader, apart by `stride` bytes. */
static uint32_t post_place(struct shm_coll *a, const char *at, size_t each)
{
    uint32_t k = phase_begin(a, PHASE_ALL);
    if (UNLIKELY(a->broken))
        return k;
    struct phase_cell *c = phase_cell(a, k, a->me);
    uint64_t place = (uint64_t)(uintptr_t)at;
    c->where = PHASE_BY_ADDRESS;
    memcpy(c->data, &place, sizeof place);
    phase_publish(a, k, each);
    phase_sync(a, k);
    return k;
}

/* Takes what r has for me, `skip` blocks behind its place. *could: it could be read. */
static int take(struct shm_coll *a, uint32_t k, int r, const struct coll_data *to, int skip, bool *could)
{
    const struct phase_cell *c = phase_cell(a, k, r);
    uint64_t place;
    memcpy(&place, c->data, sizeof place);
    if (place == 0) { /* without memory for a copy */
        *could = false;
        return MPI_SUCCESS;
    }
    if (UNLIKELY(!phase_is_whole(a, c, coll_data_bytes(to))))
        return phase_spoil(a, r, c, coll_data_bytes(to));
    int rc = direct_read_fetch(a, r, to, place + (uint64_t)skip * phase_whole(c), coll_data_bytes(to));
    *could &= rc != DIRECT_READ_REFUSED;
    return rc == DIRECT_READ_REFUSED ? MPI_SUCCESS : rc;
}

/* All have read what they were to read; could all? PHASE_CHECK follows. */
static bool all_could(struct shm_coll *a, bool could)
{
    uint32_t k = phase_begin(a, PHASE_ALL);
    if (UNLIKELY(a->broken))
        return false;
    *phase_reserve(a, k, 1) = (char)could;
    phase_publish(a, k, 1);
    phase_sync(a, k);
    for (int r = 0; r < a->n && !a->broken; r++)
        could &= *phase_peer_data(a, k, r) != 0;
    phase_end(a, k);
    return could;
}

/* Member 0 notes what it took. */
static void measure(struct shm_coll *a, struct copy_cost *c, uint64_t begin, size_t bytes, bool cma)
{
    size_t all = bytes * (size_t)(a->n - 1);
    if (cma)
        trace_read(&tally.coll_one_copy_bytes_received, all);
    else
        trace_streamed(&tally.coll_two_copy_bytes_received, all);
    if (!c)
        return;
    if (cma)
        copy_cost_was_read(c, copy_ticks() - begin, all, true);
    else
        copy_cost_streamed(c, copy_ticks() - begin, all, true);
}

/* The others' blocks out of their memory. Mine lies at `at`. DIRECT_READ_REFUSED, on all members: not all could be
 * read. */
static int read_all(struct shm_coll *a, const char *at, size_t each, const struct blocks *in, bool mine_of_each)
{
    int rc = MPI_SUCCESS;
    bool could = true;
    uint32_t k = post_place(a, at, each);
    PHASE_CHECK(a);
    for (int i = 1; i < a->n && !a->broken; i++) {
        int r = (a->me + i) % a->n;
        struct coll_data to = blocks_data(in, r);
        rc = blocks_first(rc, take(a, k, r, &to, mine_of_each ? a->me : 0, &could));
    }
    phase_end(a, k);
    could = all_could(a, could);
    PHASE_CHECK(a);
    if (could)
        return rc;
    a->cma = false;
    return DIRECT_READ_REFUSED;
}

int shm_cma_allgather(struct shm_coll *a, const struct blocks *all)
{
    size_t longest = shm_longest(a, all);
    struct copy_cost *c = a->me == 0 ? cost_of(a, ALLGATHER, longest) : NULL;
    uint64_t begin = copy_ticks();
    phase_enter(a, PHASE_ALLGATHER, 0);
    bool cma = choose(a, c, longest);
    PHASE_CHECK(a);
    int rc = DIRECT_READ_REFUSED;
    if (cma) {
        void *copy;
        const char *at = run_of(all, a->me, 1, &copy);
        rc = read_all(a, at, (size_t)blocks_bytes(all, a->me), all, false);
        free(copy);
    }
    if (!cma || rc == DIRECT_READ_REFUSED)
        rc = shm_allgather(a, all);
    measure(a, c, begin, longest, cma);
    return rc;
}

int shm_cma_alltoall(struct shm_coll *a, const struct blocks *out, const struct blocks *in)
{
    size_t each = (size_t)blocks_bytes(in, 0);
    struct copy_cost *c = a->me == 0 ? cost_of(a, ALLTOALL, each) : NULL;
    uint64_t begin = copy_ticks();
    phase_enter(a, PHASE_ALLTOALL, 0);
    bool cma = choose(a, c, each);
    PHASE_CHECK(a);
    int rc = DIRECT_READ_REFUSED;
    if (cma) {
        void *copy;
        const char *at = run_of(out, 0, a->n, &copy);
        struct coll_data own = blocks_data(out, a->me), own_to = blocks_data(in, a->me);
        rc = blocks_first(blocks_own(&own, &own_to), read_all(a, at, (size_t)blocks_bytes(out, 0), in, true));
        free(copy);
    }
    if (!cma || rc == DIRECT_READ_REFUSED)
        rc = shm_alltoall(a, out, in);
    measure(a, c, begin, each, cma);
    return rc;
}
