/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of servers, jobs and clients, and the two doors: bytes of ranks, payloads of other processes.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "pmi-server/mem.h"

uint64_t pmi_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct pmi_server *pmi_server_create(const struct pmi_server_ops *ops, void *ctx, uint32_t children)
{
    struct pmi_server *s = pmi_mem_zero(1, sizeof *s);
    s->ops = ops;
    s->ctx = ctx;
    s->children = children;
    return s;
}

void pmi_server_destroy(struct pmi_server *s)
{
    if (!s)
        return;
    while (s->jobs)
        pmi_server_job_del(s, s->jobs->id);
    free(s);
}

struct pmi_server_job *pmi_job_find(struct pmi_server *s, uint32_t id)
{
    struct pmi_server_job *j;
    HASH_FIND(hh, s->jobs, &id, sizeof id, j);
    return j;
}

static int by_rank(const void *a, const void *b)
{
    const struct pmi_client *x = a, *y = b;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void add_clients(struct pmi_server_job *j, const struct pmi_job *job)
{
    j->nclients = job->nlocal;
    j->clients = pmi_mem_zero(job->nlocal, sizeof *j->clients);
    uint64_t now = pmi_now();
    for (uint32_t i = 0; i < job->nlocal; i++) {
        struct pmi_client *c = &j->clients[i];
        c->job = j;
        c->rank = job->local[i].rank;
        c->appnum = job->local[i].appnum;
        c->since = now;
    }
    qsort(j->clients, j->nclients, sizeof *j->clients, by_rank);
    for (uint32_t i = 0; i < job->nlocal; i++)
        j->clients[i].index = i;
}

static bool job_valid(const struct pmi_server *s, const struct pmi_job *job)
{
    if (!job->kvsname[0] || strlen(job->kvsname) >= PMI_KVSNAME_MAX || strpbrk(job->kvsname, " \n\\;"))
        return false;
    if (job->nlocal > job->size || job->below > job->size - job->nlocal || (job->below && !s->children))
        return false;
    for (uint32_t i = 0; i < job->nlocal; i++)
        if (job->local[i].rank >= job->size)
            return false;
    return true;
}

int pmi_server_job_add(struct pmi_server *s, const struct pmi_job *job)
{
    if (pmi_job_find(s, job->id) || !job_valid(s, job))
        return -1;
    struct pmi_server_job *j = pmi_mem_zero(1, sizeof *j);
    j->server = s;
    j->id = job->id;
    j->size = job->size;
    j->below = job->below;
    j->universe = job->universe;
    j->kvsname = pmi_mem_str(job->kvsname);
    j->spawner = job->spawner ? pmi_mem_str(job->spawner) : NULL;
    j->map = job->map;
    add_clients(j, job);
    j->readers = pmi_mem_zero(s->children, sizeof *j->readers);
    HASH_ADD(hh, s->jobs, id, sizeof j->id, j);
    return 0;
}

static void client_fini(struct pmi_client *c)
{
    while (!LIST_EMPTY(&c->asks))
        pmi_ask_free(LIST_FIRST(&c->asks));
    pmi_stream_fini(&c->in);
    buf_fini(&c->spawn);
}

void pmi_server_job_del(struct pmi_server *s, uint32_t job)
{
    struct pmi_server_job *j = pmi_job_find(s, job);
    if (!j)
        return;
    for (uint32_t i = 0; i < j->nclients; i++)
        client_fini(&j->clients[i]);
    pmi_remote_job_del(s, job);
    pmi_fetch_job_del(j);
    pmi_gathers_clear(&j->gathers);
    pmi_kvs_clear(&j->nodeattrs);
    HASH_DEL(s->jobs, j);
    free(j->clients);
    free(j->kvsname);
    free(j->spawner);
    free(j->mapping);
    free(j);
}

struct pmi_client *pmi_server_client(struct pmi_server *s, uint32_t job, uint32_t rank, void *rank_ctx)
{
    struct pmi_server_job *j = pmi_job_find(s, job);
    struct pmi_client key = {.rank = rank};
    struct pmi_client *c = j ? bsearch(&key, j->clients, j->nclients, sizeof key, by_rank) : NULL;
    if (c)
        c->ctx = rank_ctx;
    return c;
}

bool pmi_client_may_store(struct pmi_client *c)
{
    return c->stores < PMI_CLIENT_STORES_MAX && ++c->stores;
}

void pmi_client_initialized(struct pmi_client *c)
{
    c->inited = true;
    c->finalized = false;
    c->since = pmi_now();
    if (c->job->server->ops->initialized)
        c->job->server->ops->initialized(c->ctx);
}

void pmi_client_finalized(struct pmi_client *c)
{
    c->inited = false;
    c->finalized = true;
    c->since = pmi_now();
    if (c->job->server->ops->finalized)
        c->job->server->ops->finalized(c->ctx);
    pmi_nodeattr_check(c->job);
}

void pmi_client_fail(struct pmi_client *c, const char *why)
{
    if (c->failed)
        return;
    c->failed = true;
    c->since = pmi_now();
    while (!LIST_EMPTY(&c->asks))
        pmi_ask_free(LIST_FIRST(&c->asks));
    c->job->server->ops->failed(c->ctx, why);
}

static void take_messages(struct pmi_client *c)
{
    struct pmi_msg m;
    c->job->server->reading = c;
    while (!c->failed && !c->in_order && pmi_stream_next(&c->in, &m)) {
        if (c->nasks >= PMI_CLIENT_ASKS_MAX)
            pmi_client_fail(c, "sent more than 1024 PMI requests without waiting for answers");
        else if (m.wire == PMI_WIRE_2)
            pmi_v2_message(c, &m);
        else
            pmi_v1_message(c, &m);
    }
    c->job->server->reading = NULL;
    if (c->in.bad) {
        char why[160];
        snprintf(why, sizeof why, "sent %s on its PMI connection", c->in.bad);
        pmi_client_fail(c, why);
    }
}

/* After answers to ranks that were not being read: what stands behind their requests. */
static void resume_clients(struct pmi_server_job *j)
{
    while (j && j->resume) {
        j->resume = false;
        for (uint32_t i = 0; i < j->nclients; i++)
            if (!j->clients[i].in_order && pmi_stream_pending(&j->clients[i].in))
                take_messages(&j->clients[i]);
    }
}

void pmi_client_input(struct pmi_client *c, const void *p, size_t n)
{
    if (c->failed || c->gone)
        return;
    pmi_stream_feed(&c->in, p, n);
    take_messages(c);
    if (!c->failed && pmi_stream_pending(&c->in) > PMI_CLIENT_BACKLOG_MAX)
        pmi_client_fail(c, "sent more than 4 MiB of PMI requests while it should have waited for an answer");
    resume_clients(c->job);
}

bool pmi_client_half(const struct pmi_client *c)
{
    return !c->gone && !c->failed && pmi_stream_pending(&c->in) && !c->in_order;
}

void pmi_client_gone(struct pmi_client *c)
{
    if (c->gone)
        return;
    bool cut = pmi_client_half(c);
    if (cut || c->inited)
        pmi_client_fail(c, cut ? "closed its PMI connection in the middle of a request"
                               : "closed its PMI connection before it finalized");
    c->gone = true;
    c->since = pmi_now();
    c->job->ngone++;
    while (!LIST_EMPTY(&c->asks))
        pmi_ask_free(LIST_FIRST(&c->asks));
    pmi_stream_fini(&c->in);
    pmi_barrier_client_gone(c);
    pmi_nodeattr_check(c->job);
    resume_clients(c->job);
}

static void describe(const struct pmi_ask *a, struct pmi_client_state *out)
{
    static const char *const verbs[] = {
        [PMI_ASK_GET] = "get",         [PMI_ASK_JOBATTR] = "get",         [PMI_ASK_NODEATTR] = "node attribute",
        [PMI_ASK_BARRIER] = "barrier", [PMI_ASK_PUBLISH] = "publish",     [PMI_ASK_LOOKUP] = "lookup",
        [PMI_ASK_SPAWN] = "spawn",     [PMI_ASK_UNPUBLISH] = "unpublish", [PMI_ASK_PLAIN] = "fence",
    };
    out->state = PMI_CLIENT_WAITS;
    out->since = a->since;
    snprintf(out->op, sizeof out->op, "%s%s%s", verbs[a->verb], a->detail ? " " : "", a->detail ? a->detail : "");
}

void pmi_client_state(const struct pmi_client *c, struct pmi_client_state *out)
{
    *out = (struct pmi_client_state){.since = c->since, .silent = !c->inited && !c->finalized};
    out->state = c->gone        ? PMI_CLIENT_GONE
                 : c->failed    ? PMI_CLIENT_FAILED
                 : c->finalized ? PMI_CLIENT_FINALIZED
                 : c->inited    ? PMI_CLIENT_RUNS
                                : PMI_CLIENT_SILENT;
    const struct pmi_ask *a, *oldest = NULL;
    LIST_FOREACH(a, &c->asks, of_client)
    {
        oldest = a;
    }
    if (oldest)
        describe(oldest, out);
}

struct buf pmi_message_begin(enum pmi_control type, uint32_t job)
{
    struct buf b;
    buf_init(&b);
    buf_put_u8(&b, (uint8_t)type);
    buf_put_u32(&b, job);
    return b;
}

struct buf pmi_up_begin(const struct pmi_server_job *j, enum pmi_control type)
{
    return pmi_message_begin(type, j->id);
}

void pmi_up_send(struct pmi_server *s, struct buf *b)
{
    pmi_mem_check(b);
    s->ops->up(s->ctx, b->data, b->len);
    buf_fini(b);
}

void pmi_down_send(struct pmi_server *s, uint32_t child, struct buf *b)
{
    pmi_mem_check(b);
    s->ops->down(s->ctx, child, b->data, b->len);
    buf_fini(b);
}

void pmi_server_wake(struct pmi_server *s)
{
    if (!s->ops->wake)
        pmi_server_flush(s);
    else if (!s->awake)
        s->ops->wake(s->ctx);
    s->awake = s->ops->wake != NULL;
}

void pmi_server_flush(struct pmi_server *s)
{
    struct pmi_server_job *j, *next;
    s->awake = false;
    HASH_ITER(hh, s->jobs, j, next)
    {
        pmi_fetch_flush(j);
    }
}

/* A job that is not known here has just ended, or has not begun: what concerns it is dropped. */
int pmi_server_down(struct pmi_server *s, const void *p, size_t n)
{
    struct rbuf r;
    rbuf_init(&r, p, n);
    uint8_t type = rbuf_u8(&r);
    struct pmi_server_job *j = pmi_job_find(s, rbuf_u32(&r));
    bool ok = rbuf_ok(&r);
    if (ok && type == PMI_CONTROL_ANSWER)
        ok = pmi_remote_answer(s, &r);
    else if (ok && type == PMI_CONTROL_RELEASE)
        ok = !j || pmi_barrier_release(j, &r);
    else if (ok && type == PMI_CONTROL_VALUES)
        ok = !j || pmi_fetch_values(j, &r);
    else
        ok = false;
    resume_clients(j);
    return ok ? 0 : -1;
}

int pmi_server_child_up(struct pmi_server *s, uint32_t child, const void *p, size_t n)
{
    struct rbuf r;
    rbuf_init(&r, p, n);
    uint8_t type = rbuf_u8(&r);
    struct pmi_server_job *j = pmi_job_find(s, rbuf_u32(&r));
    if (!rbuf_ok(&r) || child >= s->children)
        return -1;
    bool ok;
    switch (type) {
    case PMI_CONTROL_PUTS:
        ok = !j || pmi_barrier_child_puts(j, &r);
        break;
    case PMI_CONTROL_BARRIER:
        ok = !j || pmi_barrier_child_up(j, child, &r);
        break;
    case PMI_CONTROL_GET:
        ok = !j || pmi_fetch_child_get(j, child, &r);
        break;
    case PMI_CONTROL_REQUEST:
        ok = !j || pmi_remote_child_up(j, child, &r);
        break;
    case PMI_CONTROL_STUCK:
        s->ops->up(s->ctx, p, n);
        ok = true;
        break;
    default:
        ok = false;
    }
    resume_clients(j);
    return ok ? 0 : -1;
}
