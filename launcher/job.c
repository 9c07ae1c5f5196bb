/* SPDX-License-Identifier: BSD-3-Clause
 *
 * job: what the proxies tell of its ranks, until all have ended and all their output is here.
 */
#include "launcher/job.h"

#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/failure.h"
#include "launcher/kin.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define KILL_PATIENCE_S 6 /* for what SIGKILL has been sent to; half of it where it was sent at once */

struct job *job_find(struct run *run, unsigned number)
{
    struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    if (j->spec.job == number)
        return j;
    return NULL;
}

void job_launch(struct job *j)
{
    struct run *run = j->run;
    uint32_t n = j->spec.map.nranks;
    j->ranks = xcalloc(n, sizeof *j->ranks);
    j->node_open = xcalloc(run->cluster->nnodes, sizeof *j->node_open);
    for (uint32_t i = 0; i < run->cluster->nnodes; i++) {
        j->node_open[i] = !run->cluster->node_lost[i] && rankmap_local_size(&j->spec.map, i) > 0;
        j->open_nodes += j->node_open[i];
    }
    TAILQ_INSERT_TAIL(&run->jobs, j, link);
    run->jobs_left++;
    stdio_describe(run->io, &j->spec, tree_inherits_stdio(run->cluster));
    struct buf b;
    buf_init(&b);
    launch_spec_put(&b, &j->spec);
    tree_send(run->cluster, CONTROL_LAUNCH, j->spec.job, FRAME_ALL_NODES, &b);
    buf_fini(&b);
    j->launched_at = now_ns();
    if (!run->at.launched)
        run->at.launched = j->launched_at;
}

void job_destroy(struct job *j)
{
    if (!j)
        return;
    for (uint32_t i = 0; j->ranks && i < j->spec.map.nranks; i++) {
        j->run->tails -= j->ranks[i].tail != NULL;
        free(j->ranks[i].tail);
    }
    for (uint32_t i = 0; j->libraries && i < j->spec.napps; i++)
        free(j->libraries[i]);
    free(j->libraries);
    free(j->wanted);
    kin_leave(j);
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
    struct control_kill kill = {.signal = (uint32_t)sig, .grace = grace > 0 ? (uint64_t)(grace * 1000) + 1 : 0};
    control_kill_put(&b, &kill);
    tree_send(j->run->cluster, CONTROL_KILL, j->spec.job, FRAME_ALL_NODES, &b);
    buf_fini(&b);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct run *run = arg;
    tree_give_up(run->cluster);
}

/* All that runs was told to end, at the latest after the grace (seconds): what does not report its end some seconds
 * later is not waited for any longer. Called again: the new bound counts. */
static void arm_deadline(struct run *run, double grace)
{
    if (!run->deadline)
        run->deadline = evtimer_new(run->cluster->base, on_deadline, run);
    struct timeval t = {(time_t)grace + (grace > 0 ? KILL_PATIENCE_S : KILL_PATIENCE_S / 2),
                        (suseconds_t)((grace - (double)(time_t)grace) * 1e6)};
    if (!run->deadline || evtimer_add(run->deadline, &t) < 0)
        log_fatal("out of memory");
}

static void end_one(struct job *j, int sig, double grace)
{
    if (!j->ending)
        j->ending = j->run->endings;
    job_kill(j, sig, grace);
}

void job_kill_all(struct run *run, int sig, double grace)
{
    struct job *j;
    run->endings++;
    TAILQ_FOREACH(j, &run->jobs, link)
    end_one(j, sig, grace);
    if (run->at.launched) {
        arm_deadline(run, grace);
        tree_cancel(run->cluster);
    } else {
        tree_shutdown(run->cluster); /* while the hosts are asked what they are: nothing runs */
    }
}

/* Jobs that nobody has told to end. */
static uint32_t count_going(const struct run *run)
{
    const struct job *j;
    uint32_t n = 0;
    TAILQ_FOREACH(j, &run->jobs, link)
    n += !j->done && !j->killed;
    return n;
}

/* Once nothing is left but what was told to end, its end is waited for no longer than that of a whole run. */
static void check_going(struct run *run)
{
    if (!run->endings || count_going(run) > 0 || (run->deadline && evtimer_pending(run->deadline, NULL)))
        return;
    arm_deadline(run, run->opt.kill_timeout);
    tree_cancel(run->cluster);
}

static void end_kin(struct job *j, void *arg)
{
    if (!j->killed)
        end_one(j, SIGTERM, j->run->opt.kill_timeout);
}

void job_end(struct job *j)
{
    struct run *run = j->run;
    run->endings++;
    kin_each(j, end_kin, NULL);
    uint32_t going = count_going(run);
    if (going > 0)
        log_info("job %u has failed; %u job%s not connected with it, and go%s on", j->spec.job, going,
                 going == 1 ? " is" : "s are", going == 1 ? "es" : "");
    check_going(run);
}

void job_fail(struct job *j, enum failure_kind kind, uint32_t rank, uint64_t time, int code, const char *text)
{
    struct run *run = j->run;
    if (j->spawn_failed)
        return;
    failure_note(run, kind, j, rank, time, code, text);
    if (run->opt.no_kill && kind != FAILURE_ABORT && kind != FAILURE_STUCK) {
        if (kind == FAILURE_EXIT)
            run->job_ops->rank_dead(run, j, rank);
        return;
    }
    if (!j->killed)
        job_end(j);
}

static void forget(evutil_socket_t fd, short what, void *arg)
{
    struct job *j = arg;
    if (j->run->failure.job == j) /* it was noted meanwhile: the story at the end is of it */
        return;
    j->run->job_ops->forgotten(j->run, j);
    TAILQ_REMOVE(&j->run->jobs, j, link);
    job_destroy(j);
}

/* A spawned job that was not told to end is of no more interest, and there may be any number of them. Not at once: our
 * callers still look at it. */
static void forget_later(struct job *j)
{
    struct run *run = j->run;
    struct timeval now = {0, 0};
    if (j->spawn && !j->ending && !run->opt.report && run->failure.job != j)
        event_base_once(run->cluster->base, -1, EV_TIMEOUT, forget, j, &now);
}

/* All ranks have ended and all their output is here. */
static void check_done(struct job *j)
{
    struct run *run = j->run;
    if (j->done || j->ended < j->spec.map.nranks || j->open_nodes)
        return;
    j->done = true;
    log_debug("job %u is over", j->spec.job);
    tree_send(run->cluster, CONTROL_JOB_DONE, j->spec.job, FRAME_ALL_NODES, NULL);
    kin_leave(j);
    run->job_ops->done(run, j);
    if (--run->jobs_left == 0) {
        tree_shutdown(run->cluster);
        return;
    }
    check_going(run);
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
    j->run->cluster->nodes[node].used--;
    r->ended = true;
    j->ended++;
    if (!j->run->at.first_exit)
        j->run->at.first_exit = now_ns();
    j->run->at.last_exit = now_ns();
    j->run->job_ops->rank_ended(j->run, j, (uint32_t)(r - j->ranks));
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
    if (!j->run->at.started)
        j->run->at.started = now_ns();
    j->run->job_ops->started(j->run, j);
    if (j->spawn_failed)
        job_kill(j, SIGKILL, 0);
}

/* What is collected of a job's dead ranks, to be told to those on other nodes in one message. */
struct dead {
    struct buf items;
    uint32_t n;
};

static void dead_add(struct dead *d, uint32_t rank, bool never, uint32_t status)
{
    if (d->n++ == 0)
        buf_init(&d->items);
    control_dead_rank_put(&d->items, &(struct control_dead_rank){rank, never, status});
}

static void dead_tell(const struct job *j, struct dead *d)
{
    if (d->n == 0)
        return;
    struct buf b;
    buf_init(&b);
    control_ranks_dead_put(&b, &(struct control_ranks_dead){list_of(d->n, &d->items)});
    b.failed |= d->items.failed;
    if (j->spec.map.nnodes > 1)
        tree_send(j->run->cluster, CONTROL_RANKS_DEAD, j->spec.job, FRAME_ALL_NODES, &b);
    buf_fini(&d->items);
    buf_fini(&b);
}

bool job_started(struct job *j, uint32_t node, struct rbuf *r)
{
    struct control_started m;
    struct control_rank_started s;
    struct dead dead = {.n = 0};
    if (!control_started_get(r, &m))
        return false;
    struct rbuf ranks = list_items(&m.ranks);
    while (control_rank_started_next(&ranks, &s)) {
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
            j->run->job_ops->rank_gone(j->run, j, s.rank);
            if (j->spec.flags & LAUNCH_NO_KILL)
                dead_add(&dead, s.rank, true, 0);
        }
    }
    dead_tell(j, &dead);
    check_started(j);
    check_done(j);
    return true;
}

/* Nobody can wait for a rank that has finalized MPI: it fails alone, and the others end as they would have. */
static void rank_failed(struct job *j, const struct control_rank_exited *x)
{
    if (x->flags & EXIT_PAST)
        failure_note(j->run, FAILURE_EXIT, j, x->rank, x->time, 0, NULL);
    else
        job_fail(j, FAILURE_EXIT, x->rank, x->time, 0, NULL);
}

bool job_exited(struct job *j, uint32_t node, struct rbuf *r)
{
    struct control_exited m;
    struct control_rank_exited x;
    struct dead dead = {.n = 0};
    if (!control_exited_get(r, &m))
        return false;
    struct rbuf ranks = list_items(&m.ranks);
    while (control_rank_exited_next(&ranks, &x)) {
        struct rank_info *info = rank_of(j, x.rank, node);
        if (!info)
            return false;
        info->status = x.status;
        info->flags = x.flags;
        info->ended_at = x.time;
        info->utime = x.utime;
        info->stime = x.stime;
        info->maxrss = x.maxrss;
        info->streamed = x.streamed;
        info->read = x.read;
        end_rank(j, info, node);
        if (x.flags & EXIT_NO_PMI)
            j->run->job_ops->rank_gone(j->run, j, x.rank);
        bool bad = x.status != 0 || (x.flags & EXIT_IN_PMI);
        info->stopped = x.flags & EXIT_KILLED_BY_US;
        if (bad && !info->stopped)
            rank_failed(j, &x);
        if (x.flags & EXIT_DEAD)
            dead_add(&dead, x.rank, x.flags & EXIT_NEVER, x.status);
    }
    dead_tell(j, &dead);
    check_done(j);
    return true;
}

void job_output_end(struct job *j, uint32_t node)
{
    if (node < j->spec.map.nnodes && j->node_open[node]) {
        j->node_open[node] = false;
        j->open_nodes--;
    }
    check_done(j);
}

bool job_is_on(const struct job *j, uint32_t node)
{
    return !j->done && node < j->spec.map.nnodes && j->node_open[node];
}

static void rank_lost(struct job *j, uint32_t rank, uint32_t node)
{
    struct rank_info *r = &j->ranks[rank];
    if (r->ended)
        return;
    if (!r->heard)
        j->spawn_failed = j->spawn != 0;
    r->lost = tree_is_open(j->run->cluster);
    if (!r->lost) {
        r->stage = START_RESOURCES;
        r->error = ECANCELED;
    }
    rank_heard(j, r);
    end_rank(j, r, node);
    /* With --no-kill the others go on, but who waits for it would wait for ever. */
    j->run->job_ops->rank_dead(j->run, j, rank);
    j->run->job_ops->rank_gone(j->run, j, rank);
}

void job_node_lost(struct job *j, uint32_t node)
{
    struct rankmap_iter it;
    struct dead dead = {.n = 0};
    uint32_t rank;
    if (j->done)
        return;
    rankmap_iter_init(&it, &j->spec.map, node);
    while (rankmap_iter_next(&it, &rank)) {
        if (j->spec.flags & LAUNCH_NO_KILL && !j->ranks[rank].ended)
            dead_add(&dead, rank, !tree_is_open(j->run->cluster), SIGKILL);
        rank_lost(j, rank, node);
    }
    dead_tell(j, &dead);
    check_started(j);
    job_output_end(j, node);
}
