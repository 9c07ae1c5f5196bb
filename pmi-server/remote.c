/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requests that only mpiexec can answer: names, spawn, dead processes. Each link has its own numbers for them, so an
 * answer finds its way back hop by hop.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/engine.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"

static struct pmi_remote *remote_new(struct pmi_server *s, uint32_t job)
{
    struct pmi_remote *m = pmi_mem_zero(1, sizeof *m);
    m->id = ++s->last_id;
    m->job = job;
    LIST_INIT(&m->ask);
    HASH_ADD(hh, s->remotes, id, sizeof m->id, m);
    return m;
}

static void remote_free(struct pmi_server *s, struct pmi_remote *m)
{
    HASH_DEL(s->remotes, m);
    free(m);
}

static void send_request(struct pmi_server_job *j, uint32_t id, uint32_t rank, uint8_t kind, const void *p, size_t n)
{
    struct buf b = pmi_up_begin(j, PMI_CONTROL_REQUEST);
    buf_put_u32(&b, id);
    buf_put_u32(&b, rank);
    buf_put_u8(&b, kind);
    buf_put(&b, p, n);
    pmi_up_send(j->server, &b);
}

void pmi_remote_send(struct pmi_ask *a, enum pmi_request kind, struct buf *body)
{
    struct pmi_client *c = a->client;
    pmi_mem_check(body);
    struct pmi_remote *m = remote_new(c->job->server, c->job->id);
    LIST_INSERT_HEAD(&m->ask, a, parked);
    send_request(c->job, m->id, c->rank, (uint8_t)kind, body->data, body->len);
    buf_fini(body);
}

void pmi_name_request(struct pmi_ask *a, enum pmi_request kind, const char *name, const char *port)
{
    struct buf b;
    const char *bad = !name || !*name                                    ? "the name of the service is missing"
                      : !port || (kind == PMI_REQUEST_PUBLISH && !*port) ? "port is missing"
                      : strlen(name) > PMI_VALUE_MAX || strlen(port) > PMI_VALUE_MAX ? "more than 1024 bytes"
                      : kind == PMI_REQUEST_PUBLISH && !pmi_client_may_store(a->client)
                          ? "this rank has published too many names"
                          : NULL;
    if (bad) {
        pmi_answer_fail(a, PMI2_ERROR_INVALID_ARG, "%s", bad);
        return;
    }
    pmi_ask_detail(a, name);
    buf_init(&b);
    buf_put_str(&b, name);
    if (kind == PMI_REQUEST_PUBLISH)
        buf_put_str(&b, port);
    pmi_remote_send(a, kind, &b);
}

bool pmi_remote_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    uint32_t id = rbuf_u32(r), rank = rbuf_u32(r);
    uint8_t kind = rbuf_u8(r);
    if (!rbuf_ok(r))
        return false;
    struct pmi_remote *m = remote_new(j->server, j->id);
    m->relayed = true;
    m->child = child;
    m->child_id = id;
    send_request(j, m->id, rank, kind, r->data + r->pos, r->len - r->pos);
    return true;
}

/* The answer to a child: the same, with its own number. */
static void relay(struct pmi_server *s, const struct pmi_remote *m, const void *p, size_t n)
{
    struct buf b = pmi_message_begin(PMI_CONTROL_ANSWER, m->job);
    buf_put_u32(&b, m->child_id);
    buf_put(&b, p, n);
    pmi_down_send(s, m->child, &b);
}

static bool deliver(struct pmi_ask *a, struct rbuf *r)
{
    uint8_t rc = rbuf_u8(r);
    struct bytes text = rbuf_bytes(r, PMI_VALUE_MAX);
    uint32_t n = rbuf_count(r, 4);
    int32_t *codes = pmi_mem_zero(n, sizeof *codes);
    for (uint32_t i = 0; i < n; i++)
        codes[i] = (int32_t)rbuf_u32(r);
    char *s = pmi_mem_bytes(text.data, text.len);
    if (rbuf_done(r) && a)
        pmi_answer(a, &(struct pmi_result){.rc = rc, .why = s, .value = s, .codes = codes, .ncodes = n});
    free(s);
    free(codes);
    return rbuf_done(r);
}

/* A number that is not known belongs to a job that has ended. */
bool pmi_remote_answer(struct pmi_server *s, struct rbuf *r)
{
    uint32_t id = rbuf_u32(r);
    struct pmi_remote *m;
    HASH_FIND(hh, s->remotes, &id, sizeof id, m);
    if (!rbuf_ok(r) || !m)
        return rbuf_ok(r);
    bool ok = true;
    if (m->relayed)
        relay(s, m, r->data + r->pos, r->len - r->pos);
    else
        ok = deliver(LIST_FIRST(&m->ask), r);
    remote_free(s, m);
    return ok;
}

void pmi_remote_job_del(struct pmi_server *s, uint32_t job)
{
    struct pmi_remote *m, *next;
    HASH_ITER(hh, s->remotes, m, next)
    {
        if (m->job == job)
            remote_free(s, m);
    }
}
