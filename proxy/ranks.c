/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ranks: a job from LAUNCH to JOB_DONE.
 *
 * All ranks of the node are started in one go, without returning to the loop: a start takes a few hundred
 * microseconds, and nothing can come from a rank that must not wait that long.
 */
#include "proxy/ranks.h"

#include "common/cpulist.h"
#include "common/descendants.h"
#include "common/log.h"
#include "common/now.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "proxy/pmi.h"
#include "proxy/rank_env.h"
#include "proxy/reap.h"
#include "proxy/segment.h"
#include "proxy/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_DYING_MAX 256 /* each costs some microseconds */

/* What ranks of one application share, found once. */
struct found {
    char file[PATH_MAX];
    int error; /* errno of the search */
    bool done;
};

/* What was copied here stands for the file of that path. */
static bool find_staged(struct found *f, const struct proxy *p, const char *program)
{
    const char *slash = strrchr(program, '/');
    if (!p->stage || !slash)
        return false;
    snprintf(f->file, sizeof f->file, "%s%s", p->stage, slash);
    return access(f->file, X_OK) == 0;
}

static const struct found *find_program(struct found *f, const struct proxy *p, const struct launch_app *a,
                                        char *const *envp)
{
    if (!f->done && find_staged(f, p, a->argv.v[0])) {
        f->done = true;
    } else if (!f->done) {
        const char *path = *a->path ? a->path : rank_env_get(envp, "PATH");
        f->error = spawn_find(a->argv.v[0], path, a->wdir, f->file);
        f->done = true;
    }
    return f;
}

/* Who only pretends to be a machine does not have its processors. */
static const char *binding_of(const struct rank *r)
{
    if (r->job->proxy->pretends)
        return NULL;
    const struct launch_spec *s = &r->job->spec;
    uint32_t b = rank_runs_at(&s->binding_of_rank, r->rank);
    return b ? s->bindings.v[b - 1] : NULL;
}

/* The kernel may have bound it to fewer processors than we asked for (a cpuset that shrank). */
static void verify_binding(struct rank *r, const struct cpulist *want)
{
    struct cpulist have;
    cpulist_init(&have);
    if (cpulist_affinity(&have, r->pid, NULL) == 0 && !cpulist_equal(&have, want)) {
        char *w = cpulist_format(want), *h = cpulist_format(&have);
        proxy_warn(r->job->proxy, "rank %u on %s was to be bound to processors %s, but runs on %s", r->rank,
                   proxy_name(r->job->proxy), w, h);
        free(w);
        free(h);
    }
    cpulist_fini(&have);
}

static enum start_stage stage_of(enum spawn_stage s)
{
    static const enum start_stage map[] = {[SPAWN_FORK] = START_RESOURCES,
                                           [SPAWN_CHDIR] = START_CHDIR,
                                           [SPAWN_BIND] = START_BIND,
                                           [SPAWN_EXEC] = START_EXEC};
    return map[s];
}

/* Why one cannot work there: an errno, or 0. */
static int directory_error(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return access(path, X_OK) < 0 ? errno : 0;
}

static enum start_stage exec_rank(struct rank *r, const struct stdio_ends *io, int pmi, struct found *f)
{
    const struct launch_app *a = rank_app(r);
    struct rank_env env;
    rank_env_init(&env, r);
    enum start_stage result = START_FIND;
    struct cpulist cpus;
    cpulist_init(&cpus);
    const char *binding = binding_of(r);
    if (find_program(f, r->job->proxy, a, env.envp)->error) {
        int wdir = directory_error(a->wdir);
        errno = wdir ? wdir : f->error;
        result = wdir ? START_CHDIR : START_FIND;
        goto out;
    }
    if (binding && cpulist_parse(&cpus, binding, NULL) < 0) {
        errno = EINVAL;
        result = START_BIND;
        goto out;
    }
    struct spawn_fd fds[] = {
        {io->in, 0}, {io->out, 1}, {io->err, 2}, {pmi, rank_pmi_fd()}, {r->job->segment_fd, rank_segment_fd()}};
    struct spawn s = {.file = f->file,
                      .argv = env.argv,
                      .envp = env.envp,
                      .cwd = a->wdir,
                      .umask = a->umask == UINT32_MAX ? -1 : (int)a->umask,
                      .fds = fds,
                      .nfds = r->job->segment_fd < 0 ? 4 : 5,
                      .cpus = binding ? cpus.set : NULL,
                      .cpus_size = cpus.size,
                      .nofile = &r->job->proxy->nofile,
                      .death_signal = SIGKILL,
                      .new_session = true};
    enum spawn_stage stage;
    pid_t pid = spawn_start(&s, &stage);
    result = pid < 0 ? stage_of(stage) : START_OK;
    if (pid > 0) {
        r->pid = pid;
        HASH_ADD(by_pid, r->job->proxy->running, pid, sizeof r->pid, r);
        if (binding)
            verify_binding(r, &cpus);
    }
out:;
    int saved = errno;
    cpulist_fini(&cpus);
    rank_env_fini(&env);
    errno = saved;
    return result;
}

static enum start_stage start_rank(struct rank *r, struct found *f)
{
    struct stdio_ends io;
    int pmi;
    if (stdio_open(r, &io) < 0)
        return START_RESOURCES;
    enum start_stage stage = START_RESOURCES;
    if (pmi_open(r, &pmi) == 0) {
        stage = exec_rank(r, &io, pmi, f);
        int saved = errno;
        close(pmi);
        errno = saved;
    }
    int saved = errno;
    stdio_started(&io);
    errno = saved;
    return stage;
}

static void start_all(struct job *j)
{
    struct found *found = xcalloc(j->spec.napps, sizeof *found);
    struct buf b, items;
    buf_init(&b);
    buf_init(&items);
    bool failed = false;
    for (uint32_t i = 0; i < j->nranks; i++) {
        struct rank *r = &j->ranks[i];
        errno = 0;
        /* Once one has failed the job is lost: the others are not started, and say so. */
        enum start_stage stage = failed ? START_RESOURCES : start_rank(r, &found[rank_appnum(r)]);
        int error = failed ? ECANCELED : errno;
        struct control_rank_started s = {r->rank, (uint32_t)r->pid, stage, stage ? (uint32_t)error : 0, now_ns()};
        control_rank_started_put(&items, &s);
        if (stage == START_OK) {
            j->alive++;
            continue;
        }
        failed = failed || !(j->spec.flags & LAUNCH_NO_KILL);
        r->reaped = true;
        stdio_close(r);
        segment_rank_not_started(r);
        pmi_gone(r);
    }
    control_started_put(&b, &(struct control_started){list_of(j->nranks, &items)});
    b.failed |= items.failed;
    buf_fini(&items);
    peer_send(j->proxy->parent, CONTROL_STARTED, j->spec.job, proxy_node(j->proxy), &b);
    buf_fini(&b);
    free(found);
    stdio_job_started(j);
    reap_check_done(j);
}

void ranks_launch(struct proxy *proxy, const unsigned char *payload, size_t len)
{
    struct job *j = xcalloc(1, sizeof *j);
    struct rbuf rb;
    rbuf_init(&rb, payload, len);
    if (!launch_spec_get(&rb, &j->spec))
        log_fatal("the launch description from above is malformed");
    j->proxy = proxy;
    j->segment_fd = -1;
    j->nranks = rankmap_local_size(&j->spec.map, proxy_node(proxy));
    j->ranks = xcalloc(j->nranks, sizeof *j->ranks);
    struct rankmap_iter it;
    rankmap_iter_init(&it, &j->spec.map, proxy_node(proxy));
    for (uint32_t i = 0; i < j->nranks; i++) {
        j->ranks[i] = (struct rank){.job = j, .local = i, .pmi_fd = -1};
        rankmap_iter_next(&it, &j->ranks[i].rank);
    }
    TAILQ_INSERT_TAIL(&proxy->jobs, j, link);
    pmi_job_add(j);
    if (j->nranks == 0)
        return;
    segment_create(j);
    stdio_job_init(j);
    start_all(j);
}

void ranks_signal(struct job *j, int sig, bool if_caught)
{
    for (uint32_t i = 0; i < j->nranks; i++) {
        pid_t pid = j->ranks[i].pid;
        if (pid && if_caught)
            descendants_signal_catchers(pid, sig);
        else if (pid)
            kill(-pid, sig);
    }
}

static void on_kill_timer(evutil_socket_t fd, short what, void *arg)
{
    struct job *j = arg;
    ranks_signal(j, SIGKILL, false);
}

/* So that who failed by itself is told from who was stopped, also when both happen at once. */
static void note_dying(struct job *j)
{
    for (uint32_t i = 0; i < j->nranks && i < NOTE_DYING_MAX; i++)
        if (j->ranks[i].pid)
            j->ranks[i].dying = descendants_is_dying(j->ranks[i].pid);
}

void ranks_kill(struct job *j, int sig, uint64_t grace_ms)
{
    if (!j->killed)
        note_dying(j);
    if (!j->killed && grace_ms > 0) {
        ranks_signal(j, sig, false);
        ranks_signal(j, SIGCONT, false); /* a stopped process takes a signal only when it goes on */
    }
    j->killed = true;
    if (grace_ms == 0) {
        on_kill_timer(-1, 0, j);
        return;
    }
    struct timeval t = {(time_t)(grace_ms / 1000), (suseconds_t)(grace_ms % 1000 * 1000)};
    if (!j->kill_timer)
        j->kill_timer = evtimer_new(j->proxy->base, on_kill_timer, j);
    if (!j->kill_timer || evtimer_add(j->kill_timer, &t) < 0)
        log_fatal("out of memory");
}

void ranks_forget(struct job *j)
{
    TAILQ_REMOVE(&j->proxy->jobs, j, link);
    for (uint32_t i = 0; i < j->nranks; i++) {
        stdio_close(&j->ranks[i]);
        pmi_close(&j->ranks[i]);
    }
    pmi_job_del(j);
    stdio_job_fini(j);
    segment_destroy(j);
    if (j->kill_timer)
        event_free(j->kill_timer);
    launch_spec_fini(&j->spec);
    free(j->ranks);
    free(j);
}
