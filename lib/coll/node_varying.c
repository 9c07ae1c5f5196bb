/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_varying: collectives whose blocks are as long as only sender and receiver know. One phase: what fits goes
 * through the ring; the table says of the rest that it comes as a message. */
#include <stdlib.h>
#include "lib/coll/choice.h"
#include "lib/coll/node_blocks.h"

/* One for each rank, at the begin of what a rank offers. */
struct entry {
    uint64_t where; /* place behind the table, or BY_MESSAGE */
    uint64_t bytes;
};
#define BY_MESSAGE UINT64_MAX

int node_message(struct comm *c, int tag, const struct node_data *out, int to, const struct node_data *in, int from)
{
    struct request *s = NULL, *r = NULL;
    int rc = MPI_SUCCESS;
    if (in)
        rc = p2p_recv((void *)(uintptr_t)in->buf, in->count, (struct datatype *)(uintptr_t)in->t, from, tag, c,
                      P2P_COLL(c), &r);
    if (rc == MPI_SUCCESS && out)
        rc = p2p_send(out->buf, out->count, (struct datatype *)(uintptr_t)out->t, to, tag, c, P2P_COLL(c),
                      MODE_STANDARD, &s);
    if (r)
        rc = blocks_first(rc, request_wait(r, MPI_STATUS_IGNORE));
    if (s)
        rc = blocks_first(rc, request_wait(s, MPI_STATUS_IGNORE));
    return rc;
}

static int place(const struct node_data *d, const char *at, size_t bytes)
{
    size_t room = node_bytes(d);
    if (bytes > 0 && room > 0)
        node_unpack(d, 0, at, choice_least(bytes, room));
    return bytes > room ? MPI_ERR_TRUNCATE : MPI_SUCCESS;
}

static int gather_out(struct node *a, const struct node_data *mine, int tag, int root)
{
    size_t n = node_bytes(mine);
    uint32_t k = node_begin(a, root);
    NODE_CHECK(a);
    bool fits = n <= a->ring / 4;
    char *room = fits ? node_room(a, k, n) : NULL;
    if (!fits)
        node_cell(a, k, a->me)->where = NODE_BY_MESSAGE;
    else if (n > 0)
        node_pack(a, mine, 0, room, n);
    node_post(a, k, n);
    node_wake(a, root);
    node_end(a, k);
    return fits ? MPI_SUCCESS : node_message(a->comm, tag, mine, root, NULL, 0);
}

int node_gatherv(struct node *a, const struct node_data *mine, const struct blocks *all, int root)
{
    int tag = node_tag(a->comm), rc = MPI_SUCCESS;
    if (a->me != root)
        return gather_out(a, mine, tag, root);
    struct node_data to = blocks_data(all, root);
    if (mine)
        rc = blocks_own(mine, &to);
    uint32_t k = node_begin(a, NODE_NONE);
    NODE_CHECK(a);
    for (int r = 0; r < a->n; r++) {
        if (r == root)
            continue;
        const struct node_cell *c = node_cell(a, k, r);
        node_await(a, k, r);
        NODE_CHECK(a);
        to = blocks_data(all, r);
        rc = blocks_first(rc, c->where == NODE_BY_MESSAGE ? node_message(a->comm, tag, NULL, 0, &to, r)
                                                          : place(&to, node_look(a, c), c->bytes));
    }
    node_end(a, k);
    return rc;
}

/* The table of what goes to each, and behind it what fits. */
static struct entry *offer_table(struct node *a, uint32_t k, const struct blocks *out)
{
    size_t head = (size_t)a->n * sizeof(struct entry), most = a->ring / 2, used = head;
    for (int r = 0; r < a->n; r++)
        if (r != a->me && used + (size_t)blocks_bytes(out, r) <= most)
            used += (size_t)blocks_bytes(out, r);
    char *room = node_room(a, k, used);
    if (UNLIKELY(!room))
        return NULL;
    struct entry *table = (struct entry *)room;
    size_t at = head;
    for (int r = 0; r < a->n; r++) {
        struct node_data d = blocks_data(out, r);
        size_t n = r == a->me ? 0 : node_bytes(&d);
        bool fits = at + n <= used;
        table[r] = (struct entry){fits ? at : BY_MESSAGE, n};
        if (fits && n > 0) {
            node_pack(a, &d, 0, room + at, n);
            at += n;
        }
    }
    node_post(a, k, used);
    return table;
}

static struct entry entry_of(const struct node *a, uint32_t k, int r)
{
    return ((const struct entry *)node_at(a, k, r))[a->me];
}

static int scatter_out(struct node *a, const struct blocks *all, int tag)
{
    uint32_t k = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    int rc = MPI_SUCCESS;
    const struct entry *table = offer_table(a, k, all);
    NODE_CHECK(a);
    node_wake_all(a);
    for (int r = 0; r < a->n; r++) {
        struct node_data d = blocks_data(all, r);
        if (table[r].where == BY_MESSAGE)
            rc = blocks_first(rc, node_message(a->comm, tag, &d, r, NULL, 0));
    }
    node_end(a, k);
    return rc;
}

int node_scatterv(struct node *a, const struct blocks *all, const struct node_data *mine, int root)
{
    int tag = node_tag(a->comm), rc;
    if (a->me == root) {
        struct node_data own = blocks_data(all, root);
        rc = scatter_out(a, all, tag);
        return mine ? blocks_first(rc, blocks_own(&own, mine)) : rc;
    }
    uint32_t k = node_begin(a, NODE_NONE);
    NODE_CHECK(a);
    node_await(a, k, root);
    NODE_CHECK(a);
    struct entry e = entry_of(a, k, root);
    if (e.where == BY_MESSAGE)
        rc = node_message(a->comm, tag, NULL, 0, mine, root);
    else
        rc = place(mine, node_at(a, k, root) + e.where, e.bytes);
    node_end(a, k);
    return rc;
}

/* In place, what goes out by message is copied before anything comes in. */
static char *copies_of(struct node *a, const struct entry *table, const struct blocks *out)
{
    size_t total = 1, at = 0;
    for (int r = 0; r < a->n; r++)
        total += table[r].where == BY_MESSAGE ? table[r].bytes : 0;
    char *copies = malloc(total);
    for (int r = 0; copies && r < a->n; r++) {
        struct node_data d = blocks_data(out, r);
        if (table[r].where != BY_MESSAGE || table[r].bytes == 0)
            continue;
        node_pack(a, &d, 0, copies + at, table[r].bytes);
        at += table[r].bytes;
    }
    return copies;
}

/* What goes to rank r by message. */
static struct node_data outgoing(const struct node *a, const struct entry *table, const struct blocks *out,
                                 const char *copies, int r)
{
    if (!copies)
        return blocks_data(out, r);
    for (int before = 0; before < r; before++)
        copies += table[before].where == BY_MESSAGE ? table[before].bytes : 0;
    return (struct node_data){copies, (MPI_Count)table[r].bytes, &datatype_byte};
}

/* Pairwise: to the k-th on the right, from the k-th on the left. */
static int exchange(struct node *a, uint32_t k, int tag, const struct entry *table, const struct blocks *out,
                    const char *copies, const struct blocks *in)
{
    int rc = MPI_SUCCESS;
    for (int i = 1; i < a->n; i++) {
        int to = (a->me + i) % a->n, from = (a->me - i + a->n) % a->n;
        struct node_data goes = outgoing(a, table, out, copies, to), comes = blocks_data(in, from);
        struct entry e = entry_of(a, k, from);
        bool sends = table[to].where == BY_MESSAGE, receives = e.where == BY_MESSAGE;
        if (!receives)
            rc = blocks_first(rc, place(&comes, node_at(a, k, from) + e.where, e.bytes));
        if (sends || receives)
            rc = blocks_first(rc, node_message(a->comm, tag, sends ? &goes : NULL, to, receives ? &comes : NULL, from));
    }
    return rc;
}

int node_alltoallv(struct node *a, const struct blocks *out, const struct blocks *in)
{
    bool in_place = out->buf == MPI_IN_PLACE;
    const struct blocks *from = in_place ? in : out;
    int tag = node_tag(a->comm), rc = MPI_SUCCESS;
    uint32_t k = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    const struct entry *table = offer_table(a, k, from);
    NODE_CHECK(a);
    char *copies = in_place ? copies_of(a, table, from) : NULL;
    if (in_place && !copies)
        rc = MPI_ERR_NO_MEM;
    if (!in_place) {
        struct node_data own = blocks_data(out, a->me), to = blocks_data(in, a->me);
        rc = blocks_own(&own, &to);
    }
    node_meet(a, k);
    if (LIKELY(!a->broken))
        rc = blocks_first(rc, exchange(a, k, tag, table, from, copies, in));
    node_end(a, k);
    free(copies);
    return rc;
}
