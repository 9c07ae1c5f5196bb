/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What ranks ask of mpiexec: names (root_names.c); the dead; and spawn, which is handed to the launcher and answered
 * later.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_request.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "pmi-server/root_meeting.h"
#include "pmi-server/root_modex.h"
#include "pmi-server/root_names.h"
#include "pmi-server/root_values.h"
#include "wire/pmi.h"

static void reply(const struct pmi_root_request *q, int rc, const char *text)
{
    pmi_root_answer(q->job->root,
                    &(struct pmi_root_answer){q->job->id, q->child, q->id, rc, {text, strlen(text)}, NULL, 0});
}

static bool on_dead(const struct pmi_root_request *q, struct rbuf *in)
{
    if (!rbuf_done(in))
        return false;
    char *text = pmi_mem_bytes((const char *)q->job->dead.data, q->job->dead.len);
    reply(q, *text ? 0 : PMI2_ERROR_KEY, *text ? text : "no process has died");
    free(text);
    return true;
}

static bool on_notice(const struct pmi_root_request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_control_notice m;
    if (!pmi_control_notice_get(in, &m))
        return false;
    for (uint32_t i = 0; i < r->children; i++) {
        struct buf b;
        buf_init(&b);
        pmi_control_head_put(&b, &(struct pmi_control_head){PMI_CONTROL_TOLD, 0});
        pmi_control_told_put(&b, &(struct pmi_control_told){m.data});
        pmi_root_send(r, i, &b);
    }
    reply(q, 0, "");
    return true;
}

static bool on_ties(const struct pmi_root_request *q, struct rbuf *in)
{
    const struct pmi_root *r = q->job->root;
    struct pmi_control_ties m;
    if (!pmi_control_ties_get(in, &m))
        return false;
    if (r->ops->ties)
        r->ops->ties(r->ctx, q->job->id, m.job, m.left ? -(int64_t)m.count : m.count);
    reply(q, 0, "");
    return true;
}

static bool on_spawn(const struct pmi_root_request *q, struct rbuf *in)
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
    static bool (*const handlers[])(const struct pmi_root_request *, struct rbuf *) = {
        [PMI_REQUEST_PUBLISH] = pmi_root_publish,
        [PMI_REQUEST_LOOKUP] = pmi_root_lookup,
        [PMI_REQUEST_UNPUBLISH] = pmi_root_unpublish,
        [PMI_REQUEST_DEAD] = on_dead,
        [PMI_REQUEST_SPAWN] = on_spawn,
        [PMI_REQUEST_MODEX] = pmi_root_modex,
        [PMI_REQUEST_MEETING] = pmi_root_meet,
        [PMI_REQUEST_NOTICE] = on_notice,
        [PMI_REQUEST_TIES] = on_ties,
    };
    struct pmi_control_request m;
    struct rbuf body;
    if (!pmi_control_request_get(in, &m))
        return false;
    struct pmi_root_request q = {.job = j, .child = child, .id = m.id, .rank = m.rank};
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
    const char *text = why ? why : kvsname ? kvsname : "";
    pmi_root_answer(r, &(struct pmi_root_answer){.job = s->job,
                                                 .child = s->child,
                                                 .id = s->child_id,
                                                 .rc = why ? PMI2_ERROR_OTHER : 0,
                                                 .text = {text, strnlen(text, PMI_VALUE_MAX)},
                                                 .codes = all,
                                                 .ncodes = why ? 0 : procs});
    free(all);
    drop_spawning(r, s);
}

void pmi_root_requests_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_spawning *s, *next;
    HASH_ITER(hh, r->spawning, s, next)
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
