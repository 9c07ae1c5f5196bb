/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_blocks: collectives that move blocks whose lengths all members know. */
#include "lib/coll/shm/node_blocks.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/node_direct.h"
#include "lib/coll/shm/node_short.h"

static void offer(struct node *a, uint32_t k, const struct node_data *d, size_t from, size_t n)
{
    char *room = node_room(a, k, n);
    if (UNLIKELY(!room))
        return;
    if (LIKELY(n > 0))
        node_pack(a, d, from, room, n);
    node_post(a, k, node_bytes(d));
}

/* Bytes from `from` on of what is `whole` bytes long; of the n of this phase what there is room for. */
static int take_some(const struct node_data *d, size_t from, const char *at, size_t whole, size_t n)
{
    size_t room = node_bytes(d), has = whole < room ? whole : room;
    if (from < has)
        node_unpack(d, from, at, choice_least(n, has - from));
    return whole > room ? MPI_ERR_TRUNCATE : MPI_SUCCESS;
}

int node_take(struct node *a, const struct node_data *d, int r, const struct node_cell *c, const char *at, size_t from,
              size_t n)
{
    size_t whole = node_bytes(d);
    if (UNLIKELY(!node_is_whole(a, c, whole)))
        return node_spoil(a, r, c, whole);
    if (from < whole)
        node_unpack(d, from, at, choice_least(n, whole - from));
    return MPI_SUCCESS;
}

static int bcast_out(struct node *a, const struct node_data *d)
{
    size_t whole = node_bytes(d), piece = choice_piece(a, whole, 1);
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = node_begin(a, NODE_ALL);
        NODE_CHECK(a);
        offer(a, k, d, from, choice_least(whole - from, piece));
        node_wake_all(a);
        node_end(a, k);
    }
    return MPI_SUCCESS;
}

int node_bcast_take(struct node *a, const struct node_data *d, int root, const struct node_cell *c, size_t from)
{
    if (UNLIKELY(!node_is_ours(a, c)))
        return node_spoil(a, root, c, node_bytes(d));
    return take_some(d, from, node_look(a, c), node_whole(c), choice_piece(a, node_whole(c), 1));
}

/* The root's bytes from `from` on, in phases from k on. How many pieces there are, the root says. */
static int bcast_in(struct node *a, const struct node_data *d, int root, uint32_t k)
{
    size_t whole, from = 0;
    for (;; k = node_begin(a, NODE_NONE)) {
        NODE_CHECK(a);
        node_await(a, k, root);
        NODE_CHECK(a);
        const struct node_cell *c = node_cell(a, k, root);
        whole = node_whole(c);
        int rc = node_bcast_take(a, d, root, c, from);
        node_end(a, k);
        NODE_CHECK(a);
        from += choice_piece(a, whole, 1);
        if (from >= whole)
            return rc;
    }
}

int node_short_differs(struct node *a, uint32_t k, char *p, size_t n, int root)
{
    return bcast_in(a, &(struct node_data){p, (MPI_Count)n, &datatype_byte}, root, k);
}

int node_bcast(struct node *a, const struct node_data *d, int root)
{
    node_enter(a);
    return a->me == root ? bcast_out(a, d) : bcast_in(a, d, root, node_begin(a, NODE_NONE));
}

static int gather_in(struct node *a, const struct blocks *all)
{
    size_t whole = (size_t)blocks_bytes(all, 0), piece = choice_piece(a, whole, 1);
    int rc = MPI_SUCCESS;
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = node_begin(a, NODE_NONE);
        NODE_CHECK(a);
        for (int r = 0; r < a->n; r++) {
            if (r == a->me)
                continue;
            node_await(a, k, r);
            NODE_CHECK(a);
            struct node_data to = blocks_data(all, r);
            rc = blocks_first(rc, node_take(a, &to, r, node_cell(a, k, r), node_at(a, k, r), from, piece));
        }
        node_end(a, k);
        NODE_CHECK(a);
    }
    return rc;
}

int node_gather(struct node *a, const struct node_data *mine, const struct blocks *all, int root)
{
    node_enter(a);
    if (a->me == root) {
        struct node_data to = blocks_data(all, root);
        int rc = mine ? blocks_own(mine, &to) : MPI_SUCCESS;
        return blocks_first(rc, gather_in(a, all));
    }
    size_t whole = node_bytes(mine), piece = choice_piece(a, whole, 1);
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = node_begin(a, root);
        NODE_CHECK(a);
        offer(a, k, mine, from, choice_least(whole - from, piece));
        node_wake(a, root);
        node_end(a, k);
    }
    return MPI_SUCCESS;
}

void node_deal(struct node *a, const struct blocks *all, char *room, size_t from, size_t piece)
{
    size_t whole = (size_t)blocks_bytes(all, 0);
    for (int r = 0; r < a->n; r++) {
        struct node_data d = blocks_data(all, r);
        if (r != a->me)
            node_pack(a, &d, from, room + piece * (size_t)r, choice_least(whole - from, piece));
    }
}

static void deal(struct node *a, uint32_t k, const struct blocks *all, size_t from, size_t piece)
{
    char *room = node_room(a, k, piece * (size_t)a->n);
    if (UNLIKELY(!room))
        return;
    node_deal(a, all, room, from, piece);
    node_post(a, k, (size_t)blocks_bytes(all, 0));
}

static int take_dealt(struct node *a, uint32_t k, const struct node_data *d, int r, size_t from, size_t piece)
{
    return node_take(a, d, r, node_cell(a, k, r), node_at(a, k, r) + piece * (size_t)a->me, from, piece);
}

/* Short blocks: all in one phase. */
static int scatter_at_once(struct node *a, const struct blocks *all, const struct node_data *mine, size_t whole,
                           int root)
{
    int rc = MPI_SUCCESS;
    uint32_t k = node_begin(a, a->me == root ? NODE_ALL : NODE_NONE);
    NODE_CHECK(a);
    if (a->me == root) {
        deal(a, k, all, 0, whole);
        node_wake_all(a);
    } else {
        node_await(a, k, root);
        NODE_CHECK(a);
        rc = take_dealt(a, k, mine, root, 0, whole);
    }
    node_end(a, k);
    return rc;
}

/* Long blocks: one after the other, first that of the root's neighbour, who may be the next root and at work while this
 * one still writes. */
static int scatter_out(struct node *a, const struct blocks *all, size_t whole, size_t piece)
{
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct node_data d = blocks_data(all, to);
        for (size_t from = 0; from < whole; from += piece) {
            uint32_t k = node_begin(a, to);
            NODE_CHECK(a);
            offer(a, k, &d, from, choice_least(whole - from, piece));
            node_wake(a, to);
            node_end(a, k);
        }
    }
    return MPI_SUCCESS;
}

/* Those who could not read their blocks get them as messages. */
static int send_refused(struct node *a, const struct blocks *all, uint32_t first, uint32_t pieces, int tag)
{
    int rc = MPI_SUCCESS;
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct node_data d = blocks_data(all, to);
        if (UNLIKELY(node_direct_refused(a, first + (uint32_t)(i - 1) * pieces, to)))
            rc = blocks_first(rc, node_message(a->comm, tag, &d, to, NULL, 0));
    }
    return rc;
}

/* The same phases, but the first for each says where its block lies. */
static int scatter_addresses(struct node *a, const struct blocks *all, size_t whole, size_t piece, int tag)
{
    uint32_t pieces = (uint32_t)((whole + piece - 1) / piece), first = a->seq;
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n;
        struct node_data d = blocks_data(all, to);
        uint32_t k = node_begin(a, to);
        NODE_CHECK(a);
        node_direct_post(a, k, &d);
        node_wake(a, to);
        node_skip(a, pieces - 1);
        node_end(a, a->seq - 1);
    }
    node_await_readers(a);
    NODE_CHECK(a);
    return send_refused(a, all, first, pieces, tag);
}

static int scatter_in(struct node *a, const struct node_data *mine, size_t whole, size_t piece, int root, int tag)
{
    uint32_t pieces = (uint32_t)((whole + piece - 1) / piece), place = (uint32_t)((a->me - root + a->n) % a->n);
    int rc = MPI_SUCCESS;
    node_skip(a, (place - 1) * pieces);
    for (uint32_t i = 0; i < pieces; i++) {
        uint32_t k = node_begin(a, NODE_NONE);
        NODE_CHECK(a);
        node_await(a, k, root);
        NODE_CHECK(a);
        if (node_direct_posted(a, k, root)) {
            rc = node_direct_take(a, k, root, mine);
            node_skip(a, pieces - 1);
            break;
        }
        rc = blocks_first(rc, node_take(a, mine, root, node_cell(a, k, root), node_at(a, k, root), i * piece, piece));
        node_end(a, k);
        NODE_CHECK(a);
    }
    node_skip(a, ((uint32_t)a->n - 1 - place) * pieces);
    node_end(a, a->seq - 1);
    return UNLIKELY(rc == NODE_REFUSED) ? node_message(a->comm, tag, NULL, 0, mine, root) : rc;
}

static int scatter_long(struct node *a, const struct blocks *all, const struct node_data *mine, size_t whole,
                        size_t piece, int root)
{
    int tag = node_tag(a->comm);
    if (a->me != root)
        return scatter_in(a, mine, whole, piece, root, tag);
    return node_direct_wanted(a, all) ? scatter_addresses(a, all, whole, piece, tag)
                                      : scatter_out(a, all, whole, piece);
}

int node_scatter(struct node *a, const struct blocks *all, const struct node_data *mine, int root)
{
    size_t whole = a->me == root ? (size_t)blocks_bytes(all, 0) : node_bytes(mine), piece = choice_piece(a, whole, 1);
    int rc = MPI_SUCCESS;
    node_enter(a);
    if (whole > 0 && choice_scatter_at_once(a, whole))
        rc = scatter_at_once(a, all, mine, whole, root);
    else if (whole > 0)
        rc = scatter_long(a, all, mine, whole, piece, root);
    if (a->me != root || !mine)
        return rc;
    struct node_data own = blocks_data(all, root);
    return blocks_first(rc, blocks_own(&own, mine));
}

size_t node_longest(const struct node *a, const struct blocks *all)
{
    size_t longest = 0;
    for (int r = 0; r < (all->counts.at ? a->n : 1); r++)
        if ((size_t)blocks_bytes(all, r) > longest)
            longest = (size_t)blocks_bytes(all, r);
    return longest;
}

int node_allgather(struct node *a, const struct blocks *all)
{
    size_t longest = node_longest(a, all);
    struct node_data mine = blocks_data(all, a->me);
    size_t piece = choice_piece(a, longest, 1), own = node_bytes(&mine);
    int rc = MPI_SUCCESS;
    node_enter(a);
    for (size_t from = 0; from < longest; from += piece) {
        uint32_t k = node_begin(a, NODE_ALL);
        NODE_CHECK(a);
        offer(a, k, &mine, from < own ? from : own, from < own ? choice_least(own - from, piece) : 0);
        node_meet(a, k);
        NODE_CHECK(a);
        for (int i = 1; i < a->n; i++) {
            int r = (a->me + i) % a->n;
            struct node_data to = blocks_data(all, r);
            rc = blocks_first(rc, node_take(a, &to, r, node_cell(a, k, r), node_at(a, k, r), from, piece));
        }
        node_end(a, k);
        NODE_CHECK(a);
    }
    return rc;
}

int node_alltoall(struct node *a, const struct blocks *out, const struct blocks *in)
{
    bool in_place = out->buf == MPI_IN_PLACE;
    size_t whole = (size_t)blocks_bytes(in, 0), piece = choice_each(a, whole, 1);
    struct node_data own_to = blocks_data(in, a->me);
    int rc = MPI_SUCCESS;
    node_enter(a);
    if (!in_place) {
        struct node_data own = blocks_data(out, a->me);
        rc = blocks_own(&own, &own_to);
    }
    for (size_t from = 0; from < whole; from += piece) {
        uint32_t k = node_begin(a, NODE_ALL);
        NODE_CHECK(a);
        deal(a, k, in_place ? in : out, from, piece);
        node_meet(a, k);
        NODE_CHECK(a);
        for (int i = 1; i < a->n; i++) {
            int r = (a->me + i) % a->n;
            struct node_data to = blocks_data(in, r);
            rc = blocks_first(rc, take_dealt(a, k, &to, r, from, piece));
        }
        node_end(a, k);
        NODE_CHECK(a);
    }
    return rc;
}
