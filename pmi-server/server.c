/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of servers and jobs, and the door for payloads of other processes.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/server.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/barrier.h"
#include "pmi-server/fetch.h"
#include "pmi-server/input.h"
#include "pmi-server/links.h"
#include "pmi-server/mem.h"
#include "pmi-server/modex.h"
#include "pmi-server/putters.h"
#include "pmi-server/remote.h"

struct pmi_server *pmi_server_create(const struct pmi_server_ops *ops, void *ctx, uint32_t children)
{
    struct pmi_server *s = pmi_mem_zero(1, sizeof *s);
    s->ops = ops;
    s->ctx = ctx;
    s->children = children;
    s->gone = pmi_mem_zero(children, sizeof *s->gone);
    return s;
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
    if (pmi_job_find(s, job->id) || !job_valid(s, job) || pmi_job_named(s, job->kvsname))
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
    j->prefetch = pmi_mem_zero(s->children, sizeof *j->prefetch);
    j->quiets = pmi_quiets_grow(NULL, s->gone, 0, s->children);
    HASH_ADD(hh, s->jobs, id, sizeof j->id, j);
    HASH_ADD_KEYPTR(by_name, s->names, j->kvsname, strlen(j->kvsname), j);
    return 0;
}

static void client_fini(struct pmi_client *c)
{
    while (!LIST_EMPTY(&c->requests))
        pmi_request_free(LIST_FIRST(&c->requests));
    pmi_stream_fini(&c->in);
    buf_fini(&c->spawn);
}

static void job_free(struct pmi_server_job *j)
{
    struct pmi_server *s = j->server;
    for (uint32_t i = 0; i < j->nclients; i++)
        client_fini(&j->clients[i]);
    pmi_remote_job_del(s, j->id);
    pmi_fetch_job_del(j);
    pmi_gathers_clear(&j->gathers);
    pmi_kvs_clear(&j->nodeattrs);
    HASH_DEL(s->jobs, j);
    HASH_DELETE(by_name, s->names, j);
    free(j->clients);
    free(j->kvsname);
    free(j->spawner);
    free(j->mapping);
    free(j->quiets);
    free(j);
}

void pmi_server_destroy(struct pmi_server *s)
{
    if (!s)
        return;
    while (s->jobs)
        job_free(s->jobs);
    free(s->gone);
    free(s);
}

void pmi_server_job_del(struct pmi_server *s, uint32_t job)
{
    struct pmi_server_job *j = pmi_job_find(s, job);
    if (j)
        job_free(j);
    pmi_resume(s);
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

void pmi_server_flush(struct pmi_server *s)
{
    struct pmi_server_job *j, *next;
    s->awake = false;
    HASH_ITER(hh, s->jobs, j, next)
    {
        pmi_fetch_flush(j);
        pmi_putters_flush(j);
    }
}

static bool take_eager(struct pmi_server_job *j, struct rbuf *r)
{
    if (rbuf_done(r))
        pmi_fetch_eager(j);
    return rbuf_done(r);
}

/* A job that is not known here has just ended, or has not begun: what concerns it is dropped. */
int pmi_server_down(struct pmi_server *s, const void *p, size_t n)
{
    static bool (*const handlers[PMI_CONTROL_END])(struct pmi_server_job *, struct rbuf *) = {
        [PMI_CONTROL_RELEASE] = pmi_barrier_release,
        [PMI_CONTROL_VALUES] = pmi_fetch_values,
        [PMI_CONTROL_EAGER] = take_eager,
        [PMI_CONTROL_MODEX_ASK] = pmi_modex_down,
    };
    struct rbuf r;
    struct pmi_control_head head;
    rbuf_init(&r, p, n);
    bool ok = pmi_control_head_get(&r, &head);
    struct pmi_server_job *j = pmi_job_find(s, head.job);
    if (ok && head.type == PMI_CONTROL_ANSWER)
        ok = pmi_remote_answer(s, &r);
    else if (ok && head.type == PMI_CONTROL_TOLD)
        pmi_notice_down(s, &r);
    else
        ok = ok && head.type < PMI_CONTROL_END && handlers[head.type] && (!j || handlers[head.type](j, &r));
    pmi_resume(s);
    return ok ? 0 : -1;
}

void pmi_server_child_gone(struct pmi_server *s, uint32_t child)
{
    struct pmi_server_job *j, *next;
    if (child >= s->children || s->gone[child])
        return;
    s->gone[child] = true;
    HASH_ITER(hh, s->jobs, j, next)
    {
        pmi_quiet_gone(&j->quiets[child]);
        pmi_putters_touch(j);
    }
}

static bool take_puts(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    return pmi_barrier_child_puts(j, r);
}

int pmi_server_child_up(struct pmi_server *s, uint32_t child, const void *p, size_t n)
{
    static bool (*const handlers[PMI_CONTROL_END])(struct pmi_server_job *, uint32_t, struct rbuf *) = {
        [PMI_CONTROL_PUTS] = take_puts,
        [PMI_CONTROL_BARRIER] = pmi_barrier_child_up,
        [PMI_CONTROL_GET] = pmi_fetch_child_get,
        [PMI_CONTROL_REQUEST] = pmi_remote_child_up,
        [PMI_CONTROL_QUIET] = pmi_putters_child_up,
    };
    struct rbuf r;
    struct pmi_control_head head;
    rbuf_init(&r, p, n);
    if (!pmi_control_head_get(&r, &head) || child >= s->children || head.type >= PMI_CONTROL_END)
        return -1;
    if (head.type == PMI_CONTROL_STUCK || head.type == PMI_CONTROL_MODEX_DATA) {
        s->ops->up(s->ctx, p, n);
        return 0;
    }
    struct pmi_server_job *j = pmi_job_find(s, head.job);
    bool ok = handlers[head.type] && (!j || handlers[head.type](j, child, &r));
    pmi_resume(s);
    return ok ? 0 : -1;
}
