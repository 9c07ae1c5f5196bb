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
    while (!LIST_EMPTY(&c->asks))
        pmi_ask_free(LIST_FIRST(&c->asks));
    c->job->server->ops->failed(c->ctx, why);
    pmi_putters_touch(c->job);
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
