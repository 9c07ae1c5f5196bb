/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reap: what is told of a process that has ended, and in which order.
 *
 * A rank's output that is still in its pipes is read before its end is told, so the last lines are there when mpiexec
 * explains the failure.
 *
 * The kernel hands ended children out in the order of their start, not of their end: all that are found at once carry
 * one time.
 */
#include "proxy/reap.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/now.h"
#include "proxy/cleanup.h"
#include "proxy/pmi.h"
#include "proxy/pmix/front.h"
#include "proxy/segment.h"
#include "proxy/stdio.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define OOM_SIZE_KIB 16384
#define LOOKS_MAX 16 /* at all processes of the machine */

/* The kernel's count of processes that it killed for lack of memory, on the whole machine. */
static unsigned long long oom_kills(void)
{
    FILE *f = fopen("/proc/vmstat", "re");
    char line[128];
    unsigned long long n = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "oom_kill %llu", &n) == 1)
            break;
    if (f)
        fclose(f);
    return n;
}

/* A SIGKILL that nobody of us sent to a process of some size, while the count grew: it was out of memory, most likely.
 */
static bool was_oom(struct proxy *proxy, const struct rank *r, int status, const struct rusage *u)
{
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || (r->job->killed && !r->dying))
        return false;
    unsigned long long now = oom_kills(), before = proxy->oom_kills;
    proxy->oom_kills = now;
    return now > before && u->ru_maxrss >= OOM_SIZE_KIB;
}

static uint64_t us(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

static void tell_exit(struct rank *r, int status, const struct rusage *u, uint32_t pmi_flags, uint64_t time)
{
    struct control_rank_exited x = {
        .rank = r->rank,
        .status = (uint32_t)status,
        .flags = (WIFSIGNALED(status) && WCOREDUMP(status) ? EXIT_CORE : 0) |
                 (was_oom(r->job->proxy, r, status, u) ? EXIT_OOM : 0) |
                 (r->job->killed && !r->dying ? EXIT_KILLED_BY_US : 0) | pmi_flags,
        .utime = us(u->ru_utime),
        .stime = us(u->ru_stime),
        .maxrss = (uint64_t)u->ru_maxrss,
        .streamed = segment_copied(r).streamed,
        .read = segment_copied(r).read,
        .time = time,
    };
    struct buf b, item;
    buf_init(&b);
    buf_init(&item);
    control_rank_exited_put(&item, &x);
    control_exited_put(&b, &(struct control_exited){list_of(1, &item)});
    b.failed |= item.failed;
    buf_fini(&item);
    peer_send(r->job->proxy->parent, CONTROL_EXITED, r->job->spec.job, proxy_node(r->job->proxy), &b);
    buf_fini(&b);
}

/* Once a job: of many ranks that fail the first is of interest. */
static void tell_children(struct rank *r)
{
    struct job *j = r->job;
    if (j->told_children || (j->killed && !r->dying) || !descendants_in_session(r->pid))
        return;
    j->told_children = true;
    proxy_warn(j->proxy, "processes that rank %u on %s had started were running when it failed: they are ended",
               r->rank, proxy_name(j->proxy));
}

void reap_tell_left(struct job *j)
{
    for (uint32_t i = 0, looks = 0; i < j->nranks && looks < LOOKS_MAX && !j->killed; i++) {
        struct rank *r = &j->ranks[i];
        if (!r->session || kill(-r->session, 0) < 0)
            continue;
        looks++;
        if (!descendants_in_session(r->session))
            continue;
        proxy_warn(j->proxy,
                   "processes that rank %u on %s had started were running when the job was over: they are "
                   "ended",
                   r->rank, proxy_name(j->proxy));
        return;
    }
}

/* What a failed rank started in its own session ends with it; all else that it started is ended with the job, so that
 * a `tee` behind it can finish. */
static void reap_rank(struct rank *r, int status, const struct rusage *u, uint64_t time)
{
    bool left = kill(-r->pid, 0) == 0;
    if (left && status) {
        tell_children(r);
        kill(-r->pid, SIGKILL);
    } else if (left) {
        r->session = r->pid;
    }
    HASH_DELETE(by_pid, r->job->proxy->running, r);
    r->pid = 0;
    r->reaped = true;
    r->status = status;
    r->job->alive--;
    stdio_reaped(r);
    uint32_t flags = pmi_exit_flags(r) | segment_exit_flags(r);
    flags |= segment_rank_ended(r, status);
    if (flags & EXIT_DEAD)
        pmix_rank_ended(r->job, r->rank, status);
    tell_exit(r, status, u, flags, time);
    if ((status || flags & ~(EXIT_DEAD | EXIT_NEVER | EXIT_PAST)) && (!r->job->killed || r->dying))
        stdio_tell_tail(r);
    pmi_gone(r);
    reap_check_done(r->job);
}

void reap_check_done(struct job *j)
{
    if (j->alive == 0 && !j->starting)
        stdio_all_reaped(j);
}

/* mpiexec hears of an end only after it has heard of the start. */
static bool is_starting(const struct proxy *proxy)
{
    const struct job *j;
    TAILQ_FOREACH(j, &proxy->jobs, link)
    if (j->starting)
        return true;
    return false;
}

static void reap_ended(struct proxy *proxy)
{
    int status;
    struct rusage u;
    pid_t pid;
    bool strangers = false;
    uint64_t time = now_ns();
    while ((pid = wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, &u)) > 0) {
        struct rank *r;
        HASH_FIND(by_pid, proxy->running, &pid, sizeof pid, r);
        if (WIFSTOPPED(status) || WIFCONTINUED(status))
            starter_reaped(&proxy->starter, pid, status);
        else if (r)
            reap_rank(r, status, &u, time);
        else if (starter_reaped(&proxy->starter, pid, status))
            proxy->child_lost = strangers = true;
        else
            strangers = true;
    }
    /* Each process that a lost proxy left behind may leave others when it ends. */
    if (strangers && proxy->child_lost && !proxy->leaving)
        cleanup_orphans(proxy);
}

static void on_sigchld(evutil_socket_t sig, short what, void *arg)
{
    struct proxy *proxy = arg;
    proxy->ended = true;
    reap_postponed(proxy);
}

void reap_postponed(struct proxy *proxy)
{
    if (!proxy->ended || is_starting(proxy))
        return;
    proxy->ended = false;
    reap_ended(proxy);
}

void reap_init(struct proxy *proxy)
{
    proxy->oom_kills = oom_kills();
    proxy->sigchld = evsignal_new(proxy->base, SIGCHLD, on_sigchld, proxy);
    if (!proxy->sigchld || evsignal_add(proxy->sigchld, NULL) < 0)
        log_fatal("unable to watch for the end of ranks");
}
