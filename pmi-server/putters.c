/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A rank cannot put a value if it has ended, or waits in order for what only others can bring: a value of its own job,
 * an attribute of its node, all ranks of the job. That all ranks of the job wait so is no barrier that completes: who
 * waits for a value has not reached it.
 */
#include "pmi-server/putters.h"

#include <string.h>
#include "pmi-server/links.h"

static bool request_blocks(const struct pmi_request *q)
{
    if (q->verb == PMI_VERB_BARRIER)
        return q->detail && !strncmp(q->detail, "WORLD", 5);
    return q->in_order && (q->verb == PMI_VERB_NODEATTR || (q->blocks && q->of == q->client->job));
}

static bool may_put(const struct pmi_client *c)
{
    const struct pmi_request *q;
    if (c->gone || c->failed || c->finalized)
        return false;
    LIST_FOREACH(q, &c->requests, of_client)
    {
        if (request_blocks(q))
            return false;
    }
    return true;
}

static bool all_quiet(const struct pmi_server_job *j)
{
    for (uint32_t i = 0; i < j->nclients; i++)
        if (may_put(&j->clients[i]))
            return false;
    return pmi_quiet_all(j->quiets, j->server->children);
}

void pmi_putters_touch(struct pmi_server_job *j)
{
    if (j->eager)
        pmi_server_wake(j->server);
}

void pmi_putters_flush(struct pmi_server_job *j)
{
    if (!j->eager || !pmi_quiet_replied(j->quiets, j->server->children))
        return;
    bool quiet = all_quiet(j);
    if (j->told && j->told_quiet == quiet && (!quiet || j->told_received == j->received))
        return;
    j->told = true;
    j->told_quiet = quiet;
    j->told_received = j->received;
    struct buf b = pmi_up_begin(j, PMI_CONTROL_QUIET);
    pmi_control_quiet_put(&b, &(struct pmi_control_quiet){quiet, j->received});
    pmi_up_send(j->server, &b);
}

bool pmi_putters_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_quiet m;
    if (!pmi_control_quiet_get(r, &m))
        return false;
    pmi_quiet_heard(&j->quiets[child], m.quiet, m.received);
    pmi_putters_touch(j);
    return true;
}
