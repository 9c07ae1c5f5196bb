/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The door for the bytes of ranks.
 */
#include "pmi-server/input.h"

#include <stdio.h>
#include "pmi-server/attr.h"
#include "pmi-server/barrier.h"
#include "pmi-server/front.h"
#include "pmi-server/putters.h"

static void take_messages(struct pmi_client *c)
{
    struct pmi_msg m;
    c->job->server->reading = c;
    while (!c->failed && !c->in_order && pmi_stream_next(&c->in, &m)) {
        if (c->nrequests >= PMI_CLIENT_REQUESTS_MAX)
            pmi_client_fail(c, "sent more than 1024 PMI requests without waiting for answers");
        else if (c->parked > PMI_CLIENT_PARKED_MAX)
            pmi_client_fail(c, "sent more than 4 MiB of PMI requests without waiting for answers");
        else
            pmi_front_of(m.wire)->message(c, &m);
    }
    c->job->server->reading = NULL;
    if (c->in.bad) {
        char why[160];
        snprintf(why, sizeof why, "sent %s on its PMI connection", c->in.bad);
        pmi_client_fail(c, why);
    }
}

static void resume_job(struct pmi_server_job *j)
{
    j->resume = false;
    for (uint32_t i = 0; i < j->nclients; i++)
        if (!j->clients[i].in_order && pmi_stream_pending(&j->clients[i].in))
            take_messages(&j->clients[i]);
}

/* After answers to ranks that were not being read: what stands behind their requests. */
void pmi_resume(struct pmi_server *s)
{
    while (s->resume) {
        struct pmi_server_job *j, *next;
        s->resume = false;
        HASH_ITER(hh, s->jobs, j, next)
        {
            if (j->resume)
                resume_job(j);
        }
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
    pmi_resume(c->job->server);
    pmi_putters_touch(c->job);
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
    while (!LIST_EMPTY(&c->requests))
        pmi_request_free(LIST_FIRST(&c->requests));
    pmi_stream_fini(&c->in);
    pmi_barrier_client_gone(c);
    pmi_nodeattr_check(c->job);
    pmi_putters_touch(c->job);
    pmi_resume(c->job->server);
}
