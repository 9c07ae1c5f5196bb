/* SPDX-License-Identifier: BSD-3-Clause */
#include "launcher/job.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/root.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"
#include "launcher/watch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct job *job_find(struct mpiexec *m, unsigned number)
{
    struct job *j;
    TAILQ_FOREACH(j, &m->jobs, link)
    if (j->spec.job == number)
        return j;
    return NULL;
}

void job_launch(struct job *j)
{
    struct mpiexec *m = j->m;
    uint32_t n = j->spec.map.nranks;
    j->ranks = xcalloc(n, sizeof *j->ranks);
    j->node_open = xcalloc(m->nnodes, sizeof *j->node_open);
    for (uint32_t i = 0; i < m->nnodes; i++) {
        j->node_open[i] = !m->node_lost[i] && rankmap_local_size(&j->spec.map, i) > 0;
        j->open_nodes += j->node_open[i];
    }
    TAILQ_INSERT_TAIL(&m->jobs, j, link);
    m->jobs_left++;
    stdio_describe(m->io, &j->spec, m->nnodes == 1); /* its proxy is our child */
    struct buf b;
    buf_init(&b);
    launch_spec_put(&b, &j->spec);
    tree_send(m, CONTROL_LAUNCH, j->spec.job, FRAME_ALL_NODES, &b);
    buf_fini(&b);
    j->launched_at = mpiexec_now();
    if (!m->at.launched)
        m->at.launched = j->launched_at;
}

void job_destroy(struct job *j)
{
    if (!j)
        return;
    for (uint32_t i = 0; j->ranks && i < j->spec.map.nranks; i++) {
        j->m->tails -= j->ranks[i].tail != NULL;
        free(j->ranks[i].tail);
    }
    launch_spec_fini(&j->spec);
    free(j->ranks);
    free(j->node_open);
    free(j->seen);
    free(j);
}

void job_kill(struct job *j, int sig, double grace)
{
    if (j->done)
        return;
    j->killed = true;
    struct buf b;
    buf_init(&b);
    buf_put_u32(&b, (uint32_t)sig);
    buf_put_u32(&b, grace > 0 ? (uint32_t)(grace * 1000) + 1 : 0);
    tree_send(j->m, CONTROL_KILL, j->spec.job, FRAME_ALL_NODES, &b);
    buf_fini(&b);
}

void job_kill_all(struct mpiexec *m, int sig, double grace)
{
    struct job *j;
    TAILQ_FOREACH(j, &m->jobs, link)
    job_kill(j, sig, grace);
    tree_deadline(m, grace);
}

void job_fail(struct job *j, enum failure_kind kind, uint32_t rank, uint64_t time, int code, const char *text)
{
    struct mpiexec *m = j->m;
    if (j->spawn_failed)
        return;
    failure_note(m, kind, j, rank, time, code, text);
    if (m->opt.no_kill && kind != FAILURE_ABORT && kind != FAILURE_STUCK) {
        if (kind == FAILURE_EXIT)
            root_rank_dead(m, j, rank);
        return;
    }
    if (!j->killed)
        job_kill_all(m, SIGTERM, m->opt.kill_timeout);
}

static void forget(evutil_socket_t fd, short what, void *arg)
{
    struct job *j = arg;
    watch_forget(j->m, j);
    TAILQ_REMOVE(&j->m->jobs, j, link);
    job_destroy(j);
}

/* A spawned job that went well is of no more interest, and there may be any number of them. Not at once: our callers
 * still look at it. */
static void forget_later(struct job *j)
{
    struct mpiexec *m = j->m;
    struct timeval now = {0, 0};
    if (j->spawn && !m->opt.report && m->failure.job != j)
        event_base_once(m->base, -1, EV_TIMEOUT, forget, j, &now);
}

/* All ranks have ended and all their output is here. */
static void check_done(struct job *j)
{
    struct mpiexec *m = j->m;
    if (j->done || j->ended < j->spec.map.nranks || j->open_nodes)
        return;
    j->done = true;
    log_debug("job %u is over", j->spec.job);
    tree_send(m, CONTROL_JOB_DONE, j->spec.job, FRAME_ALL_NODES, NULL);
    root_job_done(m, j);
    if (--m->jobs_left == 0)
        tree_shutdown(m);
    else
        forget_later(j);
}

static struct rank_info *rank_of(struct job *j, uint32_t rank, uint32_t node)
{
    bool there = rank < j->spec.map.nranks && rankmap_node(&j->spec.map, rank) == node;
    return there ? &j->ranks[rank] : NULL;
}

static void end_rank(struct job *j, struct rank_info *r, uint32_t node)
{
    if (r->ended)
        return;
    j->m->nodes[node].used--;
    r->ended = true;
    j->ended++;
    if (!j->m->at.first_exit)
        j->m->at.first_exit = mpiexec_now();
    j->m->at.last_exit = mpiexec_now();
}

static void rank_heard(struct job *j, struct rank_info *r)
{
    j->heard += !r->heard;
    r->heard = true;
}

static void check_started(struct job *j)
{
    if (j->told_started || j->heard < j->spec.map.nranks)
        return;
    j->told_started = true;
    if (!j->m->at.started)
        j->m->at.started = mpiexec_now();
    root_job_started(j->m, j);
    if (j->spawn_failed)
        job_kill(j, SIGKILL, 0);
}

bool job_started(struct job *j, uint32_t node, struct rbuf *r)
{
    uint32_t n = rbuf_count(r, CONTROL_STARTED_SIZE);
    for (uint32_t i = 0; i < n; i++) {
        struct control_started s;
        control_started_get(r, &s);
        struct rank_info *info = rank_of(j, s.rank, node);
        if (!info)
            return false;
        info->pid = s.pid;
        info->stage = s.stage;
        info->error = s.error;
        info->started = s.stage == START_OK;
        info->started_at = s.time;
        rank_heard(j, info);
        if (!info->started) {
            end_rank(j, info, node);
            if (j->spawn)
                j->spawn_failed = true;
            job_fail(j, FAILURE_START, s.rank, s.time, 0, NULL);
        }
    }
    check_started(j);
    check_done(j);
    return rbuf_done(r);
}

bool job_exited(struct job *j, uint32_t node, struct rbuf *r)
{
    uint32_t n = rbuf_count(r, CONTROL_EXITED_SIZE);
    for (uint32_t i = 0; i < n; i++) {
        struct control_exited x;
        control_exited_get(r, &x);
        struct rank_info *info = rank_of(j, x.rank, node);
        if (!info)
            return false;
        info->status = x.status;
        info->flags = x.flags;
        info->ended_at = x.time;
        info->utime = x.utime;
        info->stime = x.stime;
        info->maxrss = x.maxrss;
        end_rank(j, info, node);
        if (x.flags & EXIT_NO_PMI)
            root_rank_gone(j->m, j, x.rank);
        bool bad = x.status != 0 || (x.flags & EXIT_IN_PMI);
        info->stopped = x.flags & EXIT_KILLED_BY_US;
        if (bad && !info->stopped)
            job_fail(j, FAILURE_EXIT, x.rank, x.time, 0, NULL);
    }
    check_done(j);
    return rbuf_done(r);
}

void job_output_end(struct job *j, uint32_t node)
{
    if (node < j->m->nnodes && j->node_open[node]) {
        j->node_open[node] = false;
        j->open_nodes--;
    }
    check_done(j);
}

static void rank_lost(struct job *j, uint32_t rank, uint32_t node)
{
    struct rank_info *r = &j->ranks[rank];
    if (r->ended)
        return;
    if (!r->heard)
        j->spawn_failed = j->spawn != 0;
    r->lost = true;
    rank_heard(j, r);
    end_rank(j, r, node);
    /* With --no-kill the others go on, but who waits for it would wait for ever. */
    root_rank_dead(j->m, j, rank);
    root_rank_gone(j->m, j, rank);
}

void job_node_lost(struct job *j, uint32_t node)
{
    struct rankmap_iter it;
    uint32_t rank;
    if (j->done)
        return;
    rankmap_iter_init(&it, &j->spec.map, node);
    while (rankmap_iter_next(&it, &rank))
        rank_lost(j, rank, node);
    check_started(j);
    job_output_end(j, node);
}
