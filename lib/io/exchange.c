/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exchange: its messages, and its first part: who has what. Until all have agreed that they have the memory for it,
 * only what is short is sent, which needs none. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/exchange.h"

void exchange_put(struct sched *s, struct exchange *x, const void *data, size_t n, int rank, int tag,
                  struct request **r)
{
    *r = NULL;
    struct comm *c = sched_comm(s);
    sched_fail(s, p2p_send(data, (MPI_Count)n, &datatype_byte, rank, tag, c, P2P_COLL(c), MODE_STANDARD, r));
    if (*r)
        counter_add(&x->counter, *r);
}

void exchange_get(struct sched *s, struct exchange *x, void *data, size_t n, int rank, int tag, struct request **r)
{
    *r = NULL;
    struct comm *c = sched_comm(s);
    sched_fail(s, p2p_recv(data, (MPI_Count)n, &datatype_byte, rank, tag, c, P2P_COLL(c), r));
    if (*r)
        counter_add(&x->counter, *r);
}

size_t exchange_settle(struct sched *s, struct request **r)
{
    size_t n = 0;
    if (*r) {
        sched_fail(s, (*r)->error);
        n = (*r)->type == REQ_RECV ? (size_t)(*r)->bytes : 0;
        request_free(*r);
    }
    *r = NULL;
    return n;
}

void exchange_begin(struct exchange *x)
{
    counter_begin(&x->counter);
    x->waiting = true;
}

void exchange_end(struct exchange *x)
{
    counter_end(&x->counter);
}

static void heads_begin(struct sched *s, struct collective *c, struct exchange *x)
{
    exchange_begin(x);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        exchange_get(s, x, &k->head, sizeof k->head, MPI_ANY_SOURCE, c->header_tag, &k->request);
    }
    for (int i = 0; i < x->parts_n; i++) {
        struct part *p = &x->parts[i];
        exchange_put(s, x, &p->head, sizeof p->head, domains_rank(&c->domains, p->domain), c->header_tag, &p->request);
    }
}

static bool client_make(struct sched *s, struct client *k, int64_t window, int64_t *room)
{
    if (k->head.n <= 0 || k->head.n > window * INT32_MAX || k->head.most <= 0 || k->head.most > window)
        return false;
    k->room = *room;
    *room += k->head.most;
    k->runs = k->head.n > HEAD_RUNS ? sched_temp(s, (size_t)k->head.n * sizeof *k->runs) : k->head.first;
    return k->runs != NULL;
}

/* Memory of an aggregator. */
static int clients_make(struct sched *s, const struct collective *c, struct exchange *x)
{
    const struct domains *d = &c->domains;
    if (x->mine < 0 || x->clients_n == 0)
        return MPI_SUCCESS;
    int64_t length = domains_end(d, x->mine) - domains_begin(d, x->mine), room = 0;
    length = length < d->window ? length : d->window;
    for (int i = 0; i < x->clients_n; i++)
        if (!client_make(s, &x->clients[i], d->window, &room))
            return MPI_ERR_NO_MEM;
    x->window = (struct window){.file = c->access->file,
                                .bytes = sched_temp(s, (size_t)length),
                                .map = c->access->write ? sched_temp(s, window_map_bytes(length)) : NULL};
    x->data = sched_temp(s, (size_t)room);
    return x->window.bytes && x->data && (x->window.map || !c->access->write) ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

static void lists_begin(struct sched *s, struct collective *c, struct exchange *x)
{
    exchange_begin(x);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        if (k->head.n > HEAD_RUNS)
            exchange_get(s, x, k->runs, (size_t)k->head.n * sizeof *k->runs, k->rank, c->data_tag, &k->request);
    }
    for (int i = 0; i < x->parts_n; i++) {
        struct part *p = &x->parts[i];
        if (p->head.n > HEAD_RUNS)
            exchange_put(s, x, p->runs, (size_t)p->head.n * sizeof *p->runs, domains_rank(&c->domains, p->domain),
                         c->data_tag, &p->request);
    }
}

/* They lie in the domain, and no window has more than there is room for. */
static bool is_as_told(const struct collective *c, const struct client *k, int domain)
{
    const struct domains *d = &c->domains;
    struct part p = {.domain = domain, .runs = k->runs, .head = {.n = k->head.n}};
    return runs_valid(k->runs, k->head.n, domains_begin(d, domain), domains_end(d, domain)) &&
           exchange_most(c, &p) <= k->head.most;
}

static void lists_end(struct sched *s, const struct collective *c, struct exchange *x)
{
    for (int i = 0; i < x->parts_n; i++)
        exchange_settle(s, &x->parts[i].request);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        exchange_settle(s, &k->request);
        bool ok = is_as_told(c, k, x->mine);
        x->lacking |= !ok;
        k->cursor = runs_begin(k->runs, ok ? k->head.n : 0);
    }
}

static bool lists(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct exchange *x = c->exchange;
    sched_fail(s, (int)c->failed);
    if (c->failed != MPI_SUCCESS) {
        c->access->file->exchanging -= c->access->write;
        return true;
    }
    if (!x->waiting) {
        lists_begin(s, c, x);
        exchange_end(x);
    }
    if (x->counter.pending > 0)
        return false;
    x->waiting = false;
    lists_end(s, c, x);
    sched_round(s);
    sched_call(s, exchange_rounds, c);
    return true;
}

static bool heads(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct exchange *x = c->exchange;
    if (!x->waiting) {
        heads_begin(s, c, x);
        exchange_end(x);
    }
    if (x->counter.pending > 0)
        return false;
    x->waiting = false;
    for (int i = 0; i < x->clients_n; i++) {
        x->clients[i].rank = x->clients[i].request ? x->clients[i].request->source : 0;
        exchange_settle(s, &x->clients[i].request);
    }
    for (int i = 0; i < x->parts_n; i++)
        exchange_settle(s, &x->parts[i].request);
    if (c->failed == MPI_SUCCESS)
        c->failed = sched_error(s) != MPI_SUCCESS ? sched_error(s) : clients_make(s, c, x);
    sched_round(s);
    plan_agree(s, c);
    sched_call(s, lists, c);
    return true;
}

static int clients_begin_all(struct sched *s, const struct collective *c, struct exchange *x)
{
    int n = x->mine >= 0 ? (int)c->sums[SUM_SENDERS + x->mine] : 0;
    x->clients = sched_temp(s, (size_t)n * sizeof *x->clients + 1);
    if (!x->clients)
        return MPI_ERR_NO_MEM;
    memset(x->clients, 0, (size_t)n * sizeof *x->clients);
    x->clients_n = n;
    return MPI_SUCCESS;
}

void exchange_add(struct sched *s, struct collective *c)
{
    c->failed = clients_begin_all(s, c, c->exchange);
    c->access->file->exchanging += c->access->write;
    sched_round(s);
    sched_call(s, heads, c);
}
