/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What ranks ask of mpiexec: published names, which all of its jobs share and which end with the job that published
 * them; the dead; and spawn, which is handed to the launcher and answered later.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_engine.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"

struct request {
    struct pmi_root_space *job;
    uint32_t child, id, rank;
};

static void answer(struct pmi_root *r, uint32_t job, uint32_t child, uint32_t id, int rc, const char *text,
                   const int32_t *codes, uint32_t n)
{
    struct buf b;
    buf_init(&b);
    buf_put_u8(&b, PMI_CONTROL_ANSWER);
    buf_put_u32(&b, job);
    buf_put_u32(&b, id);
    buf_put_u8(&b, (uint8_t)rc);
    buf_put_bytes(&b, text, strnlen(text, PMI_VALUE_MAX));
    buf_put_u32(&b, n);
    for (uint32_t i = 0; i < n; i++)
        buf_put_u32(&b, (uint32_t)codes[i]);
    pmi_root_send(r, child, &b);
}

static void reply(const struct request *q, int rc, const char *text)
{
    answer(q->job->root, q->job->id, q->child, q->id, rc, text, NULL, 0);
}

static struct pmi_published *find_name(struct pmi_root *r, struct bytes name)
{
    struct pmi_published *p;
    HASH_FIND(hh, r->names, name.data, name.len, p);
    return p;
}

static void drop_name(struct pmi_root *r, struct pmi_published *p)
{
    HASH_DEL(r->names, p);
    free(p->port);
    free(p);
}

static bool on_publish(const struct request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct bytes name = rbuf_bytes(in, PMI_VALUE_MAX), port = rbuf_bytes(in, PMI_VALUE_MAX);
    if (!rbuf_done(in) || !name.len)
        return false;
    if (find_name(r, name)) {
        reply(q, PMI2_ERROR_OTHER, "key_already_present");
        return true;
    }
    struct pmi_published *p = pmi_mem_zero(1, sizeof *p + name.len + 1);
    memcpy(p->name, name.data, name.len);
    p->port = pmi_mem_bytes(port.data, port.len);
    p->job = q->job->id;
    HASH_ADD_KEYPTR(hh, r->names, p->name, name.len, p);
    reply(q, 0, "");
    return true;
}

static bool on_lookup(const struct request *q, struct rbuf *in)
{
    struct bytes name = rbuf_bytes(in, PMI_VALUE_MAX);
    if (!rbuf_done(in))
        return false;
    const struct pmi_published *p = find_name(q->job->root, name);
    reply(q, p ? 0 : PMI2_ERROR_OTHER, p ? p->port : "service_not_found");
    return true;
}

static bool on_unpublish(const struct request *q, struct rbuf *in)
{
    struct bytes name = rbuf_bytes(in, PMI_VALUE_MAX);
    if (!rbuf_done(in))
        return false;
    struct pmi_published *p = find_name(q->job->root, name);
    if (p)
        drop_name(q->job->root, p);
    reply(q, p ? 0 : PMI2_ERROR_OTHER, p ? "" : "service_not_found");
    return true;
}

static bool on_dead(const struct request *q, struct rbuf *in)
{
    if (!rbuf_done(in))
        return false;
    char *text = pmi_mem_bytes((const char *)q->job->dead.data, q->job->dead.len);
    reply(q, *text ? 0 : PMI2_ERROR_KEY, *text ? text : "no process has died");
    free(text);
    return true;
}

static bool on_spawn(const struct request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_spawn_text *t = pmi_spawn_decode(in);
    if (!t)
        return false;
    struct pmi_spawning *s = pmi_mem_zero(1, sizeof *s);
    s->id = t->req.id = ++r->last_spawn;
    s->job = t->req.job = q->job->id;
    t->req.rank = q->rank;
    s->child = q->child;
    s->child_id = q->id;
    s->text = t;
    HASH_ADD(hh, r->spawning, id, sizeof s->id, s);
    r->ops->spawn(r->ctx, &t->req);
    return true;
}

bool pmi_root_request_up(struct pmi_root_space *j, uint32_t child, struct rbuf *in)
{
    static bool (*const handlers[])(const struct request *, struct rbuf *) = {
        [PMI_REQUEST_PUBLISH] = on_publish, [PMI_REQUEST_LOOKUP] = on_lookup, [PMI_REQUEST_UNPUBLISH] = on_unpublish,
        [PMI_REQUEST_DEAD] = on_dead,       [PMI_REQUEST_SPAWN] = on_spawn,
    };
    struct request q = {.job = j, .child = child};
    q.id = rbuf_u32(in);
    q.rank = rbuf_u32(in);
    uint8_t kind = rbuf_u8(in);
    return rbuf_ok(in) && kind < sizeof handlers / sizeof *handlers && handlers[kind](&q, in);
}

static struct pmi_spawning *find_spawning(struct pmi_root *r, uint32_t id)
{
    struct pmi_spawning *s;
    HASH_FIND(hh, r->spawning, &id, sizeof id, s);
    return s;
}

static void drop_spawning(struct pmi_root *r, struct pmi_spawning *s)
{
    HASH_DEL(r->spawning, s);
    pmi_spawn_free(s->text);
    free(s);
}

void pmi_root_preput(struct pmi_root_space *j, uint32_t spawn)
{
    const struct pmi_spawning *s = find_spawning(j->root, spawn);
    for (uint32_t i = 0; s && i < s->text->npreput; i++)
        pmi_root_put(j->root, j->id, s->text->preput[i].key, s->text->preput[i].value);
}

void pmi_root_spawn_done(struct pmi_root *r, uint32_t id, const char *why, const char *kvsname, const int32_t *codes,
                         uint32_t n)
{
    struct pmi_spawning *s = find_spawning(r, id);
    if (!s)
        return;
    uint32_t procs = s->text->nprocs;
    int32_t *all = pmi_mem_zero(procs, sizeof *all);
    if (n)
        memcpy(all, codes, (n < procs ? n : procs) * sizeof *all);
    if (why)
        answer(r, s->job, s->child, s->child_id, PMI2_ERROR_OTHER, why, NULL, 0);
    else
        answer(r, s->job, s->child, s->child_id, 0, kvsname ? kvsname : "", all, procs);
    free(all);
    drop_spawning(r, s);
}

void pmi_root_requests_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_published *p, *p_next;
    struct pmi_spawning *s, *s_next;
    HASH_ITER(hh, r->names, p, p_next)
    {
        if (p->job == job)
            drop_name(r, p);
    }
    HASH_ITER(hh, r->spawning, s, s_next)
    {
        if (s->job == job)
            drop_spawning(r, s);
    }
}

void pmi_root_requests_clear(struct pmi_root *r)
{
    struct pmi_spawning *s, *next;
    HASH_ITER(hh, r->spawning, s, next)
    {
        drop_spawning(r, s);
    }
}
