/* SPDX-License-Identifier: BSD-3-Clause
 *
 * vcoll: blocking collectives whose blocks are as long as only sender and receiver know. One phase: what fits goes
 * through the ring; the table says of the rest that it comes as a message. */
#include <stdlib.h>
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/vcoll.h"

/* Messages under way at once: they are waited for together, since each wait may be a change of ranks. All members go
 * through theirs in an order in which waiting for some in between blocks nobody. */
struct batch {
    struct comm *comm;
    int tag, rc, n;
    struct request *all[64];
};

static void batch_end(struct batch *b)
{
    for (int i = 0; i < b->n; i++)
        b->rc = blocks_first(b->rc, request_wait(b->all[i], MPI_STATUS_IGNORE));
    b->n = 0;
}

static void batch_add(struct batch *b, int rc, struct request *r)
{
    enum { MOST = sizeof b->all / sizeof *b->all };
    b->rc = blocks_first(b->rc, rc);
    if (r)
        b->all[b->n++] = r;
    if (b->n == MOST)
        batch_end(b);
}

static void batch_send(struct batch *b, const struct coll_data *d, int to)
{
    struct request *r = NULL;
    int rc = p2p_send(d->buf, d->count, (struct datatype *)(uintptr_t)d->t, to, b->tag, b->comm, P2P_COLL(b->comm),
                      MODE_STANDARD, &r);
    batch_add(b, rc, r);
}

static void batch_recv(struct batch *b, const struct coll_data *d, int from)
{
    struct request *r = NULL;
    int rc = p2p_recv((void *)(uintptr_t)d->buf, d->count, (struct datatype *)(uintptr_t)d->t, from, b->tag, b->comm,
                      P2P_COLL(b->comm), &r);
    batch_add(b, rc, r);
}

int shm_message(struct comm *c, int tag, const struct coll_data *out, int to, const struct coll_data *in, int from)
{
    struct batch b = {.comm = c, .tag = tag};
    if (in)
        batch_recv(&b, in, from);
    if (out)
        batch_send(&b, out, to);
    batch_end(&b);
    return b.rc;
}

int vcoll_place(const struct coll_data *d, const char *at, size_t bytes)
{
    size_t room = coll_data_bytes(d);
    if (bytes > 0 && room > 0)
        phase_unpack(d, 0, at, choice_least(bytes, room));
    return UNLIKELY(bytes > room) ? blocks_truncated(bytes, room) : MPI_SUCCESS;
}

static int gather_out(struct shm_coll *a, const struct coll_data *mine, int tag, int root)
{
    size_t n = coll_data_bytes(mine);
    uint32_t k = phase_begin(a, root);
    PHASE_CHECK(a);
    bool fits = n <= a->ring / 4;
    char *room = fits ? phase_reserve(a, k, n) : NULL;
    if (!fits)
        phase_cell(a, k, a->me)->where = PHASE_BY_MESSAGE;
    else if (n > 0)
        phase_pack(a, mine, 0, room, n);
    phase_publish(a, k, n);
    phase_wake(a, root);
    phase_end(a, k);
    return fits ? MPI_SUCCESS : shm_message(a->comm, tag, mine, root, NULL, 0);
}

int shm_gatherv(struct shm_coll *a, const struct coll_data *mine, const struct blocks *all, int root)
{
    struct batch b = {.comm = a->comm, .tag = shm_tag(a->comm)};
    int rc = MPI_SUCCESS;
    phase_enter(a, PHASE_GATHERV, root);
    if (a->me != root)
        return gather_out(a, mine, b.tag, root);
    struct coll_data to = blocks_data(all, root);
    if (mine)
        rc = blocks_own(mine, &to);
    uint32_t k = phase_begin(a, PHASE_NONE);
    PHASE_CHECK(a);
    for (int r = 0; r < a->n; r++) {
        if (r == root)
            continue;
        const struct phase_cell *c = phase_cell(a, k, r);
        phase_await(a, k, r);
        PHASE_CHECK(a);
        to = blocks_data(all, r);
        if (UNLIKELY(!phase_is_ours(a, c)))
            return phase_spoil(a, r, c, coll_data_bytes(&to));
        if (c->where != PHASE_BY_MESSAGE)
            rc = blocks_first(rc, vcoll_place(&to, phase_cell_data(a, c), phase_whole(c)));
    }
    for (int r = 0; r < a->n; r++) {
        to = blocks_data(all, r);
        if (r != root && phase_cell(a, k, r)->where == PHASE_BY_MESSAGE)
            batch_recv(&b, &to, r);
    }
    phase_end(a, k);
    batch_end(&b);
    return blocks_first(rc, b.rc);
}

/* Will this block of mine be read where it lies? */
static bool stays(const struct shm_coll *a, const struct blocks *out, int r)
{
    return a->direct && choice_direct(a, (size_t)blocks_bytes(out, r)) &&
           datatype_is_run(blocks_type(out, r), blocks_count(out, r));
}

size_t vcoll_table_room(const struct shm_coll *a, const struct blocks *out)
{
    size_t head = (size_t)a->n * sizeof(struct entry), most = a->ring / 2, used = head;
    for (int r = 0; r < a->n; r++)
        if (r != a->me && !stays(a, out, r) && used + (size_t)blocks_bytes(out, r) <= most)
            used += (size_t)blocks_bytes(out, r);
    return used;
}

struct entry *vcoll_table_write(struct shm_coll *a, const struct blocks *out, char *room, size_t used)
{
    struct entry *table = (struct entry *)room;
    size_t at = (size_t)a->n * sizeof(struct entry);
    for (int r = 0; r < a->n; r++) {
        struct coll_data d = blocks_data(out, r);
        size_t n = r == a->me ? 0 : coll_data_bytes(&d);
        bool fits = r == a->me || (at + n <= used && !stays(a, out, r));
        table[r] = (struct entry){fits ? at : BY_MESSAGE, n};
        if (fits && n > 0) {
            phase_pack(a, &d, 0, room + at, n);
            at += n;
        }
    }
    return table;
}

static struct entry *offer_table(struct shm_coll *a, uint32_t k, const struct blocks *out)
{
    size_t used = vcoll_table_room(a, out);
    char *room = phase_reserve(a, k, used);
    if (UNLIKELY(!room))
        return NULL;
    struct entry *table = vcoll_table_write(a, out, room, used);
    phase_publish(a, k, used);
    return table;
}

static struct entry entry_of(const struct shm_coll *a, uint32_t k, int r)
{
    return vcoll_table_entry(a, phase_cell(a, k, r));
}

static int scatter_out(struct shm_coll *a, const struct blocks *all, int tag)
{
    uint32_t k = phase_begin(a, PHASE_ALL);
    PHASE_CHECK(a);
    struct batch b = {.comm = a->comm, .tag = tag};
    const struct entry *table = offer_table(a, k, all);
    PHASE_CHECK(a);
    phase_wake_all(a);
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct coll_data d = blocks_data(all, to);
        if (table[to].where == BY_MESSAGE)
            batch_send(&b, &d, to);
    }
    phase_end(a, k);
    batch_end(&b);
    return b.rc;
}

int shm_scatterv(struct shm_coll *a, const struct blocks *all, const struct coll_data *mine, int root)
{
    struct batch b = {.comm = a->comm, .tag = shm_tag(a->comm)};
    phase_enter(a, PHASE_SCATTERV, root);
    if (a->me == root) {
        struct coll_data own = blocks_data(all, root);
        int rc = scatter_out(a, all, b.tag);
        return mine ? blocks_first(rc, blocks_own(&own, mine)) : rc;
    }
    uint32_t k = phase_begin(a, PHASE_NONE);
    PHASE_CHECK(a);
    phase_await(a, k, root);
    PHASE_CHECK(a);
    if (UNLIKELY(!phase_is_ours(a, phase_cell(a, k, root))))
        return phase_spoil(a, root, phase_cell(a, k, root), coll_data_bytes(mine));
    struct entry e = entry_of(a, k, root);
    int rc = MPI_SUCCESS;
    if (e.where == BY_MESSAGE)
        batch_recv(&b, mine, root);
    else
        rc = vcoll_place(mine, phase_peer_data(a, k, root) + e.where, e.bytes);
    phase_end(a, k);
    batch_end(&b);
    return blocks_first(rc, b.rc);
}

/* In place, what goes out by message is copied before anything comes in. */
static char *copies_of(struct shm_coll *a, const struct entry *table, const struct blocks *out)
{
    size_t total = 1, at = 0;
    for (int r = 0; r < a->n; r++)
        total += table[r].where == BY_MESSAGE ? table[r].bytes : 0;
    char *copies = malloc(total);
    for (int r = 0; copies && r < a->n; r++) {
        struct coll_data d = blocks_data(out, r);
        if (table[r].where != BY_MESSAGE || table[r].bytes == 0)
            continue;
        phase_pack(a, &d, 0, copies + at, table[r].bytes);
        at += table[r].bytes;
    }
    return copies;
}

/* What goes to rank r by message. */
static struct coll_data outgoing(const struct shm_coll *a, const struct entry *table, const struct blocks *out,
                                 const char *copies, int r)
{
    if (!copies)
        return blocks_data(out, r);
    for (int before = 0; before < r; before++)
        copies += table[before].where == BY_MESSAGE ? table[before].bytes : 0;
    return (struct coll_data){copies, (MPI_Count)table[r].bytes, &datatype_byte};
}

/* Pairwise: to the k-th on the right, from the k-th on the left. */
static int exchange(struct shm_coll *a, uint32_t k, int tag, const struct entry *table, const struct blocks *out,
                    const char *copies, const struct blocks *in)
{
    struct batch b = {.comm = a->comm, .tag = tag};
    int rc = MPI_SUCCESS;
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n, from = (a->me - i + a->n) % a->n;
        struct coll_data goes = outgoing(a, table, out, copies, to), comes = blocks_data(in, from);
        if (UNLIKELY(!phase_is_ours(a, phase_cell(a, k, from))))
            return phase_spoil(a, from, phase_cell(a, k, from), coll_data_bytes(&comes));
        struct entry e = entry_of(a, k, from);
        if (e.where == BY_MESSAGE)
            batch_recv(&b, &comes, from);
        else
            rc = blocks_first(rc, vcoll_place(&comes, phase_peer_data(a, k, from) + e.where, e.bytes));
        if (table[to].where == BY_MESSAGE)
            batch_send(&b, &goes, to);
    }
    batch_end(&b);
    return blocks_first(rc, b.rc);
}

int shm_alltoallv(struct shm_coll *a, const struct blocks *out, const struct blocks *in)
{
    bool in_place = out->buf == MPI_IN_PLACE;
    const struct blocks *from = in_place ? in : out;
    int tag = shm_tag(a->comm), rc = MPI_SUCCESS;
    phase_enter(a, PHASE_ALLTOALLV, 0);
    uint32_t k = phase_begin(a, PHASE_ALL);
    PHASE_CHECK(a);
    const struct entry *table = offer_table(a, k, from);
    PHASE_CHECK(a);
    char *copies = in_place ? copies_of(a, table, from) : NULL;
    if (in_place && !copies)
        rc = MPI_ERR_NO_MEM;
    if (!in_place) {
        struct coll_data own = blocks_data(out, a->me), to = blocks_data(in, a->me);
        rc = blocks_own(&own, &to);
    }
    phase_sync(a, k);
    if (LIKELY(!a->broken))
        rc = blocks_first(rc, exchange(a, k, tag, table, from, copies, in));
    phase_end(a, k);
    free(copies);
    return rc;
}
