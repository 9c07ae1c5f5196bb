/* SPDX-License-Identifier: BSD-3-Clause
 *
 * scatter: a long message that its receiver has in many small pieces is got in parts into two buffers: while one is
 * unpacked, what goes into the other is on its way. Buffers are bounded; where there are none, the message streams. */
#include <stddef.h>
#include <stdlib.h>
#include "lib/datatype/layout.h"
#include "lib/p2p/protocol.h"

enum { PARTS = 2, PART_MOST = 128 << 10, MOST = 32 /* messages at once */ };

struct part {
    struct completion completion; /* first */
    struct scatter *of;
    MPI_Count at;
    size_t n; /* 0: it is free */
    char *buffer;
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
    datatype_unpack(r->datatype, r->rbuf, r->count, p->at, p->buffer, p->n);
    r->moved += (MPI_Count)p->n;
    p->n = 0;
}

/* Asks for what is next; REMOTE_DONE: it is there, or there is no more. */
static enum remote_state part_begin(struct part *p)
{
    struct scatter *s = p->of;
    struct peer *from = s->r->peer;
    size_t left = (size_t)(s->r->head.bytes - s->asked), n = left < s->part_bytes ? left : s->part_bytes;
    enum remote_state how = REMOTE_DONE;
    while (n > 0 && how == REMOTE_DONE) {
        struct iovec to = {p->buffer, n};
        s->from.offset = (uint64_t)s->asked;
        how = from->transport->get(from, &to, 1, s->from, n, &p->completion);
        if (how != REMOTE_DONE && how != REMOTE_STARTED)
            return how;
        p->at = s->asked;
        p->n = n;
        s->asked += (MPI_Count)n;
        if (how == REMOTE_DONE)
            part_unpack(p);
        left -= n;
        n = left < s->part_bytes ? left : s->part_bytes;
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

struct scatter *scatter_new(struct p2p_request *r, const void *key, size_t key_bytes)
{
    enum { SHARES = 8, LEAST = 16 << 10 };
    size_t n = (size_t)r->head.bytes / SHARES;
    n = n < LEAST ? LEAST : n < PART_MOST ? n : PART_MOST;
    struct scatter *s = count < MOST ? malloc(sizeof *s + PARTS * n) : NULL;
    if (!s)
        return NULL;
    *s = (struct scatter){.r = r, .from = {key, key_bytes, 0}, .part_bytes = n};
    for (int i = 0; i < PARTS; i++)
        s->parts[i] = (struct part){.completion.done = part_done, .of = s, .buffer = s->buffers + (size_t)i * n};
    count++;
    return s;
}

void scatter_free(struct scatter *s)
{
    count -= s != NULL;
    free(s);
}
