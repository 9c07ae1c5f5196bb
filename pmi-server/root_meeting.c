/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Known by its name until all have arrived. A proxy asks once for each, and again under the same name only when it has
 * been answered.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_meeting.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "wire/pmi.h"

/* Who waits for it. */
struct asker {
    uint32_t job, child, id;
};

struct pmi_root_meeting {
    UT_hash_handle hh;
    char *name;
    uint32_t arrived, expected;
    enum pmi_meeting_kin kin;
    struct asker *askers;
    uint32_t naskers;
    uint32_t *jobs;
    uint32_t njobs;
    struct buf data; /* eight bytes of its number first */
};

static void end(struct pmi_root *r, struct pmi_root_meeting *m, int rc, struct bytes text)
{
    for (uint32_t i = 0; i < m->naskers; i++) {
        const struct asker *a = &m->askers[i];
        pmi_root_answer(r, &(struct pmi_root_answer){a->job, a->child, a->id, rc, text, NULL, 0});
    }
    HASH_DEL(r->meetings, m);
    free(m->name);
    free(m->askers);
    free(m->jobs);
    buf_fini(&m->data);
    free(m);
}

static struct pmi_root_meeting *meeting_take(struct pmi_root *r, const struct pmi_control_meeting *ask)
{
    struct pmi_root_meeting *m;
    HASH_FIND(hh, r->meetings, ask->name.data, ask->name.len, m);
    if (m)
        return m;
    m = pmi_mem_zero(1, sizeof *m);
    m->name = pmi_mem_bytes(ask->name.data, ask->name.len);
    m->expected = ask->expected;
    m->kin = ask->kin;
    m->jobs = pmi_mem_zero(ask->jobs.n, sizeof *m->jobs);
    struct rbuf jobs = list_items(&ask->jobs);
    for (m->njobs = 0; m->njobs < ask->jobs.n; m->njobs++)
        m->jobs[m->njobs] = rbuf_u32(&jobs);
    buf_init(&m->data);
    buf_put_u64(&m->data, ++r->last_meeting);
    HASH_ADD_KEYPTR(hh, r->meetings, m->name, strlen(m->name), m);
    return m;
}

/* NULL: all are there. */
static const char *missing(const struct pmi_root *r, const struct pmi_root_meeting *m)
{
    for (uint32_t i = 0; i < m->njobs; i++)
        if (!pmi_root_find(r, m->jobs[i]))
            return "the job has ended";
    return m->arrived > m->expected ? "more ranks have come than take part" : NULL;
}

static void complete(struct pmi_root *r, struct pmi_root_meeting *m)
{
    if (m->kin != PMI_KIN_SAME && r->ops->met)
        r->ops->met(r->ctx, m->jobs, m->njobs, m->kin == PMI_KIN_PARTED);
    end(r, m, 0, (struct bytes){(const char *)m->data.data, m->data.len});
}

bool pmi_root_meet(const struct pmi_root_request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_control_meeting ask;
    if (!pmi_control_meeting_get(in, &ask))
        return false;
    struct pmi_root_meeting *m = meeting_take(r, &ask);
    m->askers = pmi_mem_grow(m->askers, m->naskers + 1, sizeof *m->askers);
    m->askers[m->naskers++] = (struct asker){q->job->id, q->child, q->id};
    m->arrived += ask.arrived;
    buf_put(&m->data, ask.data.data, ask.data.len);
    pmi_mem_check(&m->data);
    const char *why = missing(r, m);
    if (!why && m->data.len > PMI_BLOB_MAX)
        why = "what all bring is longer than 4 MiB";
    if (why)
        end(r, m, PMI2_ERROR_OTHER, bytes_of(why));
    else if (m->arrived == m->expected)
        complete(r, m);
    return true;
}

static bool needs(const struct pmi_root_meeting *m, uint32_t job)
{
    for (uint32_t i = 0; i < m->njobs; i++)
        if (m->jobs[i] == job)
            return true;
    return false;
}

void pmi_root_meeting_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_root_meeting *m, *next;
    HASH_ITER(hh, r->meetings, m, next)
    {
        if (needs(m, job))
            end(r, m, PMI2_ERROR_OTHER, bytes_of("the job has ended"));
    }
}
