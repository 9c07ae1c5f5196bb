/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requests go up as those of remote.c do. A question for a rank comes down the one way that leads to it.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/modex.h"

#include <string.h>
#include "pmi-server/links.h"
#include "pmi-server/mem.h"
#include "pmi-server/remote.h"

void pmi_modex(struct pmi_request *q, const char *space, uint32_t rank, const char *key, uint32_t timeout)
{
    struct pmi_server_job *of = pmi_job_named(q->client->job->server, space);
    struct buf b;
    if (!of || rank >= of->size || strlen(key) > PMI_NAME_MAX) {
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "no such rank, or key");
        return;
    }
    buf_init(&b);
    pmi_control_modex_put(&b, &(struct pmi_control_modex){of->id, rank, timeout, bytes_of(key)});
    pmi_remote_send(q, PMI_REQUEST_MODEX, &b);
}

void pmi_meet(struct pmi_request *q, const struct pmi_meeting *m)
{
    struct buf b, jobs;
    if (m->data.len > PMI_BLOB_MAX || strlen(m->name) > PMI_MESSAGE_MAX || m->njobs > PMI_CONTROL_COMMANDS_MAX) {
        pmi_answer_fail(q, PMI2_ERROR_VALUE_LENGTH, "it is too long");
        return;
    }
    buf_init(&b);
    buf_init(&jobs);
    for (uint32_t i = 0; i < m->njobs; i++)
        buf_put_u32(&jobs, m->jobs[i]);
    pmi_mem_check(&jobs);
    pmi_control_meeting_put(&b, &(struct pmi_control_meeting){bytes_of(m->name), m->arrived, m->expected,
                                                              list_of(m->njobs, &jobs), (uint8_t)m->kin, m->data});
    buf_fini(&jobs);
    pmi_remote_send(q, PMI_REQUEST_MEETING, &b);
}

void pmi_notify(struct pmi_request *q, struct bytes data)
{
    struct buf b;
    if (data.len > PMI_BLOB_MAX) {
        pmi_answer_fail(q, PMI2_ERROR_VALUE_LENGTH, "it is longer than 4 MiB");
        return;
    }
    buf_init(&b);
    pmi_control_notice_put(&b, &(struct pmi_control_notice){data});
    pmi_remote_send(q, PMI_REQUEST_NOTICE, &b);
}

static struct pmi_client *client_of(struct pmi_server_job *j, uint32_t rank)
{
    uint32_t lo = 0, hi = j->nclients;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (j->clients[mid].rank < rank)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < j->nclients && j->clients[lo].rank == rank ? &j->clients[lo] : NULL;
}

void pmi_server_modex_done(struct pmi_server *s, uint32_t job, uint32_t id, int rc, struct bytes data)
{
    struct buf b = pmi_message_begin(PMI_CONTROL_MODEX_DATA, job);
    pmi_control_modex_data_put(&b, &(struct pmi_control_modex_data){id, (uint8_t)rc, data});
    pmi_up_send(s, &b);
}

bool pmi_modex_down(struct pmi_server_job *j, struct rbuf *r)
{
    struct pmi_server *s = j->server;
    struct pmi_control_modex_ask m;
    if (!pmi_control_modex_ask_get(r, &m))
        return false;
    const struct pmi_client *c = client_of(j, m.rank);
    uint32_t child = c || !s->children ? PMI_NO_CHILD : s->ops->child_of(s->ctx, j->id, m.rank);
    if (c && s->ops->modex && !c->gone && !c->failed) {
        s->ops->modex(s->ctx, j->id, m.rank, m.id, m.key, m.timeout);
    } else if (child < s->children) {
        struct buf b = pmi_message_begin(PMI_CONTROL_MODEX_ASK, j->id);
        pmi_control_modex_ask_put(&b, &m);
        pmi_down_send(s, child, &b);
    } else {
        pmi_server_modex_done(s, j->id, m.id, PMI2_ERROR_OTHER, bytes_of("the rank is not there"));
    }
    return true;
}

void pmi_notice_down(struct pmi_server *s, struct rbuf *r)
{
    struct pmi_control_told m;
    if (!pmi_control_told_get(r, &m))
        return;
    for (uint32_t i = 0; i < s->children; i++) {
        struct buf b = pmi_message_begin(PMI_CONTROL_TOLD, 0);
        pmi_control_told_put(&b, &m);
        pmi_down_send(s, i, &b);
    }
    if (s->ops->notice)
        s->ops->notice(s->ctx, m.data.data, m.data.len);
}
