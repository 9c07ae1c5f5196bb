/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exchange: the two phases. Each rank first tells those aggregators that it has something for where its pieces are
 * (runs.h). Then both know what goes by a message in which window, and only such windows and messages there are: they
 * go through them in rising order, each at its own pace. Windows are counted alike in all domains; as each rank goes
 * from lower to higher ones, none waits for itself. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/io/file.h"
#include "lib/io/two_phase.h"
#include "lib/io/window.h"
#include "lib/p2p/failure_sweep.h"
#include "lib/request/counter.h"

/* As many runs come with the head of a list. */
enum { HEAD_RUNS = 6 };

struct head {
    int64_t n;
    int64_t most; /* bytes of a window, of all windows the most */
    struct run first[HEAD_RUNS];
};

/* What this rank has for, or wants of, one aggregator. */
struct part {
    int domain;
    MPI_Count at, to; /* of the stream: from where on it is not done */
    struct run *runs;
    struct head head;
    int64_t window; /* the next one with something in it */
    /* of the round under way */
    char *data;
    MPI_Count from;
    size_t bytes;
    struct request *request;
};

/* What this aggregator has for, or wants of, one rank. */
struct client {
    int rank;
    struct head head;
    struct run *runs;
    struct runs_cursor cursor;
    int64_t room; /* where its data lie */
    size_t bytes; /* of the window under way */
    bool asked;   /* and it waits for them */
    struct request *request;
};

enum stage { BEGIN, MESSAGES, WORK };

struct exchange {
    int parts_n, clients_n;
    int mine; /* my domain; -1: none */
    struct part *parts;
    struct client *clients;
    struct counter counter; /* of messages */
    bool waiting;           /* for them */
    bool lacking;           /* some have not come */
    struct window window;
    char *data;   /* of clients */
    char *packed; /* of parts, whose memory is in pieces */
    enum stage stage;
    int64_t round;
    MPI_Count end; /* reading: of the stream; what lies behind it does not exist */
    int error;     /* an errno value, of the job */
};

static bool is_run(const struct access *a)
{
    return datatype_is_run(a->type, a->count);
}

static MPI_Count clipped(const struct access *a, MPI_Count at)
{
    MPI_Count end = a->at + a->bytes;
    return at < a->at ? a->at : at > end ? end : at;
}

static void part_window(const struct collective *c, struct part *p)
{
    int64_t place = p->at < p->to ? view_place(c->access->file->view, p->at) : -1;
    p->window = p->at < p->to ? (place - domains_begin(&c->domains, p->domain)) / c->domains.window : INT64_MAX;
}

/* Of all windows the most bytes. */
static int64_t part_most(const struct collective *c, const struct part *p)
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
    part_window(c, p);
    int rc = part_runs(s, p, v);
    if (rc != MPI_SUCCESS)
        return rc;
    p->head.most = part_most(c, p);
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
    x->packed = is_run(a) ? NULL : sched_temp(s, (size_t)a->bytes);
    if (!x->parts || (!is_run(a) && !x->packed))
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

/* Messages. */

static void put(struct sched *s, struct exchange *x, const void *data, size_t n, int rank, int tag, struct request **r)
{
    *r = NULL;
    struct comm *c = sched_comm(s);
    sched_fail(s, p2p_send(data, (MPI_Count)n, &datatype_byte, rank, tag, c, P2P_COLL(c), MODE_STANDARD, r));
    if (*r)
        counter_add(&x->counter, *r);
}

static void get(struct sched *s, struct exchange *x, void *data, size_t n, int rank, int tag, struct request **r)
{
    *r = NULL;
    struct comm *c = sched_comm(s);
    sched_fail(s, p2p_recv(data, (MPI_Count)n, &datatype_byte, rank, tag, c, P2P_COLL(c), r));
    if (*r)
        counter_add(&x->counter, *r);
}

/* What has come; it goes. */
static size_t settle(struct sched *s, struct request **r)
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

/* Has a rank failed? Then there is no sense in going on. */
static bool is_broken(struct sched *s)
{
    int rc = UNLIKELY(failed_or_far) ? failure_of_all(sched_comm(s)) : MPI_SUCCESS;
    sched_fail(s, rc);
    return rc != MPI_SUCCESS;
}

static void messages_begin(struct exchange *x)
{
    counter_begin(&x->counter);
    x->waiting = true;
}

/* True: all have come. */
static bool messages_end(struct exchange *x)
{
    counter_end(&x->counter);
    return x->counter.pending == 0;
}

static bool finish(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct access *a = c->access;
    MPI_Count end = a->at + a->bytes;
    sched_fail(s, (int)c->failed);
    if (c->failed == MPI_SUCCESS)
        a->done = (c->exchange->end < end ? c->exchange->end : end) - a->at;
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

/* First part: who has what. Until all have agreed that they have the memory for it, only what is short is sent, which
 * needs none. */

static void heads_begin(struct sched *s, struct collective *c, struct exchange *x)
{
    messages_begin(x);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        get(s, x, &k->head, sizeof k->head, MPI_ANY_SOURCE, c->header_tag, &k->request);
    }
    for (int i = 0; i < x->parts_n; i++) {
        struct part *p = &x->parts[i];
        put(s, x, &p->head, sizeof p->head, domains_rank(&c->domains, p->domain), c->header_tag, &p->request);
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

static bool lists(struct sched *s, void *arg);

static bool heads(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct exchange *x = c->exchange;
    if (!x->waiting) {
        heads_begin(s, c, x);
        messages_end(x);
    }
    if (x->counter.pending > 0)
        return false;
    x->waiting = false;
    for (int i = 0; i < x->clients_n; i++) {
        x->clients[i].rank = x->clients[i].request ? x->clients[i].request->source : 0;
        settle(s, &x->clients[i].request);
    }
    for (int i = 0; i < x->parts_n; i++)
        settle(s, &x->parts[i].request);
    if (c->failed == MPI_SUCCESS)
        c->failed = sched_error(s) != MPI_SUCCESS ? sched_error(s) : clients_make(s, c, x);
    sched_round(s);
    plan_agree(s, c);
    sched_call(s, lists, c);
    return true;
}

static void lists_begin(struct sched *s, struct collective *c, struct exchange *x)
{
    messages_begin(x);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        if (k->head.n > HEAD_RUNS)
            get(s, x, k->runs, (size_t)k->head.n * sizeof *k->runs, k->rank, c->data_tag, &k->request);
    }
    for (int i = 0; i < x->parts_n; i++) {
        struct part *p = &x->parts[i];
        if (p->head.n > HEAD_RUNS)
            put(s, x, p->runs, (size_t)p->head.n * sizeof *p->runs, domains_rank(&c->domains, p->domain), c->data_tag,
                &p->request);
    }
}

/* They lie in the domain, and no window has more than there is room for. */
static bool is_as_told(const struct collective *c, const struct client *k, int domain)
{
    const struct domains *d = &c->domains;
    struct part p = {.domain = domain, .runs = k->runs, .head = {.n = k->head.n}};
    return runs_valid(k->runs, k->head.n, domains_begin(d, domain), domains_end(d, domain)) &&
           part_most(c, &p) <= k->head.most;
}

static void lists_end(struct sched *s, const struct collective *c, struct exchange *x)
{
    for (int i = 0; i < x->parts_n; i++)
        settle(s, &x->parts[i].request);
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        settle(s, &k->request);
        bool ok = is_as_told(c, k, x->mine);
        x->lacking |= !ok;
        k->cursor = runs_begin(k->runs, ok ? k->head.n : 0);
    }
}

static bool rounds(struct sched *s, void *arg);

static bool lists(struct sched *s, void *arg)
{
    struct collective *c = arg;
    struct exchange *x = c->exchange;
    sched_fail(s, (int)c->failed);
    if (c->failed != MPI_SUCCESS)
        return true;
    if (!x->waiting) {
        lists_begin(s, c, x);
        messages_end(x);
    }
    if (x->counter.pending > 0)
        return false;
    x->waiting = false;
    lists_end(s, c, x);
    sched_round(s);
    sched_call(s, rounds, c);
    return true;
}

/* Second part: the windows, one a round. */

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
    p->data = is_run(a) ? (char *)a->buf + a->type->true_lb + (p->from - a->at) : x->packed + (p->from - a->at);
    if (a->write && !is_run(a))
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
        part_window(c, p);
        if (c->access->write)
            put(s, x, p->data, p->bytes, rank, c->data_tag, &p->request);
        else
            get(s, x, p->data, p->bytes, rank, c->data_tag, &p->request);
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
            get(s, x, x->data + k->room, k->bytes, k->rank, c->data_tag, &k->request);
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
        size_t n = settle(s, &k->request);
        x->lacking |= asked && c->access->write && n != k->bytes;
    }
}

/* A message, though it be empty: the rank waits for it. */
static void clients_reply(struct sched *s, const struct collective *c, struct exchange *x)
{
    for (int i = 0; i < x->clients_n; i++) {
        struct client *k = &x->clients[i];
        if (k->asked)
            put(s, x, x->data + k->room, k->bytes, k->rank, c->data_tag, &k->request);
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
        size_t n = settle(s, &p->request);
        if (a->write)
            continue;
        if (!is_run(a))
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
        messages_begin(x);
        parts_begin(s, c, x);
        clients_begin(s, c, x);
        if (write)
            messages_end(x);
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
            messages_end(x);
        }
        x->stage = write ? BEGIN : MESSAGES;
        return false;
    }
    return false;
}

static bool rounds(struct sched *s, void *arg)
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
    sched_round(s);
    sched_call(s, heads, c);
}
