/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exchange_rounds: the second part of the exchange: the windows, one a round. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/exchange.h"
#include "lib/p2p/failure_sweep.h"

/* Has a rank failed? Then there is no sense in going on. */
static bool is_broken(struct sched *s)
{
    int rc = UNLIKELY(failed_or_far) ? failure_of_all(sched_comm(s)) : MPI_SUCCESS;
    sched_fail(s, rc);
    return rc != MPI_SUCCESS;
}

static bool finish(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct access *a = c->access;
    MPI_Count end = a->at + a->bytes;
    sched_fail(s, (int)c->failed);
    if (c->failed == MPI_SUCCESS)
        a->done = (c->exchange->end < end ? c->exchange->end : end) - a->at;
    plan_measured(c);
    a->file->exchanging -= a->write;
    return true;
}

/* All learn what it has come to. */
static void conclude(struct sched *s, struct collective *c)
{
    sched_fail(s, access_error(c->access->file, c->access->write ? "write to" : "read from", c->access->error));
    sched_fail(s, c->exchange->lacking ? MPI_ERR_INTERN : MPI_SUCCESS);
    c->failed = sched_error(s);
    sched_round(s);
    plan_agree(s, c);
    sched_call(s, finish, c);
}

/* The lowest window that this rank has something to do with. */
static int64_t next_round(const struct collective *c, const struct exchange *x)
{
    int64_t next = INT64_MAX;
    for (int i = 0; i < x->parts_n; i++)
        if (x->parts[i].window < next)
            next = x->parts[i].window;
    for (int i = 0; i < x->clients_n; i++) {
        int64_t place = runs_place(&x->clients[i].cursor), w;
        if (place == INT64_MAX)
            continue;
        w = (place - domains_begin(&c->domains, x->mine)) / c->domains.window;
        next = w < next ? w : next;
    }
    return next;
}

/* What of an aggregator's window is mine, and where in memory. */
static void part_take(const struct collective *c, struct exchange *x, struct part *p)
{
    const struct access *a = c->access;
    MPI_Count end = view_before(a->file->view, domains_window(&c->domains, p->domain, x->round + 1));
    end = end < p->to ? end : p->to;
    p->from = p->at;
    p->bytes = (size_t)(end - p->at);
    p->at = end;
    p->data = datatype_is_run(a->type, a->count) ? (char *)a->buf + a->type->true_lb + (p->from - a->at)
                                                 : x->packed + (p->from - a->at);
    if (a->write && !datatype_is_run(a->type, a->count))
        datatype_pack(a->type, a->buf, a->count, p->from - a->at, p->data, p->bytes);
}

static void parts_begin(struct sched *s, const struct collective *c, struct exchange *x)
{
    for (int i = 0; i < x->parts_n; i++) {
        struct part *p = &x->parts[i];
        int rank = domains_rank(&c->domains, p->domain);
        p->bytes = 0;
        if (p->window != x->round)
            continue;
        part_take(c, x, p);
        exchange_window(c, p);
        if (c->access->write)
            exchange_put(s, x, p->data, p->bytes, rank, c->data_tag, &p->request);
        else
            exchange_get(s, x, p->data, p->bytes, rank, c->data_tag, &p->request);
    }
}

/* The window, from the first to the last byte that somebody has in it; who writes sends his. */
static void clients_begin(struct sched *s, const struct collective *c, struct exchange *x)
{
    struct window *w = &x->window;
    int64_t end = x->mine >= 0 ? domains_window(&c->domains, x->mine, x->round + 1) : 0, last;
    w->begin = INT64_MAX;
    w->end = INT64_MIN;
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        struct runs_cursor look = k->cursor;
        int64_t place = runs_place(&look), bytes = runs_skip(&look, end, &last);
        k->bytes = (size_t)bytes;
        k->asked = false;
        if (bytes == 0)
            continue;
        w->begin = place < w->begin ? place : w->begin;
        w->end = last > w->end ? last : w->end;
        k->asked = !c->access->write;
        if (c->access->write)
            exchange_get(s, x, x->data + k->room, k->bytes, k->rank, c->data_tag, &k->request);
    }
}

/* On the worker. */
static void work(struct job *j)
{
    struct collective *c = (struct collective *)((char *)j - offsetof(struct collective, job));
    struct exchange *x = c->exchange;
    int64_t end = domains_window(&c->domains, x->mine, x->round + 1);
    if (c->access->write)
        memset(x->window.map, 0, window_map_bytes(x->window.end - x->window.begin));
    else
        x->error = window_read(&x->window);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        if (k->bytes > 0 && c->access->write)
            window_fill(&x->window, &k->cursor, end, x->data + k->room);
        else if (k->bytes > 0)
            k->bytes = (size_t)window_take(&x->window, &k->cursor, end, x->data + k->room);
    }
    if (c->access->write && c->access->error == 0 && !x->lacking)
        x->error = window_write(&x->window);
}

static void clients_settle(struct sched *s, const struct collective *c, struct exchange *x)
{
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        bool asked = k->request != NULL;
        size_t n = exchange_settle(s, &k->request);
        x->lacking |= asked && c->access->write && n != k->bytes;
    }
}

/* A message, though it be empty: the rank waits for it. */
static void clients_reply(struct sched *s, const struct collective *c, struct exchange *x)
{
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        if (k->asked)
            exchange_put(s, x, x->data + k->room, k->bytes, k->rank, c->data_tag, &k->request);
    }
}

/* What has been read: behind a part that is short there is nothing. */
static void parts_settle(struct sched *s, const struct collective *c, struct exchange *x)
{
    const struct access *a = c->access;
    for (int i = 0; i < x->parts_n; i++) {
        struct part *p = &x->parts[i];
        if (!p->request)
            continue;
        size_t n = exchange_settle(s, &p->request);
        if (a->write)
            continue;
        if (!datatype_is_run(a->type, a->count))
            datatype_unpack(a->type, a->buf, a->count, p->from - a->at, p->data, n);
        if (n < p->bytes && p->from + (MPI_Count)n < x->end)
            x->end = p->from + (MPI_Count)n;
    }
}

/* Goes on with a round; true: not until something has come. */
static bool round_waits(struct sched *s, struct collective *c, struct exchange *x)
{
    bool write = c->access->write, window = x->window.begin < x->window.end;
    switch (x->stage) {
    case BEGIN:
        exchange_begin(x);
        parts_begin(s, c, x);
        clients_begin(s, c, x);
        if (write)
            exchange_end(x);
        x->stage = write ? MESSAGES : WORK;
        return false;
    case MESSAGES:
        if (x->counter.pending > 0)
            return true;
        clients_settle(s, c, x);
        parts_settle(s, c, x);
        x->stage = write ? WORK : BEGIN;
        return false;
    case WORK:
        if (window && !collective_job(s, c, work))
            return true;
        if (c->access->error == 0)
            c->access->error = x->error;
        if (!write) {
            clients_reply(s, c, x);
            exchange_end(x);
        }
        x->stage = write ? BEGIN : MESSAGES;
        return false;
    }
    return false;
}

bool exchange_rounds(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct exchange *x = c->exchange;
    for (;;) {
        if (x->stage == BEGIN)
            x->round = is_broken(s) ? INT64_MAX : next_round(c, x);
        if (x->stage == BEGIN && x->round == INT64_MAX)
            break;
        if (round_waits(s, c, x))
            return false;
    }
    conclude(s, c);
    return true;
}
