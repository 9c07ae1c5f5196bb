/* SPDX-License-Identifier: BSD-3-Clause
 *
 * moves: collectives that move blocks whose lengths all members know. */
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/direct_read.h"
#include "lib/coll/shm/short_phase.h"

static void offer(struct shm_coll *a, uint32_t k, const struct coll_data *d, size_t from, size_t n)
{
    char *room = phase_reserve(a, k, n);
    if (UNLIKELY(!room))
        return;
    if (LIKELY(n > 0))
        phase_pack(a, d, from, room, n);
    phase_publish(a, k, coll_data_bytes(d));
}

/* Of a broadcast: its types say the same on all members (MPI 5.0, 6.4), so shorter ones are errors too. */
COLD static int lengths_differ(size_t whole, size_t room)
{
    if (whole > room)
        return blocks_truncated(whole, room);
    error_detail_set(MPI_ERR_TRUNCATE, "the root sends %zu bytes, and this rank says that there are %zu", whole, room);
    return MPI_ERR_TRUNCATE;
}

/* Bytes from `from` on of what is `whole` bytes long; of the n of this phase what there is room for. */
static int take_some(const struct coll_data *d, size_t from, const char *at, size_t whole, size_t n)
{
    size_t room = coll_data_bytes(d), has = whole < room ? whole : room;
    if (from < has)
        phase_unpack(d, from, at, choice_least(n, has - from));
    return UNLIKELY(whole != room) ? lengths_differ(whole, room) : MPI_SUCCESS;
}

int shm_take(struct shm_coll *a, const struct coll_data *d, int r, const struct phase_cell *c, const char *at,
             size_t from, size_t n)
{
    size_t whole = coll_data_bytes(d);
    if (UNLIKELY(!phase_is_whole(a, c, whole)))
        return phase_spoil(a, r, c, whole);
    if (from < whole)
        phase_unpack(d, from, at, choice_least(n, whole - from));
    return MPI_SUCCESS;
}

static int bcast_out(struct shm_coll *a, const struct coll_data *d)
{
    size_t whole = coll_data_bytes(d), piece = choice_piece(a, whole, 1);
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = phase_begin(a, PHASE_ALL);
        PHASE_CHECK(a);
        offer(a, k, d, from, choice_least(whole - from, piece));
        phase_wake_all(a);
        phase_end(a, k);
    }
    return MPI_SUCCESS;
}

int shm_bcast_take(struct shm_coll *a, const struct coll_data *d, int root, const struct phase_cell *c, size_t from)
{
    if (UNLIKELY(!phase_is_ours(a, c)))
        return phase_spoil(a, root, c, coll_data_bytes(d));
    return take_some(d, from, phase_cell_data(a, c), phase_whole(c), choice_piece(a, phase_whole(c), 1));
}

/* The root's bytes from `from` on, in phases from k on. How many pieces there are, the root says. */
static int bcast_in(struct shm_coll *a, const struct coll_data *d, int root, uint32_t k)
{
    size_t whole, from = 0;
    for (;; k = phase_begin(a, PHASE_NONE)) {
        PHASE_CHECK(a);
        phase_await(a, k, root);
        PHASE_CHECK(a);
        const struct phase_cell *c = phase_cell(a, k, root);
        whole = phase_whole(c);
        int rc = shm_bcast_take(a, d, root, c, from);
        phase_end(a, k);
        PHASE_CHECK(a);
        from += choice_piece(a, whole, 1);
        if (from >= whole)
            return rc;
    }
}

int shm_short_differs(struct shm_coll *a, uint32_t k, char *p, size_t n, int root)
{
    return bcast_in(a, &(struct coll_data){p, (MPI_Count)n, &datatype_byte}, root, k);
}

int shm_bcast(struct shm_coll *a, const struct coll_data *d, int root)
{
    phase_enter(a, PHASE_BCAST, root);
    return a->me == root ? bcast_out(a, d) : bcast_in(a, d, root, phase_begin(a, PHASE_NONE));
}

static int gather_in(struct shm_coll *a, const struct blocks *all)
{
    size_t whole = (size_t)blocks_bytes(all, 0), piece = choice_piece(a, whole, 1);
    int rc = MPI_SUCCESS;
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = phase_begin(a, PHASE_NONE);
        PHASE_CHECK(a);
        for (int r = 0; r < a->n; r++) {
            if (r == a->me)
                continue;
            phase_await(a, k, r);
            PHASE_CHECK(a);
            struct coll_data to = blocks_data(all, r);
            rc = blocks_first(rc, shm_take(a, &to, r, phase_cell(a, k, r), phase_peer_data(a, k, r), from, piece));
        }
        phase_end(a, k);
        PHASE_CHECK(a);
    }
    return rc;
}

int shm_gather(struct shm_coll *a, const struct coll_data *mine, const struct blocks *all, int root)
{
    phase_enter(a, PHASE_GATHER, root);
    if (a->me == root) {
        struct coll_data to = blocks_data(all, root);
        int rc = mine ? blocks_own(mine, &to) : MPI_SUCCESS;
        return blocks_first(rc, gather_in(a, all));
    }
    size_t whole = coll_data_bytes(mine), piece = choice_piece(a, whole, 1);
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = phase_begin(a, root);
        PHASE_CHECK(a);
        offer(a, k, mine, from, choice_least(whole - from, piece));
        phase_wake(a, root);
        phase_end(a, k);
    }
    return MPI_SUCCESS;
}

void shm_deal(struct shm_coll *a, const struct blocks *all, char *room, size_t from, size_t piece)
{
    size_t whole = (size_t)blocks_bytes(all, 0);
    for (int r = 0; r < a->n; r++) {
        struct coll_data d = blocks_data(all, r);
        if (r != a->me)
            phase_pack(a, &d, from, room + piece * (size_t)r, choice_least(whole - from, piece));
    }
}

static void deal(struct shm_coll *a, uint32_t k, const struct blocks *all, size_t from, size_t piece)
{
    char *room = phase_reserve(a, k, piece * (size_t)a->n);
    if (UNLIKELY(!room))
        return;
    shm_deal(a, all, room, from, piece);
    phase_publish(a, k, (size_t)blocks_bytes(all, 0));
}

static int take_dealt(struct shm_coll *a, uint32_t k, const struct coll_data *d, int r, size_t from, size_t piece)
{
    return shm_take(a, d, r, phase_cell(a, k, r), phase_peer_data(a, k, r) + piece * (size_t)a->me, from, piece);
}

/* Short blocks: all in one phase. */
static int scatter_at_once(struct shm_coll *a, const struct blocks *all, const struct coll_data *mine, size_t whole,
                           int root)
{
    int rc = MPI_SUCCESS;
    uint32_t k = phase_begin(a, a->me == root ? PHASE_ALL : PHASE_NONE);
    PHASE_CHECK(a);
    if (a->me == root) {
        deal(a, k, all, 0, whole);
        phase_wake_all(a);
    } else {
        phase_await(a, k, root);
        PHASE_CHECK(a);
        rc = take_dealt(a, k, mine, root, 0, whole);
    }
    phase_end(a, k);
    return rc;
}

/* Long blocks: one after the other, first that of the root's neighbour, who may be the next root and at work while this
 * one still writes. */
static int scatter_out(struct shm_coll *a, const struct blocks *all, size_t whole, size_t piece)
{
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct coll_data d = blocks_data(all, to);
        for (size_t from = 0; from < whole; from += piece) {
            uint32_t k = phase_begin(a, to);
            PHASE_CHECK(a);
            offer(a, k, &d, from, choice_least(whole - from, piece));
            phase_wake(a, to);
            phase_end(a, k);
        }
    }
    return MPI_SUCCESS;
}

/* Those who could not read their blocks get them as messages. */
static int send_refused(struct shm_coll *a, const struct blocks *all, uint32_t first, uint32_t pieces, int tag)
{
    int rc = MPI_SUCCESS;
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct coll_data d = blocks_data(all, to);
        if (UNLIKELY(direct_read_refused(a, first + (uint32_t)(i - 1) * pieces, to)))
            rc = blocks_first(rc, shm_message(a->comm, tag, &d, to, NULL, 0));
    }
    return rc;
}

/* The same phases, but the first for each says where its block lies. */
static int scatter_addresses(struct shm_coll *a, const struct blocks *all, size_t whole, size_t piece, int tag)
{
    uint32_t pieces = (uint32_t)((whole + piece - 1) / piece), first = a->seq;
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct coll_data d = blocks_data(all, to);
        uint32_t k = phase_begin(a, to);
        PHASE_CHECK(a);
        direct_read_post(a, k, &d);
        phase_wake(a, to);
        phase_skip(a, pieces - 1);
        phase_end(a, a->seq - 1);
    }
    phase_await_readers(a);
    PHASE_CHECK(a);
    return send_refused(a, all, first, pieces, tag);
}

static int scatter_in(struct shm_coll *a, const struct coll_data *mine, size_t whole, size_t piece, int root, int tag)
{
    uint32_t pieces = (uint32_t)((whole + piece - 1) / piece), place = (uint32_t)((a->me - root + a->n) % a->n);
    int rc = MPI_SUCCESS;
    phase_skip(a, (place - 1) * pieces);
    for (uint32_t i = 0; i < pieces; i++) {
        uint32_t k = phase_begin(a, PHASE_NONE);
        PHASE_CHECK(a);
        phase_await(a, k, root);
        PHASE_CHECK(a);
        if (direct_read_posted(a, k, root)) {
            rc = direct_read_take(a, k, root, mine);
            phase_skip(a, pieces - 1);
            break;
        }
        rc = blocks_first(
            rc, shm_take(a, mine, root, phase_cell(a, k, root), phase_peer_data(a, k, root), i * piece, piece));
        phase_end(a, k);
        PHASE_CHECK(a);
    }
    phase_skip(a, ((uint32_t)a->n - 1 - place) * pieces);
    phase_end(a, a->seq - 1);
    return UNLIKELY(rc == DIRECT_READ_REFUSED) ? shm_message(a->comm, tag, NULL, 0, mine, root) : rc;
}

static int scatter_long(struct shm_coll *a, const struct blocks *all, const struct coll_data *mine, size_t whole,
                        size_t piece, int root)
{
    int tag = shm_tag(a->comm);
    if (a->me != root)
        return scatter_in(a, mine, whole, piece, root, tag);
    return direct_read_wanted(a, all) ? scatter_addresses(a, all, whole, piece, tag)
                                      : scatter_out(a, all, whole, piece);
}

int shm_scatter(struct shm_coll *a, const struct blocks *all, const struct coll_data *mine, int root)
{
    size_t whole = a->me == root ? (size_t)blocks_bytes(all, 0) : coll_data_bytes(mine),
           piece = choice_piece(a, whole, 1);
    int rc = MPI_SUCCESS;
    phase_enter(a, PHASE_SCATTER, root);
    if (whole > 0 && choice_scatter_at_once(a, whole))
        rc = scatter_at_once(a, all, mine, whole, root);
    else if (whole > 0)
        rc = scatter_long(a, all, mine, whole, piece, root);
    if (a->me != root || !mine)
        return rc;
    struct coll_data own = blocks_data(all, root);
    return blocks_first(rc, blocks_own(&own, mine));
}

size_t shm_longest(const struct shm_coll *a, const struct blocks *all)
{
    size_t longest = 0;
    for (int r = 0; r < (all->counts.at ? a->n : 1); r++)
        if ((size_t)blocks_bytes(all, r) > longest)
            longest = (size_t)blocks_bytes(all, r);
    return longest;
}

int shm_allgather(struct shm_coll *a, const struct blocks *all)
{
    size_t longest = shm_longest(a, all);
    struct coll_data mine = blocks_data(all, a->me);
    size_t piece = choice_piece(a, longest, 1), own = coll_data_bytes(&mine);
    int rc = MPI_SUCCESS;
    phase_enter(a, PHASE_ALLGATHER, 0);
    for (size_t from = 0; from < longest; from += piece) {
        uint32_t k = phase_begin(a, PHASE_ALL);
        PHASE_CHECK(a);
        offer(a, k, &mine, from < own ? from : own, from < own ? choice_least(own - from, piece) : 0);
        phase_sync(a, k);
        PHASE_CHECK(a);
        for (int i = 1; i < a->n; i++) {
            int r = (a->me + i) % a->n;
            struct coll_data to = blocks_data(all, r);
            rc = blocks_first(rc, shm_take(a, &to, r, phase_cell(a, k, r), phase_peer_data(a, k, r), from, piece));
        }
        phase_end(a, k);
        PHASE_CHECK(a);
    }
    return rc;
}

int shm_alltoall(struct shm_coll *a, const struct blocks *out, const struct blocks *in)
{
    bool in_place = out->buf == MPI_IN_PLACE;
    size_t whole = (size_t)blocks_bytes(in, 0), piece = choice_each(a, whole, 1);
    struct coll_data own_to = blocks_data(in, a->me);
    int rc = MPI_SUCCESS;
    phase_enter(a, PHASE_ALLTOALL, 0);
    if (!in_place) {
        struct coll_data own = blocks_data(out, a->me);
        rc = blocks_own(&own, &own_to);
    }
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = phase_begin(a, PHASE_ALL);
        PHASE_CHECK(a);
        deal(a, k, in_place ? in : out, from, piece);
        phase_sync(a, k);
        PHASE_CHECK(a);
        for (int i = 1; i < a->n; i++) {
            int r = (a->me + i) % a->n;
            struct coll_data to = blocks_data(in, r);
            rc = blocks_first(rc, take_dealt(a, k, &to, r, from, piece));
        }
        phase_end(a, k);
        PHASE_CHECK(a);
    }
    return rc;
}
