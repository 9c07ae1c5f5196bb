/* SPDX-License-Identifier: BSD-3-Clause
 *
 * signals: the table of signals.
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT   to the ranks, and the job ends: SIGKILL to those that are left after the grace; a
 *                                    second one kills at once
 * SIGTSTP                            stops the ranks, then mpiexec; SIGCONT lets all go on
 * SIGUSR1                            shows the table of ranks, and goes to those ranks that catch it
 * SIGUSR2, SIGWINCH                  to the ranks; SIGWINCH also makes the terminal of --pty as large as ours
 * SIGALRM, SIGPIPE, SIGXFSZ          nothing: whoever sent SIGALRM to all of a job did not mean us
 */
#include "launcher/signals.h"

#include "common/log.h"
#include "common/now.h"
#include "launcher/failure.h"
#include "launcher/job.h"
#include "launcher/stdio.h"
#include "launcher/stdio_terminal.h"
#include "launcher/tree.h"
#include "launcher/watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void to_ranks(struct run *run, int sig, bool if_caught)
{
    struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    {
        if (j->done)
            continue;
        struct buf b;
        buf_init(&b);
        control_signal_put(&b, &(struct control_signal){.signal = (uint32_t)sig, .if_caught = if_caught});
        tree_send(run->cluster, CONTROL_SIGNAL, j->spec.job, FRAME_ALL_NODES, &b);
        buf_fini(&b);
    }
}

static void end_job(struct run *run, int sig)
{
    if (++run->interrupts > 1) {
        if (run->interrupts > 2)
            tree_give_up(run->cluster);
        else
            log_info("killing all ranks at once");
        job_kill_all(run, SIGKILL, 0);
        return;
    }
    char text[160];
    snprintf(text, sizeof text, "ended by SIG%s", sigabbrev_np(sig));
    failure_note(run, FAILURE_SIGNAL, NULL, 0, now_ns(), sig, text);
    if (sig == SIGINT && isatty(STDERR_FILENO))
        log_info("Ctrl-C: ending the job; press it again to kill it at once");
    job_kill_all(run, sig, run->opt.kill_timeout);
}

/* A stopped mpiexec sends nothing. */
static void stop(struct run *run, int sig)
{
    to_ranks(run, SIGSTOP, false);
    tree_rest(run->cluster);
    stdio_rest(run->io);
    raise(SIGSTOP);
}

static void resume(struct run *run, int sig)
{
    to_ranks(run, SIGCONT, false);
    stdio_foreground(run->io);
}

static void table_and_pass(struct run *run, int sig)
{
    watch_ask(run);
    to_ranks(run, sig, true);
}

static void pass(struct run *run, int sig)
{
    to_ranks(run, sig, false);
}

/* A rank's terminal has the size of ours, and its kernel tells who is in it; other ranks hear of it as we did. */
static void resize(struct run *run, int sig)
{
    const struct job *j = job_find(run, 0);
    struct control_window w;
    if (j && run->opt.pty >= 0 && terminal_size(&w.rows, &w.columns)) {
        struct buf b;
        buf_init(&b);
        control_window_put(&b, &w);
        tree_send(run->cluster, CONTROL_WINDOW, 0, rankmap_node(&j->spec.map, j->spec.pty_rank), &b);
        buf_fini(&b);
    }
    pass(run, sig);
}

static void reap(struct run *run, int sig)
{
    tree_reap(run->cluster);
}

static const struct {
    int signal;
    void (*act)(struct run *run, int sig);
} actions[] = {
    {SIGINT, end_job}, {SIGTERM, end_job},        {SIGHUP, end_job}, {SIGQUIT, end_job}, {SIGTSTP, stop},
    {SIGCONT, resume}, {SIGUSR1, table_and_pass}, {SIGUSR2, pass},   {SIGWINCH, resize}, {SIGCHLD, reap},
};
#define NACTIONS (sizeof actions / sizeof *actions)

static struct event *events[NACTIONS];

void signals_act(struct run *run, int sig)
{
    for (size_t i = 0; i < NACTIONS; i++)
        if (actions[i].signal == sig)
            actions[i].act(run, sig);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    signals_act(arg, (int)sig);
}

/* A signal that our parent had us ignore (nohup, a shell's background job) stays ignored. */
static bool ignored(int sig)
{
    struct sigaction old;
    return sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN && sig != SIGCHLD;
}

void signals_init(struct run *run)
{
    sigset_t ours;
    sigemptyset(&ours);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write that is too long is an error */
    for (size_t i = 0; i < NACTIONS; i++) {
        if (ignored(actions[i].signal))
            continue;
        events[i] = evsignal_new(run->cluster->base, actions[i].signal, on_signal, run);
        if (!events[i] || evsignal_add(events[i], NULL) < 0)
            log_fatal("unable to catch signal %d", actions[i].signal);
        sigaddset(&ours, actions[i].signal);
    }
    sigprocmask(SIG_UNBLOCK, &ours, NULL); /* a parent may have blocked them on our behalf */
}

void signals_fini(void)
{
    for (size_t i = 0; i < NACTIONS; i++)
        if (events[i])
            event_free(events[i]);
}
