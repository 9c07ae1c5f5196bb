/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpiexec's half: jobs with their key-values, and what comes up from the proxies. Barriers are in root_barrier.c, what
 * is asked by REQUEST in root_request.c.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"
#include "pmi-server/name_store.h"
#include "pmi-server/root_barrier.h"
#include "pmi-server/root_links.h"
#include "pmi-server/root_meeting.h"
#include "pmi-server/root_modex.h"
#include "pmi-server/root_names.h"
#include "pmi-server/root_request.h"
#include "pmi-server/root_values.h"
#include "wire/pmi.h"

struct pmi_root *pmi_root_create(const struct pmi_root_ops *ops, void *ctx, uint32_t children)
{
    struct pmi_root *r = pmi_mem_zero(1, sizeof *r);
    r->ops = ops;
    r->ctx = ctx;
    r->children = children;
    r->gone = pmi_mem_zero(children, sizeof *r->gone);
    r->store = pmi_name_store_create(pmi_root_name_done, r);
    pmi_root_names(r, &pmi_name_store_ops, r->store);
    return r;
}

void pmi_root_names(struct pmi_root *r, const struct pmi_name_ops *ops, void *ctx)
{
    r->names = ops;
    r->names_ctx = ctx;
}

void pmi_root_destroy(struct pmi_root *r)
{
    if (!r)
        return;
    while (r->jobs)
        pmi_root_job_del(r, r->jobs->id);
    pmi_root_requests_clear(r);
    pmi_name_store_destroy(r->store);
    free(r->gone);
    free(r);
}

/* A link that comes later serves no rank of a job that has begun. */
static void grow_children(struct pmi_root_space *j, uint32_t from, uint32_t to)
{
    j->prefetch = pmi_mem_grow(j->prefetch, to, sizeof *j->prefetch);
    j->quiets = pmi_quiets_grow(j->quiets, j->root->gone, from, to);
    for (uint32_t i = from; i < to; i++) {
        j->prefetch[i] = (struct pmi_prefetch){0};
        if (from > 0)
            pmi_quiet_gone(&j->quiets[i]);
    }
}

void pmi_root_children(struct pmi_root *r, uint32_t children)
{
    struct pmi_root_space *j, *next;
    if (children <= r->children)
        return;
    r->gone = pmi_mem_grow(r->gone, children, sizeof *r->gone);
    for (uint32_t i = r->children; i < children; i++)
        r->gone[i] = false;
    HASH_ITER(hh, r->jobs, j, next)
    {
        grow_children(j, r->children, children);
        pmi_gathers_grow(&j->gathers, children);
    }
    r->children = children;
}

void pmi_root_child_gone(struct pmi_root *r, uint32_t child)
{
    struct pmi_root_space *j, *next;
    if (child >= r->children || r->gone[child])
        return;
    r->gone[child] = true;
    HASH_ITER(hh, r->jobs, j, next)
    {
        pmi_quiet_gone(&j->quiets[child]);
        pmi_root_values_check(j);
    }
}

int pmi_root_job_add(struct pmi_root *r, const struct pmi_root_job *job)
{
    if (pmi_root_find(r, job->id) || strlen(job->kvsname) >= PMI_KVSNAME_MAX)
        return -1;
    struct pmi_root_space *j = pmi_mem_zero(1, sizeof *j);
    j->root = r;
    j->id = job->id;
    j->size = job->size;
    grow_children(j, 0, r->children);
    HASH_ADD(hh, r->jobs, id, sizeof j->id, j);
    if (job->spawn)
        pmi_root_preput(j, job->spawn);
    return 0;
}

void pmi_root_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    if (!j)
        return;
    pmi_root_requests_job_del(r, job);
    pmi_root_modex_job_del(r, job);
    pmi_root_meeting_job_del(r, job);
    pmi_root_names_job_del(r, job);
    pmi_root_values_del(j);
    pmi_gathers_clear(&j->gathers);
    buf_fini(&j->dead);
    free(j->gone);
    HASH_DEL(r->jobs, j);
    free(j);
}

void pmi_root_dead(struct pmi_root *r, uint32_t job, uint32_t rank)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    char one[16];
    if (!j)
        return;
    pmi_root_modex_gone(r, job, rank);
    int n = snprintf(one, sizeof one, j->dead.len ? ",%u" : "%u", rank);
    if (j->dead.len + (size_t)n >= PMI_VALUE_MAX)
        return; /* what clients can take is full; the first to die are named */
    buf_put(&j->dead, one, (size_t)n);
    pmi_mem_check(&j->dead);
}

static bool take_puts(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_puts m;
    if (!pmi_control_puts_get(r, &m))
        return false;
    pmi_root_take_puts(j, &m.puts);
    return true;
}

static bool take_stuck(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_stuck m;
    if (!pmi_control_stuck_get(r, &m))
        return false;
    char *text = pmi_mem_bytes(m.why.data, m.why.len);
    pmi_root_stuck(j, m.rank, text);
    free(text);
    return true;
}

int pmi_root_up(struct pmi_root *r, uint32_t child, const void *p, size_t n)
{
    static bool (*const handlers[PMI_CONTROL_END])(struct pmi_root_space *, uint32_t, struct rbuf *) = {
        [PMI_CONTROL_PUTS] = take_puts,
        [PMI_CONTROL_BARRIER] = pmi_root_barrier_up,
        [PMI_CONTROL_GET] = pmi_root_take_get,
        [PMI_CONTROL_REQUEST] = pmi_root_request_up,
        [PMI_CONTROL_STUCK] = take_stuck,
        [PMI_CONTROL_QUIET] = pmi_root_take_quiet,
        [PMI_CONTROL_MODEX_DATA] = pmi_root_modex_data,
    };
    struct rbuf in;
    rbuf_init(&in, p, n);
    struct pmi_control_head head;
    if (!pmi_control_head_get(&in, &head) || child >= r->children || head.type >= PMI_CONTROL_END ||
        !handlers[head.type])
        return -1;
    struct pmi_root_space *j = pmi_root_find(r, head.job);
    if (!j)
        return 0; /* it has just ended */
    return handlers[head.type](j, child, &in) ? 0 : -1;
}
