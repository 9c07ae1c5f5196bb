/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Barriers and fences. Each process waits until all ranks of the group at or below it have arrived, then tells its
 * parent once; mpiexec's half releases, and each process passes the release to the children that contributed. A group
 * whose ranks are all served here is released here. Contributors of a gather are the local ranks by index, then the
 * children.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/barrier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/fetch.h"
#include "pmi-server/links.h"
#include "pmi-server/mem.h"
#include "pmi-server/putters.h"

static uint32_t count_local(const struct pmi_server_job *j, const struct pmi_group *g)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < j->nclients; i++)
        n += pmi_group_has(g, j->clients[i].rank);
    return n;
}

static uint32_t count_below(const struct pmi_server_job *j, const struct pmi_group *g)
{
    const struct pmi_server *s = j->server;
    if (g->kind == PMI_GROUP_NODE || !j->below)
        return 0;
    if (g->kind == PMI_GROUP_WORLD)
        return j->below;
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->nranges; i++)
        for (uint32_t r = g->ranges[i].first; r <= g->ranges[i].last; r++)
            n += s->ops->child_of(s->ctx, j->id, r) != PMI_NO_CHILD;
    return n;
}

static struct pmi_gather *gather(struct pmi_server_job *j, struct pmi_group *g)
{
    bool is_new;
    struct pmi_gather *ga = pmi_gather_take(&j->gathers, g, j->nclients + j->server->children, &is_new);
    if (is_new) {
        if (ga->group.kind == PMI_GROUP_NODE)
            ga->group.size = j->nclients;
        ga->below = count_below(j, &ga->group);
        ga->expected = count_local(j, &ga->group) + ga->below;
    }
    return ga;
}

/* Ranks of the group that are served here, by whether they have arrived. */
static uint32_t local_ranks(const struct pmi_server_job *j, const struct pmi_gather *g, const struct pmi_epoch *e,
                            bool arrived, struct pmi_range *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < j->nclients; i++) {
        uint32_t rank = j->clients[i].rank;
        if (!pmi_group_has(&g->group, rank) || pmi_epoch_has(e, i) != arrived)
            continue;
        if (n && out[n - 1].last + 1 == rank)
            out[n - 1].last = rank;
        else
            out[n++] = (struct pmi_range){rank, rank};
    }
    return n;
}

static void say_stuck(struct pmi_server_job *j, const struct pmi_gather *g, const struct pmi_epoch *e,
                      const struct pmi_client *missing)
{
    struct pmi_range *r = pmi_mem_zero(j->nclients, sizeof *r);
    char ranks[120], group[80] = "", why[320];
    uint32_t n = local_ranks(j, g, e, true, r);
    pmi_group_ranks_text(r, n, ranks, sizeof ranks);
    free(r);
    if (strcmp(g->group.name, "WORLD"))
        snprintf(group, sizeof group, " of the group %s", g->group.name);
    bool one = n == 1 && strspn(ranks, "0123456789") == strlen(ranks);
    snprintf(why, sizeof why, "exited before it reached the barrier%s that %s %s %s in", group,
             n ? one ? "rank" : "ranks" : "other", n ? ranks : "ranks", one ? "waits" : "wait");
    struct buf b = pmi_up_begin(j, PMI_CONTROL_STUCK);
    pmi_control_stuck_put(&b, &(struct pmi_control_stuck){missing->rank, bytes_of(why)});
    j->stuck = true;
    pmi_up_send(j->server, &b);
}

/* Does an epoch wait for a local rank that is gone? */
static void check_epoch(struct pmi_server_job *j, const struct pmi_gather *g, const struct pmi_epoch *e)
{
    for (uint32_t i = 0; j->ngone && !j->stuck && !e->sent && i < j->nclients; i++)
        if (j->clients[i].gone && !pmi_epoch_has(e, i) && pmi_group_has(&g->group, j->clients[i].rank))
            say_stuck(j, g, e, &j->clients[i]);
}

void pmi_barrier_client_gone(struct pmi_client *c)
{
    struct pmi_gather *g, *next;
    struct pmi_epoch *e;
    HASH_ITER(hh, c->job->gathers.all, g, next)
    {
        TAILQ_FOREACH(e, &g->epochs, of_gather)
        {
            check_epoch(c->job, g, e);
        }
    }
}

static void send_up(struct pmi_server_job *j, const struct pmi_gather *g, struct pmi_epoch *e)
{
    struct buf b = pmi_up_begin(j, PMI_CONTROL_BARRIER);
    pmi_control_barrier_put(&b, &(struct pmi_control_barrier){.group = bytes_of(g->group.name),
                                                              .stale = j->stale,
                                                              .arrived = e->arrived,
                                                              .low = e->low,
                                                              .high = e->high,
                                                              .puts = list_of(j->nputs, &j->puts),
                                                              .data = {(const char *)e->data.data, e->data.len}});
    buf_fini(&j->puts);
    j->nputs = 0;
    j->stale = false;
    buf_fini(&e->data);
    e->sent = true;
    pmi_up_send(j->server, &b);
}

static void release_fences(struct pmi_server_job *j, const struct pmi_epoch *e)
{
    for (uint32_t i = 0; e->fenced && i < j->nclients; i++) {
        struct pmi_client *c = &j->clients[i];
        if (!(e->fenced[i / 8] & 1u << i % 8) || --c->fences)
            continue;
        struct pmi_request *q, *next;
        for (q = LIST_FIRST(&c->held); q; q = next) {
            next = LIST_NEXT(q, parked);
            LIST_REMOVE(q, parked);
            q->parked.le_prev = NULL;
            pmi_get_held(q);
        }
    }
}

/* Values that have been replaced since they were fetched must not be read again; those on their way up are known. */
static void forget(struct pmi_server_job *j)
{
    struct pmi_control_pair p;
    struct list puts = list_of(j->nputs, &j->puts);
    struct rbuf r = list_items(&puts);
    pmi_kvs_clear(&j->seen);
    while (pmi_control_pair_next(&r, &p))
        pmi_kvs_put(&j->seen, p.key, p.value);
}

static bool all_here(const struct pmi_gather *g)
{
    return g->expected == g->group.size && !g->below;
}

static void release(struct pmi_server_job *j, struct pmi_gather *g, struct pmi_epoch *e, bool stale, struct bytes data)
{
    struct pmi_server *s = j->server;
    if (stale && !all_here(g))
        forget(j);
    for (uint32_t i = 0; i < s->children; i++) {
        if (!pmi_epoch_has(e, j->nclients + i))
            continue;
        struct buf b = pmi_message_begin(PMI_CONTROL_RELEASE, j->id);
        pmi_control_release_put(&b, &(struct pmi_control_release){bytes_of(g->group.name), stale, data});
        pmi_quiet_sent(&j->quiets[i]);
        pmi_down_send(s, i, &b);
    }
    while (!LIST_EMPTY(&e->requests))
        pmi_answer_value(LIST_FIRST(&e->requests), data);
    release_fences(j, e);
    pmi_gather_drop(&j->gathers, g, e);
}

static void progress(struct pmi_server_job *j, struct pmi_gather *g, struct pmi_epoch *e)
{
    if (e->arrived < g->expected)
        check_epoch(j, g, e);
    else if (all_here(g))
        release(j, g, e, j->stale, (struct bytes){(const char *)e->data.data, e->data.len});
    else if (!e->sent)
        send_up(j, g, e);
}

static struct pmi_epoch *arrive(struct pmi_client *c, struct pmi_gather *g)
{
    struct pmi_epoch *e = pmi_gather_join(g, c->index);
    pmi_epoch_count(g, e, 1, c->rank, c->rank);
    return e;
}

static void bring(struct pmi_epoch *e, struct bytes data)
{
    buf_put(&e->data, data.data, data.len);
    pmi_mem_check(&e->data);
}

void pmi_barrier(struct pmi_request *q, const char *group, struct bytes data)
{
    struct pmi_client *c = q->client;
    struct pmi_group g;
    const char *why;
    if (pmi_group_parse(&g, group, c->job->size, &why)) {
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "%s", why);
        return;
    }
    if (!pmi_group_has(&g, c->rank)) {
        pmi_group_fini(&g);
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "rank %u is not in the group", c->rank);
        return;
    }
    q->tag = g.tag;
    pmi_request_detail(q, g.name);
    pmi_request_charge(q, g.nranges * sizeof *g.ranges);
    struct pmi_gather *ga = gather(c->job, &g);
    struct pmi_epoch *e = arrive(c, ga);
    LIST_INSERT_HEAD(&e->requests, q, parked);
    bring(e, data);
    progress(c->job, ga, e);
}

/* A fence is the barrier of all ranks, whose waiting is done by the gets that follow. */
void pmi_fence(struct pmi_client *c)
{
    struct pmi_server_job *j = c->job;
    struct pmi_group g;
    const char *why;
    if (pmi_group_parse(&g, NULL, j->size, &why))
        return;
    struct pmi_gather *ga = gather(j, &g);
    struct pmi_epoch *e = arrive(c, ga);
    if (!e->fenced)
        e->fenced = pmi_mem_zero(j->nclients / 8 + 1, 1);
    e->fenced[c->index / 8] |= (unsigned char)(1u << c->index % 8);
    c->fences++;
    progress(j, ga, e);
}

/* Values of the subtree, to be passed on with the next message or as soon as they are many. */
static void add_puts(struct pmi_server_job *j, const struct list *puts)
{
    buf_put(&j->puts, puts->items.data, puts->items.len);
    j->nputs += puts->n;
    pmi_mem_check(&j->puts);
    if (j->puts.len > PMI_BATCH_MAX)
        pmi_puts_flush(j);
    pmi_putters_touch(j);
}

bool pmi_barrier_child_puts(struct pmi_server_job *j, struct rbuf *r)
{
    struct pmi_control_puts m;
    if (!pmi_control_puts_get(r, &m))
        return false;
    add_puts(j, &m.puts);
    return true;
}

bool pmi_barrier_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_barrier m;
    if (!pmi_control_barrier_get(r, &m))
        return false;
    add_puts(j, &m.puts);
    struct pmi_group g;
    const char *why;
    char *text = pmi_mem_bytes(m.group.data, m.group.len);
    int bad = pmi_group_parse(&g, text, j->size, &why);
    free(text);
    if (bad || g.kind == PMI_GROUP_NODE) {
        pmi_group_fini(&g);
        return false;
    }
    struct pmi_gather *ga = gather(j, &g);
    struct pmi_epoch *e = pmi_gather_join(ga, j->nclients + child);
    j->stale |= m.stale;
    if (!pmi_epoch_count(ga, e, m.arrived, m.low, m.high))
        return false;
    bring(e, m.data);
    progress(j, ga, e);
    return true;
}

bool pmi_barrier_release(struct pmi_server_job *j, struct rbuf *r)
{
    struct pmi_control_release m;
    if (!pmi_control_release_get(r, &m))
        return false;
    struct pmi_gather *g = pmi_gather_find(&j->gathers, m.group.data, m.group.len);
    struct pmi_epoch *e = g ? TAILQ_FIRST(&g->epochs) : NULL;
    if (!e || !e->sent)
        return false;
    j->received++;
    pmi_putters_touch(j);
    release(j, g, e, m.stale, m.data);
    return true;
}
