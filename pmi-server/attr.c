/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attributes: of the job, most of which the proxy knows itself; and of the node, which ranks put for one another and
 * may wait for.
 */
#include "pmi-server/attr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/mapping.h"
#include "pmi-server/mem.h"
#include "pmi-server/remote.h"

/* A map that does not fit is not told: clients then ask one another for host names. */
static void answer_mapping(struct pmi_request *q)
{
    struct pmi_server_job *j = q->of;
    if (!j->mapping)
        j->mapping = j->map ? pmi_mapping_text(j->map, PMI_VALUE_MAX - 1) : pmi_mem_str("");
    if (*j->mapping && strlen(j->mapping) <= q->front->mapping_max)
        pmi_answer_value(q, bytes_of(j->mapping));
    else
        pmi_answer_fail(q, PMI2_ERROR_KEY, "the map of the ranks is %s",
                        j->map ? "too long for a PMI value" : "unknown");
}

static void answer_dead(struct pmi_request *q)
{
    struct buf b;
    buf_init(&b);
    pmi_remote_send(q, PMI_REQUEST_DEAD, &b);
}

static void answer_universe(struct pmi_request *q)
{
    char text[16];
    int32_t n = q->of->universe;
    snprintf(text, sizeof text, "%d", n);
    if (n < 0)
        pmi_answer_fail(q, PMI2_ERROR_KEY, "the universe is not bounded");
    else
        pmi_answer_value(q, bytes_of(text));
}

static void answer_get_wait(struct pmi_request *q)
{
    pmi_answer_value(q, bytes_of("1"));
}

static void answer_name_service(struct pmi_request *q)
{
    pmi_answer_value(q, bytes_of("true"));
}

static const struct {
    const char *key;
    bool jobattr_only;
    void (*answer)(struct pmi_request *q);
} reserved[] = {
    {"PMI_process_mapping", false, answer_mapping}, {"PMI_dead_processes", false, answer_dead},
    {"PMI_get_wait", false, answer_get_wait},       {"universeSize", true, answer_universe},
    {"hasNameServ", true, answer_name_service},
};

bool pmi_attr_reserved(struct pmi_request *q)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcmp(q->detail, reserved[i].key) || (reserved[i].jobattr_only && q->verb != PMI_VERB_JOBATTR))
            continue;
        reserved[i].answer(q);
        return true;
    }
    return false;
}

void pmi_nodeattr_put(struct pmi_server_job *j, const char *key, const char *value)
{
    pmi_kvs_put(&j->nodeattrs, bytes_of(key), bytes_of(value));
    struct pmi_request *q, *next;
    for (q = LIST_FIRST(&j->nodewaits); q; q = next) {
        next = LIST_NEXT(q, parked);
        if (!strcmp(q->detail, key))
            pmi_answer_value(q, bytes_of(value));
    }
}

void pmi_nodeattr_get(struct pmi_request *q, bool wait)
{
    struct pmi_server_job *j = q->client->job;
    const struct pmi_kv *kv = pmi_kvs_get(&j->nodeattrs, bytes_of(q->detail));
    if (kv) {
        pmi_answer_value(q, pmi_kv_value(kv));
    } else if (!wait) {
        pmi_answer_fail(q, PMI2_ERROR_KEY, "no rank of this node has put the attribute %s", q->detail);
    } else {
        LIST_INSERT_HEAD(&j->nodewaits, q, parked);
        pmi_nodeattr_check(j);
    }
}

/* Can this rank still put an attribute? */
static bool may_put(const struct pmi_client *c)
{
    const struct pmi_request *q;
    if (c->gone || c->failed || c->finalized)
        return false;
    LIST_FOREACH(q, &c->requests, of_client)
    {
        if (q->in_order && q->verb == PMI_VERB_NODEATTR)
            return false;
    }
    return true;
}

void pmi_nodeattr_check(struct pmi_server_job *j)
{
    if (LIST_EMPTY(&j->nodewaits))
        return;
    for (uint32_t i = 0; i < j->nclients; i++)
        if (may_put(&j->clients[i]))
            return;
    struct pmi_request *q;
    while ((q = LIST_FIRST(&j->nodewaits)))
        pmi_answer_fail(q, PMI2_ERROR_OTHER, "no rank of this node is left to put the attribute %s", q->detail);
}
