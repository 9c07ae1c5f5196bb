/* SPDX-License-Identifier: BSD-3-Clause
 *
 * scatter: a long message that its receiver has in many pieces is got in parts, of which a few are under way at once.
 * Large pieces are written as they lie; small ones come into a buffer a part, and are unpacked while others are on
 * their way. Buffers are bounded; where there are none, the message streams. */
#include <stddef.h>
#include <stdlib.h>
#include "lib/datatype/layout.h"
#include "lib/p2p/protocol.h"

enum { PARTS = 16, PART_MOST = 64 << 10, PIECES = 64, WORTH = 1024, MOST = 16 /* messages at once */ };

struct part {
    struct completion completion; /* first */
    struct scatter *of;
    MPI_Count at;
    size_t n;
    char *buffer; /* NULL: it goes where it belongs */
};

struct scatter {
    struct p2p_request *r;
    struct remote from;
    struct completion *done; /* of the whole, while parts are under way */
    MPI_Count asked;         /* up to there */
    size_t part_bytes;
    int flying;
    enum remote_state failed; /* REMOTE_DONE: it has not */
    struct part parts[PARTS];
    char buffers[];
};

static int count;

static void part_unpack(struct part *p)
{
    struct p2p_request *r = p->of->r;
    if (p->buffer)
        datatype_unpack(r->datatype, r->rbuf, r->count, p->at, p->buffer, p->n);
    r->moved += (MPI_Count)p->n;
}

/* Where the next *n bytes go, or the first of them. */
static int part_pieces(const struct part *p, size_t *n, struct iovec *v)
{
    const struct p2p_request *r = p->of->r;
    int most = r->peer->transport->max_pieces;
    if (!p->buffer)
        return layout_pieces(r->datatype->layout, r->datatype->extent, (char *)r->rbuf + r->datatype->disp,
                             p->of->asked, n, v, most < PIECES ? most : PIECES);
    *n = *n < p->of->part_bytes ? *n : p->of->part_bytes;
    v[0] = (struct iovec){p->buffer, *n};
    return 1;
}

/* Asks for what is next; REMOTE_DONE: it is there, or there is no more. */
static enum remote_state part_begin(struct part *p)
{
    struct scatter *s = p->of;
    struct peer *from = s->r->peer;
    enum remote_state how = REMOTE_DONE;
    while (s->asked < s->r->head.bytes && how == REMOTE_DONE) {
        struct iovec to[PIECES];
        size_t n = (size_t)(s->r->head.bytes - s->asked);
        int pieces = part_pieces(p, &n, to);
        s->from.offset = (uint64_t)s->asked;
        how = from->transport->get(from, to, pieces, s->from, n, &p->completion);
        if (how != REMOTE_DONE && how != REMOTE_STARTED)
            return how;
        p->at = s->asked;
        p->n = n;
        s->asked += (MPI_Count)n;
        if (how == REMOTE_DONE)
            part_unpack(p);
    }
    s->flying += how == REMOTE_STARTED;
    return how;
}

static void part_done(struct completion *c, enum remote_state how)
{
    struct part *p = (struct part *)c;
    struct scatter *s = p->of;
    s->flying--;
    if (how == REMOTE_DONE)
        part_unpack(p);
    else
        s->failed = how;
    if (s->failed == REMOTE_DONE)
        how = part_begin(p);
    if (how != REMOTE_DONE && how != REMOTE_STARTED && how != REMOTE_BUSY)
        s->failed = how;
    if (s->flying == 0)
        s->done->done(s->done, s->failed);
}

enum remote_state scatter_get(struct scatter *s, struct completion *done)
{
    enum remote_state how = REMOTE_DONE;
    s->done = done;
    for (int i = 0; i < PARTS && (how == REMOTE_DONE || how == REMOTE_STARTED); i++)
        how = part_begin(&s->parts[i]);
    if (s->flying > 0 && how != REMOTE_DONE && how != REMOTE_STARTED && how != REMOTE_BUSY)
        s->failed = how;
    return s->flying > 0 ? REMOTE_STARTED : how;
}

void scatter_stop(struct scatter *s)
{
    s->failed = REMOTE_PEER_FAILED;
}

/* Of a buffer; 0: none is needed. */
static size_t buffer_bytes(const struct p2p_request *r)
{
    enum { SHARES = 8, LEAST = 16 << 10 };
    struct iovec v[PIECES];
    size_t n = (size_t)r->head.bytes, share = n / SHARES;
    int pieces =
        layout_pieces(r->datatype->layout, r->datatype->extent, (char *)r->rbuf + r->datatype->disp, 0, &n, v, PIECES);
    if (n / (size_t)pieces >= WORTH)
        return 0;
    return share < LEAST ? LEAST : share < PART_MOST ? share : PART_MOST;
}

struct scatter *scatter_new(struct p2p_request *r, const void *key, size_t key_bytes)
{
    size_t n = buffer_bytes(r);
    struct scatter *s = count < MOST ? malloc(sizeof *s + PARTS * n) : NULL;
    if (!s)
        return NULL;
    *s = (struct scatter){.r = r, .from = {key, key_bytes, 0}, .part_bytes = n};
    for (int i = 0; i < PARTS; i++)
        s->parts[i] =
            (struct part){.completion.done = part_done, .of = s, .buffer = n ? s->buffers + (size_t)i * n : NULL};
    count++;
    return s;
}

void scatter_free(struct scatter *s)
{
    count -= s != NULL;
    free(s);
}
