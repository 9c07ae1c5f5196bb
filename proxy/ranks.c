/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ranks: a job from LAUNCH to JOB_DONE.
 *
 * The ranks of the node are started in pieces, between which the loop hears what comes from above: a start takes a few
 * hundred microseconds, and there may be thousands. That one has ended is told after all have been started.
 */
#include "proxy/ranks.h"

#include "common/cpulist.h"
#include "common/descendants.h"
#include "common/log.h"
#include "common/now.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "proxy/listeners.h"
#include "proxy/pmi.h"
#include "proxy/pmix/front.h"
#include "proxy/rank_env.h"
#include "proxy/reap.h"
#include "proxy/segment.h"
#include "proxy/stdio.h"
#include "proxy/stdio_files.h"

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
#define PIECE_NS 20000000u /* that ranks are started without a look at anything else */

/* What ranks of one application share, found once. */
struct found {
    char file[PATH_MAX];
    int error; /* errno of the search */
    bool done;
};

/* What goes on from piece to piece. */
struct starting {
    struct event *next_piece;
    struct found *found; /* by application */
    struct buf items;    /* what STARTED will say of the ranks before `next` */
    uint32_t next;
    int output_error; /* errno: what the ranks will write has no place here */
    bool lost;        /* once one has failed the job is lost: the others are not started, and say so */
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

const char *rank_binding(const struct rank *r)
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
    const char *binding = rank_binding(r);
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
    struct spawn_fd fds[6] = {{io->in, 0}, {io->out, 1}, {io->err, 2}};
    size_t nfds = 3;
    if (pmi >= 0)
        fds[nfds++] = (struct spawn_fd){pmi, rank_pmi_fd()};
    if (r->job->segment_fd >= 0)
        fds[nfds++] = (struct spawn_fd){r->job->segment_fd, rank_segment_fd()};
    if (r->job->segment_fd >= 0 && r->listener >= 0)
        fds[nfds++] = (struct spawn_fd){r->listener, rank_listener_fd()};
    struct spawn s = {.file = f->file,
                      .argv = env.argv,
                      .envp = env.envp,
                      .cwd = a->wdir,
                      .umask = a->umask == UINT32_MAX ? -1 : (int)a->umask,
                      .fds = fds,
                      .nfds = nfds,
                      .cpus = binding ? cpus.set : NULL,
                      .cpus_size = cpus.size,
                      .nofile = &r->job->proxy->nofile,
                      .death_signal = SIGKILL,
                      .new_session = true,
                      .terminal = io->terminal};
    enum spawn_stage stage;
    pid_t pid = spawn_start(&s, &stage);
    result = pid < 0 ? stage_of(stage) : START_OK;
    if (pid > 0) {
        r->pid = pid;
        HASH_ADD(by_pid, r->job->proxy->running, pid, sizeof r->pid, r);
        if (binding) {
            verify_binding(r, &cpus);
            claims_make(&r->job->proxy->claims, &cpus);
        }
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
        if (pmi >= 0)
            close(pmi);
        errno = saved;
    }
    int saved = errno;
    stdio_started(&io);
    errno = saved;
    return stage;
}

static void starting_free(struct job *j)
{
    struct starting *s = j->starting;
    j->starting = NULL;
    if (!s)
        return;
    if (s->next_piece)
        event_free(s->next_piece);
    buf_fini(&s->items);
    free(s->found);
    free(s);
}

static void start_next(struct job *j, struct starting *s)
{
    struct rank *r = &j->ranks[s->next++];
    bool lost = s->lost || j->killed;
    errno = s->output_error;
    enum start_stage stage = lost              ? START_RESOURCES
                             : s->output_error ? START_OUTPUT
                                               : start_rank(r, &s->found[rank_appnum(r)]);
    int error = lost ? ECANCELED : errno;
    listeners_close(r);
    struct control_rank_started m = {r->rank, (uint32_t)r->pid, stage, stage ? (uint32_t)error : 0, now_ns()};
    control_rank_started_put(&s->items, &m);
    if (stage == START_OK) {
        j->alive++;
        return;
    }
    s->lost = s->lost || !(j->spec.flags & LAUNCH_NO_KILL);
    r->reaped = true;
    stdio_close(r);
    segment_rank_not_started(r);
    pmi_gone(r);
}

static void all_started(struct job *j)
{
    struct buf b;
    buf_init(&b);
    control_started_put(&b, &(struct control_started){list_of(j->nranks, &j->starting->items)});
    b.failed |= j->starting->items.failed;
    peer_send(j->proxy->parent, CONTROL_STARTED, j->spec.job, proxy_node(j->proxy), &b);
    buf_fini(&b);
    starting_free(j);
    stdio_job_started(j);
    reap_check_done(j);
    reap_postponed(j->proxy);
}

static void start_piece(evutil_socket_t fd, short what, void *arg)
{
    struct job *j = arg;
    struct starting *s = j->starting;
    uint64_t end = now_ns() + PIECE_NS;
    while (s->next < j->nranks && now_ns() < end)
        start_next(j, s);
    if (s->next == j->nranks)
        all_started(j);
    else if (evtimer_add(s->next_piece, &(struct timeval){0}) < 0)
        log_fatal("out of memory");
}

static void prepare_all(struct job *j)
{
    j->starting = xcalloc(1, sizeof *j->starting);
    *j->starting =
        (struct starting){.next_piece = evtimer_new(j->proxy->base, start_piece, j),
                          .output_error = *j->spec.output_dir ? files_check_directory(j->spec.output_dir) : 0,
                          .found = xcalloc(j->spec.napps, sizeof *j->starting->found)};
    buf_init(&j->starting->items);
    if (!j->starting->next_piece)
        log_fatal("out of memory");
}

static void cannot_be_served(struct rank *r, const char *why)
{
    char text[1200];
    snprintf(text, sizeof text, "cannot be served by PMIx: %s", why);
    pmi_failed(r, text);
}

/* Ranks that could find nobody are not started; who may not need PMIx at all is. */
static void served(struct job *j, const char *why)
{
    for (uint32_t i = 0; why && i < j->nranks && !j->starting->lost; i++)
        if (rank_app(&j->ranks[i])->pmi == LAUNCH_PMI_X) {
            cannot_be_served(&j->ranks[i], why);
            j->starting->lost = true;
        }
    start_piece(-1, 0, j);
}

/* Hosts without ranks are not counted: programs take these numbers for the places of those that are there. */
static void count_nodes(struct job *j)
{
    const struct rankmap *m = &j->spec.map;
    bool *used = xcalloc(m->nnodes, sizeof *used);
    for (uint32_t i = 0; i < m->nblocks; i++)
        memset(used + m->blocks[i].first, true, m->blocks[i].nodes * sizeof *used);
    for (uint32_t i = 0; i < m->nnodes; i++) {
        j->node_rank += used[i] && i < proxy_node(j->proxy);
        j->nodes += used[i];
    }
    free(used);
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
        j->ranks[i] = (struct rank){.job = j, .local = i, .pmi_fd = -1, .listener = -1};
        rankmap_iter_next(&it, &j->ranks[i].rank);
    }
    TAILQ_INSERT_TAIL(&proxy->jobs, j, link);
    pmi_job_add(j);
    if (j->nranks == 0)
        return;
    count_nodes(j);
    listeners_open(j);
    segment_create(j);
    stdio_job_init(j);
    prepare_all(j);
    if (pmix_is_needed(j))
        pmix_job_add(j, served);
    else
        start_piece(-1, 0, j);
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

/* A shell that somebody works in ignores SIGTERM; what ends it is that its terminal goes. */
static void hang_up(struct job *j)
{
    for (uint32_t i = 0; i < j->nranks; i++)
        if (j->ranks[i].pid && launch_spec_has_pty(&j->spec, j->ranks[i].rank))
            kill(-j->ranks[i].pid, SIGHUP);
}

void ranks_kill(struct job *j, int sig, uint64_t grace_ms)
{
    if (!j->killed)
        note_dying(j);
    if (!j->killed && grace_ms > 0) {
        ranks_signal(j, sig, false);
        hang_up(j);
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
    reap_tell_left(j);
    TAILQ_REMOVE(&j->proxy->jobs, j, link);
    for (uint32_t i = 0; i < j->nranks; i++) {
        stdio_close(&j->ranks[i]);
        pmi_close(&j->ranks[i]);
        listeners_close(&j->ranks[i]);
    }
    pmi_job_del(j);
    pmix_job_del(j);
    stdio_job_fini(j);
    segment_destroy(j);
    if (j->kill_timer)
        event_free(j->kill_timer);
    starting_free(j);
    launch_spec_fini(&j->spec);
    free(j->ranks);
    free(j);
}
