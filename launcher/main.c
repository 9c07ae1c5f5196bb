/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpiexec. The story: read the words, name the hosts, start the proxies, plan once it is known what the hosts are,
 * launch, carry events until every job is over, tell what failed.
 */
#include "common/cpulist.h"
#include "common/descendants.h"
#include "common/log.h"
#include "common/now.h"
#include "common/spawn.h"
#include "common/this_host.h"
#include "common/topo/topo_pretend.h"
#include "common/xalloc.h"
#include "launcher/alone.h"
#include "launcher/dispatch.h"
#include "launcher/exit_codes.h"
#include "launcher/exit_status.h"
#include "launcher/explain.h"
#include "launcher/failure.h"
#include "launcher/hosts.h"
#include "launcher/job.h"
#include "launcher/launch.h"
#include "launcher/lend.h"
#include "launcher/name_list.h"
#include "launcher/names.h"
#include "common/cpus.h"
#include "launcher/report.h"
#include "launcher/root.h"
#include "launcher/signals.h"
#include "launcher/spawn.h"
#include "launcher/stdio.h"
#include "launcher/stdio_terminal.h"
#include "launcher/tree.h"
#include "launcher/worlds.h"
#include "launcher/watch.h"
#include "launcher/witness.h"

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
    const struct run *run = arg;
    struct iovec iov = {(void *)data, n};
    tree_sendv(run->cluster, CONTROL_STDIN_DATA, 0, node, &iov, 1);
}

static void output_pause(void *arg)
{
    const struct run *run = arg;
    tree_pause(run->cluster);
}

static void output_resume(void *arg)
{
    const struct run *run = arg;
    tree_resume(run->cluster);
}

/* As in a pipeline without us: who writes to a reader that has left is ended. Nobody needs stderr to go on. */
static void output_broken(void *arg, unsigned stream, int error)
{
    struct run *run = arg;
    if (stream != 1)
        return;
    if (error != EPIPE)
        log_warn("unable to write to stdout: %s; ending the job", strerror(error));
    if (failure_note(run, FAILURE_OUTPUT, NULL, 0, now_ns(), error, NULL))
        job_kill_all(run, SIGTERM, run->opt.kill_timeout);
}

static void keys_said(void *arg, enum keys_said said)
{
    struct run *run = arg;
    if (said == KEYS_HELP)
        log_info(
            "at the beginning of a line, ~. ends the job (again: at once), ~^Z stops it and mpiexec, ~~ is a tilde");
    else
        signals_act(run, said == KEYS_END ? SIGTERM : SIGTSTP);
}

static const struct stdio_ops stdio_ops = {stdin_down, output_pause, output_resume, output_broken, keys_said};

static const struct job_ops job_ops = {root_job_started, root_job_done,   watch_forget,
                                       root_rank_gone,   root_rank_ended, root_rank_dead};

/* Before anything is planned, so that it is seen where that fails. The ranks' stdout stays theirs. */
static void display_hosts(const struct run *run)
{
    FILE *out = run->opt.dry_run ? stdout : stderr;
    char *text = hosts_draw(run->cluster, &run->opt);
    if (fputs(text, out) == EOF || fflush(out) == EOF)
        log_fatal("unable to write the allocation: %m");
    free(text);
}

/* fork takes any name for this machine. */
static bool is_remote(const struct run *run)
{
    const struct hostlist *l = &run->cluster->hosts;
    bool any = false;
    for (size_t i = 0; i < l->n && !any; i++)
        any = !this_host_is(l->hosts[i].name);
    return any && hosts_way(run->cluster, &run->opt);
}

/* --cpu-set: this process and all that it starts have these processors only, and so fewer slots. */
static int limit_cpus(const struct run *run, struct err *e)
{
    struct cpulist want, have;
    cpulist_init(&want);
    cpulist_init(&have);
    struct err why;
    int rc = cpulist_parse(&want, run->opt.cpu_set, &why);
    rc = rc < 0 ? err_set(e, "--cpu-set: %s", why.text) : cpulist_affinity(&have, 0, e);
    for (uint32_t i = 0; i < want.size * 8 && rc == 0; i++)
        if (cpulist_has(&want, i) && !cpulist_has(&have, i))
            rc = err_set(e, "--cpu-set %s: mpiexec may not use processor %u", run->opt.cpu_set, i);
    if (rc == 0 && sched_setaffinity(0, want.size, want.set) < 0)
        rc = err_set(e, "--cpu-set %s: %m", run->opt.cpu_set);
    cpulist_fini(&want);
    cpulist_fini(&have);
    return rc;
}

static int name_nodes(struct run *run, struct err *e)
{
    struct cluster *c = run->cluster;
    if (run->opt.cpu_set && limit_cpus(run, e) < 0)
        return -1;
    if (hosts_choose(c, &run->opt, environ, e) < 0)
        return -1;
    if (run->opt.display & DISPLAY_ALLOCATION)
        display_hosts(run);
    c->is_remote = is_remote(run);
    c->is_simulated = run->opt.launcher && strcmp(run->opt.launcher, "fork") == 0;
    if (c->is_remote && run->opt.cpu_set)
        return err_set(
            e, "--cpu-set is for this machine: for other hosts write cpus=LIST after their names in the host file");
    c->is_here = !topo_pretend_is_on() && !c->is_remote && !run->opt.min_hosts; /* planned when hosts have answered */
    unsigned processors = cpus_usable();
    static char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    c->nnodes = c->hosts.n ? (uint32_t)c->hosts.n : 1;
    c->nodes = xcalloc(c->nnodes, sizeof *c->nodes);
    c->node_lost = xcalloc(c->nnodes, sizeof *c->node_lost);
    for (uint32_t i = 0; i < c->nnodes; i++) {
        struct hostlist_host *h = c->hosts.n ? &c->hosts.hosts[i] : NULL;
        c->nodes[i] = (struct map_node){.name = h ? h->name : host,
                                        .bind_to = h ? h->binding : NULL,
                                        .slots = h ? h->slots : 0,
                                        .processors = processors};
    }
    return 0;
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct run *run = arg;
    char text[128];
    snprintf(text, sizeof text, "the job ran longer than %g s (--timeout)", run->opt.timeout);
    if (failure_note(run, FAILURE_TIMEOUT, NULL, 0, now_ns(), 0, text))
        watch_ask(run);
    job_kill_all(run, SIGTERM, run->opt.kill_timeout);
}

static void start_timeout(struct run *run)
{
    if (run->opt.timeout <= 0)
        return;
    struct timeval t = {(time_t)run->opt.timeout,
                        (suseconds_t)((run->opt.timeout - (double)(time_t)run->opt.timeout) * 1e6)};
    event_base_once(run->cluster->base, -1, EV_TIMEOUT, on_timeout, run, &t);
}

static void make_loop(struct cluster *c)
{
    struct event_config *config = event_config_new();
    if (config)
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    c->base = config ? event_base_new_with_config(config) : NULL;
    if (!c->base)
        log_fatal("unable to make an event loop");
    event_config_free(config);
}

/* One descriptor a node below us, and some. */
static void raise_nofile(struct cluster *c)
{
    getrlimit(RLIMIT_NOFILE, &c->nofile);
    struct rlimit all = {c->nofile.rlim_max, c->nofile.rlim_max};
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

/* Who asks for a table before there is anything to show does not mean to end us. signals_init lets them come. */
static void hold_signals(void)
{
    sigset_t early;
    sigemptyset(&early);
    sigaddset(&early, SIGUSR1);
    sigaddset(&early, SIGUSR2);
    sigprocmask(SIG_BLOCK, &early, NULL);
}

/* What was asked for cannot be started at all. */
static _Noreturn void give_up(struct run *run, const struct err *why)
{
    struct err e;
    tree_cut(run->cluster);
    tree_leave(run->cluster);
    descendants_end(LEFT_PATIENCE_MS);
    witness_end();
    run->at.ended = now_ns();
    failure_note(run, FAILURE_LAUNCH, NULL, 0, now_ns(), 0, why->text);
    if (run->report && report_write(run, &e) < 0)
        log_warn("%s", e.text);
    log_fatal("%s", why->text);
}

/* What was asked for makes no sense. */
static _Noreturn void refuse(struct run *run, const struct err *why)
{
    struct err e;
    if (report_open(run, &e) < 0)
        log_warn("%s", e.text);
    give_up(run, why);
}

static double ms_until(const struct run *run, uint64_t at)
{
    return at ? (double)(at - run->at.begun) / 1e6 : -1;
}

static void tell_stages(const struct run *run)
{
    const struct stages *s = &run->at;
    log_debug("ms until: options read %.1f, proxies asked for %.1f, ranks planned %.1f, sent down %.1f, all started "
              "%.1f, first ended %.1f, last ended %.1f, all over %.1f (-1: never)",
              ms_until(run, s->parsed), ms_until(run, s->proxies_started), ms_until(run, s->planned),
              ms_until(run, s->launched), ms_until(run, s->started), ms_until(run, s->first_exit),
              ms_until(run, s->last_exit), ms_until(run, s->ended));
}

/* From the first proxy to the last. Returns the exit status. */
static int run_job(struct run *run)
{
    struct err e;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        log_fatal("unable to become the reaper of orphans: %m");
    witness_begin(run->opt.pty >= 0);
    make_loop(run->cluster);
    signals_init(run);
    if (tree_start(run->cluster, &run->opt, &dispatch_ops, run, &e) < 0)
        give_up(run, &e);
    run->at.proxies_started = now_ns();
    root_init(run, spawn_later);
    watch_init(run);
    run->io = stdio_create(run->cluster->base, &run->opt, &stdio_ops, run);
    start_timeout(run);
    launch_begin(run, give_up);
    event_base_dispatch(run->cluster->base);
    names_destroy(run->names);
    tree_leave(run->cluster);
    size_t left = descendants_end(LEFT_PATIENCE_MS);
    witness_end();
    if (!run->cluster->gave_up && run->interrupts < 2) /* who wants it to end now waits for no reader of our output */
        stdio_finish(run->io);
    terminal_return();
    if (left)
        log_warn("%zu processes did not die when they were killed (waiting for a device or file server?)", left);
    run->at.ended = now_ns();
    tell_stages(run);
    if (run->opt.print_exit_codes)
        exit_codes_print(run, stderr);
    alone_tell(run);
    failure_print(run);
    if (run->report && report_write(run, &e) < 0) {
        log_warn("%s", e.text);
        return exit_status(run) ? exit_status(run) : 1;
    }
    return exit_status(run);
}

static int dry_run(struct run *run)
{
    struct err e;
    if (!run->opt.display)
        run->opt.display = DISPLAY_MAP | DISPLAY_BINDINGS;
    if (!run->cluster->is_here) {
        log_info("--dry-run asks no host what it is: the plan takes each for a machine like this one");
        run->cluster->is_here = true;
    }
    struct job *jobs[WORLDS_MAX];
    uint32_t n = launch_plan(run, jobs, &e);
    if (!n)
        log_fatal("%s", e.text);
    while (n > 0)
        job_destroy(jobs[--n]);
    return 0;
}

int main(int argc, char **argv)
{
    static struct cluster cluster;
    static struct run this = {.cluster = &cluster, .job_ops = &job_ops};
    struct run *run = &this;
    struct err e;
    if (argc == 2 && strcmp(argv[1], "--lend") == 0)
        return lend_run();
    TAILQ_INIT(&run->jobs);
    run->at.begun = now_ns();
    run->argv = argv;
    hold_signals();
    tidy_descriptors();
    log_init("mpiexec", LOG_NORMAL);
    switch (options_parse(&run->opt, argc, argv, environ, &e)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_NAMES:
        if (name_list(stdout, run->opt.names_json, run->opt.names_server, run->opt.names_key, &e) < 0)
            log_fatal("%s", e.text);
        return 0;
    case OPTIONS_ERROR:
        refuse(run, &e);
    case OPTIONS_RUN:
        break;
    }
    log_init("mpiexec", options_loud(&run->opt));
    run->at.parsed = now_ns();
    if (run->opt.explain)
        return explain_print(&run->opt, stdout);
    if (run->opt.verbose && !run->opt.quiet && !run->opt.dry_run)
        run->opt.display |= DISPLAY_ALLOCATION | DISPLAY_MAP | DISPLAY_BINDINGS;
    raise_nofile(&cluster);
    if (spawn_init() < 0)
        log_fatal("unable to reserve descriptors: %m%s", errno == EMFILE ? " (raise the limit with ulimit -n)" : "");
    descendants_spare();
    if (report_open(run, &e) < 0)
        log_fatal("%s", e.text);
    if (name_nodes(run, &e) < 0)
        give_up(run, &e);
    return run->opt.dry_run ? dry_run(run) : run_job(run);
}
