/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exchange_parts: which parts of this rank's access lie in which domains. */
#include <string.h>
#include "lib/io/exchange.h"

static MPI_Count clipped(const struct access *a, MPI_Count at)
{
    MPI_Count end = a->at + a->bytes;
    return at < a->at ? a->at : at > end ? end : at;
}

void exchange_window(const struct collective *c, struct part *p)
{
    int64_t place = p->at < p->to ? view_place(c->access->file->view, p->at) : -1;
    p->window = p->at < p->to ? (place - domains_begin(&c->domains, p->domain)) / c->domains.window : INT64_MAX;
}

int64_t exchange_most(const struct collective *c, const struct part *p)
{
    const struct domains *d = &c->domains;
    int64_t most = 0, begin = domains_begin(d, p->domain), last;
    struct runs_cursor k = runs_begin(p->runs, p->head.n);
    while (k.left > 0) {
        int64_t w = (runs_place(&k) - begin) / d->window;
        int64_t bytes = runs_skip(&k, domains_window(d, p->domain, w + 1), &last);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static int part_runs(struct sched *s, struct part *p, const struct view *v)
{
    struct runs r;
    int rc = runs_make(&r, v, p->at, p->to);
    p->runs = rc == MPI_SUCCESS ? sched_temp(s, (size_t)r.n * sizeof *r.all + 1) : NULL;
    if (p->runs && r.n > 0)
        memcpy(p->runs, r.all, (size_t)r.n * sizeof *r.all);
    p->head.n = r.n;
    runs_free(&r);
    return p->runs ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

static int part_make(struct sched *s, const struct collective *c, struct part *p, int domain)
{
    const struct access *a = c->access;
    const struct view *v = a->file->view;
    *p = (struct part){.domain = domain};
    p->at = clipped(a, view_before(v, domains_begin(&c->domains, domain)));
    p->to = clipped(a, view_before(v, domains_end(&c->domains, domain)));
    exchange_window(c, p);
    int rc = part_runs(s, p, v);
    if (rc != MPI_SUCCESS)
        return rc;
    p->head.most = exchange_most(c, p);
    for (int64_t i = 0; i < p->head.n && i < HEAD_RUNS; i++)
        p->head.first[i] = p->runs[i];
    return MPI_SUCCESS;
}

/* The domains from the one with my first byte to the one with my last one; those without any are left out. */
static int parts_make(struct sched *s, struct collective *c, struct exchange *x)
{
    const struct access *a = c->access;
    if (a->bytes == 0)
        return MPI_SUCCESS;
    const struct domains *d = &c->domains;
    int64_t first = view_place(a->file->view, a->at), last = view_place(a->file->view, a->at + a->bytes - 1);
    int from = (int)((first - d->begin) / d->each), to = (int)((last - d->begin) / d->each), rc = MPI_SUCCESS;
    x->parts = sched_temp(s, (size_t)(to - from + 1) * sizeof *x->parts);
    x->packed = datatype_is_run(a->type, a->count) ? NULL : sched_temp(s, (size_t)a->bytes);
    if (!x->parts || (!datatype_is_run(a->type, a->count) && !x->packed))
        return MPI_ERR_NO_MEM;
    for (int i = from; i <= to && rc == MPI_SUCCESS; i++) {
        struct part *p = &x->parts[x->parts_n];
        rc = part_make(s, c, p, i);
        if (p->at < p->to)
            x->parts_n++, c->sums[SUM_SENDERS + i] = 1;
    }
    c->sums[SUM_BYTES] = a->bytes;
    c->sums[SUM_SPAN] = last + 1 - first;
    return rc;
}

int exchange_prepare(struct sched *s, struct collective *c)
{
    struct exchange *x = sched_temp(s, sizeof *x);
    if (!x)
        return MPI_ERR_NO_MEM;
    *x = (struct exchange){.mine = domains_of(&c->domains, sched_comm(s)->rank), .end = INT64_MAX};
    c->exchange = x;
    memset(c->sums, 0, (size_t)(SUM_SENDERS + c->domains.n) * sizeof *c->sums);
    return parts_make(s, c, x);
}
