/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpiexec. The story: read the words, name the hosts, start the proxies, plan while they start, launch, carry events
 * until every job is over, tell what failed.
 */
#include "common/descendants.h"
#include "common/log.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "launcher/exit_status.h"
#include "launcher/job.h"
#include "launcher/mpiexec.h"
#include "launcher/procs.h"
#include "launcher/report.h"
#include "launcher/root.h"
#include "launcher/signals.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"
#include "launcher/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LEFT_PATIENCE_MS 3000 /* for what has been killed to be gone */

extern char **environ;

static void stdin_down(void *arg, uint32_t node, const void *data, size_t n)
{
    struct iovec iov = {(void *)data, n};
    tree_sendv(arg, CONTROL_STDIN_DATA, 0, node, &iov, 1);
}

static void output_hold(void *arg)
{
    tree_hold(arg);
}

static void output_go_on(void *arg)
{
    tree_go_on(arg);
}

/* As in a pipeline without us: who writes to a reader that has left is ended. Nobody needs stderr to go on. */
static void output_broken(void *arg, unsigned stream, int error)
{
    struct mpiexec *m = arg;
    if (stream != 1)
        return;
    if (error != EPIPE)
        log_warn("unable to write to stdout: %s; the job is ended", strerror(error));
    if (failure_note(m, FAILURE_OUTPUT, NULL, 0, mpiexec_now(), error, NULL))
        job_kill_all(m, SIGTERM, m->opt.kill_timeout);
}

static const struct stdio_ops stdio_ops = {stdin_down, output_hold, output_go_on, output_broken};

static int name_nodes(struct mpiexec *m, struct err *e)
{
    if (options_hosts(&m->opt, &m->hosts, e) < 0)
        return -1;
    unsigned processors = processors_usable();
    static char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    m->nnodes = m->hosts.n ? (uint32_t)m->hosts.n : 1;
    m->nodes = xcalloc(m->nnodes, sizeof *m->nodes);
    m->node_lost = xcalloc(m->nnodes, sizeof *m->node_lost);
    uint64_t slots = 0;
    for (uint32_t i = 0; i < m->nnodes; i++) {
        struct hostlist_host *h = m->hosts.n ? &m->hosts.hosts[i] : NULL;
        m->nodes[i] =
            (struct map_node){.name = h ? h->name : host, .slots = h ? h->slots : 0, .processors = processors};
        slots += m->nodes[i].slots ? m->nodes[i].slots : processors;
    }
    m->universe = m->opt.usize == -2 ? UINT32_MAX : m->opt.usize >= 0 ? (uint32_t)m->opt.usize : (uint32_t)slots;
    return 0;
}

/* The ranks' stdout stays theirs alone: the picture goes there only where nothing runs. */
static void display(const struct mpiexec *m, const struct map_plan *plan, const struct map_request *mr)
{
    FILE *out = m->opt.dry_run ? stdout : stderr;
    char *text = map_draw(plan, mr, m->opt.display);
    if (fputs(text, out) == EOF || fflush(out) == EOF)
        log_fatal("unable to write the plan: %m");
    free(text);
}

static struct job *plan_main_job(struct mpiexec *m, struct err *e)
{
    const struct options *o = &m->opt;
    struct job_request r = {.apps = o->apps,
                            .napps = o->napps,
                            .map_by = o->map_by,
                            .rank_by = o->rank_by,
                            .bind_to = o->bind_to,
                            .rankmap = o->rankmap,
                            .rankfile = o->rankfile};
    struct map_plan plan = {0};
    struct map_request mr;
    struct job *j = job_create(m, &r, &plan, &mr, e);
    if (j && plan.warning)
        log_warn("%s", plan.warning);
    if (j && o->display)
        display(m, &plan, &mr);
    map_fini(&plan);
    m->at.planned = mpiexec_now();
    return j;
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct mpiexec *m = arg;
    char text[128];
    snprintf(text, sizeof text, "the job ran longer than %g s (--timeout)", m->opt.timeout);
    if (failure_note(m, FAILURE_TIMEOUT, NULL, 0, mpiexec_now(), 0, text))
        watch_ask(m);
    job_kill_all(m, SIGTERM, m->opt.kill_timeout);
}

static void start_timeout(struct mpiexec *m)
{
    if (m->opt.timeout <= 0)
        return;
    struct timeval t = {(time_t)m->opt.timeout, (suseconds_t)((m->opt.timeout - (double)(time_t)m->opt.timeout) * 1e6)};
    event_base_once(m->base, -1, EV_TIMEOUT, on_timeout, m, &t);
}

static void make_loop(struct mpiexec *m)
{
    struct event_config *config = event_config_new();
    if (config)
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    m->base = config ? event_base_new_with_config(config) : NULL;
    if (!m->base)
        log_fatal("unable to make an event loop");
    event_config_free(config);
}

/* One descriptor a node below us, and some. */
static void raise_nofile(struct mpiexec *m)
{
    getrlimit(RLIMIT_NOFILE, &m->nofile);
    struct rlimit all = {m->nofile.rlim_max, m->nofile.rlim_max};
    setrlimit(RLIMIT_NOFILE, &all);
}

/* Where our caller left out one of the first three, what is opened next would be taken for it. What else it left open
 * is not for the ranks. */
static void tidy_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1); /* there is no place to say why */
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* What was asked for cannot be started at all. */
static _Noreturn void give_up(struct mpiexec *m, const struct err *why)
{
    struct err e;
    for (uint32_t i = 0; i < m->nlinks; i++)
        peer_destroy(m->links[i].peer);
    descendants_end(LEFT_PATIENCE_MS);
    m->at.ended = mpiexec_now();
    failure_note(m, FAILURE_LAUNCH, NULL, 0, mpiexec_now(), 0, why->text);
    if (m->report && report_write(m, &e) < 0)
        log_warn("%s", e.text);
    log_fatal("%s", why->text);
}

/* From the first proxy to the last. Returns the exit status. */
static int run(struct mpiexec *m)
{
    struct err e;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        log_fatal("unable to become the reaper of orphans: %m");
    make_loop(m);
    signals_init(m);
    if (tree_start(m, &e) < 0)
        give_up(m, &e);
    struct job *j = plan_main_job(m, &e);
    if (!j)
        give_up(m, &e);
    root_init(m);
    watch_init(m);
    m->io = stdio_create(m->base, &m->opt, &stdio_ops, m);
    root_job_add(m, j);
    job_launch(j);
    stdio_start(m->io);
    start_timeout(m);
    event_base_dispatch(m->base);
    size_t left = descendants_end(LEFT_PATIENCE_MS);
    if (!m->gave_up && m->interrupts < 2) /* who wants it to end now waits for no reader of our output */
        stdio_finish(m->io);
    if (left)
        log_warn("%zu processes do not die although killed (waiting for a device or file server?)", left);
    m->at.ended = mpiexec_now();
    failure_print(m);
    if (m->report && report_write(m, &e) < 0) {
        log_warn("%s", e.text);
        return exit_status(m) ? exit_status(m) : 1;
    }
    return exit_status(m);
}

static int dry_run(struct mpiexec *m)
{
    struct err e;
    if (!m->opt.display)
        m->opt.display = DISPLAY_MAP | DISPLAY_BINDINGS;
    struct job *j = plan_main_job(m, &e);
    if (!j)
        log_fatal("%s", e.text);
    job_destroy(j);
    return 0;
}

int main(int argc, char **argv)
{
    static struct mpiexec mpiexec;
    struct mpiexec *m = &mpiexec;
    struct err e;
    TAILQ_INIT(&m->jobs);
    m->at.begun = mpiexec_now();
    tidy_descriptors();
    log_init("mpiexec", false);
    switch (options_parse(&m->opt, argc, argv, environ, &e)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_ERROR:
        log_fatal("%s", e.text);
    case OPTIONS_RUN:
        break;
    }
    log_init("mpiexec", m->opt.verbose);
    m->at.parsed = mpiexec_now();
    raise_nofile(m);
    if (spawn_init() < 0)
        log_fatal("unable to reserve descriptors: %m%s", errno == EMFILE ? " (raise the limit with ulimit -n)" : "");
    descendants_spare();
    if (report_open(m, &e) < 0 || name_nodes(m, &e) < 0)
        log_fatal("%s", e.text);
    return m->opt.dry_run ? dry_run(m) : run(m);
}
