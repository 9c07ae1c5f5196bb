/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requests that only mpiexec can answer: names, spawn, dead processes. Each link has its own numbers for them, so an
 * answer finds its way back hop by hop.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/remote.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/links.h"
#include "pmi-server/mem.h"

/* A request on its way to mpiexec: of a local rank, or handed on for a child. */
struct pmi_remote {
    UT_hash_handle hh;
    uint32_t id;
    uint32_t job;
    struct pmi_requests request; /* one, or none */
    bool relayed;
    uint32_t child, child_id;
};

static struct pmi_remote *remote_new(struct pmi_server *s, uint32_t job)
{
    struct pmi_remote *m = pmi_mem_zero(1, sizeof *m);
    m->id = ++s->last_id;
    m->job = job;
    LIST_INIT(&m->request);
    HASH_ADD(hh, s->remotes, id, sizeof m->id, m);
    return m;
}

static void remote_free(struct pmi_server *s, struct pmi_remote *m)
{
    HASH_DEL(s->remotes, m);
    free(m);
}

static void send_request(struct pmi_server_job *j, const struct pmi_control_request *m)
{
    struct buf b = pmi_up_begin(j, PMI_CONTROL_REQUEST);
    pmi_control_request_put(&b, m);
    pmi_up_send(j->server, &b);
}

void pmi_remote_send(struct pmi_request *q, enum pmi_request_kind kind, struct buf *body)
{
    struct pmi_client *c = q->client;
    pmi_mem_check(body);
    struct pmi_server_job *j = q->of ? q->of : c->job;
    struct pmi_remote *m = remote_new(j->server, j->id);
    LIST_INSERT_HEAD(&m->request, q, parked);
    struct bytes bytes = {(const char *)body->data, body->len};
    send_request(j, &(struct pmi_control_request){m->id, c->rank, (uint8_t)kind, bytes});
    buf_fini(body);
}

static void name_send(struct pmi_request *q, enum pmi_request_kind kind, const char *name, struct buf *body)
{
    if (*name && strlen(name) <= PMI_VALUE_MAX) {
        pmi_request_detail(q, name);
        pmi_remote_send(q, kind, body);
        return;
    }
    buf_fini(body);
    pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, *name ? "more than 1024 bytes" : "the name of the service is missing");
}

void pmi_name_publish(struct pmi_request *q, const char *name, struct bytes port, enum pmi_name_life life, bool inside)
{
    struct buf b;
    const char *bad = port.len > PMI_BLOB_MAX ? "the port is longer than 4 MiB"
                      : !pmi_client_may_store(q->client, strlen(name) + port.len)
                          ? "this rank has published too many names"
                          : NULL;
    if (bad) {
        pmi_answer_fail(q, PMI2_ERROR_NOMEM, "%s", bad);
        return;
    }
    buf_init(&b);
    pmi_control_publish_put(&b, &(struct pmi_control_publish){bytes_of(name), (uint8_t)life, inside, port});
    name_send(q, PMI_REQUEST_PUBLISH, name, &b);
}

void pmi_name_lookup(struct pmi_request *q, const char *name, bool wait, bool inside)
{
    struct buf b;
    buf_init(&b);
    pmi_control_lookup_put(&b, &(struct pmi_control_lookup){bytes_of(name), wait, inside});
    name_send(q, PMI_REQUEST_LOOKUP, name, &b);
}

void pmi_name_unpublish(struct pmi_request *q, const char *name, bool inside)
{
    struct buf b;
    buf_init(&b);
    pmi_control_unpublish_put(&b, &(struct pmi_control_unpublish){bytes_of(name), inside});
    name_send(q, PMI_REQUEST_UNPUBLISH, name, &b);
}

void pmi_ties(struct pmi_request *q, const char *space, int64_t count, bool left)
{
    struct buf b;
    if (!space || !*space || strlen(space) >= PMI_KVSNAME_MAX || count < 1 || count > UINT32_MAX) {
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "no such job, or not so many ranks");
        return;
    }
    buf_init(&b);
    pmi_control_ties_put(&b, &(struct pmi_control_ties){bytes_of(space), (uint32_t)count, left});
    pmi_remote_send(q, PMI_REQUEST_TIES, &b);
}

bool pmi_remote_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_request q;
    if (!pmi_control_request_get(r, &q))
        return false;
    struct pmi_remote *m = remote_new(j->server, j->id);
    m->relayed = true;
    m->child = child;
    m->child_id = q.id;
    q.id = m->id;
    send_request(j, &q);
    return true;
}

/* The answer to a child: the same, with its own number. */
static void relay(struct pmi_server *s, const struct pmi_remote *m, struct pmi_control_answer answer)
{
    struct buf b = pmi_message_begin(PMI_CONTROL_ANSWER, m->job);
    answer.id = m->child_id;
    pmi_control_answer_put(&b, &answer);
    pmi_down_send(s, m->child, &b);
}

static void deliver(struct pmi_request *q, const struct pmi_control_answer *m)
{
    struct rbuf r = list_items(&m->codes);
    int32_t *codes = pmi_mem_zero(m->codes.n, sizeof *codes);
    for (uint32_t i = 0; i < m->codes.n; i++)
        codes[i] = rbuf_i32(&r);
    char *s = pmi_mem_bytes(m->text.data, m->text.len);
    pmi_answer(q, &(struct pmi_result){
                      .rc = m->rc, .why = s, .value = {s, m->text.len}, .codes = codes, .ncodes = m->codes.n});
    free(s);
    free(codes);
}

/* A number that is not known belongs to a job that has ended. */
bool pmi_remote_answer(struct pmi_server *s, struct rbuf *r)
{
    struct pmi_control_answer answer;
    struct pmi_remote *m;
    if (!pmi_control_answer_get(r, &answer))
        return false;
    HASH_FIND(hh, s->remotes, &answer.id, sizeof answer.id, m);
    if (!m)
        return true;
    if (m->relayed)
        relay(s, m, answer);
    else if (!LIST_EMPTY(&m->request))
        deliver(LIST_FIRST(&m->request), &answer);
    remote_free(s, m);
    return true;
}

void pmi_remote_job_del(struct pmi_server *s, uint32_t job)
{
    struct pmi_remote *m, *next;
    HASH_ITER(hh, s->remotes, m, next)
    {
        if (m->job != job)
            continue;
        if (!LIST_EMPTY(&m->request)) /* of a rank of another job: this one's are gone */
            pmi_answer_fail(LIST_FIRST(&m->request), PMI2_ERROR_OTHER, "the job has ended");
        remote_free(s, m);
    }
}
