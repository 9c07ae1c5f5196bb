/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What ranks ask of mpiexec: published names, which all of its jobs share and which end with the job that published
 * them; the dead; and spawn, which is handed to the launcher and answered later.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_request.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "pmi-server/root_values.h"
#include "wire/pmi.h"

struct request {
    struct pmi_root_space *job;
    uint32_t child, id, rank;
};

static void answer(struct pmi_root *r, uint32_t job, uint32_t child, uint32_t id, int rc, const char *text,
                   const int32_t *codes, uint32_t n)
{
    struct buf b, list;
    buf_init(&b);
    buf_init(&list);
    for (uint32_t i = 0; i < n; i++)
        buf_put_i32(&list, codes[i]);
    pmi_mem_check(&list);
    pmi_control_head_put(&b, &(struct pmi_control_head){PMI_CONTROL_ANSWER, job});
    pmi_control_answer_put(&b, &(struct pmi_control_answer){id, (uint8_t)rc, bytes_of(text), list_of(n, &list)});
    buf_fini(&list);
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
    struct pmi_control_publish m;
    if (!pmi_control_publish_get(in, &m))
        return false;
    if (find_name(r, m.name)) {
        reply(q, PMI2_ERROR_OTHER, "key_already_present");
        return true;
    }
    struct pmi_published *p = pmi_mem_zero(1, sizeof *p + m.name.len + 1);
    memcpy(p->name, m.name.data, m.name.len);
    p->port = pmi_mem_bytes(m.port.data, m.port.len);
    p->job = q->job->id;
    HASH_ADD_KEYPTR(hh, r->names, p->name, m.name.len, p);
    reply(q, 0, "");
    return true;
}

static bool on_lookup(const struct request *q, struct rbuf *in)
{
    struct pmi_control_service m;
    if (!pmi_control_service_get(in, &m))
        return false;
    const struct pmi_published *p = find_name(q->job->root, m.name);
    reply(q, p ? 0 : PMI2_ERROR_OTHER, p ? p->port : "service_not_found");
    return true;
}

static bool on_unpublish(const struct request *q, struct rbuf *in)
{
    struct pmi_control_service m;
    if (!pmi_control_service_get(in, &m))
        return false;
    struct pmi_published *p = find_name(q->job->root, m.name);
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
    struct pmi_control_spawn m;
    if (!pmi_control_spawn_get(in, &m))
        return false;
    struct pmi_spawning *s = pmi_mem_zero(1, sizeof *s);
    *s = (struct pmi_spawning){
        .id = ++r->last_spawn, .job = q->job->id, .child = q->child, .child_id = q->id, .request = m};
    HASH_ADD(hh, r->spawning, id, sizeof s->id, s);
    r->ops->spawn(r->ctx, &(struct pmi_spawn){s->id, s->job, q->rank, m.ncmds, m.cmds});
    return true;
}

bool pmi_root_request_up(struct pmi_root_space *j, uint32_t child, struct rbuf *in)
{
    static bool (*const handlers[])(const struct request *, struct rbuf *) = {
        [PMI_REQUEST_PUBLISH] = on_publish, [PMI_REQUEST_LOOKUP] = on_lookup, [PMI_REQUEST_UNPUBLISH] = on_unpublish,
        [PMI_REQUEST_DEAD] = on_dead,       [PMI_REQUEST_SPAWN] = on_spawn,
    };
    struct pmi_control_request m;
    struct rbuf body;
    if (!pmi_control_request_get(in, &m))
        return false;
    struct request q = {.job = j, .child = child, .id = m.id, .rank = m.rank};
    rbuf_init(&body, m.body.data, m.body.len);
    return handlers[m.kind](&q, &body);
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
    pmi_control_spawn_fini(&s->request);
    free(s);
}

void pmi_root_preput(struct pmi_root_space *j, uint32_t spawn)
{
    const struct pmi_spawning *s = find_spawning(j->root, spawn);
    for (uint32_t i = 0; s && i < s->request.npreput; i++)
        pmi_root_put(j->root, j->id, s->request.preput[i].key, s->request.preput[i].value);
}

void pmi_root_spawn_done(struct pmi_root *r, uint32_t id, const char *why, const char *kvsname, const int32_t *codes,
                         uint32_t n)
{
    struct pmi_spawning *s = find_spawning(r, id);
    if (!s)
        return;
    uint32_t procs = 0;
    for (uint32_t i = 0; i < s->request.ncmds; i++)
        procs += s->request.cmds[i].maxprocs;
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
