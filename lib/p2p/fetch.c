/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fetch: a long message that its receiver gets out of its sender's memory. That needs nobody else, and on a node it is
 * one copy, but a system call, which takes microseconds. Streaming is two copies, but on two processors at once, each
 * as fast as the cache; so that is only for a sender that waits and does not sleep. Where both ways are open, the one
 * that took less before is taken (copy_cost.h). */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/knobs.h"
#include "lib/core/tally.h"
#include "lib/core/trace.h"
#include "lib/datatype/layout.h"
#include "lib/p2p/protocol.h"

enum { PIECES = 64 };

struct fetch {
    struct completion completion; /* first */
    struct p2p_request *r;
    struct scatter *scatter; /* NULL: it is got straight to where it belongs */
    struct copy_cost *cost;
    uint64_t begin; /* ticks */
    size_t asked;   /* bytes of the get that is under way, or was last */
    bool under_way;
    int doom; /* an error class: what it ends with, whatever has come; 0: nothing is wrong */
    uint32_t key_bytes;
    unsigned char key[MEM_KEY_MAX];
    SLIST_ENTRY(fetch) spare;
};
static SLIST_HEAD(, fetch) spares = SLIST_HEAD_INITIALIZER(spares);
static int under_way;

/* Would the sender stream at once? A glance: it may have changed when CTS gets there, which costs time only. */
static bool attends(const struct peer *p)
{
    const struct transport *t = p->transport;
    if (!t->is_polling || !t->present_call || !t->is_polling(p))
        return false;
    int call = t->present_call(p);
    return call > 0 && call < CALL_COUNT && call_blocks[call];
}

struct copy_cost *fetch_cost(struct p2p_request *r)
{
    struct p2p_peer *from = p2p_peer(r->peer);
    if (!from->costs)
        from->costs = calloc(2 * COPY_CLASSES, sizeof *from->costs);
    return from->costs ? &from->costs[r->cost_class - 1] : NULL;
}

static bool is_run(const struct p2p_request *r)
{
    return datatype_is_run(r->datatype, r->count);
}

/* The next part of the receive's memory, as so many pieces: all that is left, or what the pieces hold. */
static int next_part(const struct p2p_request *r, struct iovec to[PIECES], size_t *n)
{
    const struct datatype *t = r->datatype;
    int most = r->peer->transport->max_pieces;
    *n = (size_t)(r->head.bytes - r->moved);
    if (is_run(r)) {
        to[0] = (struct iovec){(char *)r->rbuf + t->true_lb + r->moved, *n};
        return 1;
    }
    return layout_pieces(t->layout, t->extent, (char *)r->rbuf + t->disp, r->moved, n, to,
                         most < PIECES ? most : PIECES);
}

/* In pieces so small packing on the way is faster; between nodes each asks the other one, and waits for the answer. */
static bool pieces_worth(const struct p2p_request *r)
{
    enum { WORTH = 512, WORTH_FAR = 32768 };
    struct iovec to[PIECES];
    size_t n;
    if (is_run(r))
        return true;
    int pieces = next_part(r, to, &n);
    return n / (size_t)pieces >= (r->peer->local < 0 ? WORTH_FAR : WORTH);
}

static struct fetch *fetch_new(struct p2p_request *r, const void *key, size_t key_bytes)
{
    struct fetch *f = SLIST_FIRST(&spares);
    if (f)
        SLIST_REMOVE_HEAD(&spares, spare);
    else if (!(f = malloc(sizeof *f)))
        return NULL;
    f->r = r;
    f->scatter = NULL;
    f->under_way = false;
    f->doom = MPI_SUCCESS;
    f->key_bytes = (uint32_t)key_bytes;
    memcpy(f->key, key, key_bytes);
    return f;
}

static void fetch_free(struct p2p_request *r)
{
    struct fetch *f = r->extra;
    scatter_free(f->scatter);
    r->head.stage = 0;
    SLIST_INSERT_HEAD(&spares, f, spare);
}

void fetch_fini(void)
{
    struct fetch *f;
    while ((f = SLIST_FIRST(&spares)) != NULL) {
        SLIST_REMOVE_HEAD(&spares, spare);
        free(f);
    }
}

/* It cannot be got: it streams. */
static void fetch_failed(struct p2p_request *r, enum remote_state why)
{
    struct fetch *f = r->extra;
    if (f->cost && why == REMOTE_NEVER)
        copy_cost_cma_denied(f->cost);
    fetch_free(r);
    r->moved = 0;
    rendezvous_ask(r);
}

static void fetch_done(struct completion *c, enum remote_state how)
{
    struct fetch *f = (struct fetch *)c;
    struct p2p_request *r = f->r;
    f->under_way = false;
    under_way--;
    if (f->doom) {
        int error = f->doom;
        fetch_free(r);
        request_complete(&r->head, error);
    } else if (how != REMOTE_DONE) {
        fetch_failed(r, how);
    } else {
        r->moved += (MPI_Count)f->asked;
        send_queue_push(r, GET);
    }
}

static enum remote_state get_part(struct fetch *f)
{
    struct iovec to[PIECES];
    int pieces = next_part(f->r, to, &f->asked);
    struct remote from = {f->key, f->key_bytes, (uint64_t)f->r->moved};
    return f->r->peer->transport->get(f->r->peer, to, pieces, from, f->asked, &f->completion);
}

static enum remote_state get_scattered(struct fetch *f)
{
    f->asked = 0; /* it counts itself */
    return scatter_get(f->scatter, &f->completion);
}

bool fetch_push(struct p2p_request *r)
{
    struct fetch *f = r->extra;
    while (r->moved < r->head.bytes) {
        enum remote_state s = f->scatter ? get_scattered(f) : get_part(f);
        if (s == REMOTE_BUSY)
            return false;
        f->under_way = s == REMOTE_STARTED;
        under_way += f->under_way;
        if (s != REMOTE_DONE && s != REMOTE_STARTED)
            fetch_failed(r, s);
        if (s != REMOTE_DONE)
            return true;
        r->moved += (MPI_Count)f->asked;
    }
    if (f->scatter)
        trace_streamed(&tally.p2p_two_copy_bytes_received, (size_t)r->head.bytes);
    else
        trace_read(&tally.p2p_one_copy_bytes_received, (size_t)r->head.bytes);
    if (f->cost)
        copy_cost_was_read(f->cost, copy_ticks() - f->begin, (size_t)r->head.bytes, r->both);
    fetch_free(r);
    send_queue_push(r, FIN);
    return true;
}

bool fetch_begin(struct p2p_request *r, const void *key, size_t key_bytes, bool both)
{
    if (key_bytes == 0 || key_bytes != r->peer->transport->key_bytes || knobs.SHM_COPY == SHM_COPY_TWO)
        return false;
    r->cost_class = (uint8_t)(1 + copy_class((size_t)r->head.bytes) + (is_run(r) ? 0 : COPY_CLASSES));
    struct copy_cost *c = fetch_cost(r);
    r->both = both;
    if (knobs.SHM_COPY != SHM_COPY_ONE && attends(r->peer) &&
        !(c ? copy_cost_prefers_cma(c, (size_t)r->head.bytes, both) : both))
        return false;
    bool parts = r->peer->transport->mem_offer != NULL, straight = parts ? is_run(r) : pieces_worth(r);
    if (!straight && !parts && c)
        copy_cost_cma_denied(c);
    struct fetch *f = straight || parts ? fetch_new(r, key, key_bytes) : NULL;
    if (!f)
        return false;
    if (!straight && !(f->scatter = scatter_new(r, f->key, key_bytes))) {
        SLIST_INSERT_HEAD(&spares, f, spare);
        return false;
    }
    f->completion.done = fetch_done;
    f->cost = straight ? c : NULL;
    f->begin = copy_ticks();
    r->extra = f;
    send_queue_push(r, GET);
    return true;
}

bool fetch_doom(struct p2p_request *r, int error)
{
    struct fetch *f = r->extra;
    if (r->head.type != REQ_RECV || !r->head.matched || r->head.stage != GET)
        return false;
    if (f->under_way && f->scatter)
        scatter_stop(f->scatter);
    if (f->under_way)
        f->doom = error;
    else
        fetch_free(r);
    return f->under_way;
}

bool fetch_under_way(void)
{
    return under_way > 0;
}
