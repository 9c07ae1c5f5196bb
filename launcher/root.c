/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root: between the engine of PMI, which knows no sockets, and the tree.
 *
 * The engine's ops may not call back into it. What they ask for that leads back (spawn, a job that is stuck) is done
 * when the loop comes round.
 */
#include "launcher/root.h"

#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/explain.h"
#include "launcher/job.h"
#include "launcher/kin.h"
#include "launcher/names.h"
#include "launcher/tree.h"
#include "pmi-server/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stuck {
    struct run *run;
    uint32_t job, rank;
    char *why;
};

static void op_down(void *ctx, uint32_t child, const void *p, size_t n)
{
    struct run *run = ctx;
    tree_send_link(run->cluster, child, CONTROL_PMI_DOWN, p, n);
}

static void op_spawn(void *ctx, const struct pmi_spawn *req)
{
    struct run *run = ctx;
    run->spawn(run, req);
}

static void stuck_now(evutil_socket_t fd, short what, void *arg)
{
    struct stuck *s = arg;
    struct job *j = job_find(s->run, s->job);
    if (j && !j->done)
        job_fail(j, FAILURE_STUCK, s->rank, now_ns(), 0, s->why);
    free(s->why);
    free(s);
}

static void op_stuck(void *ctx, uint32_t job, uint32_t rank, const char *why)
{
    struct run *run = ctx;
    struct stuck *s = xmalloc(sizeof *s);
    *s = (struct stuck){run, job, rank, xstrdup(why)};
    struct timeval now = {0, 0};
    event_base_once(run->cluster->base, -1, EV_TIMEOUT, stuck_now, s, &now);
}

static uint32_t op_child_of(void *ctx, uint32_t job, uint32_t rank)
{
    struct run *run = ctx;
    const struct links *l = &run->cluster->links;
    const struct job *j = job_find(run, job);
    uint32_t node = j ? rankmap_node(&j->spec.map, rank) : UINT32_MAX;
    uint32_t link = node < run->cluster->nnodes ? l->route[node] : LINK_NONE;
    return link == LINK_NONE || l->v[link]->state == LINK_LOST ? PMI_NO_CHILD : link;
}

static void op_ties(void *ctx, uint32_t job, struct bytes other, int64_t more)
{
    struct run *run = ctx;
    struct job *j = job_find(run, job), *o;
    TAILQ_FOREACH(o, &run->jobs, link)
    if (j && bytes_eq(other, o->spec.kvsname)) {
        kin_tie(j, o, more);
        log_debug("job %u: %+lld ties with job %u", job, (long long)more, o->spec.job);
    }
}

static void op_met(void *ctx, const uint32_t *jobs, uint32_t n, bool parted)
{
    struct run *run = ctx;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < i; k++) {
            struct job *a = job_find(run, jobs[i]), *b = job_find(run, jobs[k]);
            if (a && b && parted)
                kin_part(a, b);
            else if (a && b)
                kin_tie(a, b, 1);
        }
}

static const struct pmi_root_ops ops = {op_down, op_spawn, op_stuck, op_ties, op_met, op_child_of};

void root_init(struct run *run, void (*spawn)(struct run *run, const struct pmi_spawn *req))
{
    run->spawn = spawn;
    run->pmi = pmi_root_create(&ops, run, run->cluster->links.n);
    run->names = names_create(run->cluster->base, run->pmi, run->opt.names_server, run->opt.names_key);
}

void root_links(struct run *run)
{
    const struct links *l = &run->cluster->links;
    pmi_root_children(run->pmi, l->n);
    for (uint32_t i = 0; i < l->n; i++)
        if (l->v[i]->state == LINK_LOST)
            pmi_root_child_gone(run->pmi, i);
}

void root_node_lost(struct run *run, uint32_t node)
{
    const struct links *l = &run->cluster->links;
    uint32_t link = l->route[node];
    if (link != LINK_NONE && l->v[link]->state == LINK_LOST)
        pmi_root_child_gone(run->pmi, link);
}

void root_fini(struct run *run)
{
    pmi_root_destroy(run->pmi);
}

bool root_up(struct run *run, uint32_t link, const unsigned char *payload, size_t n)
{
    return pmi_root_up(run->pmi, link, payload, n) == 0;
}

void root_job_add(struct run *run, const struct job *j)
{
    struct pmi_root_job r = {j->spec.job, j->spec.kvsname, j->spec.map.nranks, j->spawn};
    if (pmi_root_job_add(run->pmi, &r) < 0)
        log_fatal("job %u is there already", j->spec.job);
}

static int32_t spawn_code(const struct job *j, uint32_t rank)
{
    const struct rank_info *r = &j->ranks[rank];
    return !r->started ? (int32_t)r->error : j->spawn_failed ? ECANCELED : 0;
}

/* In order of the commands, each with as many as were asked for: those for which there was no room at the end. */
void root_job_started(struct run *run, const struct job *j)
{
    if (!j->spawn)
        return;
    uint32_t napps = j->spec.napps, n = 0;
    uint32_t *next = xcalloc(napps, sizeof *next); /* by application: the place of its next rank */
    for (uint32_t i = 0; i < napps; i++) {
        next[i] = n;
        n += j->wanted[i];
    }
    int32_t *codes = xcalloc(n, sizeof *codes);
    for (uint32_t i = 0; i < n; i++)
        codes[i] = EAGAIN;
    for (uint32_t i = 0; i < j->spec.map.nranks; i++)
        codes[next[rank_runs_at(&j->spec.app_of_rank, i)]++] = spawn_code(j, i);
    pmi_root_spawn_done(run->pmi, j->spawn, NULL, j->spec.kvsname, codes, n);
    free(next);
    free(codes);
}

void root_job_done(struct run *run, const struct job *j)
{
    explain_silence(j);
    pmi_root_job_del(run->pmi, j->spec.job);
}

void root_rank_ended(struct run *run, const struct job *j, uint32_t rank)
{
    pmi_root_rank_end(run->pmi, j->spec.job, rank);
}

void root_rank_dead(struct run *run, const struct job *j, uint32_t rank)
{
    pmi_root_dead(run->pmi, j->spec.job, rank);
}

void root_rank_gone(struct run *run, const struct job *j, uint32_t rank)
{
    pmi_root_gone(run->pmi, j->spec.job, rank);
}
