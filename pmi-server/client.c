/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a local rank, and the door for its bytes.
 */
#include "pmi-server/engine.h"

#include <stdio.h>
#include <time.h>

uint64_t pmi_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
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
void pmi_job_resume(struct pmi_server_job *j)
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
    pmi_job_resume(c->job);
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
    pmi_job_resume(c->job);
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
