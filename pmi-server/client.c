/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a local rank, and what it waits for.
 */
#include "pmi-server/job.h"

#include <stdio.h>
#include "pmi-server/attr.h"
#include "pmi-server/putters.h"

void pmi_client_initialized(struct pmi_client *c)
{
    c->inited = true;
    c->finalized = false;
    pmi_putters_touch(c->job);
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
    pmi_putters_touch(c->job);
}

void pmi_client_abort(struct pmi_client *c, int code, const char *message)
{
    if (!c->aborted)
        c->job->server->ops->abort(c->ctx, code, message);
    c->aborted = true;
}

void pmi_client_fail(struct pmi_client *c, const char *why)
{
    if (c->failed)
        return;
    c->failed = true;
    c->since = pmi_now();
    while (!LIST_EMPTY(&c->requests))
        pmi_request_free(LIST_FIRST(&c->requests));
    c->job->server->ops->failed(c->ctx, why);
    pmi_putters_touch(c->job);
}

static void describe(const struct pmi_request *q, struct pmi_client_state *out)
{
    static const char *const verbs[] = {
        [PMI_VERB_GET] = "get",         [PMI_VERB_JOBATTR] = "get",         [PMI_VERB_NODEATTR] = "node attribute",
        [PMI_VERB_BARRIER] = "barrier", [PMI_VERB_PUBLISH] = "publish",     [PMI_VERB_LOOKUP] = "lookup",
        [PMI_VERB_SPAWN] = "spawn",     [PMI_VERB_UNPUBLISH] = "unpublish", [PMI_VERB_PLAIN] = "fence",
    };
    out->state = PMI_CLIENT_WAITS;
    out->since = q->since;
    snprintf(out->op, sizeof out->op, "%s%s%s", verbs[q->verb], q->detail ? " " : "", q->detail ? q->detail : "");
}

void pmi_client_state(const struct pmi_client *c, struct pmi_client_state *out)
{
    *out =
        (struct pmi_client_state){.since = c->since, .silent = !c->inited && !c->finalized, .finalized = c->finalized};
    out->state = c->gone        ? PMI_CLIENT_GONE
                 : c->failed    ? PMI_CLIENT_FAILED
                 : c->finalized ? PMI_CLIENT_FINALIZED
                 : c->inited    ? PMI_CLIENT_RUNS
                                : PMI_CLIENT_SILENT;
    const struct pmi_request *q, *oldest = NULL;
    LIST_FOREACH(q, &c->requests, of_client)
    {
        oldest = q;
    }
    if (oldest)
        describe(oldest, out);
}
